"""Rows of the two paths, put together in record order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from etl.contract.expressions import EACH
from etl.contract.model import Table
from etl.flatten.record import FlatRecord, RecordRows
from etl.records import Rows


def merged(table: Table, straight: Rows | None, odd: Mapping[int, FlatRecord]) -> Rows:
    """One table's rows from straight records and from odd ones (by record number)."""
    return _in_record_order(table, straight, _odd_rows(table, odd))


def _odd_rows(table: Table, odd: Mapping[int, FlatRecord]) -> Rows | None:
    flats = [(number, flat.rows[table.name]) for number, flat in odd.items() if table.name in flat.rows]
    flats = [(number, flat) for number, flat in flats if flat.values]
    return _rows(table, flats) if flats else None


def _rows(table: Table, flats: Sequence[tuple[int, RecordRows]]) -> Rows:
    values = [row for _, flat in flats for row in flat.values]
    positions = [at for _, flat in flats for at in flat.positions]
    unknown = [
        (row, name) for row, names in enumerate(name for _, flat in flats for name in flat.unknown) for name in names
    ]
    fields = [pa.field(column.name, column.type.arrow) for column in table.columns]
    arrays = [pa.array([row[at] for row in values], field.type) for at, field in enumerate(fields)]
    levels = sum(step is EACH for step in table.grain.steps)
    return Rows(
        pa.Table.from_arrays(arrays, schema=pa.schema(fields)),
        np.repeat([number for number, _ in flats], [len(flat.values) for _, flat in flats]).astype(np.int64),
        tuple(np.array([at[level] for at in positions], dtype=np.int64) for level in range(levels)),
        {
            name: np.array([row for row, named in unknown if named == name], dtype=np.int64)
            for name in dict.fromkeys(name for _, name in unknown)
        },
    )


def _in_record_order(table: Table, straight: Rows | None, odd: Rows | None) -> Rows:
    if straight is None or odd is None:
        return straight or odd or _rows(table, [])
    values = pa.concat_tables([straight.values, odd.values]).combine_chunks()
    records = np.concatenate([straight.records, odd.records])
    order = np.argsort(records, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    positions = zip(straight.positions, odd.positions, strict=True)
    return Rows(
        values.take(pa.array(order)),
        records[order],
        tuple(np.concatenate(level)[order] for level in positions),
        {name: np.sort(place[at + len(straight)]) for name, at in odd.unknown.items()},
    )
