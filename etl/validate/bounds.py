"""`value <op> limit`, exactly.

Every ordered type but float64 is a whole number of units: integers of 1, a decimal of `10^-scale`, dates and times of
their Arrow unit. The limit, counted in the same units, is rounded to the next whole number on its own side (`x >= 0.5`
is `x >= 1`), so that Arrow compares values of one and the same type and nothing is rounded on the way.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.model import Bound

_COMPARE: dict[str, Callable[[pa.Array, pa.Scalar], pa.Array]] = {
    ">=": pc.greater_equal,
    ">": pc.greater,
    "<=": pc.less_equal,
    "<": pc.less,
}
_ROUND: dict[str, Callable[[Fraction], int]] = {">=": math.ceil, ">": math.floor, "<=": math.floor, "<": math.ceil}
_MICROSECOND = timedelta(microseconds=1)
_PER_MICROSECOND = {"s": Fraction(1, 10**6), "ms": Fraction(1, 1000), "us": Fraction(1), "ns": Fraction(1000)}


def within(bound: Bound, kind: pa.DataType) -> Callable[[pa.Array], pa.Array]:
    """The test of an array of this type: true, false, or null where the value is null."""
    compare = _COMPARE[bound.op]
    if pa.types.is_floating(kind):
        nearest = pa.scalar(float(Decimal(bound.limit)), kind)
        return lambda array: compare(array, nearest)
    limit = _ROUND[bound.op](_units(bound.limit, kind))
    low, high = _range(kind)
    if low <= limit <= high:
        nearest = _scalar(limit, kind)
        return lambda array: compare(array, nearest)
    always = (limit < low) == (bound.op in (">=", ">"))  # no value of the type reaches the limit
    return lambda array: pc.if_else(array.is_valid(), always, None)


def _units(limit: Any, kind: pa.DataType) -> Fraction:
    if isinstance(limit, datetime):
        return (limit - datetime(1970, 1, 1, tzinfo=UTC)) // _MICROSECOND * _PER_MICROSECOND[kind.unit]
    if isinstance(limit, date):
        return Fraction((limit - date(1970, 1, 1)).days)
    if isinstance(limit, time):
        since_midnight = datetime.combine(date.min, limit) - datetime.min
        return since_midnight // _MICROSECOND * _PER_MICROSECOND[kind.unit]
    return Fraction(limit) * (10**kind.scale if pa.types.is_decimal(kind) else 1)


def _range(kind: pa.DataType) -> tuple[int, int]:
    if pa.types.is_decimal(kind):
        return 1 - 10**kind.precision, 10**kind.precision - 1
    if pa.types.is_unsigned_integer(kind):
        return 0, 2**kind.bit_width - 1
    return -(2 ** (kind.bit_width - 1)), 2 ** (kind.bit_width - 1) - 1


def _scalar(units: int, kind: pa.DataType) -> pa.Scalar:
    if pa.types.is_decimal(kind):
        return pa.scalar(Decimal(f"{units}E-{kind.scale}"), kind)
    return pa.scalar(units, kind)
