"""What has become of an upload's records: its run report, and the rejected records that it leads to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec

from etl.errors import NotFound, StorageError
from etl.storage import Storage

_STDIN = "-"


class _Violation(msgspec.Struct):
    rule: str
    severity: str
    table: str | None = None
    column: str | None = None


class _Envelope(msgspec.Struct):
    record: int
    violations: list[_Violation]


Broken = tuple[str | None, str | None, str]  # table, column, rule


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line of `rejected.ndjson`: the record's number, the rules that it breaks (warnings are left out), all of it."""

    record: int
    broken: tuple[Broken, ...]
    line: bytes


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
            if _content_id(path) == one.content_id:
                return path
    return None


def _content_id(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def rejected(one: Past, storage: Storage, most: int) -> list[Rejected] | None:
    """The upload's rejected records, the first of them; None where they are gone. Raises `StorageError`."""
    if not one.touched:
        return []
    location = f"{one.folder}rejected.ndjson"
    try:
        with storage.fetch(location) as (_, path):
            return rejections(path, location, most)
    except NotFound:
        return None


def rejections(path: Path, location: str, most: int) -> list[Rejected]:
    """The lines of a `rejected.ndjson`, the first of them. Raises `StorageError` where it is none."""
    decoder = msgspec.json.Decoder(_Envelope)
    with path.open("rb") as file:
        try:
            return [_rejected(decoder.decode(line), line) for line in islice(file, most)]
        except msgspec.MsgspecError as error:
            raise StorageError(
                f"{location}: these are no rejected records; move it away from the quarantine"
            ) from error


def _rejected(envelope: _Envelope, line: bytes) -> Rejected:
    errors = (each for each in envelope.violations if each.severity == "error")
    broken = tuple((each.table, each.column, each.rule) for each in errors)
    return Rejected(envelope.record, broken, line)
