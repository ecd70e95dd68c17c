"""The commands `etl contract ...`. What is heavy is imported by the command that needs it: time that others save."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from etl.cli import lint as linting
from etl.cli import show, sources
from etl.cli.exits import FELL_SHORT, complain, failed
from etl.errors import EtlError
from etl.storage import AnyStorage

_DOCS = Path("contract-docs")

contract_app = typer.Typer(help="Work on contracts.", no_args_is_help=True)


@contract_app.command()
def lint(
    path: Annotated[list[str], typer.Argument(metavar="PATH...", help="Contracts, or folders of them.")],
    form: Annotated[linting.Form, typer.Option("--format", help="For people, programs, or GitHub's annotations.")] = (
        linting.Form.TEXT
    ),
) -> None:
    """Say all that is wrong with contracts, at file:line:column; also whether their samples pass."""
    try:
        found = linting.lint(path, AnyStorage())
    except EtlError as error:
        raise typer.Exit(failed(error)) from error
    for line in linting.lines(found, form):
        typer.echo(line)
    raise typer.Exit(FELL_SHORT if any(one.falls_short for one in found) else 0)


@contract_app.command()
def infer(
    sample: sources.Sources,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write to this new file, not to stdout.")
    ] = None,
) -> None:
    """Propose a contract from sample uploads, to be read and edited: tables, columns, types, keys."""
    from etl.cli import infer as inferring

    storage = AnyStorage()
    try:
        locations = sources.uploads(sample, storage)
        done = inferring.inferred(locations, output, lambda location: sources.fetched(location, storage))
        if output is not None:
            inferring.write(done.text, output)
    except EtlError as error:
        raise typer.Exit(failed(error)) from error
    for left_out in done.left_out:
        complain(show.plain(str(left_out)))
    if output is None:
        typer.echo(done.text, nl=False)


@contract_app.command()
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The contract as it was: a file, s3://... or -.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The contract as it is now: likewise.")],
    against: Annotated[
        str | None,
        typer.Option(metavar="LAKE", help="Judge the last records of this lake by NEW: a folder or s3://..."),
    ] = None,
    last: Annotated[int, typer.Option(min=1, metavar="N", help="How many records of the lake.")] = 10_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Say what a change of a contract breaks. Exit code 1 if its version does not make the step that this asks for."""
    from etl.cli import diff as comparing  # its rooms: time that other commands save

    try:
        text, makes = comparing.compared(old, new, AnyStorage(), against, last, as_json=as_json)
    except EtlError as error:
        raise typer.Exit(failed(error)) from error
    typer.echo(text)
    raise typer.Exit(0 if makes else FELL_SHORT)


class Exported(StrEnum):
    """What a contract can be exported as."""

    JSON_SCHEMA = "json-schema"


ContractFile = Annotated[Path, typer.Argument(metavar="CONTRACT", help="A contract.")]
Output = Annotated[Path | None, typer.Option("-o", "--output", metavar="PATH", help="Write here, not to the terminal.")]


@contract_app.command()
def export(
    contract: ContractFile,
    format_: Annotated[Exported, typer.Option("--format", help="What to write.")],
    path: Output = None,
) -> None:
    """Write the JSON Schema of the documents: what those who send them can check before they do."""
    from etl.cli import export as exporting  # the engine: time that other commands save

    try:
        text = exporting.export(contract, path)
    except EtlError as error:
        raise typer.Exit(failed(error)) from error
    sys.stdout.buffer.write(text)


@contract_app.command()
def generate(
    contract: ContractFile,
    count: Annotated[int, typer.Option("-n", metavar="N", min=1, help="How many records.")] = 10,
    bad: Annotated[
        str | None, typer.Option(metavar="SHARE", help="Break so many of them, such as 5%, each by one rule.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="S", help="Another number gives other records.")] = 1,
    path: Output = None,
) -> None:
    """Make an upload from a contract: valid records, or some broken on purpose; PATH.manifest.json says which."""
    from etl.cli import generate as generating

    try:
        said = generating.generate(contract, count, bad, seed, path)
    except EtlError as error:
        raise typer.Exit(failed(error)) from error
    if said:
        typer.echo(said, err=True)


@contract_app.command()
def docs(
    path: Annotated[list[str], typer.Argument(metavar="PATH...", help="Contracts, or folders of them.")],
    folder: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Where the pages go.")] = _DOCS,
) -> None:
    """Write contracts out for people: an HTML page and a Markdown file of each."""
    from etl.cli import docs as documenting  # Jinja: time that other commands save

    try:
        written = documenting.write(path, folder)
    except EtlError as error:
        raise typer.Exit(failed(error)) from error
    typer.echo("\n".join(map(str, written)))
