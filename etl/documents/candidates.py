"""Values that a column might take or refuse, as JSON has them. What they come to is for the engine to say: `pools`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

from etl.contract.expressions import Day, Expression, Json, NullIf, Scale, Text
from etl.contract.model import Column, Count, FolderName, NoneOf, OneOf, Pattern
from etl.documents.moments import listed_moment, moments, plain_moments, wrong_moments
from etl.documents.numbers import exponent_of, numbers, plain_numbers, wrong_numbers
from etl.documents.regexes import Regex, UnknownSyntax, parse
from etl.documents.texts import lengthened, matching, numbered, usual, words

_SPARE = (0, 1, 3, 8, 30)
_LONGEST = 100_000  # characters of a text that is to be too long
_LONGER = (0, 8, 30, 60, 120, 250, 500)
_ODD: tuple[Any, ...] = (True, "x", "no such value", 7, 1.5, [], {})
_WRONG_TEXTS = ("", " ", "?", "not right", "no-such-value", "ana.example.com", "UNKNOWN 1", "0")
_WRONG: Mapping[str, tuple[Any, ...]] = {
    "string": (True, {}, []),
    "integer": ("one", 1.5, True),
    "number": ("3,5", "many", True),
    "decimal": ("3,5", "many", True),
    "boolean": ("yes", 1, {}),
    "date": ("2024-02-30", "yesterday", True),
    "time": ("24:00:00", "noon", True),
    "timestamp": ("2024-02-30T10:00:00Z", "yesterday", True),
}


def right(column: Column, random: Random, count: int) -> Iterator[Any]:
    """Values that should be right, most of them."""
    if isinstance(column.source, Json):
        yield from (_anything(random, 2) for _ in range(count))
        return
    if values := _listed(column):
        yield from (
            _dressed(_as_json(random.choice(values), column, random), column.source, random) for _ in range(count)
        )
        return
    yield from (_dressed(value, column.source, random) for value in _values(column, random, count))


def plain(column: Column, random: Random) -> list[Any]:
    """A few small ones, that come again: so that what is demanded of several columns together is met by chance."""
    kind = column.type.kind
    if kind in ("integer", "number", "decimal") and not _listed(column):
        found = plain_numbers(column, random)
    elif kind in ("date", "time", "timestamp") and not _listed(column):
        found = plain_moments(column, random)
    else:
        return list(right(column, random, 8))
    return [_dressed(value, column.source, random) for value in found]


def wrong(column: Column, random: Random) -> Iterator[Any]:
    """Values of which each should break something, many of them one rule alone."""
    kind = column.type.kind
    yield from _WRONG.get(kind, ())
    yield from _ODD
    if kind in ("integer", "number", "decimal"):
        yield from wrong_numbers(column, random)
    elif kind in ("date", "time", "timestamp"):
        yield from wrong_moments(column, random)
    elif kind == "string":
        yield from _wrong_texts(column, random)
    for check in column.checks:
        if isinstance(check.test, NoneOf):
            yield from (_as_json(value, column, random) for value in check.test.values)
    free = _without(column, OneOf)
    if free is not column:
        yield from right(free, random, 10)


def _without(column: Column, test: type) -> Column:
    left = tuple(each for each in column.checks if not isinstance(each.test, test))
    return column if len(left) == len(column.checks) else replace(column, checks=left)


def _listed(column: Column) -> list[Any]:
    """The values that all of the column's lists allow."""
    lists = [each.test.values for each in column.checks if isinstance(each.test, OneOf) and not each.within]
    return [value for value in lists[0] if all(value in other for other in lists)] if lists else []


def _as_json(value: Any, column: Column, random: Random) -> Any:
    """A value of the column's type as the document has it."""
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float | Decimal):
        moved = Decimal(repr(value) if isinstance(value, float) else value).scaleb(-exponent_of(column.source))
        return int(moved) if moved == moved.to_integral_value() and abs(moved) < 2**63 else Decimal(format(moved, "f"))
    return listed_moment(value, column, random)


def _values(column: Column, random: Random, count: int) -> Iterator[Any]:
    kind = column.type.kind
    if kind in ("integer", "number", "decimal"):
        return numbers(column, random, count)
    if kind in ("date", "time", "timestamp"):
        return moments(column, random, count)
    if kind == "boolean":
        return (random.random() < 0.5 for _ in range(count))
    return _texts(column, random, count)


def _dressed(value: Any, source: Expression, random: Random) -> Any:
    """With what the functions of the map undo: blanks at the ends, another case."""
    functions = _functions(source)
    if functions and isinstance(value, bool):
        value = str(value).lower()  # they take no other than texts and numbers
    if not functions or not isinstance(value, str) or random.random() < 0.5:
        return value
    if "trim" in functions:
        value = random.choice((f" {value}", f"{value} "))
    if "lower" in functions:
        return random.choice((value.upper(), value.title(), value))
    return value.lower() if "upper" in functions else value


def _functions(source: Expression) -> set[str]:
    """The text functions round a path."""
    if isinstance(source, Text):
        return {source.function, *_functions(source.argument)}
    return _functions(source.argument) if isinstance(source, NullIf | Scale | Day) else set()


# Texts.


def _patterns(column: Column) -> list[Regex]:
    """The column's patterns, as far as they can be read."""
    found = []
    for check in column.checks:
        if isinstance(check.test, Pattern) and not check.within:
            try:
                found.append(parse(check.test.regex))
            except UnknownSyntax:
                continue
    return found


def _lengths(column: Column) -> tuple[int, int]:
    least, most = 0, 1 << 30
    for test in (each.test for each in column.checks if not each.within):
        if isinstance(test, Count):
            least, most = (max(least, test.limit), most) if test.op == ">=" else (least, min(most, test.limit))
    return least, most


def _texts(column: Column, random: Random, count: int) -> Iterator[str]:
    least, most = _lengths(column)
    patterns = _patterns(column)
    makers = [make for each in column.checks if isinstance(each.test, Pattern) and (make := usual(each.test.regex))]
    for _ in range(count):
        if makers and random.random() < 0.8:
            yield random.choice(makers)(random)
        elif patterns:
            text = matching(random.choice(patterns), random, random.choice((*_SPARE, min(least, 2000))))
            yield text if random.random() < 0.7 else _fitted(text, least, most, random)
        else:
            yield _fitted(random.choice((words, numbered))(random), least, most, random)


def _fitted(text: str, least: int, most: int, random: Random) -> str:
    return lengthened(text, least, random) if len(text) < least else text[:most].strip() if len(text) > most else text


def _wrong_texts(column: Column, random: Random) -> Iterator[Any]:
    least, most = _lengths(column)
    yield from _WRONG_TEXTS
    for text in list(_texts(column, random, 6)):
        yield from (text[:-1], text[1:], f"{text}!", f"{text} ", text.swapcase(), f"-{text}", text.replace("@", ""))
        yield text[: max(least - 1, 0)]
        if most < _LONGEST:
            yield lengthened(text, most + 1, random)
    for regex in _patterns(column) if most < _LONGEST or least else ():
        tried = (matching(regex, random, spare) for spare in _LONGER for _ in range(2))
        yield from (text for text in tried if len(text) > most or len(text) < least)
    for test in (each.test for each in column.checks):
        if isinstance(test, FolderName):
            yield "x" * (test.most + 1)


def _anything(random: Random, depth: int) -> Any:
    """Any JSON value."""
    if depth and random.random() < 0.6:
        names = random.sample(("app", "note", "source", "ids", "extra"), random.randint(0, 3))
        if random.random() < 0.7:
            return {name: _anything(random, depth - 1) for name in names}
        return [_anything(random, depth - 1) for _ in names]
    return random.choice((words(random), random.randrange(1000), True, Decimal("0.50"), numbered(random)))
