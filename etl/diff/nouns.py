"""A change between two contracts, and the places where changes are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Effect = Literal["breaking", "tightening", "safe"]
Step = Literal["major", "minor", "patch"]

EFFECTS: tuple[Effect, ...] = ("breaking", "tightening", "safe")  # the worst first
STEPS: tuple[Step, ...] = ("major", "minor", "patch")  # the greatest first


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is otherwise in the new contract.

    `table` and `column` say where, as the new contract names them (both None: at the contract as such); of a list or
    an object, `column` names the part too: `address.zip`, `tags[]`. `what` is the keyword, or the rule's name; `old`
    and `new` are its values in words, None where there is nothing to show; `why` says what follows, empty where the
    effect says it all.
    """

    effect: Effect
    step: Step
    table: str | None
    column: str | None
    what: str
    old: str | None
    new: str | None
    why: str = ""

    @property
    def place(self) -> str:
        """`orders.price`, `orders`, or `contract`."""
        return ".".join(part for part in (self.table, self.column) if part) or "contract"


def greatest(changes: Iterable[Change]) -> Step | None:
    """The step that all of these ask for together; None where nothing has changed."""
    return min((change.step for change in changes), key=STEPS.index, default=None)


@dataclass(frozen=True, slots=True)
class At:
    """A place in the new contract, which makes the changes that are there."""

    table: str | None = None
    column: str | None = None

    def part(self, step: str) -> At:
        """A field of this column, or `[]`: its items."""
        return At(self.table, f"{self.column}[]" if step == "[]" else f"{self.column}.{step}")

    def breaking(self, what: str, old: str | None, new: str | None, why: str) -> Change:
        return Change("breaking", "major", self.table, self.column, what, old, new, why)

    def tightening(self, what: str, old: str | None, new: str | None, why: str = "") -> Change:
        return Change("tightening", "minor", self.table, self.column, what, old, new, why)

    def loosening(self, what: str, old: str | None, new: str | None, why: str = "") -> Change:
        """Safe, with something new for readers."""
        return Change("safe", "minor", self.table, self.column, what, old, new, why)

    def safe(self, what: str, old: str | None, new: str | None, why: str = "") -> Change:
        return Change("safe", "patch", self.table, self.column, what, old, new, why)

    def moved(self, what: str, old: str | None, new: str | None, *, tighter: bool, why: str = "") -> Change:
        """Tightening or loosening."""
        return (self.tightening if tighter else self.loosening)(what, old, new, why)
