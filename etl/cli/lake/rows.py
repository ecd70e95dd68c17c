"""What a query gives: a table at a terminal, columns in a pipe, JSON for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Any

import pyarrow as pa
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from etl.cli.show import plain
from etl.errors import UsageError
from etl.query import Result
from etl.query.values import document, rows, text

_SHOWN = 40  # rows at a terminal
_GAP = 2  # blanks between two columns of a table


def print_rows(result: Result, console: Console, *, as_json: bool) -> None:
    """All rows, as they come; at a terminal the first. Raises as `asked` does."""
    if as_json:
        _print_documents(result)
    elif console.is_terminal:
        _print_some(result, console)
    else:
        typer.echo("\t".join(map(plain, result.names)))
        for row in rows(result):
            typer.echo("\t".join(plain(text(value)) for value in row))


def _print_documents(result: Result) -> None:
    if twice := [name for name, times in Counter(result.names).items() if times > 1]:
        raise UsageError(f"--json: there are several columns {', '.join(twice)}; give them other names (AS)")
    for row in rows(result):
        typer.echo(document(result.names, row))


def _print_some(result: Result, console: Console) -> None:
    found = list(islice(rows(result), _SHOWN + 1))
    shown = [[plain(text(value)) for value in row] for row in found[:_SHOWN]]
    names = [plain(name) for name in result.names]
    if _width(names, shown) <= console.width:
        console.print(_table(names, result.types, shown))
    else:
        _print_upright(names, shown, console)
    if not found:
        typer.echo("no rows", err=True)
    if len(found) > _SHOWN:
        typer.echo(f"the first {_SHOWN} rows; a pipe or --json gets all of them", err=True)


def _width(names: Sequence[str], shown: Sequence[Sequence[str]]) -> int:
    columns = zip(names, *shown, strict=True)
    return sum(max(map(len, cells)) + _GAP for cells in columns) - _GAP


def _table(names: Sequence[str], types: Sequence[pa.DataType], shown: Sequence[Sequence[Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name, kind in zip(names, types, strict=True):
        table.add_column(Text(name), justify="right" if _is_number(kind) else "left", no_wrap=True)
    for row in shown:
        table.add_row(*map(Text, row))
    return table


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_floating(kind))


def _print_upright(names: Sequence[str], shown: Sequence[Sequence[str]], console: Console) -> None:
    """A row under the other, a line for each column: for results that are wider than the terminal."""
    wide = max(map(len, names))
    for number, row in enumerate(shown, 1):
        console.print(Text(f"row {number}", "dim"))
        for name, cell in zip(names, row, strict=True):
            console.print(Text(f"  {name:<{wide}}  ", "dim") + Text(cell), soft_wrap=True)
