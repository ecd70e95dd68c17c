"""What a column's checks let into the lake. Warnings let everything in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from etl.contract.model import Bound, Column, OneOf, Test


def limits(column: Column, within: tuple[str, ...] = ()) -> tuple[Any, Any]:
    """The least and the greatest integer or date, both included; None where the contract states none."""
    bounds = [bound for test in _tests(column, within) for bound in _bounds(test)]
    least = [value for op, value in bounds if op == ">="]
    most = [value for op, value in bounds if op == "<="]
    return max(least, default=None), min(most, default=None)


def choices(column: Column) -> tuple[Any, ...] | None:
    """The values of its enum; None where every value may come."""
    return next((test.values for test in _tests(column, ()) if isinstance(test, OneOf)), None)


def _tests(column: Column, within: tuple[str, ...]) -> Iterator[Test]:
    checks = (check for check in column.checks if check.within == within and check.rule.severity == "error")
    return (check.test for check in checks)


def _bounds(test: Test) -> Iterator[tuple[str, Any]]:
    match test:
        case Bound(">", limit):
            yield ">=", _moved(limit, 1)
        case Bound("<", limit):
            yield "<=", _moved(limit, -1)
        case Bound(op, limit):
            yield op, limit
        case OneOf(values) if values:
            yield from ((">=", min(values)), ("<=", max(values)))


def _moved(value: Any, step: int) -> Any:
    """The next value, or the one before; the calendar's last day stays."""
    if not isinstance(value, date):
        return value + step
    return date.fromordinal(min(max(value.toordinal() + step, 1), date.max.toordinal()))
