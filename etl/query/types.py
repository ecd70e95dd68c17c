"""One type for a column that contract versions have typed differently: one that holds all of their values exactly."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

import pyarrow as pa
from pyarrow import types

_UNITS = ("s", "ms", "us", "ns")
_DIGITS = 38


def common(found: Iterable[pa.DataType]) -> pa.DataType | None:
    """The narrowest type that holds the values of all; text where nothing else does; None where not even that."""
    some = list(dict.fromkeys(found))
    wide = reduce(lambda one, other: _wider(one, other) if one else None, some[1:], some[0])
    if wide is None and not any(map(types.is_nested, some)):
        return pa.string()
    return wide


def _wider(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    if one == other:
        return one
    if types.is_list(one) and types.is_list(other):
        value = common([one.value_type, other.value_type])
        return pa.list_(value) if value else None
    if types.is_struct(one) and types.is_struct(other):
        return _struct(one, other)
    if types.is_timestamp(one) and types.is_timestamp(other) and one.tz == other.tz:
        return pa.timestamp(max(one.unit, other.unit, key=_UNITS.index), one.tz)
    if types.is_integer(one) and types.is_integer(other):
        return _integer(one, other)
    return _decimal(one, other)


def _struct(one: pa.StructType, other: pa.StructType) -> pa.DataType | None:
    """The fields of both, those of the first first."""
    fields = {field.name: field.type for field in one}
    for field in other:
        known = fields.get(field.name)
        fields[field.name] = common([known, field.type]) if known else field.type
    return pa.struct(list(fields.items())) if all(fields.values()) else None


def _integer(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    signed = [kind for kind in (one, other) if types.is_signed_integer(kind)]
    if len(signed) != 1:
        return max(one, other, key=lambda kind: kind.bit_width)
    unsigned = other if signed[0] is one else one
    bits = max(signed[0].bit_width, 2 * unsigned.bit_width)
    return {16: pa.int16(), 32: pa.int32(), 64: pa.int64()}.get(bits) or _decimal(one, other)


def _decimal(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    sizes = [_size(one), _size(other)]
    if None in sizes:
        return None
    whole, scale = (max(parts) for parts in zip(*filter(None, sizes), strict=True))
    return pa.decimal128(whole + scale, scale) if whole + scale <= _DIGITS else None


def _size(kind: pa.DataType) -> tuple[int, int] | None:
    """Digits before the point, and after it."""
    if types.is_decimal(kind):
        return kind.precision - kind.scale, kind.scale
    if types.is_integer(kind):
        greatest = (1 << kind.bit_width) - 1 if types.is_unsigned_integer(kind) else 1 << (kind.bit_width - 1)
        return len(str(greatest)), 0
    return None
