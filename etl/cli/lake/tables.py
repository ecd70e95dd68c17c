"""The tables of the lake, and the columns of one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from etl.cli.show import near, plain
from etl.contract.words import did_you_mean
from etl.errors import UsageError
from etl.query import Catalogue, LakeTable, sql_types

_TABLES = ("table", "contract", "versions", "files", "rows", "partitions", "location")
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


def print_tables(tables: Sequence[LakeTable], console: Console) -> None:
    """A table on a terminal; in a pipe a line for each, its columns by tabulators, with a line of names before."""
    if not console.is_terminal:
        for cells in (_TABLES, *map(_cells, tables)):
            typer.echo("\t".join(map(plain, cells)))  # Rich would make blanks of tabulators
        return
    shown = Table(box=None, pad_edge=False, header_style="dim")
    for name in _TABLES:
        shown.add_column(name, justify="right" if name in ("files", "rows") else "left", overflow="fold")
    for table in tables:
        shown.add_row(*(Text(plain(cell)) for cell in _cells(table)))
    console.print(shown)


def _cells(table: LakeTable) -> list[str]:
    counts = (f"{len(table.files):,}", f"{table.rows:,}")
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


def documents(tables: Sequence[LakeTable]) -> Iterator[str]:
    """Each as one JSON document."""
    for table in tables:
        yield json.dumps(_document(table), ensure_ascii=False)


def _document(table: LakeTable) -> dict[str, Any]:
    return {
        "name": table.name,
        "contract": {"name": table.contract, "versions": list(table.versions)},
        "table": table.folder,
        "location": table.location,
        "description": table.description,
        "files": len(table.files),
        "rows": table.rows,
        "partitions": {name: {"first": first, "last": last} for name, (first, last) in table.span().items()},
        "columns": _columns(table),
        "notes": list(table.notes),
    }
