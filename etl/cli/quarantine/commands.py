"""The commands, their options and their exit codes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from etl.cli import places
from etl.cli.exits import FELL_SHORT, complain, failed
from etl.cli.show import plain
from etl.errors import EtlError, UsageError
from etl.storage import AnyStorage

quarantine_app = typer.Typer(
    help="Review what is in quarantine: what broke, what it would take, and put it right.", no_args_is_help=True
)


class Status(StrEnum):
    """A run's verdict on an upload."""

    PUBLISHED = "published"
    PARTIAL = "partial"
    REJECTED = "rejected"
    EMPTY = "empty"


class State(StrEnum):
    """What has become of a folder."""

    OPEN = "open"
    PARTLY_RESOLVED = "partly_resolved"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"
    SUPERSEDED = "superseded"


class By(StrEnum):
    """What is counted by."""

    DAY = "day"
    RULE = "rule"
    CONTRACT = "contract"
    UPLOAD = "upload"
    STATE = "state"


_DAY = ["%Y-%m-%d"]
Which = Annotated[
    list[str],
    typer.Argument(metavar="WHICH...", help="A report's folder, an upload, an upload id (its beginning), or all."),
]
WhichOne = Annotated[
    str, typer.Argument(metavar="WHICH", help="A report's folder, an upload, or an upload id (its beginning).")
]
Quarantine = Annotated[
    str | None,
    typer.Option(help="The quarantine: a folder or s3://... Without it, those that contracts/ name."),
]
Lake = Annotated[
    str | None, typer.Option(help="The data lake: a folder or s3://... Without it, those that contracts/ name.")
]
ContractName = Annotated[str | None, typer.Option("--contract", metavar="NAME", help="Only those of this contract.")]
Since = Annotated[datetime | None, typer.Option(formats=_DAY, help="Only uploads that arrived on this day or later.")]
Until = Annotated[datetime | None, typer.Option(formats=_DAY, help="... on this day or earlier.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one document a line.")]


@quarantine_app.command("list")
def list_(
    quarantine: Quarantine = None,
    contract: ContractName = None,
    rule: Annotated[str | None, typer.Option(metavar="TEXT", help="Only where a rule broke that holds this.")] = None,
    status: Annotated[Status | None, typer.Option(help="Only uploads of this verdict.")] = None,
    state: Annotated[State | None, typer.Option(help="Only those of this review state.")] = None,
    day: Annotated[datetime | None, typer.Option(formats=_DAY, help="Only uploads that arrived on this day.")] = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List reports, the newest first."""
    from etl.cli.quarantine import listing

    with _complaining():
        first, last = listing.filtered_days(_iso(day), _iso(since), _iso(until))
        wanted = listing.Wanted(contract, state, first, last, status, rule)
        roots = places.quarantines(quarantine)
        found = listing.listed(roots, AnyStorage(), wanted, limit)
    if as_json:
        for line in listing.documents(found):
            typer.echo(line)
    else:
        listing.print_list(found, _console())
    if more := listing.left_out(found, wanted, roots):
        typer.echo(more, err=True)


@quarantine_app.command()
def show(
    which: WhichOne,
    quarantine: Quarantine = None,
    record: Annotated[int | None, typer.Option(min=1, metavar="N", help="What this record broke, and where.")] = None,
    payload: Annotated[
        bool, typer.Option("--payload", help="With --record: its document too, as received; it may be about a person.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the run report and its history as JSON.")] = False,
) -> None:
    """Show one report: the verdict, what broke and where, what would help, and what became of it."""
    from etl.cli.quarantine import showing

    storage = AnyStorage()
    with _complaining():
        if payload and record is None:
            raise UsageError("--payload: give --record N, too: one document is shown at a time")
        if as_json and record is not None:
            raise UsageError("--json: it is for the whole report; leave out --record")
        folder = showing.one(which, lambda: places.quarantines(quarantine), storage)
        if as_json:
            typer.echo(showing.document(folder, storage))
        elif record is not None:
            showing.print_record(folder, record, storage, _console(), payload=payload)
        else:
            showing.print_report(folder, storage, _console())


@quarantine_app.command()
def stats(
    lake: Lake = None,
    quarantine: Quarantine = None,
    by: Annotated[list[By] | None, typer.Option(help="Count by this (again: by several).")] = None,
    contract: ContractName = None,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Count what is rejected, by day and by rule, and what waits."""
    from etl.cli.quarantine import counting
    from etl.cli.quarantine.listing import Wanted

    storage, console = AnyStorage(), _console()
    with _complaining():
        wanted = Wanted(contract, since=_iso(since), until=_iso(until))
        roots = places.quarantines(quarantine) if quarantine is not None else None
        chosen = by or counting.USUAL
        asks_runs = any(one != By.STATE for one in chosen)
        found = counting.judged(places.lakes(lake), storage, wanted) if asks_runs else []
        for at, one in enumerate(chosen):
            rows = (
                counting.states(roots or places.quarantines(None), storage, wanted)
                if one == By.STATE
                else counting.rows(one, found)
            )
            if as_json:
                for line in counting.documents(one, rows):
                    typer.echo(line)
                continue
            if at:
                typer.echo()
            counting.print_rows(one, rows, console)
    for fault in (one.fault for one in found if one.fault):
        complain(plain(fault))


@quarantine_app.command()
def replay(
    which: Which,
    dry: Annotated[bool, typer.Option("--dry-run", help="Say what would be published; write nothing.")] = False,
    contract: Annotated[
        Path | None, typer.Option("--contract", help="Judge by this contract. Without it, by those in contracts/.")
    ] = None,
    lake: Lake = None,
    quarantine: Quarantine = None,
    as_json: AsJson = False,
) -> None:
    """Run rejected records again, by the contract as it is now, and publish those that pass.

    Exit code 1 if any of them still breaks a rule.
    """
    from etl.cli.quarantine import deciding, listing
    from etl.review.choosing import chosen

    storage = AnyStorage()
    with _complaining():
        known = places.known(contract)
        found = chosen(which, lambda: places.quarantines(quarantine, lambda: known), storage)
        if contract is not None:
            found = deciding.of_contract(found, which, known[0])
    task = deciding.Task(known, lake, places.person(), datetime.now(UTC), dry=dry)
    say = deciding.documents if as_json else deciding.lines
    done = deciding.replayed(found, task, storage, lambda one: typer.echo("\n".join(say(one, task))))
    if not as_json and not found:
        typer.echo(listing.nothing_at(places.quarantines(quarantine, lambda: known), "waits") + listing.AS_ASKED)
    elif not as_json and len(found) != 1:
        typer.echo(deciding.total_line(done, task))
    raise typer.Exit(max(FELL_SHORT if done.falls_short else 0, *done.codes, 0))


@quarantine_app.command()
def dismiss(
    which: Which,
    why: Annotated[str, typer.Option(metavar="TEXT", help="The reason, which stays beside the report.")],
    quarantine: Quarantine = None,
) -> None:
    """Say that nothing is to be done about reports, and why. Nothing is deleted, and a replay is still possible."""
    from etl.cli.quarantine import deciding
    from etl.review.choosing import chosen

    storage = AnyStorage()
    with _complaining():
        if not why.strip():
            raise UsageError("--why: a reason is expected, found nothing")
        found = chosen(which, lambda: places.quarantines(quarantine), storage)
    who, when, codes = places.person(), datetime.now(UTC), [0]
    for folder in found:
        try:
            typer.echo(plain(deciding.dismissed(folder, why.strip(), who, when, storage)))
        except EtlError as error:
            codes.append(failed(error))
    raise typer.Exit(max(codes))


@quarantine_app.command()
def purge(
    before: Annotated[
        datetime | None,
        typer.Option(formats=_DAY, help="Erase the payloads of uploads that arrived before this day."),
    ] = None,
    record: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Erase one record, by its _record_id: <upload id>-<number>."),
    ] = None,
    dry: Annotated[bool, typer.Option("--dry-run", help="Say what would be erased; write nothing.")] = False,
    quarantine: Quarantine = None,
) -> None:
    """Remove payloads from quarantine, and keep the accounts: reports, counts, states. It can't be undone."""
    from etl.cli.quarantine import purging

    storage = AnyStorage()
    asked = purging.Asked(places.person(), datetime.now(UTC), dry)
    with _complaining():
        task = purging.task(_iso(before), record, places.quarantines(quarantine), storage)
    codes = purging.purged(task, storage, asked, typer.echo)
    raise typer.Exit(max(codes, default=0))


@contextmanager
def _complaining() -> Iterator[None]:
    """What is wrong within is said, and ends the command with its exit code."""
    try:
        yield
    except EtlError as error:
        raise typer.Exit(failed(error)) from error


def _console() -> Console:
    return Console(highlight=False)


def _iso(day: datetime | None) -> str | None:
    return day.date().isoformat() if day else None
