"""What the values of a column and of its parts must be: which of two sets of checks lets more through.

Checks are compared by what they do together, not by how they are named: `required`, and a metric that allows no nulls,
are the same. Those of severity `warning` quarantine nothing and are told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import reduce
from typing import Any

from etl.contract.checks import literal
from etl.contract.formats import STRING_FORMATS
from etl.contract.model import (
    Bound,
    Check,
    Count,
    DistinctItems,
    FolderName,
    MultipleOf,
    NoneOf,
    OneOf,
    Pattern,
    Test,
    Type,
    asks_for_a_value,
)
from etl.contract.words import listed, number
from etl.diff.nouns import At, Change
from etl.diff.words import NONE

Tests = Sequence[Test]
_NULLS = "readers may meet nulls where there were none"
_FORMATS = {known.pattern: f"format {known.name}" for known in STRING_FORMATS.values() if known.pattern}
_COUNTED = {"string": "Length", "array": "Items", "object": "Properties"}


def changes(old: Sequence[Check], new: Sequence[Check], was: Type, now: Type, at: At) -> Iterator[Change]:
    """The changes between the checks of a column, of these types. Parts whose kind has changed are passed over."""
    for within in dict.fromkeys(check.within for check in (*old, *new)):
        before, after = _part(was, within), _part(now, within)
        if before and after and before.kind == after.kind:
            here = reduce(At.part, within, at)
            yield from _changes(_inside(old, within), _inside(new, within), after, here)


def _inside(checks: Sequence[Check], within: tuple[str, ...]) -> list[Check]:
    return [check for check in checks if check.within == within]


def _part(type_: Type, within: tuple[str, ...]) -> Type | None:
    try:
        return type_.within(within)
    except KeyError:
        return None


def _changes(old: Sequence[Check], new: Sequence[Check], type_: Type, at: At) -> Iterator[Change]:
    before, now = _strict(old), _strict(new)
    yield from _nulls(before, now, at)
    yield from _bounds(before, now, at)
    yield from _counts(before, now, type_, at)
    yield from _patterns(before, now, at)
    yield from _choices(before, now, at)
    yield from _refused(before, now, at)
    yield from _multiples(before, now, at)
    yield from _distinct(before, now, at)
    yield from _warnings(old, new, at)


def _strict(checks: Sequence[Check]) -> Tests:
    """The tests that quarantine. Names of folders follow from the partition columns, which are compared as such."""
    return [check.test for check in checks if check.rule.severity == "error" and not isinstance(check.test, FolderName)]


def _nulls(old: Tests, new: Tests, at: At) -> Iterator[Change]:
    before, now = _needs_value(old), _needs_value(new)
    if now and not before:
        yield at.tightening("required", "false", "true")
    elif before and not now:
        yield at.breaking("required", "true", "false", _NULLS)


def _needs_value(tests: Tests) -> bool:
    return any(map(asks_for_a_value, tests))


# One-sided limits: None is no limit.

_Limit = tuple[Any, bool] | None  # and whether the limit itself is outside


def _bounds(old: Tests, new: Tests, at: At) -> Iterator[Change]:
    yield from _moved(at, "minimum", _least(old), _least(new), _bound_words("above"), lambda was, now: now > was)
    yield from _moved(
        at, "maximum", _most(old), _most(new), _bound_words("below"), lambda was, now: _reach(now) < _reach(was)
    )


def _reach(limit: tuple[Any, bool]) -> tuple[Any, bool]:
    """The order of upper limits: one that is outside lets less through than one that isn't."""
    return limit[0], not limit[1]


def _least(tests: Tests) -> _Limit:
    found = (_closed(test, ">", 1) for test in tests if isinstance(test, Bound) and test.op in (">", ">="))
    return max(found, default=None)


def _most(tests: Tests) -> _Limit:
    found = (_closed(test, "<", -1) for test in tests if isinstance(test, Bound) and test.op in ("<", "<="))
    return min(found, key=_reach, default=None)


def _closed(test: Bound, outside: str, step: int) -> tuple[Any, bool]:
    """A bound; of whole numbers, `> 0` is `>= 1`."""
    if test.op == outside and isinstance(test.limit, int):
        return test.limit + step, False
    return test.limit, test.op == outside


def _bound_words(outside: str) -> Callable[[Any], str]:
    return lambda limit: f"{outside} {literal(limit[0])}" if limit[1] else literal(limit[0])


def _counts(old: Tests, new: Tests, type_: Type, at: At) -> Iterator[Change]:
    counted = _COUNTED.get(type_.kind, "")
    least, most = (_count(old, ">=", max), _count(new, ">=", max)), (_count(old, "<=", min), _count(new, "<=", min))
    yield from _moved(at, f"min{counted}", *least, str, lambda was, now: now > was)
    yield from _moved(at, f"max{counted}", *most, str, lambda was, now: now < was)


def _count(tests: Tests, op: str, strictest: Callable[..., int | None]) -> int | None:
    return strictest((test.limit for test in tests if isinstance(test, Count) and test.op == op), default=None)


def _moved(
    at: At, what: str, old: Any, new: Any, spelt: Callable[[Any], str], tighter: Callable[[Any, Any], bool]
) -> Iterator[Change]:
    if old == new:
        return
    before, now = (NONE if limit is None else spelt(limit) for limit in (old, new))
    yield at.moved(what, before, now, tighter=new is not None and (old is None or tighter(old, new)))


# Sets of values and patterns.


def _patterns(old: Tests, new: Tests, at: At) -> Iterator[Change]:
    before, now = _regexes(old), _regexes(new)
    gone, come = [each for each in before if each not in now], [each for each in now if each not in before]
    if gone or come:
        yield at.moved("pattern", _pattern_words(gone), _pattern_words(come), tighter=bool(come))


def _regexes(tests: Tests) -> list[str]:
    return [test.regex for test in tests if isinstance(test, Pattern)]


def _pattern_words(regexes: Sequence[str]) -> str:
    return " and ".join(_FORMATS.get(regex, regex) for regex in regexes) or NONE


def _choices(old: Tests, new: Tests, at: At) -> Iterator[Change]:
    before, now = _allowed(old), _allowed(new)
    if before is None or now is None:
        if before != now:
            yield at.moved("enum", _values(before), _values(now), tighter=now is not None)
        return
    gone, come = [one for one in before if one not in now], [one for one in now if one not in before]
    if gone or come:
        parts = [f"without {_values(gone)}" if gone else "", f"with {_values(come)}" if come else ""]
        yield at.moved("enum", None, ", ".join(filter(None, parts)), tighter=bool(gone))


def _allowed(tests: Tests) -> list[Any] | None:
    """The values that every list has; None where there is no list."""
    lists = [test.values for test in tests if isinstance(test, OneOf)]
    return [one for one in lists[0] if all(one in other for other in lists)] if lists else None


def _refused(old: Tests, new: Tests, at: At) -> Iterator[Change]:
    before, now = _excluded(old), _excluded(new)
    gone, come = [one for one in before if one not in now], [one for one in now if one not in before]
    if gone or come:
        yield at.moved("missingValues", _values(gone), _values(come), tighter=bool(come))


def _excluded(tests: Tests) -> list[Any]:
    return [value for test in tests if isinstance(test, NoneOf) for value in test.values]


def _values(values: Sequence[Any] | None) -> str:
    return listed(map(literal, values)) if values else NONE


def _multiples(old: Tests, new: Tests, at: At) -> Iterator[Change]:
    """The multiples of 10 are multiples of 5."""
    before, now = _steps(old), _steps(new)
    if before == now:
        return
    tighter = not all(any(step % other == 0 for step in before) for other in now)
    yield at.moved("multipleOf", _step_words(before), _step_words(now), tighter=tighter)


def _steps(tests: Tests) -> set[Decimal]:
    return {test.step for test in tests if isinstance(test, MultipleOf)}


def _step_words(steps: set[Decimal]) -> str:
    return " and ".join(map(number, sorted(steps))) or NONE


def _distinct(old: Tests, new: Tests, at: At) -> Iterator[Change]:
    before, now = (any(isinstance(test, DistinctItems) for test in tests) for tests in (old, new))
    if before != now:
        yield at.moved("uniqueItems", literal(before), literal(now), tighter=now)


# Warnings.


def _warnings(old: Sequence[Check], new: Sequence[Check], at: At) -> Iterator[Change]:
    """Rules that only warn, but for those that were, or become, more than that: these are told above."""
    for check in _new_warnings(old, new):
        yield at.safe(check.rule.name, NONE, check.rule.expected, "a warning: it quarantines nothing")
    for check in _new_warnings(new, old):
        yield at.safe(check.rule.name, check.rule.expected, NONE, "a warning: it quarantined nothing")


def _new_warnings(old: Sequence[Check], new: Sequence[Check]) -> Iterator[Check]:
    known = [check.test for check in old]
    return (check for check in new if check.rule.severity == "warning" and check.test not in known)
