"""One JSON value -> one typed value, or the reasons why not. This is the specification of the exact conversions.

Values are as jiter parses them with `float_mode="lossless-float"`: None, bool, int, LosslessFloat (keeps its token),
str, list, dict; and Decimal where a function computed one. Results are what `pa.array(..., type.arrow)` takes:
temporal values as integers, decimals as Decimal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from math import isinf
from typing import Any

import jiter
import pyarrow as pa
from jiter import LosslessFloat

from etl.contract.expressions import Path
from etl.contract.model import Type
from etl.contract.patterns import EPOCHS
from etl.flatten import temporal
from etl.flatten.temporal import Unfit

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")  # RFC 8259, section 6
_INTEGER = re.compile(r"-?[0-9]+")
_DIGITS = 400  # no type here holds a number of more digits: longer ones are not even computed


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why the value at `suffix` below the column's own path does not convert; `value` is that value."""

    suffix: str
    value: Any
    reason: str


def convert(value: Any, type_: Type) -> tuple[Any, list[Misfit]]:
    """The typed value and no misfits, or None and at least one. Null converts to None, whatever the type."""
    misfits: list[Misfit] = []
    result = _convert(value, type_, "", misfits)
    return (None, misfits) if misfits else (result, misfits)


def typed(text: str, type_: Type) -> Any:
    """The typed value of a JSON text; None where it does not convert."""
    return convert(jiter.from_json(text.encode(), float_mode="lossless-float"), type_)[0]


def _convert(value: Any, type_: Type, suffix: str, misfits: list[Misfit]) -> Any:
    if value is None:
        return None
    if type_.item is not None:
        return _array(value, type_.item, suffix, misfits)
    if type_.fields:
        return _object(value, type_, suffix, misfits)
    try:
        return _SCALARS[type_.kind](value, type_)
    except Unfit as reason:
        misfits.append(Misfit(suffix, value, str(reason)))
        return None


def _array(value: Any, item: Type, suffix: str, misfits: list[Misfit]) -> Any:
    if not isinstance(value, list):
        return misfits.append(Misfit(suffix, value, f"found {found(value)}"))
    return [_convert(element, item, f"{suffix}[{i}]", misfits) for i, element in enumerate(value)]


def _object(value: Any, type_: Type, suffix: str, misfits: list[Misfit]) -> Any:
    if not isinstance(value, dict):
        return misfits.append(Misfit(suffix, value, f"found {found(value)}"))
    return {
        field.name: _convert(value.get(field.name), field.type, suffix + str(Path((field.name,)))[1:], misfits)
        for field in type_.fields
    }


def found(value: Any) -> str:
    """What kind of JSON value this is, in words."""
    names: dict[type, str] = {bool: "true or false", str: "a text", list: "an array", dict: "an object"}
    return "null" if value is None else names.get(type(value), "a number")


def text_of(value: Any) -> str:
    """A text, or a number by its digits as written. Raises `Unfit`."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | LosslessFloat | Decimal):
        raise Unfit(f"found {found(value)}")
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def number_of(value: Any) -> Decimal:
    """The exact number that a number token, or a text that is exactly one (RFC 8259), stands for. Raises `Unfit`."""
    if isinstance(value, bool | list | dict):
        raise Unfit(f"found {found(value)}")
    if isinstance(value, Decimal):
        return value
    token = str(value)
    if isinstance(value, str) and not _NUMBER.fullmatch(token):
        raise Unfit("found a text that is not a number")
    try:
        number = Decimal(token)
    except InvalidOperation as error:
        raise Unfit("the number is too large") from error
    if number and not -_DIGITS < number.adjusted() < _DIGITS:
        raise Unfit("the number is too large" if number.adjusted() > 0 else "the number is too small")
    return number


def json_text(value: Any) -> str | None:
    """A scalar as JSON text, numbers by their digits as written; None for arrays and objects."""
    if isinstance(value, list | dict):
        return None
    if isinstance(value, LosslessFloat | Decimal):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def _unscaled(number: Decimal, scale: int) -> int:
    """The number times ten to the power of `scale`, which must be whole. Raises `Unfit`."""
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)  # noqa: S101  number_of lets neither NaN nor Infinity through
    shift = exponent + scale
    kept = digits if shift >= 0 else digits[:shift] if -shift < len(digits) else ()
    if any(digits[len(kept) :]):
        raise Unfit("not a whole number" if scale == 0 else f"more than {scale} decimals")
    whole = int("".join(map(str, kept)) or "0") * 10 ** max(shift, 0) if any(kept) else 0
    return -whole if sign else whole


def _string(value: Any, _: Type) -> str:
    return text_of(value)


def _integer(value: Any, type_: Type) -> int:
    whole = value if type(value) is int else _unscaled(number_of(value), 0)
    low, high = _range(type_.arrow)
    if not low <= whole <= high:
        raise Unfit(f"beyond {type_.arrow}")
    return whole


def _range(arrow: pa.DataType) -> tuple[int, int]:
    bits = arrow.bit_width
    return (0, 2**bits - 1) if pa.types.is_unsigned_integer(arrow) else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def _decimal(value: Any, type_: Type) -> Decimal:
    precision, scale = type_.arrow.precision, type_.arrow.scale
    unscaled = _unscaled(number_of(value), scale)
    digits = str(abs(unscaled))
    if len(digits) > precision:
        raise Unfit(f"more than {precision - scale} digits before the point")
    return Decimal((int(unscaled < 0), tuple(map(int, digits)), -scale))


def _number(value: Any, _: Type) -> float:
    if isinstance(value, Decimal):
        token = str(value)
    else:
        token = text_of(value)
        if not _NUMBER.fullmatch(token):
            raise Unfit("found a text that is not a number")
    nearest = float(token)
    if isinf(nearest):
        raise Unfit("beyond float64")
    if _INTEGER.fullmatch(token) and int(nearest) != int(token):
        raise Unfit("an integer that float64 does not hold exactly")
    return nearest


def _boolean(value: Any, _: Type) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise Unfit(f"found {found(value)}")


def _temporal_text(value: Any) -> str:
    if not isinstance(value, str):
        raise Unfit(f"found {found(value)}")
    return value


def _date(value: Any, type_: Type) -> int:
    if type_.format not in EPOCHS:
        return temporal.days(_temporal_text(value), type_.format)
    day, rest = divmod(instant(value, type_, "us"), 86_400 * 10**6)
    if rest:
        raise Unfit("not midnight: date() takes the day of a timestamp")
    return day


def _time(value: Any, type_: Type) -> int:
    return temporal.microseconds(_temporal_text(value), type_.format)


def _timestamp(value: Any, type_: Type) -> int:
    return instant(value, type_, type_.arrow.unit)


def instant(value: Any, type_: Type, unit: str) -> int:
    """Units since the epoch of a timestamp, as the type's `format` and `timezone` say. Raises `Unfit`."""
    if type_.format in EPOCHS:
        return _epoch(number_of(value), temporal.UNITS[unit] / Decimal(EPOCHS[type_.format]), unit)
    return temporal.instant(_temporal_text(value), type_.format, type_.timezone, unit)


def _epoch(number: Decimal, factor: Decimal, unit: str) -> int:
    try:
        units = _unscaled(number, factor.adjusted())
    except Unfit as error:
        raise Unfit(f"more digits than {unit} hold") from error
    return temporal.within(units, unit)


_SCALARS: dict[str, Callable[[Any, Type], Any]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "decimal": _decimal,
    "boolean": _boolean,
    "date": _date,
    "time": _time,
    "timestamp": _timestamp,
}
