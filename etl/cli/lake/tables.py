"""The tables of the lake, and the columns of one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from etl.cli.show import near, plain
from etl.contract.words import did_you_mean
from etl.errors import UsageError
from etl.query import Catalogue, LakeTable, Lying, sql_types

Shown = tuple[LakeTable, Lying]

_TABLES = ("table", "contract", "versions", "rows", "files", "size", "partitions", "location")
_NUMBERS = ("rows", "files", "size")
_COLUMNS = ("column", "type", "partition", "classification", "description")


def one(name: str, found: Catalogue) -> LakeTable:
    """The table of this name. Raises `UsageError`."""
    for table in found.tables:
        if table.name == name.lower():
            return table
    for called, problem in found.problems:
        if called == name.lower():
            raise UsageError(problem)
    names = [table.name for table in found.tables]
    raise UsageError(
        f"there is no table {name} in the lake{did_you_mean(name, names) or f'; there are {_listed(names)}'}"
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def notes(
    tables: Sequence[LakeTable], problems: Sequence[tuple[str, str]], statement: str | None = None
) -> Iterator[str]:
    """What is to be said of tables; with `statement`, of those that it may ask for."""
    told = [*problems, *((table.name, note) for table in tables for note in table.notes)]
    yield from (note for name, note in told if statement is None or name in statement.lower())


def astray(tables: Sequence[Shown]) -> Iterator[str]:
    """What is to be said of files that are not there, and of those that no run has committed."""
    for table, there in tables:
        if there.gone:
            yield (
                f"{table.name}: {len(there.gone):,} of its files are gone, such as {near(there.gone[0])}: "
                "run their uploads again"
            )
        if there.others:
            yield (
                f"{table.name}: {len(there.others):,} more files lie in its folder, such as {near(there.others[0])}: "
                "of a run that is at work or was killed. They are left out here, other readers see them; a killed run "
                "is put right by running its upload again"
            )


def print_tables(tables: Sequence[Shown], console: Console) -> None:
    """A table on a terminal; in a pipe a line for each, its columns by tabulators, with a line of names before."""
    if not console.is_terminal:
        for cells in (_TABLES, *(_cells(*one, str, str) for one in tables)):
            typer.echo("\t".join(map(plain, cells)))  # Rich would make blanks of tabulators
        return
    shown = Table(box=None, pad_edge=False, header_style="dim")
    for name in _TABLES:
        shown.add_column(name, justify="right" if name in _NUMBERS else "left", overflow="fold")
    for one in tables:
        shown.add_row(*(Text(plain(cell)) for cell in _cells(*one, "{:,}".format, decimal)))
    console.print(shown)


def _cells(table: LakeTable, there: Lying, count: Callable[[int], str], size: Callable[[int], str]) -> list[str]:
    counts = (count(table.rows), count(len(table.files)), size(there.size))
    return [table.name, table.contract, " ".join(table.versions), *counts, _span(table), near(table.location)]


def _span(table: LakeTable) -> str:
    """`order_date 2024-01-10 to 2024-02-29`"""
    return "; ".join(f"{name} {_ends(first, last)}" for name, (first, last) in table.span().items())


def _ends(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"


def print_columns(table: LakeTable, console: Console) -> None:
    """Its columns, likewise."""
    rows = [_described(column) for column in _columns(table)]
    if not console.is_terminal:
        for cells in (_COLUMNS, *rows):
            typer.echo("\t".join(map(plain, cells)))
        return
    console.print(Text(plain(f"{table.name}  {near(table.location)}"), "bold"))
    shown = Table(box=None, pad_edge=False, header_style="dim")
    for name in _COLUMNS:
        shown.add_column(name, overflow="fold")
    for cells in rows:
        shown.add_row(*(Text(plain(cell)) for cell in cells))
    console.print(shown)


def _described(column: dict[str, Any]) -> list[str]:
    partition = "yes" if column["partition"] else ""
    return [column["name"], column["type"], partition, column["classification"] or "", column["description"] or ""]


def _columns(table: LakeTable) -> list[dict[str, Any]]:
    types = sql_types({column.name: column.type for column in table.columns})
    return [
        {
            "name": column.name,
            "type": types[column.name],
            "partition": column.partition,
            "classification": column.classification,
            "description": column.description,
        }
        for column in table.columns
    ]


# For programs.


def documents(tables: Sequence[Shown]) -> Iterator[str]:
    """Each as one JSON document."""
    for table, there in tables:
        yield json.dumps(_document(table, there), ensure_ascii=False)


def _document(table: LakeTable, there: Lying) -> dict[str, Any]:
    return {
        "name": table.name,
        "contract": {"name": table.contract, "versions": list(table.versions)},
        "table": table.folder,
        "location": table.location,
        "description": table.description,
        "rows": table.rows,
        "files": len(table.files),
        "bytes": there.size,
        "gone": list(there.gone),
        "uncommitted": list(there.others),
        "partitions": {name: {"first": first, "last": last} for name, (first, last) in table.span().items()},
        "columns": _columns(table),
        "notes": list(table.notes),
    }
