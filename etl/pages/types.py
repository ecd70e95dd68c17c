"""Types in words: what a value is, what it may hold, and how it is written in the documents."""

from __future__ import annotations

import pyarrow as pa

from etl.contract.expressions import Coalesce, Day, Expression, NullIf, Scale, Text
from etl.contract.model import Type
from etl.contract.patterns import EPOCHS, has_offset

_UNITS = {"s": "the second", "ms": "the millisecond", "us": "the microsecond", "ns": "the nanosecond"}
_EPOCHS = {"epochSeconds": "a number of seconds since 1970", "epochMillis": "a number of milliseconds since 1970"}
_SIMPLE = {
    "string": "text",
    "number": "number, kept as the nearest double",
    "boolean": "true or false",
}


def type_words(type_: Type, source: Expression | None = None) -> str:
    """`exact number, up to 10 digits before and 2 after the point`. `source` is the column's, if it is one's type."""
    match type_.kind:
        case "integer":
            return _integer(type_.arrow)
        case "decimal":
            return _decimal(type_.arrow)
        case "date":
            return _date(type_, source)
        case "time":
            return f"time of day, to the microsecond; written {type_.format or 'as 23:59:59'}"
        case "timestamp":
            return _timestamp(type_)
        case "array":
            return f"list; each item: {type_words(type_.item)}" if type_.item else "list"
        case "object":
            return f"object with {_fields(type_)}"
        case kind:
            return _SIMPLE[kind]


def _integer(arrow: pa.DataType) -> str:
    if arrow == pa.int64():
        return "whole number, up to 64 bits"
    signed, bits = pa.types.is_signed_integer(arrow), arrow.bit_width
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return f"whole number from {low:,} to {high:,}"


def _decimal(arrow: pa.DataType) -> str:
    before = arrow.precision - arrow.scale
    if arrow.scale == 0:
        return f"exact whole number, up to {_digits(before)}"
    if before == 0:
        return f"exact number below 1, up to {_digits(arrow.scale)} after the point"
    return f"exact number, up to {_digits(before)} before and {arrow.scale} after the point"


def _digits(count: int) -> str:
    return f"{count} digit{'' if count == 1 else 's'}"


def _date(type_: Type, source: Expression | None) -> str:
    """Under `date()` the format is that of the timestamp."""
    if source is not None and (day := _day_of(source)):
        return f"date, the day in {day.timezone or 'UTC'} of a timestamp {_moment(type_)}"
    return f"date, {_form(type_.format, 'as 2024-01-31')}"


def _day_of(source: Expression) -> Day | None:
    """The `date()` in an expression, if there is one."""
    match source:
        case Day():
            return source
        case Coalesce(arguments):
            return next((day for argument in arguments if (day := _day_of(argument))), None)
        case Text(_, argument) | NullIf(argument) | Scale(argument):
            return _day_of(argument)
        case _:
            return None


def _timestamp(type_: Type) -> str:
    return f"moment, kept in UTC to {_UNITS[type_.arrow.unit]}; {_moment(type_)}"


def _moment(type_: Type) -> str:
    if type_.format in EPOCHS or (type_.format and has_offset(type_.format)):
        return _form(type_.format, "")
    written = _form(type_.format, "as 2024-01-31T23:59:59Z")
    if type_.timezone:
        return f"{written}; without an offset it is the time of {type_.timezone}"
    return f"{written}; the offset from UTC has to be there"


def _form(format_: str | None, usual: str) -> str:
    if format_ in _EPOCHS:
        return f"from {_EPOCHS[format_]}"
    return f"written {format_ or usual}"


def _fields(type_: Type) -> str:
    """Names only: what each is stands with the column's rules."""
    parts = [f"{field.name} ({type_words(field.type)})" for field in type_.fields]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
