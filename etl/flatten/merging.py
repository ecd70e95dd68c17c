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
    """Every row with values of its own."""
    columns = zip(*(row for _, flat in flats for row in flat.values), strict=True)
    positions = [at for _, flat in flats for at in flat.positions]
    unknown = [
        (row, name) for row, names in enumerate(name for _, flat in flats for name in flat.unknown) for name in names
    ]
    values = list(columns) or [()] * len(table.columns)
    levels = sum(step is EACH for step in table.grain.steps)
    return Rows(
        {column.name: pa.array(values[at], column.type.arrow) for at, column in enumerate(table.columns)},
        {column.name: 0 for column in table.columns},
        (None,),
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
    records = np.concatenate([straight.records, odd.records])
    order = np.argsort(records, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    positions = zip(straight.positions, odd.positions, strict=True)
    return Rows(
        {name: pa.concat_arrays([values, odd.values[name]]) for name, values in straight.values.items()},
        straight.levels,
        tuple(_elements(straight, level, len(odd))[order] for level in range(len(straight.elements))),
        records[order],
        tuple(np.concatenate(level)[order] for level in positions),
        {name: np.sort(place[at + len(straight)]) for name, at in odd.unknown.items()},
    )


def _elements(straight: Rows, level: int, more: int) -> np.ndarray:
    """What each row has of the values of a level, where those of more rows follow, one for each."""
    places = straight.elements[level]
    if places is None:
        places = np.arange(len(straight))
    values = (len(values) for name, values in straight.values.items() if straight.levels[name] == level)
    count = next(values, 0)
    return np.concatenate([places, count + np.arange(more)])
