"""One SELECT over the tables of lakes, by DuckDB, locked in: it reads these tables, and nothing else of this machine.

Rows come as they are computed, a batch at a time. DuckDB hands the columns that are asked for and simple conditions on
to Arrow, which opens only the files of partitions that can meet them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self, TypeVar

import duckdb
import pyarrow as pa
from pyarrow.dataset import Dataset

from etl.contract.locked import locked_in
from etl.errors import StorageError, UsageError

_BATCH = 10_000  # rows
_UNTOLD = {
    "UHUGEINT",
    "BIGNUM",
    "BIT",
    "TIME WITH TIME ZONE",
}  # that Arrow gets as something else: a -1, bytes, no offset
_UNREAD = "Invalid Input Error: reading the stream registered as '"  # files behind a table failed; held by a test

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Result:
    """What a query gives. The names of columns may come twice; `rows` are to be taken within the context of `asked`,
    once. To take them raises as `asked` does.
    """

    names: tuple[str, ...]
    types: tuple[pa.DataType, ...]
    batches: Iterator[pa.RecordBatch]


@contextmanager
def asked(statement: str, tables: Mapping[str, Dataset]) -> Iterator[Result]:
    """The result of one SELECT over these tables, by name.

    Raises `UsageError` where the SQL is at fault, with DuckDB's words, and `StorageError` where files can't be read.
    """
    with locked_in() as database, _Patience(database) as patience:
        with _translated():
            _demand_select(statement)
            for name, table in tables.items():
                database.register(name, table)
            reader = patience.wait(lambda: _reader(database.sql(statement)))
        yield Result(tuple(reader.schema.names), tuple(reader.schema.types), _batches(reader, patience))


def _reader(relation: duckdb.DuckDBPyRelation) -> pa.RecordBatchReader:
    for name, kind in zip(relation.columns, relation.types, strict=True):
        if str(kind).rstrip("[]") in _UNTOLD:
            raise UsageError(f"{name}: a {kind} can't be shown as it is; CAST it to VARCHAR")
    return relation.to_arrow_reader(_BATCH)


def _batches(reader: pa.RecordBatchReader, patience: _Patience) -> Iterator[pa.RecordBatch]:
    while True:
        with _translated():
            batch = patience.wait(lambda: next(reader, None))
        if batch is None:
            return
        yield batch


class _Patience:
    """Waits for DuckDB in a thread of its own: it does not hear Ctrl-C, and is told."""

    def __init__(self, database: duckdb.DuckDBPyConnection) -> None:
        self._database = database
        self._worker = ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.shutdown()

    def wait(self, work: Callable[[], T]) -> T:
        """What `work` gives."""
        task = self._worker.submit(work)
        try:
            return task.result()
        except KeyboardInterrupt:
            self._database.interrupt()
            raise


def sql_types(columns: Mapping[str, pa.DataType]) -> dict[str, str]:
    """What SQL calls the types of columns."""
    with locked_in() as database:
        database.register("one", pa.schema(list(columns.items())).empty_table())
        return dict(zip(columns, map(str, database.sql("SELECT * FROM one").types), strict=True))


def _demand_select(statement: str) -> None:
    kinds = [parsed.type for parsed in duckdb.extract_statements(statement)]
    if kinds != [duckdb.StatementType.SELECT]:
        found = ", ".join(kind.name for kind in kinds) or "nothing"
        raise UsageError(f"one SELECT is expected, found {found}; nothing else can be asked, nor written")


@contextmanager
def _translated() -> Iterator[None]:
    """What DuckDB raises becomes an error of ours. Once rows flow, Arrow raises in its stead, with the same words."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise UsageError("the query takes more memory than there is; ask for fewer columns, or a partition") from error
    except (duckdb.Error, OSError, pa.ArrowException) as error:
        text = str(error).strip()
        if text.startswith(_UNREAD):
            raise StorageError(_unread(text)) from error
        raise UsageError(text) from error


def _unread(text: str) -> str:
    table, _, reason = text.removeprefix(_UNREAD).partition("' failed: ")
    said = " ".join(reason.split())
    return f"{table}: its files can't be read ({said}); if an upload was replaced at this moment, run it again"
