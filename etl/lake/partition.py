"""Rows by partition, and the names of partition folders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds

from etl.lake.schema import RECORD
from etl.records import Rows

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


def parsed(folder: str, types: Mapping[str, pa.DataType]) -> Partition:
    """The partition of a folder (`year=2024/month=1`) as this project writes it; `types` are those of its columns."""
    parts = [part.partition("=") for part in folder.split("/") if part]
    return Partition(tuple(name for name, _, _ in parts), tuple(_value(text, types[name]) for name, _, text in parts))


def _value(text: str, type_: pa.DataType) -> pa.Scalar:
    return pa.scalar(None, type_) if text == _NULL else pa.scalar(unquote(text)).cast(type_)


def split(rows: Rows, columns: tuple[str, ...]) -> list[tuple[Partition, pa.Table]]:
    """The rows (one at least) of each partition, in their order, with their record numbers as `RECORD`.

    One gather makes the rows out of what they repeat, and puts them in the order of partitions.
    """
    if not columns:
        return [(Partition((), ()), _table(rows))]
    codes = _codes(rows, columns)
    order = np.argsort(codes, kind="stable")
    codes = codes[order]
    starts = [0, *(np.flatnonzero(codes[1:] != codes[:-1]) + 1).tolist()]
    table = _table(rows.only(order) if len(starts) > 1 else rows)
    parts = [table.slice(start, end - start) for start, end in zip(starts, [*starts[1:], len(rows)], strict=True)]
    return [(Partition(columns, tuple(part[name][0] for name in columns)), part) for part in parts]


def _table(rows: Rows) -> pa.Table:
    return rows.table().append_column(RECORD, pa.array(rows.records, pa.int64()))


def _codes(rows: Rows, columns: tuple[str, ...]) -> np.ndarray:
    """A number for each row: equal for equal keys, in the order in which these come."""
    codes = np.zeros(len(rows), np.int64)
    for name in columns:
        found = rows.values[name].dictionary_encode(null_encoding="encode")
        indices, places = found.indices.to_numpy(), rows.places(name)
        joint = codes * len(found.dictionary) + (indices if places is None else indices[places])
        codes = pa.array(joint).dictionary_encode().indices.to_numpy()  # small again, for the next column
    return codes.astype(np.uint16) if codes.max() < 1 << 16 else codes  # NumPy sorts these in one go
