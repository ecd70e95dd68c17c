"""The commands, their options and their exit codes.

Exit codes: 0 done; 1 what was judged falls short; 2 wrong usage or an unusable contract; 3 unreadable source or broken
infrastructure. Of several uploads the highest counts.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from etl import contract as contracts
from etl import pipeline
from etl.cli import lint as linting
from etl.cli import show, sources
from etl.contract.model import Contract
from etl.errors import ContractError, EtlError, UsageError
from etl.records import Upload
from etl.storage import AnyStorage, Storage

FELL_SHORT, WRONG_USAGE, BROKEN = 1, 2, 3
_CONTRACTS, _DOCS = Path("contracts"), Path("contract-docs")

app = typer.Typer(
    name="etl",
    help="Nested JSON orders in, checked Parquet and an explained quarantine out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
contract_app = typer.Typer(help="Work on contracts.", no_args_is_help=True)
app.add_typer(contract_app, name="contract")

Sources = Annotated[
    list[str], typer.Argument(metavar="SOURCE...", help="A file, folder, glob, s3:// object or prefix, or - for stdin.")
]
ContractPath = Annotated[
    Path | None, typer.Option("--contract", help="Use this contract. Without it, those in contracts/ say whose it is.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the run reports, one JSON document a line.")]


def main() -> None:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that can't show a letter is no reason to fail
    try:
        app()
    except KeyboardInterrupt:
        _complain("interrupted: the upload at work was not committed; run it again")
        sys.exit(130)


@app.command()
def run(
    source: Sources,
    contract: ContractPath = None,
    lake: Annotated[str | None, typer.Option(help="Where the Parquet data lake lies: a folder or s3://...")] = None,
    quarantine: Annotated[str | None, typer.Option(help="Where rejected records go: a folder or s3://...")] = None,
    as_json: AsJson = False,
) -> None:
    """Process uploads: good records into the lake, bad ones into quarantine, with a report of each."""
    storage = AnyStorage()

    def judge(location: str, agreed: Contract, progress: pipeline.Progress) -> Mapping[str, Any]:
        outputs = pipeline.outputs_of(agreed, lake, quarantine)
        if location != pipeline.STDIN:
            return pipeline.run(location, agreed, storage, outputs, progress)
        with _stdin() as (upload, path):
            return pipeline.run_file(upload, path, agreed, storage, outputs, progress)

    _each(source, contract, storage, judge, as_json=as_json, dry=False)


@app.command()
def check(source: Sources, contract: ContractPath = None, as_json: AsJson = False) -> None:
    """Judge uploads as `run` does, and write nothing. Exit code 1 if anything would be quarantined."""
    storage = AnyStorage()

    def judge(location: str, agreed: Contract, progress: pipeline.Progress) -> Mapping[str, Any]:
        if location != pipeline.STDIN:
            return pipeline.check(location, agreed, storage, progress)
        with _stdin() as (upload, path):
            return pipeline.check_file(upload, path, agreed, progress)

    _each(source, contract, storage, judge, as_json=as_json, dry=True)


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
        raise typer.Exit(_failed(error)) from error
    for line in linting.lines(found, form):
        typer.echo(line)
    raise typer.Exit(FELL_SHORT if any(one.falls_short for one in found) else 0)


@contract_app.command()
def infer(
    sample: Sources,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write to this new file, not to stdout.")
    ] = None,
) -> None:
    """Propose a contract from sample uploads, to be read and edited: tables, columns, types, keys."""
    from etl.cli import infer as inferring

    storage = AnyStorage()
    try:
        locations = sources.uploads(sample, storage)
        done = inferring.inferred(locations, output, lambda at: _stdin() if at == pipeline.STDIN else storage.fetch(at))
        if output is not None:
            inferring.write(done.text, output)
    except EtlError as error:
        raise typer.Exit(_failed(error)) from error
    for left_out in done.left_out:
        _complain(show.plain(str(left_out)))
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
        raise typer.Exit(_failed(error)) from error
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
        raise typer.Exit(_failed(error)) from error
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
        raise typer.Exit(_failed(error)) from error
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
        raise typer.Exit(_failed(error)) from error
    typer.echo("\n".join(map(str, written)))


@app.command()
def template(
    folder: Annotated[Path, typer.Option("--contracts", help="The folder of the contracts.")] = _CONTRACTS,
    path: Annotated[Path, typer.Option("--template", help="The AWS SAM template.")] = Path("template.yaml"),
) -> None:
    """Write what follows from the contracts into the deployment template: Athena's tables, and alarms."""
    from etl.cli import template as deploying  # awswrangler: time that other commands save

    try:
        done, faults = deploying.rewrite(path, folder)
    except EtlError as error:
        raise typer.Exit(_failed(error)) from error
    typer.echo("\n".join(map(str, faults)) or done)
    raise typer.Exit(FELL_SHORT if faults else 0)


def _each(
    given: Sequence[str],
    contract: Path | None,
    storage: Storage,
    judge: Callable[[str, Contract, pipeline.Progress], Mapping[str, Any]],
    *,
    as_json: bool,
    dry: bool,
) -> None:
    """Judge every upload, show each, and exit with the highest code."""
    codes = [0]
    try:
        choose = _chooser(contract, given)
        locations = sources.uploads(given, storage)
    except EtlError as error:
        raise typer.Exit(_failed(error)) from error
    for location in locations:
        try:
            with _progress(location) as progress:
                report = judge(location, choose(location), progress)
        except EtlError as error:
            codes.append(_failed(error))
            continue
        codes.append(_show(report, as_json=as_json, dry=dry))
    raise typer.Exit(max(codes))


def _chooser(contract: Path | None, given: Sequence[str]) -> Callable[[str], Contract]:
    """Which contract an upload falls under. Raises `ContractError`, `UsageError`."""
    if contract is not None:
        agreed = contracts.load(contract)
        return lambda _: agreed
    if pipeline.STDIN in given:
        raise UsageError("-: standard input comes from nowhere, so no contract claims it; give --contract PATH")
    if not _CONTRACTS.is_dir():
        raise UsageError("there is no folder contracts/ here; give --contract PATH")
    known = contracts.load_all(_CONTRACTS)
    return lambda location: _routed(location, known)


def _routed(location: str, known: Sequence[Contract]) -> Contract:
    agreed = contracts.route(location, known)
    if agreed is None:
        raise UsageError(
            f"{show.near(location)}: no contract in contracts/ has an 'incoming' server that covers it (or its "
            "${ORDERS_...} variable is not set, or names another place); set it, or give --contract PATH"
        )
    return agreed


@contextmanager
def _stdin() -> Iterator[tuple[Upload, Path]]:
    with tempfile.NamedTemporaryFile(prefix="etl-stdin-") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
        file.flush()
        yield Upload(pipeline.STDIN, datetime.now(UTC), file.tell()), Path(file.name)


@contextmanager
def _progress(location: str) -> Iterator[pipeline.Progress]:
    """A bar on a terminal; silence in a pipe."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("records"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(show.plain(Path(location).name), total=None)
        yield lambda records: progress.advance(task, records)


def _show(report: Mapping[str, Any], *, as_json: bool, dry: bool) -> int:
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False))
    else:
        show.summary(report, Console(highlight=False), dry=dry)
    touched = report["records"]["quarantined"] + report["records"]["split"]
    return FELL_SHORT if report["status"] == "rejected" or (dry and touched) else 0


def _failed(error: EtlError) -> int:
    _complain(str(error))
    return WRONG_USAGE if isinstance(error, ContractError | UsageError) else BROKEN


def _complain(message: str) -> None:
    typer.echo(f"etl: {message}", err=True)
