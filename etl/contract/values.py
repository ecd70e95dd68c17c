"""Scalars of the YAML -> exact Python values of a column's type; and bounds, brought to what the type can hold."""

from __future__ import annotations

import math
from datetime import date, datetime, time
from decimal import Decimal, localcontext
from typing import Any, Literal

import pyarrow as pa

from etl.contract.model import Bound, Type
from etl.contract.temporal import parse_date, parse_time, parse_timestamp
from etl.contract.words import Unfit, number, spoken

Number = int | float | Decimal
Op = Literal[">=", ">", "<=", "<"]


def convert(value: Any, type_: Type) -> Any:
    """A scalar as a Python value of the column's type. Raises `Unfit` with what is expected."""
    match type_.kind:
        case "string":
            if isinstance(value, str):
                return value
            raise Unfit(f"text is expected, found {spoken(value)}: put it in quotes")
        case "boolean":
            if isinstance(value, bool):
                return value
            raise Unfit(f"true or false is expected, found {spoken(value)}")
        case "integer" | "decimal":
            return _exact(_number(value), type_)
        case "number":
            return _double(_number(value))
        case "array" | "object":
            raise Unfit(f"values of {type_.kind} columns can't be listed")
        case _:
            return _moment(value, type_)


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, Number):
        raise Unfit(f"a number is expected, found {spoken(value)}")
    return exact(value)


def exact(value: Number) -> Decimal:
    """A YAML or JSON number by its digits as written."""
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _exact(value: Decimal, type_: Type) -> int | Decimal:
    units = _units(value, type_)
    low, high = _range(type_)
    if units != units.to_integral_value() or not low <= units <= high:
        raise Unfit(f"{number(value)} does not fit {_name(type_)}")
    return int(value) if type_.kind == "integer" else value


def _double(value: Decimal) -> float:
    nearest = float(value)
    if math.isinf(nearest):
        raise Unfit(f"{number(value)} does not fit a float64")
    if value == value.to_integral_value() and Decimal(nearest) != value:
        raise Unfit(f"{number(value)} would become {number(Decimal(nearest))} as a float64; use decimal(p,s)")
    return nearest


def _moment(value: Any, type_: Type) -> date | time | datetime:
    if not isinstance(value, str):
        raise Unfit(f"a {type_.kind} in quotes is expected, found {spoken(value)}")
    if type_.kind == "date":
        return parse_date(value)
    if type_.kind == "time":
        return parse_time(value)
    moment = parse_timestamp(value, type_.timezone)
    if moment.microsecond % {"s": 1_000_000, "ms": 1_000}.get(type_.arrow.unit, 1):
        raise Unfit(f"'{value}' has more digits than timestamp({type_.arrow.unit}) holds")
    return moment


def bound(op: Op, value: Any, type_: Type) -> Bound:
    """`value <op> limit` with a limit that the type holds and that lets the same values through.

    `minimum: 0.5` on an integer is `>= 1`; `maximum: 1000` on an i8 is `<= 127`. Raises `Unfit` where the value is
    of another type, or where no value could ever meet it.
    """
    if type_.kind not in ("integer", "decimal"):
        return Bound(op, convert(value, type_))
    limit = _number(value)
    units = _units(limit, type_)
    rounding = math.ceil if op in (">=", "<") else math.floor
    with localcontext() as context:
        context.prec = 100
        return _within(op, rounding(units), type_, limit)


def _within(op: Op, units: int, type_: Type, asked: Decimal) -> Bound:
    low, high = _range(type_)
    least = units + (op == ">") if op in (">", ">=") else low
    most = units - (op == "<") if op in ("<", "<=") else high
    if least > high or most < low:
        raise Unfit(f"no {_name(type_)} is {op} {number(asked)}")
    if op in (">", ">="):
        return Bound(op, _value(units, type_)) if least > low else Bound(">=", _value(low, type_))
    return Bound(op, _value(units, type_)) if most < high else Bound("<=", _value(high, type_))


def _units(value: Decimal, type_: Type) -> Decimal:
    """The value counted in the smallest steps of the type: whole numbers, or cents for a scale of 2."""
    with localcontext() as context:
        context.prec = max(len(value.as_tuple().digits) + 1, 1)
        return value.scaleb(type_.arrow.scale) if type_.kind == "decimal" else value


def _value(units: int, type_: Type) -> int | Decimal:
    if type_.kind == "integer":
        return units
    with localcontext() as context:
        context.prec = 100
        return Decimal(units).scaleb(-type_.arrow.scale)


def _range(type_: Type) -> tuple[int, int]:
    if type_.kind == "decimal":
        most = int(10**type_.arrow.precision) - 1
        return -most, most
    bits = type_.arrow.bit_width
    signed = pa.types.is_signed_integer(type_.arrow)
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)


def _name(type_: Type) -> str:
    if type_.kind == "decimal":
        return f"decimal({type_.arrow.precision},{type_.arrow.scale})"
    return str(type_.arrow)
