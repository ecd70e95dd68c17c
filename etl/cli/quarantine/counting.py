"""The rejected share by day, contract and upload, how often each rule is broken, and what waits."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, get_args

import typer
from rich.console import Console
from rich.table import Table

from etl.cli.quarantine.commands import By
from etl.cli.quarantine.listing import Wanted
from etl.cli.show import near, plain
from etl.commit import State
from etl.review import Summary, folders, run_summaries, runs
from etl.review.statistics import Share, by_contract, by_day, by_upload, rules, shares
from etl.storage import Storage

_KEYS = {By.DAY: by_day, By.CONTRACT: by_contract, By.UPLOAD: by_upload}
USUAL = (By.DAY, By.RULE, By.STATE)
Row = Mapping[str, Any]


def judged(lakes: Sequence[str], storage: Storage, wanted: Wanted) -> list[Summary]:
    """The latest runs of all uploads that are wanted. Raises `StorageError`."""
    reports = [one for lake in lakes for one in runs(lake, storage, wanted.contract)]
    return [one for one in run_summaries(reports, storage) if one.account is None or _in_time(one, wanted)]


def _in_time(one: Summary, wanted: Wanted) -> bool:
    day = one.day or ""
    return (wanted.since is None or day >= wanted.since) and (wanted.until is None or day <= wanted.until)


def rows(by: By, found: Sequence[Summary]) -> list[Row]:
    """The counts, one row a line, from run reports."""
    if by == By.RULE:
        return [asdict(one) for one in rules(found)]
    return [_share(by, one) for one in shares(found, _KEYS[by])]


def _share(by: By, one: Share) -> Row:
    counts = {"uploads": one.uploads, "read": one.read, "rejected": one.rejected, "released": one.released}
    return {str(by): one.key, **counts, "percent": round(one.percent, 2)}


def states(quarantines: Sequence[str], storage: Storage, wanted: Wanted) -> list[Row]:
    """How many folders are in which state. Raises `StorageError`."""
    found = (one for root in quarantines for one in folders(root, storage, wanted.contract) if wanted.folder(one))
    counts = Counter(one.state for one in found)
    return [{"state": state, "folders": counts[state]} for state in get_args(State)]


def print_rows(by: By, found: Sequence[Row], console: Console) -> None:
    """A table on a terminal; in a pipe columns by tabulators, with a line of names before."""
    names = list(found[0]) if found else []
    if not console.is_terminal:
        for cells in (names, *([_cell(value) for value in row.values()] for row in found)):
            typer.echo("\t".join(cells))  # Rich would make blanks of tabulators
        return
    table = Table(box=None, pad_edge=False, header_style="dim", title=f"by {by}", title_justify="left")
    for name in names:
        number = bool(found) and not isinstance(found[0][name], str)
        table.add_column(name, justify="right" if number else "left", overflow="fold")
    for row in found:
        table.add_row(*(_cell(value) for value in row.values()))
    console.print(table)


def documents(by: By, found: Sequence[Row]) -> Iterator[str]:
    """Each row as one JSON document."""
    for row in found:
        yield json.dumps({"by": str(by), **row}, ensure_ascii=False)


def _cell(value: object) -> str:
    if isinstance(value, str):
        return plain(near(value))
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
