"""Texts of straight records -> Arrow arrays. Arrow's reader is fast, but neither strict nor crash-safe.

It never sees a line without its braces, nor decimals that it could take for others (lexical.py). What it then reads
under a schema that has every field, and as UTF-8, it has read strictly. But for one record that it refuses, it refuses
the lot: smaller pieces are tried then, and in those that are refused too, a typed decoder (screen.py), which checks
UTF-8 as well, tells the straight records.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.json as pj

from etl.flatten import lexical
from etl.flatten.screen import Screen
from etl.records import Block

_TINY = re.compile(rb"[eE]-[0-9]{4}")
_PIECE = 128 << 10  # bytes that are read together where something is refused
_CHUNK = 1 << 20  # bytes that Arrow reads in one thread, while another reads the next
_FAN_OUT = 8
_FEW = 8  # pieces
_DIGITS = 38  # that surely fit into 128 bits
_LARGEST_BLOCK = 2**31 - 1  # Arrow's reader counts a block's bytes in 32 bits
_OPEN, _CLOSE = b"{}"


@dataclass(frozen=True, slots=True)
class Parsed:
    """Records as Arrow read them: a struct array, and the index of each within the block.

    `decoded` is what the screen has decoded of each, where something looks at that.
    """

    records: pa.StructArray
    indexes: np.ndarray
    decoded: Sequence[Any] = ()

    def only(self, kept: np.ndarray) -> Parsed:
        """The records that the mask tells."""
        decoded = [item for item, keep in zip(self.decoded, kept.tolist(), strict=True) if keep] if self.decoded else ()
        return Parsed(self.records.filter(pa.array(kept)), self.indexes[kept], decoded)


class Parser:
    """Parses blocks under one schema; several threads may, each its own block."""

    def __init__(self, schema: pa.Schema, screen: Screen) -> None:
        self._schema = schema
        self._screen = screen
        decimals = [decimal for kind in schema.types for decimal in _decimals(kind)]
        self._has_decimals = bool(decimals)
        self._strict = all(each.precision + each.scale <= _DIGITS for each in decimals)

    def parse(self, block: Block) -> Parsed:
        """The straight records of a block."""
        parts = list(self._parts(block))
        if len(parts) == 1:
            return parts[0]
        records = [part.records for part in parts] or [pa.array([], pa.struct(self._schema))]
        indexes = np.concatenate([np.array([], np.int64), *(part.indexes for part in parts)])
        return Parsed(pa.concat_arrays(records), indexes, [item for part in parts for item in part.decoded])

    def _parts(self, block: Block) -> Iterator[Parsed]:
        if self._screen.looks or not self._strict:
            yield from self._screened(block, np.arange(len(block)))
            return
        whole = self._lines(block, slice(0, len(block)), _CHUNK)
        if whole is not None:
            yield Parsed(whole, np.arange(len(block)))
            return
        each = max(len(block) * _PIECE // (int(block.ends[-1] - block.starts[0]) or 1), 1)
        refused = 0
        for number, start in enumerate(range(0, len(block), each)):
            if refused * 2 > number > _FEW:  # most pieces are: no more is tried
                yield from self._screened(block, np.arange(start, len(block)))
                return
            end = min(start + each, len(block))
            records = self._lines(block, slice(start, end), None)
            if records is None:
                refused += 1
                yield from self._screened(block, np.arange(start, end))
            else:
                yield Parsed(records, np.arange(start, end))

    def _lines(self, block: Block, some: slice, chunk: int | None) -> pa.StructArray | None:
        """Lines as they are, if all of them are straight.

        A brace at either end of each: then none goes on in the next, and as many values as lines are a value a line.
        """
        starts, ends = block.starts[some], block.ends[some]
        text = np.frombuffer(block.data, np.uint8)
        if (text[starts] != _OPEN).any() or (text[ends - 1] != _CLOSE).any():
            return None
        text = text[starts[0] : ends[-1]]
        if len(text) > _LARGEST_BLOCK or (self._has_decimals and lexical.has_exponents(text)):
            return None
        records = self._read(pa.py_buffer(text), len(starts), chunk, "error")
        if records is None or not _is_utf8(records):
            return None
        if self._has_decimals and not lexical.has_texts_only(text, _count_texts(records)):
            return None
        return records

    def _read(self, data: pa.Buffer, count: int, chunk: int | None, unexpected: str) -> pa.StructArray | None:
        """None where Arrow refuses something. `chunk`: how many bytes to read at once, in parallel; None: all."""
        try:
            table = pj.read_json(
                pa.BufferReader(data),
                read_options=pj.ReadOptions(use_threads=chunk is not None, block_size=chunk or len(data) + 1),
                parse_options=pj.ParseOptions(explicit_schema=self._schema, unexpected_field_behavior=unexpected),
            )
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return None
        return table.to_struct_array().combine_chunks() if table.num_rows == count else None

    def _screened(self, block: Block, piece: np.ndarray) -> Iterator[Parsed]:
        """The straight ones of these records (indexes)."""
        texts = block.texts(piece)
        safe = self._safe(texts)
        screened = self._screen.split([texts[at] for at in safe])
        straight = np.array(safe, np.int64)[screened.straight]
        together = self._joined([texts[at] for at in straight], _CHUNK)
        if together is not None:
            yield Parsed(together, piece[straight], screened.decoded or ())
            return
        each = max(len(straight) * _PIECE // (sum(len(texts[at]) for at in straight) or 1), 1)
        for at in range(0, len(straight), each):
            some = straight[at : at + each]
            decoded = screened.decoded[at : at + each] if screened.decoded else ()
            yield from self._search(_Texts([texts[at] for at in some], piece[some], decoded))

    def _safe(self, texts: Sequence[bytes]) -> Sequence[int]:
        """Indexes of the texts without an exponent for which Arrow's parser of decimals ends the process: it does at
        seven digits below zero; four digits are refused here."""
        if not self._has_decimals or not lexical.has_exponents(np.frombuffer(b"\n".join(texts), np.uint8)):
            return range(len(texts))
        return [at for at, text in enumerate(texts) if _TINY.search(text) is None]

    def _search(self, texts: _Texts) -> Iterator[Parsed]:
        """All but those that Arrow refuses all the same: divided until they stand alone."""
        records = self._joined(texts.texts, None)
        if records is not None:
            yield Parsed(records, texts.indexes, texts.decoded)
        elif len(texts.texts) > 1:
            for some in texts.divided():
                yield from self._search(some)

    def _joined(self, texts: Sequence[bytes], chunk: int | None) -> pa.StructArray | None:
        data = b"\n".join(texts)
        if len(data) > _LARGEST_BLOCK:
            return None
        return self._read(pa.py_buffer(data), len(texts), chunk, "ignore")


@dataclass(frozen=True, slots=True)
class _Texts:
    """Screened records, their indexes within the block, and what was decoded of them."""

    texts: Sequence[bytes]
    indexes: np.ndarray
    decoded: Sequence[Any]

    def part(self, some: slice) -> _Texts:
        return _Texts(self.texts[some], self.indexes[some], self.decoded[some])

    def divided(self) -> Iterator[_Texts]:
        each = -(-len(self.texts) // _FAN_OUT)
        return (self.part(slice(at, at + each)) for at in range(0, len(self.texts), each))


def _is_utf8(records: pa.StructArray) -> bool:
    try:
        records.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _count_texts(array: pa.Array) -> int:
    """How many texts the values in an array are."""
    if pa.types.is_struct(array.type):
        return sum(_count_texts(array.field(at)) for at in range(array.type.num_fields))
    if pa.types.is_list(array.type):
        return _count_texts(array.values)
    return len(array) - array.null_count if pa.types.is_string(array.type) else 0


def _decimals(kind: pa.DataType) -> list[pa.Decimal128Type]:
    """The decimals in a type. Of one that may have more than `_DIGITS` once its point is moved, Arrow does not say when
    they are too many."""
    if pa.types.is_decimal(kind):
        return [kind]
    return [each for at in range(kind.num_fields) for each in _decimals(kind.field(at).type)]
