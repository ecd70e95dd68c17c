"""Unique keys over an upload: the first of a key stays, each later one breaks the rule and names the first.

Of every key seen only its 128-bit hash and the number of its record are kept, 24 bytes, in a few sorted runs whose
sizes grow geometrically: a new block is one small run, and neighbours of like size are merged. Work grows with the
number of keys (times its logarithm), memory with the number of keys; no Python object is made per key. Where a part of
the key counts up, nothing is sought, nor merged.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.dataset import Dataset

from etl.contract.expressions import paths
from etl.contract.model import Key, Table
from etl.records import Rows, Violation
from etl.validate.hashing import fingerprints
from etl.validate.places import PathTexts, Places, depth
from etl.validate.texts import json_texts

_PUBLISHED = np.iinfo(np.int64).max  # in place of a record: the key is in the lake


class UniqueKey:
    """One key of one table, and all that was seen of it so far."""

    def __init__(self, table: Table, key: Key) -> None:
        columns = {column.name: column for column in table.columns}
        self._key = key
        self._depth = max(depth(columns[name].source) for name in key.columns)
        self._path = PathTexts(paths(columns[key.columns[-1]].source)[0])
        self._spans = [_Span() for _ in key.columns]
        self._seen = Seen()

    def know(self, published: Dataset) -> None:
        """Take in the keys of rows that the lake holds of this upload."""
        for batch in published.to_batches(columns=list(self._key.columns)):
            columns = [pa.array(column) for column in batch.drop_null().columns]
            for span, column in zip(self._spans, columns, strict=True):
                span.passes(column)
            self._seen.add(fingerprints(columns), np.full(len(columns[0]), _PUBLISHED))

    def judge(self, rows: Rows, places: Places) -> Iterator[Violation]:
        """The repeated keys of the next block. A key with a null (or unknown) part is not compared."""
        firsts = places.firsts(self._depth)
        columns = [rows.column(name, firsts) for name in self._key.columns]
        asked = firsts
        if any(column.null_count for column in columns):
            complete = reduce(pc.and_, (column.is_valid() for column in columns))
            asked = firsts[complete.to_numpy(zero_copy_only=False)]
            columns = [column.filter(complete) for column in columns]
        passed = [span.passes(column) for span, column in zip(self._spans, columns, strict=True)]
        repeated, before = self._seen.add(fingerprints(columns), rows.records[asked], is_new=any(passed))
        spots = places.spots(asked[repeated], self._depth)
        texts = self._texts(rows, asked[repeated])
        for spot, first, text in zip(spots, before.tolist(), texts, strict=True):
            path = self._path[spot.positions]
            earlier = "published already" if first == _PUBLISHED else f"first in record {first}"
            yield Violation(self._key.rule, spot.record, path, text, earlier, spot.rows)

    def _texts(self, rows: Rows, repeated: np.ndarray) -> list[str | None]:
        """The key's value; an array of several."""
        parts = [json_texts(rows.column(name, repeated)) for name in self._key.columns]
        return (
            parts[0] if len(parts) == 1 else [f"[{', '.join(map(str, values))}]" for values in zip(*parts, strict=True)]
        )


class _Span:
    """The greatest value of one column so far."""

    def __init__(self) -> None:
        self._greatest: pa.Scalar | None = None

    def passes(self, column: pa.Array) -> bool:
        """Whether all these values are greater than those before, as with numbers that count up; takes them in."""
        if not pa.types.is_integer(column.type) or not len(column):
            return False
        least, greatest = pc.min_max(column).values()
        above = self._greatest is None or pc.greater(least, self._greatest).as_py()
        self._greatest = greatest if above else pc.max_element_wise(greatest, self._greatest)
        return bool(above)


class Seen:
    """A set of 128-bit hashes, each with the record it was first seen in."""

    def __init__(self) -> None:
        self._runs: list[_Run] = []
        self._waiting: list[_Run] = []  # to be merged once something is sought

    def add(self, hashes: np.ndarray, records: np.ndarray, *, is_new: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Take in hashes (uint64 [2, n]) of these records, in order. `is_new`: none can have been there before.

        Returns the positions, ascending, of those that were there before, and the records they were first seen in.
        """
        order, (high, low) = _sorted(hashes)
        starts = np.append(True, (high[1:] != high[:-1]) | (low[1:] != low[:-1]))[: len(order)]
        run = _Run(high[starts], low[starts], records[order][starts])
        known = np.zeros(len(run), dtype=np.int64) if is_new else self._records(run)
        before = np.where(known > 0, known, run.records)[np.cumsum(starts) - 1]
        repeated = ~starts | (known > 0)[np.cumsum(starts) - 1]
        self._waiting.append(run if is_new else run.only(known == 0))
        found = np.argsort(order[repeated])
        return order[repeated][found], before[repeated][found]

    def _records(self, sought: _Run) -> np.ndarray:
        """The record in which each was first seen, 0 for none."""
        while self._waiting:
            self._append(self._waiting.pop(0))
        return reduce(np.maximum, (run.find(sought) for run in self._runs), np.zeros(len(sought), dtype=np.int64))

    def _append(self, run: _Run) -> None:
        self._runs.append(run)
        while len(self._runs) > 1 and len(self._runs[-2]) <= 2 * len(self._runs[-1]):
            last = self._runs.pop()
            self._runs[-1].merge(last)


def _sorted(hashes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Their order by both lanes, equal hashes as they came; and the hashes so. The second lane seldom has a say."""
    order = np.argsort(hashes[0], kind="stable")
    high, low = ordered = hashes[:, order]
    if np.any((high[1:] == high[:-1]) & (low[1:] != low[:-1])):
        order = np.lexsort((hashes[1], hashes[0]))
        ordered = hashes[:, order]
    return order, ordered


class _Run:
    """Different hashes, ascending by the first lane."""

    def __init__(self, high: np.ndarray, low: np.ndarray, records: np.ndarray) -> None:
        self.high, self.low, self.records = high, low, records

    def __len__(self) -> int:
        return len(self.high)

    def only(self, chosen: np.ndarray) -> _Run:
        return _Run(self.high[chosen], self.low[chosen], self.records[chosen])

    def find(self, sought: _Run) -> np.ndarray:
        """The record of each hash sought, 0 for none."""
        records = np.zeros(len(sought), dtype=np.int64)
        at = np.searchsorted(self.high, sought.high)
        asked = self._alike(sought, at, np.arange(len(sought)))
        while len(asked):
            same = self.low[at[asked]] == sought.low[asked]
            records[asked[same]] = self.records[at[asked[same]]]
            asked = asked[~same]  # another hash with an equal first lane: the next may be the one
            at[asked] += 1
            asked = self._alike(sought, at, asked)
        return records

    def _alike(self, sought: _Run, at: np.ndarray, asked: np.ndarray) -> np.ndarray:
        """Those of `asked` whose first lane is the one at their place."""
        asked = asked[at[asked] < len(self)]
        return np.asarray(asked[self.high[at[asked]] == sought.high[asked]])

    def merge(self, other: _Run) -> None:
        """Take in the hashes of another run; array by array, since together they may be half of all memory used."""
        at = np.searchsorted(self.high, other.high) + np.arange(len(other))
        kept = np.ones(len(self) + len(other), dtype=bool)
        kept[at] = False
        self.high = _spliced(self.high, other.high, at, kept)
        self.low = _spliced(self.low, other.low, at, kept)
        self.records = _spliced(self.records, other.records, at, kept)


def _spliced(old: np.ndarray, new: np.ndarray, at: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """`new` at these places, `old` in between: `np.insert`, with the places worked out once for several arrays."""
    merged = np.empty(len(kept), dtype=old.dtype)
    merged[at] = new
    merged[kept] = old
    return merged
