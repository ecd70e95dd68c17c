"""Records that would become far more than they are: each element of an array makes a row, and a row repeats all above.

A text of 1 MB over an array of 1 MB would make a terabyte. Such a record breaks a rule, and is never made into rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.expressions import Path, paths
from etl.contract.model import Contract, Table
from etl.flatten.exploded import Exploded, depth
from etl.flatten.fields import sources
from etl.records import Rule

MOST_ROWS = 100_000  # of one table, from one record
TIMES = 200  # characters that stand in rows for each byte of the record
_FREE = 1 << 20  # characters, up to which nobody minds
_MOST = 64 << 20  # characters, whatever the record's size: Arrow counts those of a column in 31 bits
_NUMBER = 32  # what a number may take as text
_WORD = 8


def rule(table: Table) -> Rule:
    words = f"at most {MOST_ROWS:,} rows from one record, and in them at most {TIMES} times its own size, or 64 MB"
    return Rule("expansion", words, table.name)


def most_characters(length: int) -> int:
    """How much of a record of so many bytes may stand in the rows of a table, repetitions counted."""
    return min(max(TIMES * length, _FREE), _MOST)


def is_small(rows: int, length: int) -> bool:
    """Whether a record of so many bytes can't give too much in so many rows."""
    return rows * length <= _FREE


def repeated(table: Table) -> list[int]:
    """The columns (indexes) of which a value, or a part of it, may stand in several rows."""
    return [
        at
        for at, column in enumerate(table.columns)
        if any(depth(path) < depth(table.grain) for path in paths(column.source))
    ]


def size(value: Any) -> int:
    """The characters of the texts in a value, and for each thing in it what it takes beside them."""
    if isinstance(value, str):
        return _WORD + len(value)
    if isinstance(value, dict):
        return _WORD + sum(map(size, value.values()))
    return _WORD + sum(map(size, value)) if isinstance(value, list) else _WORD


def harmless(exploded: Mapping[str, Exploded], lengths: np.ndarray, contract: Contract) -> np.ndarray:
    """Which records, of so many bytes, surely keep within (a mask). The others the per-record path measures."""
    kept = np.ones(len(lengths), dtype=bool)
    for table in contract.tables:
        kept &= _harmless(exploded[table.name], table, lengths)
    return kept


def _harmless(exploded: Exploded, table: Table, lengths: np.ndarray) -> np.ndarray:
    rows: np.ndarray = np.bincount(exploded.rows[0], minlength=len(lengths))
    if (rows * lengths).max(initial=0) <= _FREE // 2:
        return np.ones(len(lengths), dtype=bool)
    taken = np.zeros(len(lengths))
    for column in (table.columns[at] for at in repeated(table)):
        for path, type_ in sources(column.source, column.type):
            if depth(path) < exploded.depth:
                taken += rows * lengths if type_ is None else _taken(exploded, path, rows, lengths)
    within: np.ndarray = (rows <= MOST_ROWS) & (taken <= np.clip(lengths * TIMES, _FREE, _MOST) / 2)
    return within


def _taken(exploded: Exploded, path: Path, rows: np.ndarray, lengths: np.ndarray) -> Any:
    """For each record, the bytes at a path in all its rows, or more."""
    array, level = exploded.array(path)
    if pa.types.is_nested(array.type):
        return rows * lengths
    if not pa.types.is_string(array.type):
        return rows * _NUMBER
    each: np.ndarray = pc.fill_null(pc.binary_length(array), 0).to_numpy(zero_copy_only=False)
    return np.bincount(exploded.rows[0], each[exploded.rows[level]], len(lengths))
