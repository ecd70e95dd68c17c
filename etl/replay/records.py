"""The records that are judged again: as blocks, with the numbers that they have in the upload."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from etl.contract.model import Contract
from etl.errors import NotFound, QuarantineError
from etl.read import Limits, corrected, read
from etl.read.corrected import of_texts
from etl.records import Block, Unreadable, file_digest
from etl.replay.standing import Ordinals, Standing
from etl.review import Line, lines
from etl.review.erasing import copies, missing
from etl.review.folders import REJECTED, UPLOAD
from etl.storage import Storage

_BLOCK = 4 << 20  # bytes of text

Numbered = tuple[Block, np.ndarray, Mapping[int, Ordinals]]
"""A block, its records' numbers, and of those that are rejected by row the rows."""


def rejected(at: Standing, documents: Mapping[int, bytes], storage: Storage) -> Iterator[Numbered]:
    """The rejected records that wait, with their corrected `documents`. Raises `QuarantineError`, `StorageError`."""
    held: list[Line] = []
    size = 0
    for line in rejected_lines(at, storage):
        if line.record in at.done:
            continue
        held.append(line)
        size += len(line.document or b"")
        if size > _BLOCK:
            yield _numbered(held, documents)
            held, size = [], 0
    if held:
        yield _numbered(held, documents)


def rejected_lines(at: Standing, storage: Storage) -> Iterator[Line]:
    """All lines that still have their document."""
    location = at.folder.location + REJECTED
    try:
        with storage.fetch(location) as (_, path):
            yield from (line for line in lines(path, location) if line.document is not None)
    except NotFound as error:
        raise QuarantineError(f"{location}: the rejected records are gone; run the upload again") from error


def _numbered(held: list[Line], documents: Mapping[int, bytes]) -> Numbered:
    numbers = np.array([line.record for line in held], np.int64)
    texts = [documents.get(line.record, line.document or b"") for line in held]
    places = ([line.line or 0 for line in held], [line.offset or 0 for line in held])
    block = of_texts(1, list(map(one_line, texts)), *(np.array(each, np.int64) for each in places))
    rows = {line.record: ordinals(line) for line in held if line.rows is not None}
    return block, numbers, rows


def ordinals(line: Line) -> Ordinals:
    """The rejected rows of a record that is in quarantine in part."""
    return {table: frozenset(ordinals) for table, ordinals in (line.rows or {}).items()}


def one_line(text: bytes) -> bytes:
    """A text that is not JSON is none without its line breaks either."""
    return text.replace(b"\n", b"\0")


def whole(
    at: Standing, documents: Mapping[int, bytes], contract: Contract, storage: Storage, stack: ExitStack
) -> Iterator[Numbered | Unreadable]:
    """All records of an upload that was rejected as a whole. Raises `QuarantineError` where it is gone."""
    limits = Limits.of(contract.policies)
    path, by_line = content(at, storage, stack)
    form, inside = ("new_line", None) if by_line else (contract.delimiter, contract.policies.records)
    reading = read(path, delimiter=form, records=inside, limits=limits)
    gone = (by_line and erased(at, storage)) or frozenset()
    for item in corrected(reading, documents):
        if isinstance(item, Unreadable):
            yield item
            continue
        block, numbers = _without(item, gone)
        if len(numbers):
            yield block, numbers, {}


def erased(at: Standing, storage: Storage) -> frozenset[int] | None:
    """The numbers of records that were erased from an upload that was rejected as a whole; None: of all."""
    return missing(at.folder, at.report["upload"]["size"], storage)


def _without(block: Block, gone: frozenset[int]) -> tuple[Block, np.ndarray]:
    """What is left of a block without erased records, and its records' numbers."""
    numbers = np.arange(block.first, block.first + len(block))
    if gone.isdisjoint(numbers.tolist()):
        return block, numbers
    kept = np.flatnonzero([number not in gone for number in numbers.tolist()])
    return of_texts(block.first, block.texts(kept), block.lines[kept], block.offsets[kept]), numbers[kept]


def content(at: Standing, storage: Storage, stack: ExitStack) -> tuple[Path, bool]:
    """The very bytes that were judged: as kept beside the report, else at their place; and whether they have a record
    a line, since some of the copy's were erased.
    """
    for location in (at.folder.location + UPLOAD, at.report["upload"]["location"]):
        try:
            _, path = stack.enter_context(storage.fetch(location))
        except NotFound:
            continue
        content_id = file_digest(path)
        if content_id == at.folder.content_id:
            return path, False
        if location == at.folder.location + UPLOAD and content_id in copies(at.folder, storage):
            return path, True
    raise QuarantineError(f"{at.folder.location}{UPLOAD}: the upload is gone, here and at its place; upload it again")
