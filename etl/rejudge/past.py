"""What has become of an upload's records: its run report, and the rejected records that it leads to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from etl.errors import NotFound, StorageError
from etl.records import file_digest
from etl.review import Line, lines
from etl.storage import Storage

_STDIN = "-"


Broken = tuple[str | None, str | None, str]  # table, column, rule


@dataclass(frozen=True, slots=True)
class Rejected:
    """A rejected record: its number, the rules that it breaks (warnings are left out), its bytes (None: erased)."""

    record: int
    broken: tuple[Broken, ...]
    document: bytes | None


@dataclass(frozen=True, slots=True)
class Past:
    """A run report, as far as it is looked into."""

    location: str
    content_id: str
    size: int
    status: str
    read: int
    touched: int  # records of which anything is in quarantine
    folder: str | None

    @property
    def whole(self) -> bool:
        """Whether the upload was rejected as a whole."""
        return self.status == "rejected"


def past(storage: Storage, lake: str, name: str) -> Iterator[Past]:
    """What runs under the contract of this name have reported, the newest first. Raises `StorageError`."""
    folder = f"{lake}_runs/{name}/"
    reports = [found for found in storage.list(folder) if "/" not in found.location.removeprefix(folder)]
    for report in sorted(reports, key=lambda found: (found.arrival, found.location), reverse=True):
        with suppress(NotFound):  # gone since it was listed
            yield _past(storage.read(report.location)[0], report.location)


def _past(data: bytes, location: str) -> Past:
    try:
        body = json.loads(data)
        upload, records = body["upload"], body["records"]
        return Past(
            upload["location"],
            upload["contentId"],
            upload["size"],
            body["status"],
            records["read"],
            records["quarantined"] + records["split"],
            (body["quarantine"] or {}).get("location"),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageError(f"{location}: this is no run report; move it away from the run reports") from error


def content(one: Past, storage: Storage, stack: ExitStack) -> Path | None:
    """The very bytes that were judged: at their place, else where an upload that was rejected is kept; or None."""
    places = [one.location] if one.location != _STDIN else []
    places += [f"{one.folder}upload"] if one.whole and one.folder else []
    for location in places:
        with suppress(NotFound):
            if storage.stat(location).size != one.size:
                continue
            _, path = stack.enter_context(storage.fetch(location))
            if file_digest(path) == one.content_id:
                return path
    return None


def rejected(one: Past, storage: Storage, stack: ExitStack, most: int) -> Rejections | None:
    """The upload's rejected records, the first of them; None where they are gone. Raises `StorageError`."""
    location = f"{one.folder}rejected.ndjson"
    if not one.touched:
        return Rejections(None, location, most)
    try:
        _, path = stack.enter_context(storage.fetch(location))
    except NotFound:
        return None
    return Rejections(path, location, most)


@dataclass(frozen=True, slots=True)
class Rejections:
    """The first `most` lines of a `rejected.ndjson`, read anew, one by one, whenever they are asked for: together they
    may be more than memory holds. Without a `path` there are none; `location` is named in faults.
    """

    path: Path | None
    location: str
    most: int

    def __iter__(self) -> Iterator[Rejected]:
        """Raises `QuarantineError` where a line is no rejected record."""
        if self.path is not None:
            yield from map(_rejected, islice(lines(self.path, self.location), self.most))


def _rejected(line: Line) -> Rejected:
    errors = (each for each in line.violations if each.get("severity") == "error")
    broken = tuple((each.get("table"), each.get("column"), str(each.get("rule"))) for each in errors)
    return Rejected(line.record, broken, line.document)
