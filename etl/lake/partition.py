"""Rows by partition, and the names of partition folders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import and_

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

_NULL = "__HIVE_DEFAULT_PARTITION__"
_ESCAPED = re.compile(r"[\x00-\x7f](?<![A-Za-z0-9_.~-])")


@dataclass(frozen=True, slots=True)
class Partition:
    """One value of each partition column, in path order."""

    columns: tuple[str, ...]
    values: tuple[pa.Scalar, ...]

    @property
    def folder(self) -> str:
        """`year=2024/month=1`; empty for a table without partition columns."""
        return "/".join(f"{name}={_text(value)}" for name, value in zip(self.columns, self.values, strict=True))

    @property
    def expression(self) -> ds.Expression:
        """What holds for its rows."""
        equal = [_is(ds.field(name), value) for name, value in zip(self.columns, self.values, strict=True)]
        return reduce(and_, equal, ds.scalar(True))


def _text(value: pa.Scalar) -> str:
    """A value as Hive and pyarrow write and read it; letters beyond ASCII stay, since Hive decodes byte by byte."""
    if not value.is_valid:
        return _NULL
    text = _ESCAPED.sub(lambda found: f"%{ord(found[0]):02X}", value.cast(pa.string()).as_py())
    return text if text != _NULL else "%5F" + text[1:]


def _is(field: ds.Expression, value: pa.Scalar) -> ds.Expression:
    return field == value if value.is_valid else field.is_null()


def split(blocks: list[pa.Table], columns: tuple[str, ...]) -> Iterator[tuple[Partition, pa.Table]]:
    """The rows (one at least) of each partition, in their order: one sort and one gather for all of them together.

    Takes the blocks out of the list, so that they need not be held beside what is made of them.
    """
    rows = pa.concat_tables(blocks)
    blocks.clear()
    if not columns:
        yield Partition((), ()), rows.combine_chunks()
        return
    codes = _codes(rows.select(columns))
    order = pc.sort_indices(codes)  # stable
    codes = codes.take(order).to_numpy()
    starts = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist()]
    held, schema = rows.columns, rows.schema
    del rows
    rows = _gathered(held, schema, order if len(starts) > 1 else None)
    for start, end in zip(starts, [*starts[1:], len(rows)], strict=True):
        part = rows.slice(start, end - start)
        yield Partition(columns, tuple(part[name][0] for name in columns)), part


def _gathered(columns: list[pa.ChunkedArray], schema: pa.Schema, order: pa.Array | None) -> pa.Table:
    """The columns in this order, each of one piece. They are let go of one by one: never are all held twice."""
    gathered = []
    columns.reverse()
    while columns:
        column = columns.pop().combine_chunks()
        gathered.append(column if order is None else column.take(order))
    return pa.Table.from_arrays(gathered, schema=schema)


def _codes(keys: pa.Table) -> pa.Array:
    """A number for each row: equal for equal keys."""
    codes = pa.repeat(pa.scalar(0, pa.int64()), len(keys))
    for column in keys.columns:
        found = column.combine_chunks().dictionary_encode(null_encoding="encode")
        joint = pc.add(pc.multiply(codes, len(found.dictionary)), found.indices)
        codes = joint.dictionary_encode().indices.cast(pa.int64())  # small again, for the next column
    return codes
