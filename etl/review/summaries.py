"""What each report comes to, in short; quick for thousands of them.

One listing shows which reports there are, of which contract and how old; their content is read for those that are
asked for, many at a time, and what it comes to is remembered on this machine. `summaries` and `run_summaries` give one
after the other: who shows fifty takes fifty, and no more than a few are read ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from typing import TypeVar

import msgspec

from etl.commit import State
from etl.errors import EtlError, QuarantineError
from etl.records import Severity, Upload
from etl.report import Status
from etl.review.folders import REPORT, Folder
from etl.review.memory import Memory, usual
from etl.review.recalled import THREADS, recalled
from etl.review.reports import half_written, no_report, understood
from etl.storage import Storage

_MEMORY = "summaries-1"
_AT_ONCE = 64  # first; who goes on asking gets larger helpings
_MOST_AT_ONCE = 1024

T = TypeVar("T")


class Broken(msgspec.Struct, frozen=True):
    """A broken rule, and how often. Rules about the record or the upload have no table and no column."""

    table: str | None
    column: str | None
    rule: str
    severity: Severity
    records: int
    violations: int

    @property
    def name(self) -> str:
        """`orders.price minimum`"""
        place = ".".join(part for part in (self.table, self.column) if part)
        return f"{place} {self.rule}".strip()


class Account(msgspec.Struct, frozen=True):
    """What is taken from a run report. `released` are the records that replays have published since: those in the lake
    know them, those in quarantine are of the run alone.

    `rules` are as in the report: errors first, the most records first. `folder` is that in quarantine, if there is one.
    """

    status: Status
    version: str
    upload: str
    upload_id: str
    content_id: str
    arrival: datetime
    read: int
    published: int
    quarantined: int
    split: int
    released: int
    rules: tuple[Broken, ...]
    folder: str | None


class Summary(msgspec.Struct, frozen=True):
    """A report in short: of a folder of the quarantine, or of the latest run of an upload.

    `location` is the folder (ends with `/`), or the run report in the lake; `day` (ISO 8601) that on which the upload
    arrived, `judged` when the report was written. `state` is the folder's review state; a run report has none.
    Where the report can't be read there is no `account`, and `fault` says why.
    """

    location: str
    contract: str
    day: str | None
    judged: datetime | None
    state: State | None
    account: Account | None
    fault: str = ""


def summaries(folders: Iterable[Folder], storage: Storage, memory: Memory | None = None) -> Iterator[Summary]:
    """Those of folders, in the order given. Raises nothing: a report that can't be read is a summary with a fault."""

    def summary(folder: Folder, account: Account | None, fault: str) -> Summary:
        return Summary(folder.location, folder.contract, folder.day, folder.judged, folder.state, account, fault)

    for folder, account, fault in _each(folders, lambda one: one.files.get(REPORT), storage, memory or usual(_MEMORY)):
        yield summary(folder, account, fault or ("" if account else half_written(folder.location)))


def runs(lake: str, storage: Storage, contract: str | None = None) -> list[Upload]:
    """The run reports of a lake (its root, with a final `/`), one for each upload; the last written first.

    Raises `StorageError`.
    """
    root = f"{lake}_runs/"
    found = [one for one in storage.list(root if contract is None else f"{root}{contract}/") if _is_run(one, root)]
    return sorted(found, key=lambda one: (one.arrival, one.location), reverse=True)


def run_summaries(reports: Iterable[Upload], storage: Storage, memory: Memory | None = None) -> Iterator[Summary]:
    """Those of run reports, as `runs` gives them, in the order given. Raises nothing, likewise."""
    for report, account, fault in _each(reports, lambda one: one, storage, memory or usual(_MEMORY)):
        day = account.arrival.astimezone(UTC).date().isoformat() if account else None
        yield Summary(report.location, report.location.split("/")[-2], day, report.arrival, None, account, fault)


def _is_run(one: Upload, root: str) -> bool:
    """`<contract>/<upload id>.json`; intents lie deeper."""
    return one.location.endswith(".json") and one.location.count("/", len(root)) == 1


# Read, many at a time.


def _each(
    things: Iterable[T], report_of: Callable[[T], Upload | None], storage: Storage, memory: Memory
) -> Iterator[tuple[T, Account | None, str]]:
    """Each thing with what its report says, or why that can't be known; neither where it has none."""
    size = _AT_ONCE
    left = iter(things)
    with ThreadPoolExecutor(THREADS) as pool:
        while some := list(islice(left, size)):
            reports = [report_of(one) for one in some]
            read = recalled([one for one in reports if one], account, Account, storage, memory, pool)
            for thing, report in zip(some, reports, strict=True):
                found = read[report.location] if report else None
                yield (thing, None, str(found)) if isinstance(found, EtlError) else (thing, found, "")
            size = min(2 * size, _MOST_AT_ONCE)


# What a report says.


class _Contract(msgspec.Struct):
    version: str


class _Upload(msgspec.Struct, rename="camel"):
    id: str
    location: str
    content_id: str
    arrival: datetime


class _Records(msgspec.Struct):
    read: int
    published: int
    quarantined: int
    split: int


class _Quarantine(msgspec.Struct):
    location: str


class _Replay(msgspec.Struct):
    records: int = 0


class _Report(msgspec.Struct):
    version: str
    status: Status
    contract: _Contract
    upload: _Upload
    records: _Records
    rules: tuple[Broken, ...]
    quarantine: _Quarantine | None = None
    replays: tuple[_Replay, ...] = ()


def account(data: bytes, location: str) -> Account:
    """What the bytes of a run report come to. Raises `QuarantineError`."""
    try:
        found = msgspec.json.decode(data, type=_Report)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise QuarantineError(no_report(location)) from error
    understood(found.version, location)
    return Account(
        found.status,
        found.contract.version,
        found.upload.location,
        found.upload.id,
        found.upload.content_id,
        found.upload.arrival,
        found.records.read,
        found.records.published,
        found.records.quarantined,
        found.records.split,
        sum(replay.records for replay in found.replays),
        found.rules,
        found.quarantine.location if found.quarantine else None,
    )
