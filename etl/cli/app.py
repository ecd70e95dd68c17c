"""The commands, their options and their exit codes.

Exit codes: 0 done; 1 what was judged falls short; 2 wrong usage or an unusable contract; 3 unreadable source or broken
infrastructure. Of several uploads the highest counts.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from typer.core import TyperGroup

from etl import pipeline
from etl.cli import backfill, review, show, sources
from etl.cli.contract import contract_app
from etl.cli.exits import FELL_SHORT, INTERRUPTED, complain, failed
from etl.cli.lake import lake_app
from etl.cli.places import CONTRACTS
from etl.cli.quarantine import quarantine_app
from etl.cli.routing import ContractPath, Lake, Quarantine, chooser
from etl.cli.telling import lineage
from etl.contract.model import Contract
from etl.errors import EtlError
from etl.storage import AnyStorage, Storage


class _Commands(TyperGroup):
    """Says in its own words that it was interrupted, and what is wrong with an option.

    Typer says nothing of the first, and pydantic begins with the kind of the error.
    """

    def invoke(self, ctx: Any) -> Any:
        """Any command of any depth: their options are read in here."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:  # Typer would end without a word
            complain("interrupted: uploads at work were not committed; run it again")
            raise typer.Exit(INTERRUPTED) from error
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")
            raise


app = typer.Typer(
    name="etl",
    cls=_Commands,
    help="Nested JSON orders in, checked Parquet and an explained quarantine out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(contract_app, name="contract")
app.add_typer(quarantine_app, name="quarantine")
app.command("backfill")(backfill.backfill)
app.add_typer(lake_app, name="lake")
app.command("review")(review.review)

AsJson = Annotated[bool, typer.Option("--json", help="Print the run reports, one JSON document a line.")]


def main() -> None:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that can't show a letter is no reason to fail
    app()


@app.command()
def run(
    source: sources.Sources,
    contract: ContractPath = None,
    lake: Lake = None,
    quarantine: Quarantine = None,
    as_json: AsJson = False,
) -> None:
    """Process uploads: good records into the lake, bad ones into quarantine, with a report of each."""
    storage = AnyStorage()
    told = lineage()

    def judge(location: str, agreed: Contract, progress: pipeline.Progress) -> Mapping[str, Any]:
        outputs = pipeline.outputs_of(agreed, lake, quarantine)

        def process() -> dict[str, Any]:
            if location != pipeline.STDIN:
                return pipeline.run(location, agreed, storage, outputs, progress)
            with sources.stdin() as (upload, path):
                return pipeline.run_file(upload, path, agreed, storage, outputs, progress)

        return told.follow(location, agreed, process)

    _each(source, contract, storage, judge, as_json=as_json, dry=False)


@app.command()
def check(source: sources.Sources, contract: ContractPath = None, as_json: AsJson = False) -> None:
    """Judge uploads as `run` does, and write nothing. Exit code 1 if anything would be quarantined."""
    storage = AnyStorage()

    def judge(location: str, agreed: Contract, progress: pipeline.Progress) -> Mapping[str, Any]:
        if location != pipeline.STDIN:
            return pipeline.check(location, agreed, storage, progress)
        with sources.stdin() as (upload, path):
            return pipeline.check_file(upload, path, agreed, progress)

    _each(source, contract, storage, judge, as_json=as_json, dry=True)


@app.command()
def template(
    folder: Annotated[Path, typer.Option("--contracts", help="The folder of the contracts.")] = CONTRACTS,
    path: Annotated[Path, typer.Option("--template", help="The AWS SAM template.")] = Path("template.yaml"),
) -> None:
    """Write what follows from the contracts into the deployment template: Athena's tables, and alarms."""
    from etl.cli import template as deploying  # awswrangler: time that other commands save

    try:
        done, faults = deploying.rewrite(path, folder)
    except EtlError as error:
        raise typer.Exit(failed(error)) from error
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
        choose = chooser(contract, given)
        locations = sources.uploads(given, storage)
    except EtlError as error:
        raise typer.Exit(failed(error)) from error
    for location in locations:
        try:
            with _progress(location) as progress:
                report = judge(location, choose(location), progress)
        except EtlError as error:
            codes.append(failed(error))
            continue
        codes.append(_show(report, as_json=as_json, dry=dry))
    raise typer.Exit(max(codes))


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
