"""Groups of violations that a wider rule would resolve: values that an enumeration lacks, lengths, missing values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from etl.records import Rule, Violation

MOST_VALUES = 5  # more than these are no enumeration that lacks some
_LONGEST_VALUE = 60  # characters
_TIMES = 10  # a text of more than ten times the length is not a longer one of the same kind


@dataclass(slots=True)
class Values:
    """Values that an enumeration lacks, as JSON text; `records` break nothing else."""

    rule: Rule
    within: tuple[str, ...]
    records: int = 0
    values: dict[str, None] = field(default_factory=dict)
    too_many: bool = False

    def add(self, violations: Sequence[Violation], text: bytes) -> None:
        self.records += 1
        for violation in violations:
            self._value(violation.value)

    def _value(self, value: str | None) -> None:
        if self.too_many or value in self.values:
            return
        if value is None or len(self.values) == MOST_VALUES or not _can_be_listed(value):
            self.too_many = True
        else:
            self.values[value] = None


def _can_be_listed(value: str) -> bool:
    """Whether one who reads the contract would see what it is."""
    return len(value) <= _LONGEST_VALUE and str(json.loads(value)).isprintable()


@dataclass(slots=True)
class Length:
    """Texts that are too long (`most`: the limit is the greatest length) or too short."""

    rule: Rule
    within: tuple[str, ...]
    limit: int
    most: bool
    records: int = 0
    farthest: int | None = None  # the length, in code points, of the text that is farthest out

    def add(self, violations: Sequence[Violation], text: bytes) -> None:
        self.records += 1
        for violation in violations:
            length = len(json.loads(violation.value or '""'))
            known = length if self.farthest is None else self.farthest
            self.farthest = max(known, length) if self.most else min(known, length)

    @property
    def is_near(self) -> bool:
        return self.farthest is not None and self.farthest <= max(self.limit, 1) * _TIMES


@dataclass(slots=True)
class Missing:
    """Values that are required, and are not there."""

    rule: Rule
    within: tuple[str, ...]
    records: int = 0

    def add(self, violations: Sequence[Violation], text: bytes) -> None:
        self.records += 1
