"""The nouns that the stages hand to each other. Frozen, and free of behaviour but for looking into them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Generic, Literal, TypeVar

import numpy as np
import pyarrow as pa

Severity = Literal["error", "warning"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rule:
    """What is promised, at its place in the contract. `expected` says it in words for the report.

    `name` is the contract's own keyword (`required`, `minimum`, `pattern`, `type`), or the name of a
    quality rule. Rules about the record or the upload as such have no table and no column.
    """

    name: str
    expected: str
    table: str | None = None
    column: str | None = None
    severity: Severity = "error"
    masked: bool = False  # values under this rule are personal: shown in rejected.ndjson only

    @property
    def subject(self) -> str:
        """What it is a rule of: `orders.price`, `orders`, or nothing."""
        return ".".join(part for part in (self.table, self.column) if part)


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule broken at one place.

    `record` counts from 1 (0: the upload as a whole). `rows` are the rows of `rule.table` that it touches,
    counted from 0 within the record; none where there is no row, and then the record as such is broken.
    `value` is the offending value as JSON text, None where it is absent or not the rule's to show.
    """

    rule: Rule
    record: int
    path: str | None = None
    value: str | None = None
    detail: str | None = None
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Upload:
    """One source object as it was when it was read. `arrival` is aware, in UTC."""

    location: str
    arrival: datetime
    size: int
    etag: str | None = None
    version: str | None = None


def hidden(below: str) -> bool:
    """Whether a name, seen from the prefix or folder that was asked for, is none of an upload: a folder's marker, or
    one that readers of data skip (`.x`, `_x`)."""
    return below.endswith("/") or any(part.startswith((".", "_")) for part in below.split("/"))


class Same(Generic[T]):
    """An object as a cache's key, equal to itself alone: contracts and tables hold lists, and so have no hash."""

    def __init__(self, one: T) -> None:
        self.one = one

    def __hash__(self) -> int:
        return id(self.one)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.one is self.one


def digest(data: bytes) -> str:
    """The short hash used in names: 16 hexadecimal digits of SHA-256."""
    return hashlib.sha256(data).hexdigest()[:16]


def file_digest(path: Path) -> str:
    """`digest` of a file's bytes, which need not fit into memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


Place = tuple[int | None, int | None]  # the line and the byte where a record begins, where they are known


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive records of an upload, each on a line of its own in `data`.

    Record `i` is `data[starts[i]:ends[i]]`: as received, but for line breaks between its tokens, which are blanks here.
    Between two records there are blanks, a line feed among them. `lines` and `offsets` say where each begins in the
    uncompressed upload: line from 1, byte from 0. (All four: int64 arrays.) `first` is the number of the first record,
    from 1.
    """

    first: int
    data: bytes
    starts: np.ndarray
    ends: np.ndarray
    lines: np.ndarray
    offsets: np.ndarray

    def __len__(self) -> int:
        return len(self.starts)

    def text(self, at: int) -> bytes:
        """One record, counted from 0 within the block."""
        return self.data[self.starts[at] : self.ends[at]]

    def texts(self, chosen: np.ndarray) -> list[bytes]:
        """These records."""
        data = self.data
        return [
            data[start:end] for start, end in zip(self.starts[chosen].tolist(), self.ends[chosen].tolist(), strict=True)
        ]

    def place(self, record: int) -> Place:
        """Where the record of this number begins."""
        at = record - self.first
        return int(self.lines[at]), int(self.offsets[at])


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An upload that can't be taken apart into records: the reader's last word on it."""

    reason: str
    line: int | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one table, in record order: typed values and where each came from.

    What lies above the rows' own element is held once, however many rows repeat it: `values` has each column's values
    (in the table's order), `levels` the level they are held at, and `elements`, by level, which of them each row has
    (int64; None: each row its own). `records` (int64, one per row) holds record numbers; `positions` one int64 array
    per `[*]` of the table's grain: the element's index. `unknown` names, by column, the rows whose value did not
    convert: null in the column, and not to be judged by any other rule.
    """

    values: Mapping[str, pa.Array]
    levels: Mapping[str, int]
    elements: tuple[np.ndarray | None, ...]
    records: np.ndarray
    positions: tuple[np.ndarray, ...]
    unknown: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.records)

    def places(self, name: str) -> np.ndarray | None:
        """Which of a column's `values` each row has; None: each row its own."""
        return self.elements[self.levels[name]]

    def column(self, name: str, chosen: np.ndarray | None = None) -> pa.Array:
        """A column of these rows (None: of all), one value each; no copy where that is how they are held."""
        values, places = self.values[name], self.places(name)
        if chosen is not None:
            places = chosen if places is None else places[chosen]
        if places is None or (len(places) == len(values) and np.array_equal(places, np.arange(len(values)))):
            return values
        return values.take(pa.array(places))

    def table(self, names: Iterable[str] | None = None, chosen: np.ndarray | None = None) -> pa.Table:
        """Columns (None: all) of these rows (None: of all)."""
        names = list(self.values if names is None else names)
        return pa.table([self.column(name, chosen) for name in names], names=names)

    def only(self, chosen: np.ndarray) -> Rows:
        """These rows (indexes), in this order; without what was unknown, which is never published."""
        elements = (chosen if places is None else places[chosen] for places in self.elements)
        positions = (level[chosen] for level in self.positions)
        return Rows(self.values, self.levels, tuple(elements), self.records[chosen], tuple(positions))


@dataclass(frozen=True, slots=True)
class UnknownField:
    """A field of the documents that no column reads: in how many records, and the first of them."""

    path: str
    records: int
    first: int


@dataclass(frozen=True, slots=True)
class Flattened:
    """What became of a block: rows by table name, and what could not become rows."""

    rows: Mapping[str, Rows]
    violations: Sequence[Violation]
    unknown_fields: Sequence[UnknownField] = ()


@dataclass(frozen=True, slots=True)
class Split:
    """A block's rows, divided.

    `published` by table name; `rejected` by record number: every violation of a record of which anything is
    rejected. `split` are those of them that are published in part. `rows` names, by record number and table, the
    rejected rows, counted from 0 within the record; only with `quarantineGrain: row`.
    """

    published: Mapping[str, Rows]
    rejected: Mapping[int, Sequence[Violation]]
    split: frozenset[int]
    rows: Mapping[int, Mapping[str, Sequence[int]]]
