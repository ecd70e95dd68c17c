"""The commands, their options and their exit codes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console

from etl.cli import places
from etl.cli.exits import INTERRUPTED, complain, failed
from etl.errors import EtlError
from etl.storage import AnyStorage

lake_app = typer.Typer(help="Read the lake: its tables, and SQL over them.", no_args_is_help=True)

Lake = Annotated[
    str | None, typer.Option(help="The data lake: a folder or s3://... Without it, those that contracts/ name.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one document a line.")]


@lake_app.command()
def tables(
    name: Annotated[str | None, typer.Argument(metavar="[TABLE]", help="Show the columns of this table.")] = None,
    lake: Lake = None,
    as_json: AsJson = False,
) -> None:
    """List the tables of the lake, or the columns of one."""
    from etl import query  # DuckDB, contracts: time that other commands save
    from etl.cli.lake import tables as showing

    with _complaining():
        storage = AnyStorage()
        found = query.catalogue(places.lakes(lake), storage)
        tables = found.tables if name is None else (showing.one(name, found),)
        chosen = [(table, query.lying(table, storage)) for table in tables]
        if as_json:
            for line in showing.documents(chosen):
                typer.echo(line)
        elif name is None:
            showing.print_tables(chosen, Console(highlight=False))
        else:
            showing.print_columns(tables[0], Console(highlight=False))
        for note in (*showing.notes(tables, found.problems if name is None else ()), *showing.astray(chosen)):
            complain(note)


@lake_app.command("query")
def query_(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT, as DuckDB has it; - reads standard input.")],
    lake: Lake = None,
    as_json: AsJson = False,
) -> None:
    """Ask the lake by SQL. It sees what is committed, and can't write."""
    from etl import query  # DuckDB, contracts: time that other commands save
    from etl.cli.lake import rows
    from etl.cli.lake import tables as showing

    with _complaining():
        statement = sys.stdin.read() if sql == "-" else sql
        found = query.catalogue(places.lakes(lake), AnyStorage())
        for note in showing.notes(found.tables, found.problems, statement):
            complain(note)
        with query.asked(statement, {table.name: table.dataset() for table in found.tables}) as result:
            rows.print_rows(result, Console(highlight=False), as_json=as_json)


@contextmanager
def _complaining() -> Iterator[None]:
    """What is wrong within is said, and ends the command with its exit code."""
    try:
        yield
    except EtlError as error:
        raise typer.Exit(failed(error)) from error
    except KeyboardInterrupt as error:
        complain("interrupted")
        raise typer.Exit(INTERRUPTED) from error
