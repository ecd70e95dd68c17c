"""What the lake holds of the upload already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.dataset import Dataset

from etl.contract.model import Contract, Table
from etl.errors import NotFound, QuarantineError
from etl.lake import StagedFile, published
from etl.replay.standing import Standing
from etl.storage import Storage

_OTHER = "what the lake holds of this upload is not of the contract's {}; run the upload again"

Files = Mapping[str, Sequence[tuple[Path, str]]]
"""Local copies of lake files by table, each with its partition folder."""


def earlier(at: Standing, storage: Storage, stack: ExitStack) -> Files:
    """Raises `QuarantineError` where a file of the lake is gone."""
    found: dict[str, list[tuple[Path, str]]] = {}
    for entry in at.files:
        try:
            _, path = stack.enter_context(storage.fetch(entry["location"]))
        except NotFound as error:
            raise QuarantineError(
                f"{entry['location']}: this file of the lake is gone; run the upload again"
            ) from error
        found.setdefault(entry["table"], []).append((path, partition(at, entry)))
    return found


def check_layout(at: Standing, contract: Contract) -> None:
    """Raises `QuarantineError` where the lake holds the upload in other tables, or in other partitions."""
    layout = {table.name: table.partitions for table in contract.tables}
    check_tables(at, {entry["table"] for entry in at.files}.union(*at.rows.values()), contract)
    for entry in at.files:
        columns = tuple(part.partition("=")[0] for part in partition(at, entry).split("/") if part)
        if columns != layout[entry["table"]]:
            raise QuarantineError(f"{at.report['upload']['location']}: {_OTHER.format('partitions')}")


def check_tables(at: Standing, names: Iterable[str], contract: Contract) -> None:
    """For records that are in these tables in part. Raises `QuarantineError` where one is none of the contract's,
    or the contract has a new one: rows would be lost.
    """
    in_part, tables = set(names), {table.name for table in contract.tables}
    if in_part and not in_part <= tables <= at.report["tables"].keys():
        raise QuarantineError(f"{at.report['upload']['location']}: {_OTHER.format('tables')}")


def partition(at: Standing, entry: Mapping[str, Any]) -> str:
    """The partition folder that a file lies in."""
    return str(entry["location"]).removeprefix(f"{at.report['lake']}{entry['table']}/").rpartition("/")[0]


def datasets(contract: Contract, files: Files, staged: Sequence[StagedFile] = ()) -> dict[str, Dataset]:
    """Each table of the contract, as the lake has it, with what is staged.

    Raises `pa.ArrowInvalid` where a column of the lake is of another kind by now.
    """
    for table in contract.tables:
        for path, _ in files.get(table.name, ()):
            _check(table, pq.read_schema(path))
    new = {
        table.name: [(each.path, each.partition) for each in staged if each.table == table.name]
        for table in contract.tables
    }
    return {table.name: published(table, [*files.get(table.name, ()), *new[table.name]]) for table in contract.tables}


@contextmanager
def readable(at: Standing) -> Iterator[None]:
    """The lake's files are of the contract's columns; else `QuarantineError`."""
    try:
        yield
    except (pa.ArrowException, KeyError) as error:
        raise QuarantineError(f"{at.report['upload']['location']}: {_OTHER.format('columns')}") from error


def _check(table: Table, stored: pa.Schema) -> None:
    for column in table.columns:
        at = stored.get_field_index(column.name)
        if at >= 0 and not _alike(stored.types[at], column.type.arrow):
            raise pa.ArrowInvalid(column.name)


def _alike(one: pa.DataType, other: pa.DataType) -> bool:
    """Equal, or of the same kind in another size: values compare as they are."""
    kinds = (pa.types.is_integer, pa.types.is_decimal, pa.types.is_floating, pa.types.is_timestamp)
    return bool(one == other or any(kind(one) and kind(other) for kind in kinds))
