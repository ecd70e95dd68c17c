"""The vectorised path: straight records -> rows, by the block.

A block of screened records is parsed by Arrow under a schema made from the contract's tree of fields, exploded along
each table's grain, and converted column by column. Whatever a step refuses is handed back, to go record by record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jiter
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from etl.contract.expressions import Coalesce, Day, Each, Expression, Index, Json, NullIf, Path, Scale, Text, paths
from etl.contract.model import Column, Contract, Table, Type
from etl.flatten import columns
from etl.flatten.columns import Converted, Mask, convert, either
from etl.flatten.fields import TEXT, Node, argument_type, sources
from etl.flatten.screen import Steps, unnameable
from etl.records import Rows

_PIECE = 256 << 10  # bytes
_FAN_OUT = 8
_LARGEST_BLOCK = 2**31 - 1  # Arrow's reader counts a block's bytes in 32 bits
_TEXTS = {"trim": pc.utf8_trim_whitespace, "lower": pc.utf8_lower, "upper": pc.utf8_upper}


class UnsupportedError(Exception):
    """This contract reads something that only the per-record path can: it then takes every record."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """Records as Arrow read them: a struct array, and the index of each within the block."""

    records: pa.StructArray
    indexes: np.ndarray


Readings = dict[Steps, pa.DataType]


def read_as(steps: Steps, node: Node, learned: Readings) -> pa.DataType:
    """The Arrow type under which a leaf is read: what was learned of the feed, else what its columns say."""
    if steps in learned:
        return learned[steps]
    types = {columns.reading(type_) for type_ in node.reads}
    if len(types) != 1:
        raise UnsupportedError(f"{Path(steps)} is read as {types}")
    return types.pop()


def check_supported(contract: Contract, root: Node) -> None:
    """Raises `UnsupportedError` where a contract needs what the kernels here do not do."""
    if unnameable(root):
        raise UnsupportedError("a key that JSON writes with escapes")
    for table in contract.tables:
        for column in table.columns:
            _check_expression(column.source, column.type)


def _check_expression(expression: Expression, type_: Type) -> None:
    if isinstance(expression, Scale):
        moved = (type_.arrow.scale if type_.kind == "decimal" else 0) + expression.exponent
        if type_.kind == "number" or not 0 <= moved <= 38:
            raise UnsupportedError("scale beyond decimal128")
    if isinstance(expression, Coalesce) and (type_.item is not None or type_.fields):
        raise UnsupportedError("coalesce of arrays or objects")
    if isinstance(expression, Coalesce) and any(isinstance(part, Index | Json) for part in expression.arguments):
        raise UnsupportedError("coalesce of index or json")


def schema(root: Node, learned: Readings) -> pa.Schema:
    """The schema under which Arrow reads the documents. Raises `UnsupportedError`."""
    return pa.schema(list(_struct(root, (), learned)))


def _type(node: Node, steps: Steps, learned: Readings) -> pa.DataType:
    if (bool(node.names) + (node.element is not None) + bool(node.reads)) != 1:
        raise UnsupportedError(f"{Path(steps)} is read in more than one shape, or in none")
    if node.element is not None:
        return pa.list_(_type(node.element, (*steps, Each()), learned))
    return read_as(steps, node, learned) if node.reads else _struct(node, steps, learned)


def _struct(node: Node, steps: Steps, learned: Readings) -> pa.StructType:
    members = {name: child for name, child in node.names.items() if not child.whole}
    if any(child.whole and (child.names or child.element or child.reads) for child in node.names.values()):
        raise UnsupportedError(f"a field of {Path(steps)} is read by json() and otherwise")
    return pa.struct([(name, _type(child, (*steps, name), learned)) for name, child in members.items()])


def parse(
    texts: Sequence[bytes], indexes: np.ndarray, under: pa.Schema, keeps: Callable[[Sequence[bytes]], list[bool]]
) -> Parsed:
    """Parse screened records with Arrow; those that it refuses are missing from the result.

    `keeps` tells which records a decoder gives back whole: the others have a key twice, which Arrow refuses. Arrow
    names no record, so a block is parsed in pieces, to have little to search.
    """
    each = max(len(texts) * _PIECE // (sum(map(len, texts)) or 1), 1)
    parts = [part for at in range(0, len(texts), each) for part in _piece(_cut(texts, indexes, at, each), under, keeps)]
    if not parts:
        return Parsed(pa.array([], pa.struct(under)), indexes[:0])
    return Parsed(pa.concat_arrays([part.records for part in parts]), np.concatenate([part.indexes for part in parts]))


_Texts = tuple[Sequence[bytes], np.ndarray]  # records, and their indexes within the block


def _cut(texts: Sequence[bytes], indexes: np.ndarray, at: int, length: int) -> _Texts:
    return texts[at : at + length], indexes[at : at + length]


def _piece(piece: _Texts, under: pa.Schema, keeps: Callable[[Sequence[bytes]], list[bool]]) -> list[Parsed]:
    texts, indexes = piece
    if (records := _read(texts, under)) is not None:
        return [Parsed(records, indexes)]
    whole = keeps(texts)
    left = [text for text, kept in zip(texts, whole, strict=True) if kept]
    return _search((left, indexes[np.array(whole)]), under)


def _search(piece: _Texts, under: pa.Schema) -> list[Parsed]:
    """Divide what is refused until the refused records stand alone."""
    texts, indexes = piece
    if not len(texts):
        return []
    if (records := _read(texts, under)) is not None:
        return [Parsed(records, indexes)]
    if len(texts) == 1:
        return []
    each = -(-len(texts) // _FAN_OUT)
    return [part for at in range(0, len(texts), each) for part in _search(_cut(texts, indexes, at, each), under)]


def _read(texts: Sequence[bytes], under: pa.Schema) -> pa.StructArray | None:
    data = b"\n".join(texts)
    if data.count(b"\n") != len(texts) - 1:  # breaks between tokens: a screened record has none inside a text
        data = b"\n".join(text.replace(b"\n", b" ") for text in texts)
    if len(data) > _LARGEST_BLOCK:
        return None
    try:
        table = pj.read_json(
            pa.BufferReader(data),
            read_options=pj.ReadOptions(use_threads=False, block_size=len(data) + 1),
            parse_options=pj.ParseOptions(explicit_schema=under, unexpected_field_behavior="ignore"),
        )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    if table.num_rows != len(texts):
        return None
    return table.to_struct_array().combine_chunks()


class Exploded:
    """One table's view of a block: arrays of elements by `[*]` level, and how rows map to them."""

    def __init__(self, records: pa.StructArray, grain: Path) -> None:
        self.elements: list[pa.Array] = [records]
        self.parents: list[np.ndarray] = []
        self.places: list[np.ndarray] = []
        steps: list[Any] = []
        for step in grain.steps:
            if isinstance(step, Each):
                self._descend(_navigate(self.elements[-1], steps))
                steps = []
            else:
                steps.append(step)
        self._rows()

    def _descend(self, lists: pa.ListArray) -> None:
        lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
        starts = np.cumsum(lengths) - lengths
        parents = np.repeat(np.arange(len(lengths)), lengths)
        self.elements.append(lists.flatten())
        self.parents.append(parents)
        self.places.append(np.arange(len(parents)) - starts[parents])

    def _rows(self) -> None:
        """For each level, the element that each row comes from."""
        rows = [np.arange(len(self.elements[-1]))]
        for parents in reversed(self.parents):
            rows.insert(0, parents[rows[0]])
        self.rows = rows

    @property
    def depth(self) -> int:
        return len(self.parents)

    @property
    def positions(self) -> tuple[np.ndarray, ...]:
        return tuple(places[rows] for places, rows in zip(self.places, self.rows[1:], strict=True))

    def array(self, path: Path) -> tuple[pa.Array, int]:
        """What lies at a path, one value per element of its level; and the level."""
        level = _depth(path)
        last = max((i for i, step in enumerate(path.steps) if isinstance(step, Each)), default=-1)
        return _navigate(self.elements[level], path.steps[last + 1 :]), level

    def to_rows(self, array: pa.Array, level: int) -> pa.Array:
        return array if level == self.depth else array.take(pa.array(self.rows[level]))

    def mask_to_rows(self, mask: Mask, level: int) -> Mask:
        return mask if mask is None or level == self.depth else mask[self.rows[level]]


def _depth(path: Path) -> int:
    return sum(isinstance(step, Each) for step in path.steps)


def _navigate(array: pa.Array, steps: Sequence[Any]) -> pa.Array:
    for step in steps:
        array = _element(array, step) if isinstance(step, int) else _member(array, step)
    return array


def _member(array: pa.StructArray, name: str) -> pa.Array:
    return pc.struct_field(array, indices=[array.type.get_field_index(name)])


def _element(lists: pa.ListArray, index: int) -> pa.Array:
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    starts = np.cumsum(lengths) - lengths
    there = (lengths > index) if index >= 0 else (lengths >= -index)
    at = starts + (index if index >= 0 else lengths + index)
    return lists.flatten().take(pa.array(np.where(there, at, 0), mask=~there))


@dataclass(frozen=True, slots=True)
class TableRows:
    """A table's rows from straight records, and which rows hold a value that the kernels refused."""

    rows: Rows
    refused: Mask


class TableReader:
    """Reads one table's rows out of parsed records. `raw` gives the slices that `json()` reads, by path."""

    def __init__(self, table: Table, parsed: Parsed, numbers: np.ndarray, raw: Callable[[Path], list[Any]]) -> None:
        self.table = table
        self.exploded = Exploded(parsed.records, table.grain)
        self.numbers = numbers
        self.raw = raw

    def read(self) -> TableRows:
        arrays, refused = [], None
        for column in self.table.columns:
            array, bad = self._column(column)
            arrays.append(array)
            refused = either(refused, bad)
        fields = [pa.field(column.name, column.type.arrow) for column in self.table.columns]
        values = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
        return TableRows(Rows(values, self.numbers[self.exploded.rows[0]], self.exploded.positions), refused)

    def _column(self, column: Column) -> Converted:
        """A column at row level. One path is converted at its own level, before it is repeated."""
        level = max(_depth(path) for path in paths(column.source))
        array, refused = self._evaluate(column.source, column.type, level)
        return self.exploded.to_rows(array, level), self.exploded.mask_to_rows(refused, level)

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
            return _day(inner, expression.timezone), refused
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
        if isinstance(expression, NullIf) and not self._reads_text(expression.argument, type_):
            return self._evaluate(expression.argument, type_, level)  # numbers never equal a text
        texts, refused = self._evaluate(expression.argument, TEXT, level)
        if isinstance(expression, Text):
            texts = _TEXTS[expression.function](texts)
        else:
            texts = pc.if_else(pc.equal(texts, expression.text), pa.scalar(None, pa.string()), texts)
        typed, bad = convert(texts, type_)
        return typed, either(refused, bad)

    def _reads_text(self, expression: Expression, type_: Type) -> bool:
        read = [self.exploded.array(path)[0].type for path, _ in sources(expression, type_)]
        return all(pa.types.is_string(arrow) for arrow in read)

    def _json(self, path: Path) -> Converted:
        slices = [None if raw is None or bytes(raw) == b"null" else bytes(raw) for raw in self.raw(path)]
        refused = np.array([raw is not None and not _is_sound(raw) for raw in slices], dtype=bool)
        texts = [None if raw is None else raw.strip().replace(b"\n", b" ").replace(b"\r", b" ") for raw in slices]
        return pa.array(texts, pa.binary()).cast(pa.string()), refused if refused.any() else None


def _is_sound(raw: bytes) -> bool:
    """Whether the per-record path's parser takes it: no key twice, not nested too deep."""
    if raw[:1] not in b"{[":
        return True
    try:
        jiter.from_json(raw, catch_duplicate_keys=True, allow_inf_nan=False)
    except ValueError:
        return False
    return True


def _moved(array: pa.Array, refused: Mask, type_: Type) -> Converted:
    """Decimals read at the scale of the target plus the exponent: the same digits, with the point moved."""
    scale = type_.arrow.scale if type_.kind == "decimal" else 0
    digits = type_.arrow.precision if type_.kind == "decimal" else 38
    buffers = pa.concat_arrays([array]).buffers()
    moved = pa.Array.from_buffers(pa.decimal128(38, scale), len(array), buffers, offset=array.offset)
    low, high = _whole_bounds(type_, digits)
    unscaled = pa.Array.from_buffers(pa.decimal128(38, 0), len(array), buffers, offset=array.offset)
    fits = pc.and_(pc.greater_equal(unscaled, low), pc.less_equal(unscaled, high))
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


def _day(instants: pa.Array, timezone: str | None) -> pa.Array:
    local = pc.local_timestamp(instants.cast(pa.timestamp("us", timezone or "UTC")))
    return pc.floor_temporal(local, unit="day").cast(pa.date32())
