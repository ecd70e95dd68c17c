"""Fields that no column reads, where the contract refuses them: which come together, and what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

import jiter

from etl.contract import expressions
from etl.contract.expressions import Each, ExpressionError, Path, Step
from etl.records import Rule, Violation

_MOST_FIELDS = 5  # of one suggestion
_MOST_SETS = 20  # of fields that come together; documents of more kinds than these are no feed that has got a field
_LONGEST_PATH = 120  # characters
_INT64 = 2**63
_DIGITS = 38


@dataclass(slots=True)
class Seen:
    """What the values at one path are. Of numbers, the most digits before and after the point."""

    path: Path
    kinds: set[str] = field(default_factory=set)
    whole: int = 0
    decimals: int = 0

    def add(self, value: Any) -> None:
        match value:
            case None:
                return
            case bool():
                self.kinds.add("boolean")
            case str():
                self.kinds.add("string")
            case list() | dict():
                self.kinds.add("object")
            case int() if -_INT64 <= value < _INT64:
                self._number(Decimal(value), "integer")
            case int():
                self._number(Decimal(value), "number")
            case _ if (number := _decimal(str(value))) is not None:
                self._number(number, "number")
            case _:
                self.kinds.add("object")

    def _number(self, number: Decimal, kind: str) -> None:
        self.kinds.add(kind)
        exponent = number.as_tuple().exponent
        self.whole = max(self.whole, number.adjusted() + 1)
        self.decimals = max(self.decimals, -exponent if isinstance(exponent, int) else 0)

    def column(self) -> dict[str, str]:
        """The keys of a column that takes every value: `transformLogic` and types."""
        kinds = self.kinds or {"string"}
        if kinds <= {"integer", "number"} and kinds != {"integer"}:
            scale = max(self.decimals, 2) if self.decimals else 0
            precision = max(self.whole + scale, 18)
            if precision <= _DIGITS:
                types = {"logicalType": "number", "physicalType": f"decimal({precision},{scale})"}
                return {"transformLogic": str(self.path), **types}
        elif len(kinds) == 1 and kinds != {"object"}:
            return {"transformLogic": str(self.path), "logicalType": next(iter(kinds))}
        return {"transformLogic": f"json({self.path})", "logicalType": "string"}


def _decimal(token: str) -> Decimal | None:
    """A number; None for one of more digits than can be computed with."""
    try:
        return Decimal(token)
    except InvalidOperation:
        return None


@dataclass(slots=True)
class Fields:
    """The sets of fields that records have, and break nothing else; and how many records each has."""

    rule: Rule
    sets: dict[frozenset[str], int] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    too_many: bool = False

    def add(self, violations: Sequence[Violation], text: bytes) -> None:
        paths = frozenset(violation.path or "" for violation in violations)
        if self.too_many or len(paths) > _MOST_FIELDS or (paths not in self.sets and not self._is_new(paths)):
            return
        self.sets[paths] = self.sets.get(paths, 0) + 1
        document = jiter.from_json(text, float_mode="lossless-float", cache_mode="keys")
        for path in paths:
            for value in _values(document, self.seen[path].path.steps):
                self.seen[path].add(value)

    def _is_new(self, paths: frozenset[str]) -> bool:
        """Take up a set that has not come before, if every path of it can be read."""
        if len(self.sets) == _MOST_SETS:
            self.too_many = True
            return False
        parsed = {path: _path(path) for path in paths}
        for path, steps in parsed.items():
            if steps:
                self.seen.setdefault(path, Seen(steps))
        return all(parsed.values())

    def choices(self) -> Iterator[tuple[list[str], int]]:
        """Each set of fields that comes, and how many records have no other ones."""
        if not self.too_many:
            for paths in self.sets:
                yield sorted(paths), sum(count for other, count in self.sets.items() if other <= paths)


def _path(text: str) -> Path | None:
    """A path as a report has it; None for one that nobody would want in a contract."""
    if len(text) > _LONGEST_PATH or not text.isprintable():
        return None
    try:
        found = expressions.parse(text)
    except ExpressionError:
        return None
    return found if isinstance(found, Path) else None


def _values(value: Any, steps: Sequence[Step]) -> Iterator[Any]:
    """The values at a path; none where the document is shaped otherwise."""
    if not steps:
        yield value
    elif isinstance(steps[0], Each):
        for element in value if isinstance(value, list) else ():
            yield from _values(element, steps[1:])
    elif isinstance(value, dict) and isinstance(steps[0], str):
        yield from _values(value.get(steps[0]), steps[1:])
