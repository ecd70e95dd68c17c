"""The rejected records of a folder, a page of them or one; a line that was edited by hand hides none of the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from etl.errors import NotFound, QuarantineError
from etl.quarantine import original
from etl.review import Folder
from etl.review.folders import REJECTED
from etl.storage import Storage


class NoRecord(QuarantineError):
    """There is none of this number; or its line can't be read."""


class _Head(msgspec.Struct):
    record: int
    violations: list[dict[str, Any]]
    line: int | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """One rejected record; `violations` as in its envelope, values not masked."""

    record: int
    line: int | None
    violations: Sequence[Mapping[str, Any]]
    envelope: bytes

    @property
    def document(self) -> bytes | None:
        """Its bytes as received; None where its envelope has none: it was erased."""
        try:
            return original(self.envelope) or None
        except (msgspec.MsgspecError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class Listing:
    """Records of a folder: those of one page, how many there are, and the numbers of lines that are none."""

    records: Sequence[Rejected]
    total: int
    faulty: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A record among its others: their numbers in order."""

    record: Rejected
    before: int | None
    after: int | None
    place: int
    total: int


@contextmanager
def _lines(folder: Folder, storage: Storage) -> Iterator[Iterator[tuple[int, bytes]]]:
    """The lines with their numbers. Raises `QuarantineError` where the file is gone."""
    try:
        with storage.fetch(folder.location + REJECTED) as (_, path), Path(path).open("rb") as file:
            yield enumerate(file, 1)
    except NotFound as error:
        raise QuarantineError(
            f"{folder.location}{REJECTED}: it is not there; it was deleted, or a run was killed: run the upload again"
        ) from error


def page(folder: Folder, storage: Storage, first: int, count: int) -> Listing:
    """`count` records from the one at `first` (from 0) on. Raises `QuarantineError`, `StorageError`."""
    decoder = msgspec.json.Decoder(_Head)
    found: list[Rejected] = []
    faulty: list[int] = []
    total = 0
    with _lines(folder, storage) as lines:
        for number, data in lines:
            head = _head(decoder, data)
            if head is None:
                faulty.append(number)
                continue
            if first <= total < first + count:
                found.append(Rejected(head.record, head.line, head.violations, data))
            total += 1
    return Listing(found, total, faulty)


def one(folder: Folder, storage: Storage, record: int) -> Neighbours:
    """One record. Raises `NoRecord` where there is none of this number, `QuarantineError` and `StorageError`."""
    decoder = msgspec.json.Decoder(_Head)
    before, found, after, place, total = None, None, None, 0, 0
    with _lines(folder, storage) as lines:
        for _, data in lines:
            head = _head(decoder, data)
            if head is None:
                continue
            total += 1
            if head.record == record and found is None:
                found, place = Rejected(head.record, head.line, head.violations, data), total
            elif found is None:
                before = head.record
            elif after is None:
                after = head.record
    if found is None:
        raise NoRecord(f"{folder.location}{REJECTED}: there is no rejected record {record} in it")
    return Neighbours(found, before, after, place, total)


def _head(decoder: msgspec.json.Decoder[_Head], data: bytes) -> _Head | None:
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, RecursionError):
        return None
