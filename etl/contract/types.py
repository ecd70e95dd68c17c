"""ODCS types -> `model.Type`: what is accepted, what is stored, and which types this engine does not execute."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa
from open_data_contract_standard.model import SchemaProperty

from etl.contract import patterns
from etl.contract.expressions import is_timezone
from etl.contract.model import Field, Kind, Type
from etl.contract.patterns import EPOCHS, has_offset
from etl.contract.source import Place
from etl.contract.words import listed

_INTEGERS = {
    **{f"i{bits}": getattr(pa, f"int{bits}")() for bits in (8, 16, 32, 64)},
    **{f"u{bits}": getattr(pa, f"uint{bits}")() for bits in (8, 16, 32, 64)},
}
_NAMES = {arrow: name for name, arrow in _INTEGERS.items()}
_DECIMAL = re.compile(r"(decimal|numeric)\s*(?:\(\s*([0-9]{1,3})\s*(?:,\s*(-?[0-9]{1,3})\s*)?\))?", re.IGNORECASE)
_TIMESTAMP = re.compile(r"timestamp\s*\(\s*([^)]*?)\s*\)", re.IGNORECASE)
_UNITS = ("s", "ms", "us", "ns")
_PER_COLUMN = ("transformLogic", "primaryKey", "unique", "partitioned")


def type_of(node: SchemaProperty, place: Place) -> Type | None:
    """The type of a column, an item or a field; None with faults reported."""
    if node.logicalType is None:
        if not place.tried("logicalType"):
            place.fault(f"'logicalType' is missing; there are {listed(_BUILDERS)}")
        return None
    build = _BUILDERS.get(node.logicalType)
    if build is None:
        (place / "logicalType").fault(
            f"{node.logicalType} columns are not executable here; json($.path) into a string keeps the whole value"
        )
        return None
    return build(node, place)


def _options(node: SchemaProperty) -> dict[str, Any]:
    return node.logicalTypeOptions or {}


def _plain(kind: Kind, arrow: pa.DataType) -> Callable[[SchemaProperty, Place], Type | None]:
    return lambda node, place: Type(kind, arrow)


def _integer(node: SchemaProperty, place: Place) -> Type | None:
    if node.physicalType and _DECIMAL.fullmatch(node.physicalType.strip()):
        (place / "physicalType").fault(
            f"{node.physicalType} is for number columns; integer takes logicalTypeOptions.format i8 to u64"
        )
        return None
    name = _options(node).get("format", "i64")
    if name not in _INTEGERS:
        (place / "logicalTypeOptions" / "format").fault(
            f"{name} is not executable: logicalType number with physicalType decimal(38,0) holds 38 digits"
        )
        return None
    return Type("integer", _INTEGERS[name])


def _number(node: SchemaProperty, place: Place) -> Type | None:
    if _options(node).get("format") == "f32":
        (place / "logicalTypeOptions" / "format").fault(
            "f32 is not executable: it would round most values; use f64 or physicalType decimal(p,s)"
        )
        return None
    found = _DECIMAL.fullmatch((node.physicalType or "").strip())
    if not found:
        return _not_decimal(node, place)
    return _decimal(found, place / "physicalType")


def _not_decimal(node: SchemaProperty, place: Place) -> Type | None:
    """float64; but what begins as a decimal and isn't one would silently lose exactness."""
    if (node.physicalType or "").strip().lower().startswith(("decimal", "numeric")):
        (place / "physicalType").fault(f"decimal(p,s) is expected, such as decimal(12,2), found '{node.physicalType}'")
        return None
    return Type("number", pa.float64())


def _decimal(found: re.Match[str], place: Place) -> Type | None:
    if found[2] is None:
        place.fault(f"say how many digits: {found[1]}(12,2) has 12, 2 of them after the point")
        return None
    precision, scale = int(found[2]), int(found[3] or 0)
    if not 1 <= precision <= 38:
        place.fault(f"a decimal has 1 to 38 digits, found {precision}")
        return None
    if not 0 <= scale <= precision:
        place.fault(f"of {precision} digits, 0 to {precision} can stand after the point, found {scale}")
        return None
    return Type("decimal", pa.decimal128(precision, scale))


def _temporal(kind: Kind, arrow: pa.DataType) -> Callable[[SchemaProperty, Place], Type | None]:
    def build(node: SchemaProperty, place: Place) -> Type | None:
        return _with_format(node, place / "logicalTypeOptions", kind, arrow, None)

    return build


def _timestamp(node: SchemaProperty, place: Place) -> Type | None:
    options = place / "logicalTypeOptions"
    timezone = _options(node).get("defaultTimezone")
    if timezone is not None and not is_timezone(timezone):
        (options / "defaultTimezone").fault(
            f"unknown time zone '{timezone}': an IANA name is expected, such as America/Recife"
        )
        return None
    found = _TIMESTAMP.fullmatch((node.physicalType or "").strip())
    unit = found[1].lower() if found else "us"
    if unit not in _UNITS:
        (place / "physicalType").fault(f"timestamp(s), (ms), (us) or (ns) is expected, found '{node.physicalType}'")
        return None
    return _with_format(node, options, "timestamp", pa.timestamp(unit, "UTC"), timezone)


def _with_format(
    node: SchemaProperty, options: Place, kind: Kind, arrow: pa.DataType, timezone: str | None
) -> Type | None:
    pattern = _options(node).get("format")
    if pattern is None or (pattern in EPOCHS and kind != "time"):
        return Type(kind, arrow, pattern, timezone)
    fault = patterns.fault(pattern, kind)
    if fault is None and kind == "timestamp" and timezone is None and not has_offset(pattern):
        fault = f"texts of format '{pattern}' have no offset from UTC: add defaultTimezone, such as America/Recife"
    if fault:
        (options / "format").fault(fault)
        return None
    return Type(kind, arrow, pattern, timezone)


def _array(node: SchemaProperty, place: Place) -> Type | None:
    if node.items is None:
        if not place.tried("items"):
            place.fault("'items' is missing: it says what an element is; json($.path) into a string keeps all as text")
        return None
    item = nested(node.items, place / "items")
    return item and Type("array", pa.list_(item.arrow), item=item)


def _object(node: SchemaProperty, place: Place) -> Type | None:
    if not node.properties:
        if not place.tried("properties") or node.properties == []:
            place.fault("'properties' is missing: it names the fields; json($.path) into a string keeps all as text")
        return None
    fields = [_field(child, place / "properties" / index) for index, child in enumerate(node.properties)]
    _unique_names(node.properties, place / "properties")
    whole = tuple(field for field in fields if field)
    if len(whole) < len(fields):
        return None
    return Type("object", pa.struct([(field.name, field.type.arrow) for field in whole]), fields=whole)


def _field(node: SchemaProperty, place: Place) -> Field | None:
    found = nested(node, place)
    if node.name == "":
        (place / "name").fault("a field needs a name")
    return Field(node.name, found) if found and node.name else None


def _unique_names(nodes: list[SchemaProperty], place: Place) -> None:
    """Athena and Glue fold the case of names, so that `Id` and `id` are one."""
    seen: dict[str, str] = {}
    for index, node in enumerate(nodes):
        if node.name and (first := seen.setdefault(node.name.lower(), node.name)) is not node.name:
            (place / index / "name").fault(f"there is a field '{first}' already (case does not count)")


def nested(node: SchemaProperty, place: Place) -> Type | None:
    """The type of an item or a field; what only a column can have is at fault there."""
    for key in _PER_COLUMN:
        if getattr(node, key) not in (None, False):
            (place / key).fault_key(f"'{key}' is for columns; this is a part of one")
    return type_of(node, place)


_BUILDERS: dict[str, Callable[[SchemaProperty, Place], Type | None]] = {
    "string": _plain("string", pa.string()),
    "boolean": _plain("boolean", pa.bool_()),
    "integer": _integer,
    "number": _number,
    "date": _temporal("date", pa.date32()),
    "time": _temporal("time", pa.time64("us")),
    "timestamp": _timestamp,
    "array": _array,
    "object": _object,
}


def words(type_: Type) -> str:
    """A type as reports say it: `decimal(12,2)`, `integer (u8)`, `date (dd/MM/yyyy)`, `list of string`."""
    if type_.item:
        return f"list of {words(type_.item)}"
    match type_.kind:
        case "decimal":
            return f"decimal({type_.arrow.precision},{type_.arrow.scale})"
        case "integer":
            return "integer" if type_.arrow == pa.int64() else f"integer ({_NAMES[type_.arrow]})"
        case "date" | "time" | "timestamp":
            return f"{type_.kind} ({type_.format or _ISO[type_.kind]})"
        case kind:
            return kind


_ISO = {"date": "yyyy-MM-dd", "time": "HH:mm:ss", "timestamp": "RFC 3339"}
