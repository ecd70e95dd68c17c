"""`etl backfill`: very many uploads, by all processors of this machine or of a cluster."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from etl import pipeline
from etl.backfill import Engine, Outcome, Plan, Tally, outcomes, plan
from etl.backfill.local import LocalEngine, processors
from etl.cli import show, sources
from etl.cli.exits import BROKEN, FELL_SHORT, WRONG_USAGE, complain, failed
from etl.cli.routing import ContractPath, Lake, Quarantine, chooser
from etl.errors import EtlError, UsageError
from etl.storage import open_storage

_HEADS = {
    "published": "every record is in the lake",
    "partial": "some records are in quarantine",
    "rejected": "the whole upload is in quarantine",
    "empty": "no records",
    "passed over": "had been through already",
    "failed": "nothing of it was committed: run it again",
}


class EngineName(StrEnum):
    """What brings uploads to processors."""

    local = "local"
    spark = "spark"


Sources = Annotated[
    list[str], typer.Argument(metavar="SOURCE...", help="A folder, glob, file, or s3://bucket/prefix/.")
]


def backfill(
    source: Sources,
    contract: ContractPath = None,
    lake: Lake = None,
    quarantine: Quarantine = None,
    engine: Annotated[EngineName, typer.Option(help="This machine's processes, or Apache Spark.")] = EngineName.local,
    processes: Annotated[
        int | None, typer.Option(min=1, help="Of the local engine; as many as there are processors, unless told.")
    ] = None,
    master: Annotated[
        str | None,
        typer.Option(help="Of Spark: local[4], spark://...; as spark-submit says, or local[*], unless told."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print an outcome of each upload, one document a line.")
    ] = False,
) -> None:
    """Run very many uploads, and pass over those that have been through: what `run` does, by all processors."""
    try:
        started = time.monotonic()
        _check(engine, processes, master)
        planned = _plan(source, contract, lake, quarantine)
        with _engine(engine, processes, master) as chosen:
            code = _outcomes(planned, chosen, started, as_json=as_json)
    except EtlError as error:
        raise typer.Exit(failed(error)) from error
    raise typer.Exit(code)


def _check(engine: EngineName, processes: int | None, master: str | None) -> None:
    if processes is not None and engine is not EngineName.local:
        raise UsageError("--processes: this is of the engine local; executors of Spark are its own settings")
    if master is not None and engine is not EngineName.spark:
        raise UsageError("--master: this is of the engine spark; give --engine spark, too")


def _plan(source: list[str], contract: Path | None, lake: str | None, quarantine: str | None) -> Plan:
    if pipeline.STDIN in source:
        raise UsageError("-: standard input is one upload; `etl run -` takes it")
    choose = chooser(contract, source)
    uploads = sources.described(source, open_storage())
    return plan(uploads, choose, lambda agreed: pipeline.outputs_of(agreed, lake, quarantine))


@contextmanager
def _engine(name: EngineName, processes: int | None, master: str | None) -> Iterator[Engine]:
    if name is EngineName.local:
        yield LocalEngine(processes or processors())
        return
    try:
        from etl.backfill.spark import spark
    except ImportError as error:
        raise UsageError("--engine spark: PySpark is not installed; pip install 'pyspark>=4'") from error
    with spark(master) as engine:
        yield engine


def _outcomes(planned: Plan, engine: Engine, started: float, *, as_json: bool) -> int:
    """Show each as it comes, and the sums at the end. Gives the exit code."""
    tally, code = Tally(), 0
    total = len(planned.tasks) + len(planned.failed)
    with _progress(total, planned.bytes) as advance:
        for outcome in outcomes(planned, engine):
            tally.add(outcome)
            code = max(code, _code(outcome))
            advance(outcome)
            _show(outcome, as_json=as_json)
    if not as_json:
        Console(highlight=False).print(_summary(tally, engine, time.monotonic() - started), soft_wrap=True)
    return code


def _code(outcome: Outcome) -> int:
    if outcome.status == "failed":
        return WRONG_USAGE if outcome.usage else BROKEN
    return FELL_SHORT if outcome.status == "rejected" else 0


@contextmanager
def _progress(uploads: int, size: int) -> Iterator[Callable[[Outcome], None]]:
    """A bar on a terminal, by bytes, since uploads are of all sizes; silence in a pipe."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.fields[done]} of {task.fields[all]} uploads"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar, done = progress.add_task("", total=size, done=0, all=f"{uploads:,}"), count(1)
        yield lambda outcome: progress.update(bar, advance=outcome.task.size, done=f"{next(done):,}")


def _show(outcome: Outcome, *, as_json: bool) -> None:
    """All as JSON; for people, what needs somebody."""
    if as_json:
        typer.echo(json.dumps(_document(outcome), ensure_ascii=False))
    elif outcome.reason:
        complain(outcome.reason)
    elif outcome.status == "rejected":
        line = Text(f"{outcome.status:<10}", show.STYLES["rejected"])
        Console(highlight=False).print(
            line.append(show.plain(show.near(outcome.task.location)), "bold"), soft_wrap=True
        )


def _document(outcome: Outcome) -> dict[str, Any]:
    return {
        "upload": outcome.task.location,
        "size": outcome.task.size,
        "status": outcome.status,
        "records": dict(outcome.records) or None,
        "reason": outcome.reason,
    }


def _summary(tally: Tally, engine: Engine, seconds: float) -> Text:
    uploads = f"{(total := tally.uploads.total()):,} upload{'' if total == 1 else 's'}"
    lines = [f"{uploads} in {_duration(seconds)}, by {engine.name}"]
    lines += [
        f"  {name:<11}  {tally.uploads[name]:>9,}  {words}" for name, words in _HEADS.items() if tally.uploads[name]
    ]
    counts = tally.records
    split = f" + {counts['split']:,} split" if counts["split"] else ""
    sums = f"{counts['read']:,} read = {counts['published']:,} published + {counts['quarantined']:,} quarantined{split}"
    return Text("\n".join([*lines, f"  records      {sums}"]))


def _duration(seconds: float) -> str:
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {left} s" if minutes else f"{seconds:.1f} s"
