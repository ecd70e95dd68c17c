"""Arrow arrays as read from JSON -> arrays of the column's type, by kernels; and which values those refuse.

A kernel converts only what it converts exactly as `convert` does; every other value is marked for the per-record path,
which converts it or explains it. So each function here returns `(array, refused)`: the array typed, null where
refused, and a boolean mask (None: nothing refused).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.model import Type
from etl.contract.patterns import EPOCHS
from etl.flatten import convert as spec
from etl.flatten import temporal

Mask = np.ndarray | None
Converted = tuple[pa.Array, Mask]

_NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
_SHORT_INTEGER = r"^-?(0|[1-9][0-9]{0,14})$"
_INTEGER = r"^-?(0|[1-9][0-9]{0,18})$"
_OFFSET = r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
_LOCAL = r"^[0-9]{4}-(0[1-9]|1[0-2])-[0-3][0-9][T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_MORE_DECIMALS = 8
_DIGITS = 38  # of a decimal128
_EXACT_FLOAT = float(2**53)
_WHOLE = pa.decimal128(_DIGITS, 0)
_ZONES_END = 2_114_380_800  # seconds at the year 2037
_MARGIN_YEARS = (-62_104_060_800, 253_370_764_800)  # seconds at the years 2 and 9999: nearer ends go record by record


def reading(type_: Type) -> pa.DataType:
    """The Arrow type under which a value of this type is read from straight JSON."""
    if type_.kind in ("date", "time", "timestamp"):
        return pa.int64() if type_.format in EPOCHS else pa.string()
    return _wider(type_.arrow) if type_.kind == "decimal" else type_.arrow


def _wider(arrow: pa.Decimal128Type) -> pa.Decimal128Type:
    """Room for decimals too many: Arrow would refuse the whole block for them, and not say which record it was.

    As many digits as it may read, times ten to the scale, still fit into 128 bits (if they do in the column's type).
    """
    more = max(min(_MORE_DECIMALS, (_DIGITS - arrow.precision - arrow.scale) // 2), 0)
    return pa.decimal128(arrow.precision + more, arrow.scale + more)


def convert(array: pa.Array, type_: Type) -> Converted:
    """An array as read -> the column's type."""
    if type_.item is not None:
        return _list(array, type_, type_.item)
    if type_.fields:
        return _struct(array, type_)
    if pa.types.is_string(array.type) and type_.kind != "string":
        return _FROM_TEXT[type_.kind](array, type_)
    if type_.kind in ("date", "timestamp"):
        return _epoch(array, type_)
    if type_.kind == "number":
        return _float(array)
    if type_.kind == "decimal":
        return _narrower(array, type_)
    return (array if array.type == type_.arrow else array.cast(type_.arrow)), None


def either(left: Mask, right: Mask) -> Mask:
    """Refused by one or the other."""
    if left is None or right is None:
        return right if left is None else left
    return left | right


def _list(array: pa.Array, type_: Type, item: Type) -> Converted:
    values, refused = convert(array.flatten(), item)
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    rows = None if refused is None else _any_within(refused, lengths)
    return pa.ListArray.from_arrays(offsets, values, mask=array.is_null()).cast(type_.arrow), rows


def _any_within(refused: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    parents = np.repeat(np.arange(len(lengths)), lengths)
    return np.bincount(parents[refused], minlength=len(lengths)) > 0


def _struct(array: pa.Array, type_: Type) -> Converted:
    children, refused = [], None
    for part in type_.fields:
        child, bad = convert(pc.struct_field(array, [part.name]), part.type)
        children.append(child)
        refused = either(refused, bad)
    fields = [pa.field(part.name, part.type.arrow) for part in type_.fields]
    return pa.StructArray.from_arrays(children, fields=fields, mask=array.is_null()).cast(type_.arrow), refused


def _float(array: pa.Array) -> Converted:
    """Doubles that may have been integer tokens beyond 2^53, or -0 (a token that jiter reads as 0), or that are none
    (Arrow takes `NaN`), are refused."""
    values = pc.fill_null(array, 0).to_numpy(zero_copy_only=False)
    refused = ~(np.abs(values) < _EXACT_FLOAT) | ((values == 0) & np.signbit(values))
    return array, refused if refused.any() else None


def _narrower(array: pa.Array, type_: Type) -> Converted:
    """Decimals as read, without the room; those that need it are refused. Arrow's reader checks no precision."""
    if array.type != type_.arrow:
        try:
            return array.cast(type_.arrow), None
        except pa.ArrowInvalid:
            pass
    cut = array.cast(type_.arrow, safe=False)
    most = pa.scalar(10**type_.arrow.precision - 1, _WHOLE)
    fits = pc.and_(pc.equal(cut.cast(array.type, safe=False), array), pc.less_equal(pc.abs(unscaled(cut)), most))
    refused = pc.invert(pc.fill_null(fits, True)).to_numpy(zero_copy_only=False)
    return (pc.if_else(fits, cut, pa.scalar(None, type_.arrow)), refused) if refused.any() else (cut, None)


def unscaled(array: pa.Array) -> pa.Array:
    """The digits of decimals, without their point."""
    return pa.Array.from_buffers(_WHOLE, len(array), array.buffers(), offset=array.offset)


def _epoch(array: pa.Array, type_: Type) -> Converted:
    per_second = EPOCHS[type_.format or ""]
    unit = type_.arrow.unit if type_.kind == "timestamp" else "s"
    values = pc.fill_null(array, 0).to_numpy(zero_copy_only=False)
    up, down = max(temporal.UNITS[unit] // per_second, 1), max(per_second // temporal.UNITS[unit], 1)
    low, high = (bound * per_second for bound in _margins(unit))
    refused = (values < low) | (values > high) | (values % down != 0)
    units = np.where(refused, 0, values) * up // down
    if type_.kind == "date":
        refused |= units % 86_400 != 0
        typed = pa.array((units // 86_400).astype("int32")).cast(pa.date32())
    else:
        typed = pa.array(units).cast(type_.arrow)
    return _nulls_of(array, typed), refused if refused.any() else None


def _margins(unit: str) -> tuple[int, int]:
    """Seconds between which every instant fits 64 bits of the unit and the years 2 to 9998."""
    reach = (2**63 - 1) // temporal.UNITS[unit] - 1
    return max(_MARGIN_YEARS[0], -reach), min(_MARGIN_YEARS[1], reach)


def _nulls_of(source: pa.Array, typed: pa.Array) -> pa.Array:
    return pc.if_else(source.is_null(), pa.scalar(None, typed.type), typed) if source.null_count else typed


def _by_kernel(array: pa.Array, pattern: str, cast: Callable[[pa.Array], pa.Array]) -> Converted:
    """Cast the texts that match; the others are refused. Raises `pa.ArrowInvalid` where the cast does."""
    fits = pc.match_substring_regex(array, pattern)
    refused = pc.invert(pc.fill_null(fits, True)).to_numpy(zero_copy_only=False)
    if not refused.any():
        return cast(array), None
    return cast(pc.if_else(fits, array, pa.scalar(None, pa.string()))), refused


def _distinct(array: pa.Array, type_: Type) -> Converted:
    """Each distinct text once, by the specification itself."""
    encoded = array.dictionary_encode()
    results = [spec.convert(text, type_) for text in encoded.dictionary.to_pylist()]
    typed = pa.array([value for value, _ in results], type_.arrow)
    bad = np.array([bool(misfits) for _, misfits in results], dtype=bool)
    indices = encoded.indices
    if not bad.any():
        return typed.take(indices), None
    positions = pc.fill_null(indices, 0).to_numpy(zero_copy_only=False)
    return typed.take(indices), bad[positions] & array.is_valid().to_numpy(zero_copy_only=False)


def _integer(array: pa.Array, type_: Type) -> Converted:
    return _or_distinct(array, type_, _INTEGER, lambda texts: texts.cast(type_.arrow))


def _decimal(array: pa.Array, type_: Type) -> Converted:
    whole, scale = type_.arrow.precision - type_.arrow.scale, type_.arrow.scale
    digits = f"[1-9][0-9]{{0,{whole - 1}}}" if whole else "0"
    decimals = rf"(\.[0-9]{{1,{scale}}})?" if scale else ""
    return _or_distinct(array, type_, f"^-?(0|{digits}){decimals}$", lambda texts: texts.cast(type_.arrow))


def _number(array: pa.Array, type_: Type) -> Converted:
    """Texts of doubles. Long integers go by the specification: they may not be held exactly."""
    integers = pc.match_substring_regex(array, r"^-?[0-9]+$")
    if pc.any(pc.and_(integers, pc.invert(pc.match_substring_regex(array, _SHORT_INTEGER)))).as_py():
        return _distinct(array, type_)
    typed, refused = _or_distinct(array, type_, _NUMBER, lambda texts: texts.cast(pa.float64()))
    infinite = pc.fill_null(pc.is_inf(typed), False).to_numpy(zero_copy_only=False)
    return typed, either(refused, infinite if infinite.any() else None)


def _boolean(array: pa.Array, type_: Type) -> Converted:
    return _by_kernel(array, "^(true|false)$", lambda texts: pc.equal(texts, "true"))


def _timestamp(array: pa.Array, type_: Type) -> Converted:
    width = len(str(temporal.UNITS[type_.arrow.unit])) - 1
    if type_.format is not None or width > 6:
        return _distinct(array, type_)
    pattern = _LOCAL + (rf"(\.[0-9]{{1,{width}}})?" if width else "")
    offsets = pc.match_substring_regex(array, _OFFSET + "$")
    if pc.all(offsets).as_py() is not False:
        return _within_margins(
            *_or_distinct(array, type_, f"{pattern}{_OFFSET}$", lambda texts: texts.cast(type_.arrow))
        )
    if type_.timezone is None or pc.any(offsets).as_py():
        return _distinct(array, type_)
    typed, refused = _within_margins(*_or_distinct(array, type_, f"{pattern}$", lambda texts: _assume(texts, type_)))
    return typed, either(refused, beyond_zones(typed, type_.timezone))


@cache  # what the machine has does not change
def finds_zone(timezone: str) -> bool:
    """Whether Arrow knows a time zone. It looks for them in one folder of the system, which slim images leave out;
    `zoneinfo`, of the per-record path, has the package `tzdata` as well."""
    try:
        pc.local_timestamp(pa.scalar(0, pa.timestamp("s", timezone)))
    except pa.ArrowInvalid:
        return False
    return True


def beyond_zones(instants: pa.Array, timezone: str | None) -> Mask:
    """Instants for which Arrow's time zones can't be trusted: after 2037 it knows no daylight saving."""
    if timezone is None:
        return None
    units = pc.fill_null(instants.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    late = units >= _ZONES_END * temporal.UNITS[instants.type.unit]
    return late if late.any() else None


def _assume(texts: pa.Array, type_: Type) -> pa.Array:
    """Local times of the default zone; Arrow raises for those that a clock change skips or repeats, and for all where
    it finds no zones."""
    local = texts.cast(pa.timestamp(type_.arrow.unit))
    return pc.assume_timezone(local, type_.timezone, ambiguous="raise", nonexistent="raise").cast(type_.arrow)


def _or_distinct(array: pa.Array, type_: Type, pattern: str, cast: Callable[[pa.Array], pa.Array]) -> Converted:
    """By kernel; where the kernel refuses one of the texts that match (30 February), by the specification."""
    try:
        return _by_kernel(array, pattern, cast)
    except pa.ArrowInvalid:
        return _distinct(array, type_)


def _within_margins(typed: pa.Array, refused: Mask) -> Converted:
    low, high = (bound * temporal.UNITS[typed.type.unit] for bound in _margins(typed.type.unit))
    units = pc.fill_null(typed.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    far = (units < low) | (units > high)
    return typed, either(refused, far if far.any() else None)


_FROM_TEXT: dict[str, Callable[[pa.Array, Type], Converted]] = {
    "integer": _integer,
    "number": _number,
    "decimal": _decimal,
    "boolean": _boolean,
    "date": _distinct,
    "time": _distinct,
    "timestamp": _timestamp,
}
