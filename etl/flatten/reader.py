"""One table's rows out of parsed records: every column's expression by kernels, at its own level."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.expressions import Coalesce, Day, Expression, Index, Json, NullIf, Path, Scale, Text, paths
from etl.contract.model import Table, Type
from etl.flatten.columns import Converted, Mask, beyond_zones, convert, either, finds_zone, unscaled
from etl.flatten.exploded import Exploded, depth
from etl.flatten.fields import TEXT, argument_type, sources
from etl.records import Rows

_TEXTS = {"trim": pc.utf8_trim_whitespace, "lower": pc.utf8_lower, "upper": pc.utf8_upper}


@dataclass(frozen=True, slots=True)
class TableRows:
    """A table's rows from straight records, and which rows hold a value that the kernels refused."""

    rows: Rows
    refused: Mask


class TableReader:
    """Reads one table's rows out of parsed records. `raw` gives the slices that `json()` reads, by path."""

    def __init__(self, table: Table, exploded: Exploded, numbers: np.ndarray, raw: Callable[[Path], list[Any]]) -> None:
        self.table = table
        self.exploded = exploded
        self.numbers = numbers
        self.raw = raw

    def read(self) -> TableRows:
        values, levels, refused = {}, {}, None
        for column in self.table.columns:
            # a value is converted at its own level: before it is repeated, and held as it is converted
            level = levels[column.name] = max(depth(path) for path in paths(column.source))
            values[column.name], bad = self._evaluate(column.source, column.type, level)
            refused = either(refused, self.exploded.mask_to_rows(bad, level))
        rows = self.exploded.rows
        return TableRows(
            Rows(values, levels, (*rows[:-1], None), self.numbers[rows[0]], self.exploded.positions), refused
        )

    def _evaluate(self, expression: Expression, type_: Type, level: int) -> Converted:
        """The typed values of an expression, one per element of the level."""
        if isinstance(expression, Path):
            return convert(self._at(expression, level), type_)
        if isinstance(expression, Index):
            return pa.array(self.exploded.places[level - 1]).cast(type_.arrow), None
        if isinstance(expression, Json):
            return self._json(expression.path)
        if isinstance(expression, Coalesce):
            return self._coalesce(expression, type_, level)
        if isinstance(expression, Scale):
            inner, refused = self._evaluate(expression.argument, argument_type(expression, type_), level)
            return _moved(inner, refused, type_)
        if isinstance(expression, Day):
            inner, refused = self._evaluate(expression.argument, argument_type(expression, type_), level)
            days, unsure = _day(inner, expression.timezone)
            return days, either(refused, unsure)
        return self._text(expression, type_, level)

    def _at(self, path: Path, level: int) -> pa.Array:
        array, own = self.exploded.array(path)
        if own == level:
            return array
        rows = np.arange(len(self.exploded.elements[level]))
        for parents in reversed(self.exploded.parents[own:level]):
            rows = parents[rows]
        return array.take(pa.array(rows))

    def _coalesce(self, expression: Coalesce, type_: Type, level: int) -> Converted:
        arrays, refused = [], None
        for argument in expression.arguments:
            array, bad = self._evaluate(argument, type_, level)
            arrays.append(array)
            refused = either(refused, bad)
        return pc.coalesce(*arrays), refused

    def _text(self, expression: Text | NullIf, type_: Type, level: int) -> Converted:
        if isinstance(expression, NullIf) and type_.kind != "string":
            read = self._reads_text(expression.argument, type_)
            if not any(read):
                return self._evaluate(expression.argument, type_, level)  # numbers never equal a text
            if not all(read):
                return self._refused(type_, level)
        texts, refused = self._evaluate(expression.argument, TEXT, level)
        if isinstance(expression, Text):
            texts = _TEXTS[expression.function](texts)
        else:
            texts = pc.if_else(pc.equal(texts, expression.text), pa.scalar(None, pa.string()), texts)
        typed, bad = convert(texts, type_)
        return typed, either(refused, bad)

    def _reads_text(self, expression: Expression, type_: Type) -> list[bool]:
        return [pa.types.is_string(self.exploded.array(path)[0].type) for path, _ in sources(expression, type_)]

    def _refused(self, type_: Type, level: int) -> Converted:
        count = len(self.exploded.elements[level])
        return pa.nulls(count, type_.arrow), np.ones(count, dtype=bool)

    def _json(self, path: Path) -> Converted:
        slices = [None if raw is None or bytes(raw) == b"null" else bytes(raw) for raw in self.raw(path)]
        texts = [None if raw is None else raw.strip().replace(b"\n", b" ").replace(b"\r", b" ") for raw in slices]
        return pa.array(texts, pa.binary()).cast(pa.string()), None


def _moved(array: pa.Array, refused: Mask, type_: Type) -> Converted:
    """Decimals read at the scale of the target plus the exponent: the same digits, with the point moved."""
    scale = type_.arrow.scale if type_.kind == "decimal" else 0
    digits = type_.arrow.precision if type_.kind == "decimal" else 38
    buffers = pa.concat_arrays([array]).buffers()
    moved = pa.Array.from_buffers(pa.decimal128(38, scale), len(array), buffers, offset=array.offset)
    low, high = _whole_bounds(type_, digits)
    whole = unscaled(moved)
    fits = pc.and_(pc.greater_equal(whole, low), pc.less_equal(whole, high))
    beyond = pc.invert(pc.fill_null(fits, True)).to_numpy(zero_copy_only=False)
    if beyond.any():
        moved = pc.if_else(fits, moved, pa.scalar(None, moved.type))
    return moved.cast(type_.arrow), either(refused, beyond if beyond.any() else None)


def _whole_bounds(type_: Type, digits: int) -> tuple[pa.Scalar, pa.Scalar]:
    if type_.kind == "decimal":
        low, high = -(10**digits) + 1, 10**digits - 1
    elif pa.types.is_unsigned_integer(type_.arrow):
        low, high = 0, 2**type_.arrow.bit_width - 1
    else:
        low, high = -(2 ** (type_.arrow.bit_width - 1)), 2 ** (type_.arrow.bit_width - 1) - 1
    return tuple(pa.scalar(bound, pa.decimal128(38, 0)) for bound in (low, high))


def _day(instants: pa.Array, timezone: str | None) -> Converted:
    if timezone is not None and not finds_zone(timezone):
        return pa.nulls(len(instants), pa.date32()), np.ones(len(instants), dtype=bool)
    local = instants.cast(pa.timestamp("us"))
    if timezone is not None:
        local = pc.local_timestamp(instants.cast(pa.timestamp("us", timezone)))
    return pc.floor_temporal(local, unit="day").cast(pa.date32()), beyond_zones(instants, timezone)
