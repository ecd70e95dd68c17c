"""`value` is a whole multiple of `step`, exactly.

An integer or a decimal is a whole number of units (`bounds.py`); with `step / unit = a / b` in lowest terms, `n` units
are a multiple of the step if `a` divides `n`. A float64 stands for the shortest decimal that reads as it, as in JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pyarrow as pa

_EXACT_DIGITS = 15  # every decimal of so many digits survives a float64 unchanged
_EXACT_POWER = 22  # the largest power of ten that is a float64
_DIGITS_OF_INT64 = 18  # what decimal64 holds


def multiple_of(step: Decimal, kind: pa.DataType) -> Callable[[pa.Array], pa.Array]:
    """The test of an array of this type. What it says of nulls means nothing."""
    if pa.types.is_floating(kind):
        return lambda array: pa.array(_floats_met(array.fill_null(0.0).to_numpy(), step))
    units_per_one = 10**kind.scale if pa.types.is_decimal(kind) else 1
    divisor = (Fraction(step) * units_per_one).numerator
    return lambda array: pa.array(_divisible(_units(array), divisor))


def _units(array: pa.Array) -> np.ndarray:
    """Values as whole numbers of their unit (null: 0): int64 or uint64, Python integers where those are too narrow."""
    kind = array.type
    if not pa.types.is_decimal(kind):
        numbers = array if pa.types.is_uint64(kind) else array.cast(pa.int64())
    elif kind.precision <= _DIGITS_OF_INT64:
        numbers = array.cast(pa.decimal64(kind.precision, kind.scale)).view(pa.int64())
    else:
        scale = 10**kind.scale
        return np.array([int(Fraction(value or 0) * scale) for value in array.to_pylist()], dtype=object)
    return np.asarray(numbers.fill_null(0))


def _divisible(units: np.ndarray, divisor: int) -> np.ndarray:
    if units.dtype != object and divisor > np.iinfo(units.dtype).max:
        units = units.astype(object)
    return np.asarray(units % divisor == 0, dtype=bool)


def _floats_met(values: np.ndarray, step: Decimal) -> np.ndarray:
    """In whole steps of the step's last digit where these are exact in float64, else one by one."""
    exponent = step.as_tuple().exponent
    places = max(0, -int(exponent))
    if places > _EXACT_POWER:
        return np.array([_is_multiple(value, step) for value in values.tolist()], dtype=bool)
    power = 10.0**places
    with np.errstate(over="ignore", invalid="ignore"):
        units = np.rint(values * power)
    exact = np.abs(units) < 10.0**_EXACT_DIGITS
    near = np.where(exact, units, 0).astype(np.int64)
    met = _divisible(near, int(Fraction(step) * 10**places)) & (near / power == values)
    met[~exact] = [_is_multiple(value, step) for value in values[~exact].tolist()]
    return np.asarray(met)


def _is_multiple(value: float, step: Decimal) -> bool:
    return (Fraction(Decimal(repr(value))) / Fraction(step)).denominator == 1
