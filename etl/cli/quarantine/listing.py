"""The reports that are asked for, newest first: a table at a terminal, columns in a pipe, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from etl.cli.show import STYLES, near, plain, state_words
from etl.errors import UsageError
from etl.review import Account, Folder, Summary, folders, summaries
from etl.storage import Storage

COLUMNS = ("arrived", "contract", "upload", "verdict", "read", "quarantined", "state", "rule", "folder")
_WIDE = 110  # characters, from which on there is room for everything
AS_ASKED = ", as far as was asked"
_SETTLED = ("resolved", "dismissed", "superseded")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; None: whatever it is. Days are ISO 8601, both ends included."""

    contract: str | None = None
    state: str | None = None
    since: str | None = None
    until: str | None = None
    status: str | None = None
    rule: str | None = None

    def folder(self, folder: Folder) -> bool:
        """What the listing tells."""
        return (
            (self.contract is None or folder.contract == self.contract)
            and (self.state is None or folder.state == self.state)
            and (self.since is None or folder.day >= self.since)
            and (self.until is None or folder.day <= self.until)
        )

    def summary(self, summary: Summary) -> bool:
        """What the report tells. One that can't be read is wanted, unless its content is asked for."""
        if summary.account is None:
            return self.status is None and self.rule is None
        return (self.status is None or summary.account.status == self.status) and (
            self.rule is None or any(self.rule.lower() in rule.name.lower() for rule in summary.account.rules)
        )


@dataclass(frozen=True, slots=True)
class Listed:
    """Those that are shown, and how many more there are: not looked into, once there were enough."""

    shown: Sequence[Summary]
    more: int


def listed(quarantines: Sequence[str], storage: Storage, wanted: Wanted, limit: int) -> Listed:
    """The newest `limit` of those that are wanted. Raises `StorageError`."""
    found = [one for root in quarantines for one in folders(root, storage, wanted.contract) if wanted.folder(one)]
    if len(quarantines) > 1:
        found.sort(key=lambda one: (one.day, str(one.judged or ""), one.location), reverse=True)
    shown: list[Summary] = []
    seen = 0
    for summary in summaries(found, storage):
        if len(shown) == limit:
            break
        seen += 1
        if wanted.summary(summary):
            shown.append(summary)
    return Listed(shown, len(found) - seen)


def filtered_days(day: str | None, since: str | None, until: str | None) -> tuple[str | None, str | None]:
    """The first and the last day. Raises `UsageError` for two ways of saying it."""
    if day is not None and (since is not None or until is not None):
        raise UsageError("--day: it is one day; give either it, or --since and --until")
    return (day, day) if day is not None else (since, until)


# For people.


def nothing_at(quarantines: Sequence[str], verb: str = "is") -> str:
    """That there is nothing, and where it was looked for: a prefix on S3 that is mistyped is as one that is empty."""
    return plain(f"nothing {verb} in quarantine at {', '.join(map(near, quarantines))}")


def print_list(found: Listed, console: Console) -> None:
    """A table on a terminal; in a pipe a line for each, its columns by tabulators, with a line of names before."""
    if not console.is_terminal:
        for cells in (COLUMNS, *map(_cells, found.shown)):
            typer.echo("\t".join(cells))  # Rich would make blanks of tabulators
        return
    if found.shown:
        console.print(_table(found.shown, narrow=console.width < _WIDE))


def left_out(found: Listed, wanted: Wanted, quarantines: Sequence[str]) -> str:
    """What is to be said of those that are not shown; nothing where there are none."""
    if not found.shown and not found.more:
        return nothing_at(quarantines) + ("" if wanted == Wanted() else AS_ASKED)
    if not found.more:
        return ""
    looked = " that were not looked into" if wanted.rule or wanted.status else ""
    return f"{found.more:,} more{looked}; --limit shows more"


def _table(shown: Sequence[Summary], *, narrow: bool) -> Table:
    """On a narrow terminal without the hour and the contract."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("arrived", "id") if narrow else ("arrived", "id", "contract"):
        table.add_column(name, no_wrap=True)
    table.add_column("upload", overflow="fold", min_width=12)
    for name in ("verdict", "broken"):
        table.add_column(name, no_wrap=True)
    for name in ("state", "worst rule"):
        table.add_column(name, overflow="fold", min_width=9)
    for one in shown:
        table.add_row(*_row(one, narrow))
    return table


def _row(one: Summary, narrow: bool) -> Iterator[str | Text]:
    yield (one.day or "") if narrow else _moment(one)
    yield one.location.rstrip("/").rsplit("/", 1)[-1][:8]
    if not narrow:
        yield plain(one.contract)
    account = one.account
    yield Text(plain(near(account.upload))) if account else Text(plain(near(one.fault)), "red")
    yield Text(account.status, STYLES[account.status]) if account else Text("?", "red")
    yield _counts(account) if account else ""
    yield Text(state_words(one.state or ""), "dim" if one.state in _SETTLED else "")
    yield Text(_worst(account)) if account else ""


def _cells(one: Summary) -> list[str]:
    account = one.account
    if account is None:
        middle = ["", "", "", ""]
    else:
        counts = (account.read, account.quarantined + account.split)
        middle = [near(account.upload), account.status, *map(str, counts)]
    worst = _worst(account) if account else one.fault
    cells = [_moment(one), one.contract, *middle, one.state or "", worst, near(one.location)]
    return [plain(cell) for cell in cells]


def _moment(one: Summary) -> str:
    """When the upload arrived, to the minute, in UTC; the day alone where the report does not say."""
    return f"{one.account.arrival:%Y-%m-%d %H:%M}" if one.account else one.day or ""


def _counts(account: Account) -> str:
    return f"{account.quarantined + account.split:,} of {account.read:,}"


def _worst(account: Account) -> str:
    if not account.rules:
        return ""
    more = len(account.rules) - 1
    return plain(account.rules[0].name) + (f" and {more} more" if more else "")


# For programs.


def documents(found: Listed) -> Iterator[str]:
    """Each as one JSON document."""
    for one in found.shown:
        yield json.dumps(document(one), ensure_ascii=False)


def document(one: Summary) -> dict[str, Any]:
    """All that is known of it, in the words of the run report."""
    head = {"location": one.location, "state": one.state, "day": one.day, "contract": {"name": one.contract}}
    if (account := one.account) is None:
        return head | {"fault": one.fault}
    return head | {
        "contract": {"name": one.contract, "version": account.version},
        "status": account.status,
        "upload": {
            "id": account.upload_id,
            "location": account.upload,
            "contentId": account.content_id,
            "arrival": account.arrival.isoformat().replace("+00:00", "Z"),
        },
        "records": {
            "read": account.read,
            "published": account.published,
            "quarantined": account.quarantined,
            "split": account.split,
        },
        "rules": [
            {
                "table": rule.table,
                "column": rule.column,
                "rule": rule.rule,
                "severity": rule.severity,
                "records": rule.records,
                "violations": rule.violations,
            }
            for rule in account.rules
        ],
    }
