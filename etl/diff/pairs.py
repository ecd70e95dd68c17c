"""Which of the old tables, or columns, is which of the new ones: by name; of what is left, by what it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class _Named(Protocol):
    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_Named)


@dataclass(frozen=True, slots=True)
class Pairs(Generic[N]):
    """What is in both, the old one first; what only the new contract has, and what only the old one."""

    both: tuple[tuple[N, N], ...]
    added: tuple[N, ...]
    removed: tuple[N, ...]

    @property
    def names(self) -> dict[str, str]:
        """The new name of each old one that is in both."""
        return {old.name: new.name for old, new in self.both}


def pair(old: Sequence[N], new: Sequence[N], alike: Callable[[N, N], bool]) -> Pairs[N]:
    """In the order of the new ones. What is `alike` under another name has been renamed."""
    named = {one.name: one for one in old}
    left = [one for one in old if one.name not in {other.name for other in new}]
    both: list[tuple[N, N]] = []
    added: list[N] = []
    for one in new:
        before = named.get(one.name) or next((other for other in left if alike(other, one)), None)
        if before is None:
            added.append(one)
        else:
            both.append((before, one))
            left = [other for other in left if other is not before]
    return Pairs(tuple(both), tuple(added), tuple(left))
