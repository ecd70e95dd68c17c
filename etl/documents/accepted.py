"""What the engine accepts at one place for one column, as JSON Schema; and in words, what JSON Schema can't say of it.

What a schema refuses here, the engine refuses. It accepts more where it must: of a text that is a number it knows the
grammar and not the size, of a date not whether it is after another, and nothing of what a text becomes in lower case.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from etl.contract.expressions import Day, Expression, Json, NullIf, Path, Scale, Text
from etl.contract.formats import STRING_FORMATS
from etl.contract.model import Bound, Check, Column, Count, MultipleOf, NoneOf, OneOf, Pattern, Required, Type
from etl.contract.patterns import EPOCHS, pieces
from etl.documents.dialect import ecma
from etl.documents.numbers import units
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


def demands_value(checks: Iterable[Check]) -> bool:
    """Whether null breaks one of these."""
    return any(
        each.rule.severity == "error"
        and not each.within
        and (isinstance(each.test, Required) or (isinstance(each.test, NoneOf) and each.test.null))
        for each in checks
    )


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
            return Accepted(_timestamp(moment, "us"), [f"its day: {_note(each)}" for each in checks])
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
    lists = [each for each in checks if isinstance(each.test, OneOf)]
    if lists:
        values = [value for value in lists[0].test.values for value in _as_written(value)]  # type: ignore[union-attr]
        schema: Schema = {"enum": values}
    else:
        schema = {"type": ["string"] if _is_never_number(checks) else ["string", "number"]}
    schema |= _lengths(checks)
    found = Accepted(schema)
    patterns = list(_patterns(checks, found))
    if patterns:
        schema["pattern"] = patterns[0]
        schema.update({"allOf": [{"pattern": each} for each in patterns[1:]]} if patterns[1:] else {})
    if unwanted := [value for each in checks if isinstance(each.test, NoneOf) for value in each.test.values]:
        schema["not"] = {"enum": unwanted}
    said = (OneOf, Count, Pattern, NoneOf)
    found.notes += [_note(each) for each in checks if not isinstance(each.test, said)]
    if "number" in schema.get("type", ()) and checks:
        found.notes.append("a number is taken by its digits as written, and must keep the same rules")
    return found


def _as_written(value: str) -> Iterator[Any]:
    """A text, and the number with these digits, if there is one."""
    yield value
    if value.lstrip("-").isdigit() and value.isascii() and str(int(value)) == value and abs(int(value)) < 2**53:
        yield int(value)


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
    if lists := [each.test.values for each in checks if isinstance(each.test, OneOf)]:
        moved_values = [_moved(value, exponent) for value in lists[0]]
        text = {"type": "string", "pattern": schema["pattern"]}
        schema = {"anyOf": [{"enum": moved_values}, text]}
    said = (Bound, MultipleOf, OneOf)
    notes += [_note(each) for each in checks if not isinstance(each.test, said)]
    return Accepted(schema, [*notes, *_number_notes(digits, is_float, checks)])


def _text(digits: int, is_float: bool) -> str:
    if is_float:
        return _NUMBER
    return _WHOLE if digits <= 0 else rf"^-?{_DIGITS}(\.[0-9]{{1,{digits}}}0*|(\.[0-9]+)?{_EXPONENT})?$"


def _number_notes(digits: int, is_float: bool, checks: list[Check]) -> Iterator[str]:
    if is_float:
        yield "a whole number that float64 does not hold exactly is refused"
    elif digits > 0:
        yield f"at most {digits} digits after the point"
    if checks:
        yield "a number written as a text must keep the same limits"


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
    lists = [each.test.values for each in checks if isinstance(each.test, OneOf)]
    values = [value for value in (True, False) if all(value in each for each in lists)]
    notes = [_note(each) for each in checks if not isinstance(each.test, OneOf)]
    return Accepted({"enum": [*values, *(str(value).lower() for value in values)]}, notes)


# Dates and times.


def _temporal(column: Column, checks: list[Check]) -> Accepted:
    type_ = column.type
    if type_.kind == "timestamp":
        schema = _timestamp(type_, type_.arrow.unit)
    elif type_.kind == "time":
        schema = {"type": ["string"], "pattern": f"^{_formatted(type_.format) or _CLOCK + _fraction('us')}$"}
    else:
        schema = _date(type_)
    lists = [each for each in checks if isinstance(each.test, OneOf)]
    if lists and type_.kind == "date" and type_.format is None:
        days: tuple[date, ...] = lists[0].test.values  # type: ignore[union-attr]
        return Accepted(
            {"enum": [day.isoformat() for day in days]}, [_note(each) for each in checks if each not in lists]
        )
    return Accepted(schema, [_note(each) for each in checks])


def _date(type_: Type) -> Schema:
    if type_.format in EPOCHS:
        a_day = 86_400 * EPOCHS[str(type_.format)]
        return {"type": ["integer", "string"], "multipleOf": a_day, "pattern": _WHOLE}
    if type_.format in (None, "yyyy-MM-dd"):
        return {"type": ["string"], "format": "date", "pattern": f"^{_DATE}$"}
    return {"type": ["string"], "pattern": f"^{_formatted(type_.format)}$"}


def _timestamp(type_: Type, unit: str) -> Schema:
    if type_.format in EPOCHS:
        is_whole = 10 ** _UNIT_DIGITS[unit] <= EPOCHS[str(type_.format)]
        return {
            "type": ["integer" if is_whole else "number", "string"],
            "pattern": _WHOLE if is_whole else _NUMBER,
        }
    if type_.format:
        return {"type": ["string"], "pattern": f"^{_formatted(type_.format)}$"}
    offset = f"{_OFFSET}?" if type_.timezone else _OFFSET
    return {"type": ["string"], "pattern": f"^{_DATE}[Tt ]{_CLOCK}{_fraction(unit)}{offset}$"}


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
