"""What the engine accepts at one place for one column, as JSON Schema; and in words, what JSON Schema can't say of it.

What a schema refuses here, the engine refuses. It accepts more where it must: of a text that is a number it knows the
grammar and not the size, of a date not whether it is after another, and nothing of what a text becomes in lower case.
Each time a note says so. Which values of a list the other rules leave, the engine itself is asked.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from etl.contract.expressions import Day, Expression, Json, NullIf, Path, Scale, Text
from etl.contract.formats import STRING_FORMATS
from etl.contract.model import (
    Bound,
    Check,
    Column,
    Count,
    MultipleOf,
    NoneOf,
    OneOf,
    Pattern,
    Required,
    Type,
    demands_value,
)
from etl.contract.patterns import EPOCHS, pieces
from etl.documents.dialect import ecma
from etl.documents.encoding import encoded
from etl.documents.judge import LeafJudge
from etl.documents.numbers import units
from etl.documents.places import VALUE, Place
from etl.documents.regexes import UnknownSyntax, needs, others, parse, ranges

Schema = dict[str, Any]

_DIGITS = "(0|[1-9][0-9]*)"
_EXPONENT = "[eE][+-]?[0-9]+"
_NUMBER = rf"^-?{_DIGITS}(\.[0-9]+)?({_EXPONENT})?$"
_WHOLE = rf"^-?{_DIGITS}(\.0+|(\.[0-9]+)?{_EXPONENT})?$"
_DATE = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_OFFSET = "([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
_UNIT_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}
_LETTERS: Mapping[str, str] = {
    "yyyy": "[0-9]{4}",
    "uuuu": "[0-9]{4}",
    "MM": "(0[1-9]|1[0-2])",
    "M": "(0?[1-9]|1[0-2])",
    "dd": "(0[1-9]|[12][0-9]|3[01])",
    "d": "(0?[1-9]|[12][0-9]|3[01])",
    "HH": "([01][0-9]|2[0-3])",
    "H": "([01]?[0-9]|2[0-3])",
    **dict.fromkeys(("mm", "ss"), "[0-5][0-9]"),
    **dict.fromkeys(("m", "s"), "[0-5]?[0-9]"),
    "X": "(Z|[+-][0-9]{2}([0-9]{2})?)",
    "XX": "(Z|[+-][0-9]{4})",
    "XXX": "(Z|[+-][0-9]{2}:[0-9]{2})",
    "x": "[+-][0-9]{2}([0-9]{2})?",
    **dict.fromkeys(("xx", "Z"), "[+-][0-9]{4}"),
    "xxx": "[+-][0-9]{2}:[0-9]{2}",
}
_AS_WRITTEN = "a number is taken by its digits as written"
_TEXTS_TOO = "a number written as a text must keep the same limits"
_NO_NUMBER = {STRING_FORMATS[name].pattern for name in ("uuid", "ipv4")}
_NOT_IN_NUMBERS = others(ranges((ord(char), ord(char)) for char in "0123456789+-.eE"))


@dataclass(slots=True)
class Accepted:
    """The schema of values that are not null, and what is asked beyond it."""

    schema: Schema
    notes: list[str] = field(default_factory=list)


def accepted(column: Column) -> Accepted:
    """What a column reads where it stands for itself: its source is a path, or functions round one."""
    checks = [each for each in column.checks if not each.within]
    errors = [each for each in checks if each.rule.severity == "error" and not isinstance(each.test, Required)]
    found = _accepted(column.source, column, errors)
    found.notes += [_note(each) for each in checks if each.rule.severity == "warning"]
    return found


def _note(check: Check) -> str:
    warned = " (a warning)" if check.rule.severity == "warning" else ""
    return f"{check.rule.name}: {check.rule.expected}{warned}"


def _accepted(source: Expression, column: Column, checks: list[Check]) -> Accepted:
    match source:
        case Json():
            return Accepted({}, [*map(_note, checks), *(["of its JSON text"] if checks else [])])
        case NullIf(Path(), text):
            inner = _accepted(Path(()), column, checks)
            return Accepted(_or_null_text(inner.schema, text, column), inner.notes)
        case Text():
            return _text_function(source, column, checks)
        case Day(Path()):
            moment = Type("timestamp", column.type.arrow, column.type.format)
            found = _timestamp(moment, "us")
            found.notes += [f"its day: {_note(each)}" for each in checks]
            return found
        case Scale(Path(), exponent):
            return _number(column, checks, exponent)
        case Path():
            return _KINDS[column.type.kind](column, checks)
        case _:
            return Accepted({"type": ["string", "number"]}, _of_result(column, checks))


def _of_result(column: Column, checks: list[Check]) -> list[str]:
    return [f"what the functions of the map make of it is asked: {column.cast.expected}", *map(_note, checks)]


def _or_null_text(schema: Schema, text: str, column: Column) -> Schema:
    if demands_value(column.checks):
        return {"allOf": [schema, {"not": {"const": text}}]}
    return {"anyOf": [{"const": text}, schema]}


def _text_function(source: Text, column: Column, checks: list[Check]) -> Accepted:
    """A text in lower or upper case has as many characters, a trimmed one no more."""
    said = []
    if column.type.kind == "string" and isinstance(source.argument, Path):
        ops = (">=",) if source.function == "trim" else (">=", "<=")
        said = [each for each in checks if isinstance(each.test, Count) and each.test.op in ops]
    schema: Schema = {"type": ["string", "number"], **_lengths(said)}
    left = [each for each in checks if each not in said]
    return Accepted(schema, _of_result(column, left) if left or column.type.kind != "string" else [])


# Texts.


def _string(column: Column, checks: list[Check]) -> Accepted:
    if (listed := _listed(checks)) is not None:
        texts = _taken(column, checks, listed)
        numbers = dict.fromkeys(_numbers(texts))
        return Accepted({"enum": [*texts, *numbers]}, [_AS_WRITTEN] if numbers else [])
    schema: Schema = {"type": ["string"] if _is_never_number(checks) else ["string", "number"], **_lengths(checks)}
    found = Accepted(schema)
    patterns = list(_patterns(checks, found))
    if patterns:
        schema["pattern"] = patterns[0]
        schema.update({"allOf": [{"pattern": each} for each in patterns[1:]]} if patterns[1:] else {})
    if unwanted := [value for each in checks if isinstance(each.test, NoneOf) for value in each.test.values]:
        schema["not"] = {"enum": unwanted}
    found.notes += [_note(each) for each in checks if not isinstance(each.test, Count | Pattern | NoneOf)]
    if "number" in schema["type"] and checks:
        found.notes.append(f"{_AS_WRITTEN}, and must keep the same rules")
    return found


def _numbers(texts: Iterable[str]) -> Iterator[Decimal]:
    """Of texts that are JSON numbers, the numbers; which the engine takes for texts by their digits."""
    for text in texts:
        if re.fullmatch(_NUMBER, text):
            with suppress(InvalidOperation):  # an exponent that no number in memory has
                yield Decimal(text)


def _listed(checks: Iterable[Check]) -> Sequence[Any] | None:
    """The values of a list; where there are several lists, those of the first. None: any value may be."""
    return next((each.test.values for each in checks if isinstance(each.test, OneOf)), None)


def _taken(column: Column, checks: list[Check], values: Sequence[Any], exponent: int = 0) -> list[Any]:
    """Those of the values, as documents have them, that break none of the checks."""
    source = Scale(Path((VALUE,)), exponent) if exponent else Path((VALUE,))
    judge = LeafJudge(Place(readers=[replace(column, name=VALUE, source=source, checks=tuple(checks))]))
    broken = judge.judge([encoded(value) for value in values])
    return [value for value, rules in zip(values, broken, strict=True) if not rules]


def _is_never_number(checks: list[Check]) -> bool:
    """Whether no number is written so that a pattern finds it."""
    patterns = [each.test.regex for each in checks if isinstance(each.test, Pattern)]
    return any(regex in _NO_NUMBER or _needs_other(regex) for regex in patterns)


def _needs_other(regex: str) -> bool:
    try:
        return needs(parse(regex), _NOT_IN_NUMBERS)
    except UnknownSyntax:
        return False


def _lengths(checks: list[Check]) -> Schema:
    counts = [each.test for each in checks if isinstance(each.test, Count)]
    least, most = ([each.limit for each in counts if each.op == op] for op in (">=", "<="))
    return {**({"minLength": max(least)} if least else {}), **({"maxLength": min(most)} if most else {})}


def _patterns(checks: list[Check], found: Accepted) -> Iterator[str]:
    for check in checks:
        if isinstance(check.test, Pattern):
            try:
                yield ecma(check.test.regex)
            except UnknownSyntax:
                found.notes.append(_note(check))


# Numbers.


def _number(column: Column, checks: list[Check], exponent: int = 0) -> Accepted:
    """A number, or a text that is exactly one, that fits once its point is moved by `exponent`."""
    is_float = column.type.kind == "number"
    scale = column.type.arrow.scale if column.type.kind == "decimal" else 0
    digits = scale + exponent
    is_whole = not is_float and digits <= 0
    schema: Schema = {"type": ["integer" if is_whole else "number", "string"], "pattern": _text(digits, is_float)}
    schema |= _limits(column, checks, scale, exponent, is_float)
    step = 10 ** max(-digits, 0) if is_whole else 1
    notes = []
    for each in (each for each in checks if isinstance(each.test, MultipleOf)):
        moved = each.test.step.scaleb(-exponent)  # type: ignore[union-attr]
        if moved == moved.to_integral_value() and is_whole:
            step = math.lcm(step, int(moved))
        else:
            notes.append(_note(each))
    if step > 1:
        schema["multipleOf"] = step
    if (listed := _listed(checks)) is not None:
        values = _taken(column, checks, [_moved(value, exponent) for value in listed], exponent)
        schema = {"anyOf": [{"enum": values}, {"type": "string", "pattern": schema["pattern"]}]}
    said = (Bound, MultipleOf, OneOf)
    notes += [_note(each) for each in checks if not isinstance(each.test, said)]
    return Accepted(schema, [*notes, *_number_notes(digits, is_float)])


def _text(digits: int, is_float: bool) -> str:
    if is_float:
        return _NUMBER
    return _WHOLE if digits <= 0 else rf"^-?{_DIGITS}(\.[0-9]{{1,{digits}}}0*|(\.[0-9]+)?{_EXPONENT})?$"


def _number_notes(digits: int, is_float: bool) -> Iterator[str]:
    if is_float:
        yield "a whole number that float64 does not hold exactly is refused, and any beyond its range"
    elif digits > 0:
        yield _after_the_point(digits)
    yield _TEXTS_TOO


def _after_the_point(digits: int) -> str:
    return f"at most {digits} digits after the point"


def _moved(value: Any, exponent: int) -> Any:
    moved = (Decimal(repr(value)) if isinstance(value, float) else Decimal(value)).scaleb(-exponent)
    is_whole = moved == moved.to_integral_value() and abs(moved) < 2**63
    return int(moved) if is_whole else Decimal(format(moved, "f"))


def _limits(column: Column, checks: list[Check], scale: int, exponent: int, is_float: bool) -> Schema:
    """Both ends: those of the column's rules, or of its type."""
    found: Schema = {}
    if not is_float:
        span = units(Column(column.name, column.type, column.source, checks=tuple(checks)), scale)
        for keyword, limit in (("minimum", span.low), ("maximum", span.high)):
            if limit is not None:
                found[keyword] = _moved(Decimal(limit).scaleb(-scale), exponent)
        return found
    keywords = {">=": "minimum", ">": "exclusiveMinimum", "<=": "maximum", "<": "exclusiveMaximum"}
    for bound in (each.test for each in checks if isinstance(each.test, Bound)):
        found[keywords[bound.op]] = _moved(bound.limit, exponent)
    return found


def _boolean(column: Column, checks: list[Check]) -> Accepted:
    return Accepted({"enum": _taken(column, checks, [True, False, "true", "false"])})


# Dates and times.


def _temporal(column: Column, checks: list[Check]) -> Accepted:
    type_ = column.type
    listed = _listed(checks)
    if listed is not None and type_.kind == "date" and type_.format is None:
        return Accepted({"enum": _taken(column, checks, [day.isoformat() for day in listed])})
    if type_.kind == "timestamp":
        found = _timestamp(type_, type_.arrow.unit)
    elif type_.kind == "time":
        pattern = f"^{_formatted(type_.format) or _CLOCK + _fraction('us')}$"
        found = Accepted({"type": ["string"], "pattern": pattern})
    else:
        found = _date(type_)
    found.notes += map(_note, checks)
    return found


def _date(type_: Type) -> Accepted:
    if type_.format in EPOCHS:
        return _epoch(86_400 * EPOCHS[type_.format])
    if type_.format in (None, "yyyy-MM-dd"):
        return Accepted({"type": ["string"], "format": "date", "pattern": f"^{_DATE}$"}, ["a day of the calendar"])
    return Accepted({"type": ["string"], "pattern": f"^{_formatted(type_.format)}$"}, ["a day of the calendar"])


def _timestamp(type_: Type, unit: str) -> Accepted:
    if type_.format in EPOCHS:
        return _epoch(Fraction(EPOCHS[type_.format], 10 ** _UNIT_DIGITS[unit]))
    offset = f"{_OFFSET}?" if type_.timezone else _OFFSET
    pattern = _formatted(type_.format) or f"{_DATE}[Tt ]{_CLOCK}{_fraction(unit)}{offset}"
    notes = ["a day of the calendar, and a time that its time zone has", f"within the range of timestamp({unit})"]
    return Accepted({"type": ["string"], "pattern": f"^{pattern}$"}, notes)


def _epoch(step: Fraction | int) -> Accepted:
    """A number since 1970 that is a multiple of `step`; or a text that is exactly one."""
    notes = ["within the range of its type", _TEXTS_TOO]
    if step >= 1:
        times = {"multipleOf": int(step)} if step > 1 else {}
        return Accepted({"type": ["integer", "string"], **times, "pattern": _WHOLE}, notes)
    digits = len(str(Fraction(1) / step)) - 1  # the step is a power of ten
    return Accepted({"type": ["number", "string"], "pattern": _NUMBER}, [_after_the_point(digits), *notes])


def _fraction(unit: str) -> str:
    digits = _UNIT_DIGITS[unit]
    return rf"(\.[0-9]{{1,{digits}}}0*)?" if digits else r"(\.0+)?"


def _formatted(pattern: str | None) -> str:
    parts = pieces(pattern or "")
    return "".join(_letters(text) if is_part else _escaped(text) for text, is_part in parts)


def _letters(letters: str) -> str:
    return f"[0-9]{{{len(letters)}}}" if letters[0] == "S" else _LETTERS[letters]


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in "^$\\.*+?()[]{}|/" else char for char in text)


_KINDS: Mapping[str, Callable[[Column, list[Check]], Accepted]] = {
    "string": _string,
    "boolean": _boolean,
    **dict.fromkeys(("integer", "number", "decimal"), _number),
    **dict.fromkeys(("date", "time", "timestamp"), _temporal),
}
