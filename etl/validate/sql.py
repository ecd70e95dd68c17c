"""DuckDB, locked in: one SELECT at a time over the tables handed to it, and nothing else of this machine.

No files, no extensions, no Python variables, one thread (so that sums of floats come out the same), bounded memory
and time, and a configuration that no statement can change. One warm database per process; each statement has a
cursor of its own, so that threads do not see each other's tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from threading import Lock, Timer

import duckdb
import pyarrow as pa
from pyarrow.dataset import Dataset

from etl.contract.locked import locked_in
from etl.errors import StorageError

SECONDS = 60.0  # what a statement may take; a row condition over a block takes milliseconds
_MEMORY = "512MB"
_UNREAD = "Invalid Input Error: reading the stream registered as"  # files behind a table failed; held by a test
_opening = Lock()


class Unusable(Exception):
    """The statement cannot be run, whatever the data: refused, not understood, or beyond its time or memory."""


_STATEMENT_ERRORS = (
    duckdb.ParserException,
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.PermissionException,
)


class Uncomputable(Exception):
    """The data makes the statement fail. The text is DuckDB's name for the kind of failure, and holds no data."""


def query(
    statement: str, tables: Mapping[str, pa.Table | Dataset], *, limit: int | None = None, seconds: float = SECONDS
) -> pa.Table:
    """The result of one SELECT over these tables, by name; its first `limit` rows.

    Raises `Unusable`, `Uncomputable`, and `StorageError` where the files behind a dataset cannot be read.
    """
    with _asked(statement, tables, seconds) as cursor:
        relation = cursor.sql(statement)
        return (relation if limit is None else relation.limit(limit)).to_arrow_table()


def row(statement: str, tables: Mapping[str, pa.Table], *, seconds: float = SECONDS) -> tuple[object, ...]:
    """The first row of the result, nothing if it has none; quicker than `query`. Raises the same."""
    with _asked(statement, tables, seconds) as cursor:
        return cursor.execute(statement).fetchone() or ()


@contextmanager
def _asked(
    statement: str, tables: Mapping[str, pa.Table | Dataset], seconds: float
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A cursor on these tables for one SELECT, within its time; what DuckDB raises becomes one of ours."""
    try:
        _demand_select(statement)
        with _cursor() as cursor:
            for name, table in tables.items():
                cursor.register(name, table)
            with _watched(cursor, seconds):
                yield cursor
    except duckdb.InterruptException as error:
        raise Unusable(f"it takes more than {seconds:g} seconds") from error
    except duckdb.OutOfMemoryException as error:
        raise Unusable(f"it takes more than {_MEMORY} of memory") from error
    except _STATEMENT_ERRORS as error:
        raise Unusable(_reason(error)) from error
    except (duckdb.FatalException, duckdb.InternalException) as error:  # the database is of no use from here on
        _database.cache_clear()
        raise _failed(error) from error
    except duckdb.Error as error:  # it is bound when the contract is loaded: what fails now, fails for the data
        raise _failed(error) from error


def identifier(name: str) -> str:
    """A name in double quotes."""
    return '"' + name.replace('"', '""') + '"'


@lru_cache(maxsize=256)  # a contract's few, again and again
def _demand_select(statement: str) -> None:
    kinds = [parsed.type for parsed in duckdb.extract_statements(statement)]
    if kinds != [duckdb.StatementType.SELECT]:
        raise Unusable(f"one SELECT is expected, found {', '.join(kind.name for kind in kinds) or 'nothing'}")


@contextmanager
def _watched(cursor: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[None]:
    watchdog = Timer(seconds, cursor.interrupt)
    watchdog.daemon = True
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()


def _cursor() -> duckdb.DuckDBPyConnection:
    with _opening:
        return _database().cursor()


@cache
def _database() -> duckdb.DuckDBPyConnection:
    return locked_in(memory_limit=_MEMORY, threads=1)


def _failed(error: duckdb.Error) -> Uncomputable | StorageError:
    if str(error).startswith(_UNREAD):
        return StorageError("the staged tables of the upload cannot be read; run it again")
    words = re.findall("[A-Z][a-z]+", type(error).__name__.removesuffix("Exception"))
    return Uncomputable(" ".join([*words, "Error"]))


def _reason(error: duckdb.Error) -> str:
    """DuckDB's message on one line, without its picture of the place."""
    return " ".join(str(error).partition("\nLINE ")[0].split())
