"""What the lake holds by the word of its run reports: files that were committed, each under a contract.

A file that no report names is of a run that is at work or was killed, or has been replaced and not yet removed; who
lists the folders meets it, and who asks the reports does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from etl.errors import EtlError, NotFound, QuarantineError
from etl.records import Upload
from etl.review import runs
from etl.review.memory import Memory, usual
from etl.review.recalled import THREADS, recalled
from etl.review.reports import no_report, understood
from etl.storage import Storage

_MEMORY = "files-1"
_TABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FILE = re.compile(r"(?:[^/=]+=[^/]*/)*[^/]+\.parquet")


class Agreement(msgspec.Struct, frozen=True):
    """A contract under which files were published."""

    name: str
    version: str
    digest: str


class Published(msgspec.Struct, frozen=True, array_like=True):
    """A file of a table. `path` goes on from the table's folder (`order_date=2024-01-10/<upload id>-....parquet`)."""

    table: str
    path: str
    rows: int

    @property
    def folder(self) -> str:
        """Its partition; empty where the table has none."""
        return self.path.rpartition("/")[0]


class Part(msgspec.Struct, frozen=True, array_like=True):
    """What was published of an upload under one contract: by its run, or by a replay."""

    agreement: Agreement
    files: tuple[Published, ...]


class _Parts(msgspec.Struct, frozen=True):
    parts: tuple[Part, ...]


def committed(lake: str, storage: Storage, memory: Memory | None = None) -> list[Part]:
    """Everything that a lake (its root, with a final `/`) holds. Raises `StorageError`, and `QuarantineError` for a
    run report that can't be read: without it nobody knows what is in the lake.
    """
    reports: Sequence[Upload] = runs(lake, storage)
    with ThreadPoolExecutor(THREADS) as pool:
        found = recalled(reports, _parts, _Parts, storage, memory or usual(_MEMORY), pool)
    return [part for report in reports for part in _known(found[report.location])]


def _known(found: _Parts | EtlError) -> Sequence[Part]:
    if isinstance(found, NotFound):  # gone since it was listed, and all that it was about with it
        return ()
    if isinstance(found, EtlError):
        raise found
    return found.parts


# What a report says.


class _Contract(msgspec.Struct):
    version: str
    digest: str
    name: str = ""


class _File(msgspec.Struct):
    table: str
    location: str
    rows: int


class _Replay(msgspec.Struct):
    contract: _Contract
    files: tuple[_File, ...]


class _Report(msgspec.Struct):
    version: str
    contract: _Contract
    files: tuple[_File, ...]
    replays: tuple[_Replay, ...] = ()


def _parts(data: bytes, location: str) -> _Parts:
    try:
        report = msgspec.json.decode(data, type=_Report)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise QuarantineError(no_report(location)) from error
    understood(report.version, location)
    name = report.contract.name
    every = [(report.contract, report.files), *((replay.contract, replay.files) for replay in report.replays)]
    return _Parts(
        tuple(
            Part(Agreement(name, by.version, by.digest), tuple(_published(file, location) for file in files))
            for by, files in every
        )
    )


def _published(file: _File, report: str) -> Published:
    """By its place in the table's folder: the lake may have been copied from where the report was written."""
    path = file.location.rpartition(f"/{file.table}/")[2]
    if _TABLE.fullmatch(file.table) is None or _FILE.fullmatch(path) is None:
        raise QuarantineError(no_report(report))
    return Published(file.table, path, file.rows)
