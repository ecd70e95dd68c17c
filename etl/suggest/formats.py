"""Dates and times that are all written in another format than the contract's: which one it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import product
from typing import Any

from etl.contract import patterns
from etl.contract.model import Bound, Column, NoneOf, OneOf, Table, Test, Type
from etl.contract.patterns import EPOCHS
from etl.contract.readings import readings
from etl.records import Rule, Violation

Reads = Callable[[str, Type], Any]
"""A value's JSON text as the engine converts it to a type (dates: days since 1970-01-01); None where it does not."""

_DATES = (  # the strict one of two that fit the same comes first
    *("yyyy-MM-dd", "yyyy/MM/dd", "yyyy.MM.dd", "yyyyMMdd"),
    *("dd/MM/yyyy", "d/M/yyyy", "dd.MM.yyyy", "d.M.yyyy", "dd-MM-yyyy", "d-M-yyyy", "ddMMyyyy"),
    *("MM/dd/yyyy", "M/d/yyyy", "MM-dd-yyyy", "M-d-yyyy", "MMddyyyy"),
)
_TIMES = ("HH:mm:ss", "HH:mm:ss.SSS", "HH:mm:ss.SSSSSS", "HH:mm", "H:mm", "HHmmss")
_OFFSETS = ("", "XXX", "XX", " XXX", " XX")
_PATTERNS = {
    "date": _DATES,
    "time": _TIMES,
    "timestamp": tuple("".join(parts) for parts in product(_DATES, (" ", "'T'"), _TIMES, _OFFSETS)),
}
_PLAUSIBLE = (946_684_800, 4_102_444_800)  # seconds: the years 2000 to 2099, in which seconds are no milliseconds
_EPOCH_DAY = date(1970, 1, 1).toordinal()


@dataclass(slots=True)
class Format:
    """The values of a column that do not convert, and the types that take each of them so far.

    `records` counts, by format, those that break nothing else and whose values keep what else can be judged of them.
    """

    column: Column
    table: Table
    left: list[Type] | None = None  # None: no value has come yet
    records: dict[str, int] = field(default_factory=dict)

    @property
    def rule(self) -> Rule:
        return self.column.cast

    def see(self, violation: Violation, reads: Reads) -> None:
        """A value that does not convert: formats that do not fit it are out."""
        if self.left is None:
            self.left = list(_candidates(self.column.type, violation.value or ""))
        value = violation.value
        self.left = [type_ for type_ in self.left if value is not None and _fits(value, type_, reads)]

    def converts(self) -> None:
        """A value of the column converts: it is not the format that is wrong."""
        self.left = []

    def add(self, violations: Sequence[Violation], reads: Reads) -> None:
        """A record that breaks nothing else. Its values have been seen."""
        for type_ in self.left or ():
            if all(self._keeps(reads(violation.value or "", type_)) for violation in violations):
                self.records[type_.format or ""] = self.records.get(type_.format or "", 0) + 1

    def _keeps(self, value: Any) -> bool:
        """Whether a value keeps those rules of the column that are judged here."""
        if self.column.type.kind != "date":
            return True
        day = _day(value)
        return day is None or all(_met(test, day) for test in _ruled(self.column))

    @property
    def found(self) -> str | None:
        """The one format that fits every value; None where none does, or two would read other dates."""
        orders = {_order(type_.format or "") for type_ in self.left or ()}
        return self.left[0].format if self.left and len(orders) == 1 else None

    @property
    def unjudged(self) -> list[str]:
        """The rules that may yet refuse the values, once these are known."""
        name = self.column.name
        later = [condition.rule.name for condition in self.table.conditions if name in condition.columns]
        later += [key.rule.name for key in self.table.keys if name in key.columns]
        if self.column.type.kind != "date" and any(_ruled(self.column)):
            later.append("the limits of its values")
        return later


def is_readable(column: Column) -> bool:
    """Whether the column's own format is that of its texts."""
    return column.type.kind in _PATTERNS and readings(column.source, column.type) == (column.type,)


def _candidates(type_: Type, value: str) -> Iterator[Type]:
    """The formats that a first value may have, by what stands between its digits: patterns cost time to compile."""
    marks = re.sub(r'[0-9"]+', "", value)
    for pattern in _PATTERNS[type_.kind] if value.startswith('"') else ():
        zoned = type_.kind != "timestamp" or type_.timezone is not None or patterns.has_offset(pattern)
        if pattern != type_.format and zoned and marks.startswith(re.sub(r"[yMdHmsSX']+", "", pattern)):
            yield replace(type_, format=pattern)
    if type_.kind != "time":
        yield from (replace(type_, format=name) for name in EPOCHS if name != type_.format)


def _fits(value: str, type_: Type, reads: Reads) -> bool:
    if type_.format in EPOCHS and not _is_plausible(value, EPOCHS[type_.format]):
        return False
    return reads(value, type_) is not None


def _is_plausible(value: str, per_second: int) -> bool:
    whole = value.strip('"').partition(".")[0]
    if not (whole.isascii() and whole.isdigit() and len(whole) <= 13):
        return False
    return _PLAUSIBLE[0] <= int(whole) // per_second < _PLAUSIBLE[1]


def _order(pattern: str) -> str:
    """Formats of one order read the same dates where both fit."""
    return pattern if pattern in EPOCHS else "".join(sorted("yMd", key=pattern.find))


def _ruled(column: Column) -> Iterator[Test]:
    tests = (check.test for check in column.checks if check.rule.severity == "error")
    return (test for test in tests if isinstance(test, Bound | OneOf | NoneOf))


def _day(days: int) -> date | None:
    ordinal = days + _EPOCH_DAY
    return date.fromordinal(ordinal) if 1 <= ordinal <= date.max.toordinal() else None


def _met(test: Test, day: date) -> bool:
    match test:
        case Bound(">=", limit):
            return bool(day >= limit)
        case Bound(">", limit):
            return bool(day > limit)
        case Bound("<=", limit):
            return bool(day <= limit)
        case Bound("<", limit):
            return bool(day < limit)
        case OneOf(values):
            return day in values
        case NoneOf(values):
            return day not in values
    return True
