"""Numbers that a column may take, counted in the smallest steps of its type so that nothing is rounded."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from random import Random
from typing import Any

import pyarrow as pa

from etl.contract.expressions import Expression, Scale
from etl.contract.model import Bound, Column, MultipleOf

_SPANS = (100, 10_000, 1_000_000, 10**8)  # how many steps beyond a limit values go where there is no other
_FLOAT_SCALES = (0, 1, 2, 4)
_PLAIN = (0, 1, 2, 3, 10)
_DIGITS = 100


@dataclass(frozen=True, slots=True)
class Units:
    """Whole numbers of `10 ** -scale` from `low` to `high`, every `step`th. `stated`: those ends that are no type's."""

    scale: int
    low: int | None
    high: int | None
    step: int = 1
    stated: tuple[int | None, int | None] = (None, None)

    def value(self, units: int, exponent: int) -> int | Decimal:
        """The JSON number that, moved by `exponent` digits, is so many units."""
        with localcontext(prec=_DIGITS):
            number = Decimal(units).scaleb(-self.scale - exponent)
            is_whole = number == number.to_integral_value() and abs(number) < 2**63
            return int(number) if is_whole and self.scale + exponent <= 0 else Decimal(format(number, "f"))

    def on_grid(self, units: int) -> int:
        return units - units % self.step

    def any(self, random: Random) -> int:
        """Any of them; where no end is stated, near 0 or near the other end."""
        low, high = self._near(random.choice(_SPANS) * self.step)
        first = -(-low // self.step)
        return random.randint(first, max(high // self.step, first)) * self.step

    def plain(self) -> list[int]:
        """The first few of them, in whole ones where that can be."""
        low, _ = self._near(_PLAIN[-1] * self.step)
        one = math.lcm(10**self.scale, self.step)
        top = math.inf if self.high is None else self.high
        for grid in (one, self.step):
            if found := [each for each in (-(-low // grid) * grid + more * grid for more in _PLAIN) if each <= top][:4]:
                return found
        return []

    def _near(self, span: int) -> tuple[int, int]:
        low, high = self.stated
        if low is None:
            low = 0 if high is None or high >= 0 else high - span
        high = low + span if high is None else high
        return max(low, self.low or low), high if self.high is None else min(high, self.high)


def units(column: Column, scale: int) -> Units:
    """What the column's own rules leave, in steps of `10 ** -scale`."""
    low: int | None = None
    high: int | None = None
    step = 1
    for check in (each for each in column.checks if not each.within):
        if isinstance(check.test, Bound):
            low, high = _narrowed(check.test, scale, low, high)
        elif isinstance(check.test, MultipleOf):
            step = math.lcm(step, _whole_step(check.test.step, scale))
    least, most = _type_range(column.type.arrow)
    ends = (_max(low, least), _min(high, most))
    return Units(scale, *ends, step, (None if low == least else low, None if high == most else high))


def _max(one: int | None, other: int | None) -> int | None:
    return max((each for each in (one, other) if each is not None), default=None)


def _min(one: int | None, other: int | None) -> int | None:
    return min((each for each in (one, other) if each is not None), default=None)


def _narrowed(bound: Bound, scale: int, low: int | None, high: int | None) -> tuple[int | None, int | None]:
    with localcontext(prec=_DIGITS):
        limit = (Decimal(repr(bound.limit)) if isinstance(bound.limit, float) else Decimal(bound.limit)).scaleb(scale)
    if bound.op in (">=", ">"):
        least = math.ceil(limit) if bound.op == ">=" else math.floor(limit) + 1
        return _max(low, least), high
    most = math.floor(limit) if bound.op == "<=" else math.ceil(limit) - 1
    return low, _min(high, most)


def _whole_step(step: Decimal, scale: int) -> int:
    """The least whole number of units that is a multiple of the step."""
    return int((Fraction(step) * 10**scale).numerator)


def _type_range(arrow: pa.DataType) -> tuple[int | None, int | None]:
    if pa.types.is_decimal(arrow):
        return 1 - 10**arrow.precision, 10**arrow.precision - 1
    if pa.types.is_floating(arrow):
        return None, None
    bits = arrow.bit_width
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if pa.types.is_signed_integer(arrow) else (0, 2**bits - 1)


def scale_of(column: Column, random: Random) -> int:
    """How many digits after the point: those of the type; of a float64, some, and as many as its limits have."""
    arrow = column.type.arrow
    if pa.types.is_decimal(arrow):
        return int(arrow.scale)
    if not pa.types.is_floating(arrow):
        return 0
    limits = [Decimal(repr(each.test.limit)) for each in column.checks if isinstance(each.test, Bound)]
    steps = [each.test.step for each in column.checks if isinstance(each.test, MultipleOf)]
    needed = [max(0, -int(each.as_tuple().exponent)) for each in (*limits, *steps)]
    return random.choice(_FLOAT_SCALES) + max(needed, default=0) if not steps else max(needed)


def exponent_of(source: Expression) -> int:
    """By how many digits the column moves the number that it reads."""
    return source.exponent if isinstance(source, Scale) else 0


def numbers(column: Column, random: Random, count: int) -> Iterator[Any]:
    """Numbers that should be right."""
    for _ in range(count):
        found = units(column, scale_of(column, random))
        yield found.value(found.any(random), exponent_of(column.source))


def plain_numbers(column: Column, random: Random) -> list[Any]:
    """A few small and whole ones."""
    found = units(column, max(scale_of(column, random), 0))
    return [found.value(each, exponent_of(column.source)) for each in found.plain()]


def wrong_numbers(column: Column, random: Random) -> Iterator[Any]:
    """Numbers just beyond each limit, between two multiples, and with a digit or a place too many."""
    exponent = exponent_of(column.source)
    scale = scale_of(column, random)
    free = Units(scale, None, None)
    bounds = units(column, scale)
    for limit in (bounds.low, bounds.high):
        if limit is not None:
            step = bounds.step
            yield from (
                free.value(bounds.on_grid(limit) + each, exponent)
                for each in (-step, -2 * step, -1, 0, 1, step, 2 * step)
            )
    right = bounds.any(random)
    yield from (free.value(right + each, exponent) for each in (1, -1))
    yield Units(scale + 1, None, None).value(right * 10 + 5, exponent)
    yield from (Decimal(10**40), -Decimal(10**40), 2**63, 2**53 + 1, 0, -1)
