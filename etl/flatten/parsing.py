"""Texts of straight records -> Arrow arrays, under a schema made from the contract's tree of fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.json as pj

from etl.contract.expressions import Coalesce, Each, Expression, Index, Json, Path, Scale
from etl.contract.model import Contract, Type
from etl.flatten import columns
from etl.flatten.fields import Node
from etl.flatten.screen import Steps, is_sound, unnameable

_TINY = re.compile(rb"e-[0-9]{4}")  # two expressions that begin with plain letters: each is searched ten times faster
_TINY_CAPITAL = re.compile(rb"E-[0-9]{4}")
_PIECE = 256 << 10  # bytes
_STRAIGHT_PIECE = 1 << 20  # where nothing is expected to be refused: each call of Arrow waits for the interpreter
_FAN_OUT = 8
_FEW = 64  # texts, which are looked at one by one
_LARGEST_BLOCK = 2**31 - 1  # Arrow's reader counts a block's bytes in 32 bits


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
    if root.whole or root.reads or root.element is not None:
        raise UnsupportedError("a column reads the record itself")
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


def is_safe(data: bytes) -> bool:
    """Whether Arrow can be given these texts: UTF-8, which it does not check, and no exponent that crashes it.

    Its decimal parser ends the process on exponents of seven digits below zero; four digits are refused here.
    """
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return _TINY.search(data) is None and _TINY_CAPITAL.search(data) is None


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


def parse(texts: Sequence[bytes], indexes: np.ndarray, under: pa.Schema, *, odd: bool) -> Parsed:
    """Parse screened records with Arrow; those that it refuses are missing from the result.

    Arrow names no record, so a block is parsed in pieces, to have little to search; smaller ones where the block has
    `odd` records, which the screen has refused.
    """
    piece = _PIECE if odd else _STRAIGHT_PIECE
    each = max(len(texts) * piece // (sum(map(len, texts)) or 1), 1)
    parts = [part for at in range(0, len(texts), each) for part in _piece(_cut(texts, indexes, at, each), under)]
    if not parts:
        return Parsed(pa.array([], pa.struct(under)), indexes[:0])
    return Parsed(pa.concat_arrays([part.records for part in parts]), np.concatenate([part.indexes for part in parts]))


_Texts = tuple[Sequence[bytes], np.ndarray]  # records, and their indexes within the block


def _cut(texts: Sequence[bytes], indexes: np.ndarray, at: int, length: int) -> _Texts:
    return texts[at : at + length], indexes[at : at + length]


def _piece(piece: _Texts, under: pa.Schema) -> list[Parsed]:
    texts, indexes = piece
    if (records := _read(texts, under)) is not None:
        return [Parsed(records, indexes)]
    if len(texts) > _FEW:
        return [part for some in _divided(piece) for part in _piece(some, under)]
    sound = np.array([is_sound(text) for text in texts], dtype=bool)  # a key that comes twice is the usual reason
    return _search(([text for text, good in zip(texts, sound, strict=True) if good], indexes[sound]), under)


def _search(piece: _Texts, under: pa.Schema) -> list[Parsed]:
    """Divide what is refused until the refused records stand alone."""
    texts, indexes = piece
    if not len(texts):
        return []
    if (records := _read(texts, under)) is not None:
        return [Parsed(records, indexes)]
    if len(texts) == 1:
        return []
    return [part for some in _divided(piece) for part in _search(some, under)]


def _divided(piece: _Texts) -> Iterator[_Texts]:
    texts, indexes = piece
    each = -(-len(texts) // _FAN_OUT)
    return (_cut(texts, indexes, at, each) for at in range(0, len(texts), each))


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
