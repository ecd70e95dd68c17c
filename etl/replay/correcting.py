"""One record with its document as edited: judged, kept, published in place of the one that was received."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime

import numpy as np
import pyarrow as pa

from etl.contract.model import Contract
from etl.errors import Conflict, UsageError
from etl.flatten import Flattener
from etl.pipeline.corrections import documents
from etl.quarantine import correction, original
from etl.read.corrected import of_texts
from etl.records import Block, Rows, Violation
from etl.replay.earlier import check_layout, datasets, earlier, readable
from etl.replay.records import erased, one_line, ordinals, rejected_lines
from etl.replay.replaying import SUPERSEDED, Replayed, replay
from etl.replay.standing import Ordinals, Standing, steadily
from etl.replay.trial import Judge, Waiting, label
from etl.review import Folder
from etl.review import folder as folder_at
from etl.storage import Storage

_ATTEMPTS = 20  # at the next number, which others take
_KEPT = Replayed("", "open")
_UNREADABLE = "it can't be taken apart into records, nor corrected so; put a corrected file in its place: "
_IN_PART = (
    "this record is in the lake in part: the rows that are there, and their number, can't be edited; upload it again"
)


def judge(folder: Folder, record: int, document: bytes, contract: Contract, storage: Storage) -> Sequence[Violation]:
    """What a record's document, as edited, would break in a replay; warnings too. The upload as a whole is not judged.

    Raises `QuarantineError` where the folder can't be worked with, `ContractError`, `StorageError`.
    """
    text = _one_line(document)
    return steadily(folder, storage, lambda at: [] if at is None else _judged(at, record, text, contract, storage))


def correct(
    folder: Folder, record: int, document: bytes, contract: Contract, storage: Storage, *, who: str, when: datetime
) -> Replayed:
    """Publish one record with its document as edited; one that breaks a rule by itself changes nothing.

    The document is kept, and counts whenever the upload is judged again. Where it can't be published yet, since the
    upload was rejected as a whole, or its key is that of an earlier record which waits too, a later replay does so.
    Raises `UsageError` for a record that doesn't wait, and as `judge`.
    """
    text = _one_line(document)
    told = steadily(folder, storage, lambda at: _tried(at, folder, record, text, contract, storage, who, when))
    if told is not _KEPT:
        return told
    return replay(folder_at(folder.location, storage), contract, storage, who=who, when=when, only={record})


def _tried(
    at: Standing | None,
    folder: Folder,
    record: int,
    text: bytes,
    contract: Contract,
    storage: Storage,
    who: str,
    when: datetime,
) -> Replayed:
    """Why the document can't be published; or `_KEPT`, to be replayed."""
    if at is None:
        return Replayed(folder.location, "superseded", note=SUPERSEDED)
    if any(rule["rule"] == "unreadable" for rule in at.report["rules"]):
        return Replayed(folder.location, folder.state, 1, note=_UNREADABLE + at.report["upload"]["location"])
    if record in at.done and _latest(at, record, storage) == text:  # a correction that is done again changes nothing
        return _KEPT
    _check(at, record, text, contract, storage)
    found = _judged(at, record, text, contract, storage)
    broken = {label(each.rule): 1 for each in found if each.rule.severity == "error"}
    if broken:
        return Replayed(folder.location, folder.state, 1, broken=broken)
    _keep(at, record, text, storage, who, when)
    return _KEPT


def _one_line(document: bytes) -> bytes:
    """The document as its envelope gives it back: line breaks between tokens are blanks."""
    return one_line(original(correction({}, 0, document, "", "")) or b"")


def _judged(at: Standing, record: int, text: bytes, contract: Contract, storage: Storage) -> Sequence[Violation]:
    check_layout(at, contract)
    with ExitStack() as stack:
        with readable(at):
            known = Judge(contract, None if at.whole else datasets(contract, earlier(at, storage, stack)))
        return known.judge(_alone(text), np.array([record]), Waiting(_own(at, record, storage), at.rows))[1]


def _own(at: Standing, record: int, storage: Storage) -> Mapping[int, Ordinals]:
    """The rejected rows of a record that is in quarantine in part."""
    if at.whole:
        return {}
    found = (line for line in rejected_lines(at, storage) if line.record == record and line.rows is not None)
    return {line.record: ordinals(line) for line in found}


def _alone(text: bytes) -> Block:
    return of_texts(1, [text], np.array([1]), np.array([0]))


def _check(at: Standing, record: int, text: bytes, contract: Contract, storage: Storage) -> None:
    """Raises `UsageError` where this record does not wait, or can't be corrected so."""
    if record in at.done:
        raise UsageError(f"record {record} is published already; upload a corrected file to change it")
    none = UsageError(f"{at.folder.location}: there is no record {record} in quarantine, or it was erased")
    if at.whole:
        gone = erased(at, storage)
        if gone is None or record in gone or not 1 <= record <= at.report["records"]["read"]:
            raise none
        return
    line = next((line for line in rejected_lines(at, storage) if line.record == record), None)
    if line is None or line.document is None:
        raise none
    if line.rows is not None and not _differ_there(line.document, text, line.rows, contract):
        raise UsageError(f"record {record}: {_IN_PART}")


def _differ_there(before: bytes, after: bytes, rows: Mapping[str, Sequence[int]], contract: Contract) -> bool:
    """Whether two documents give the same rows but for these."""
    tables = [Flattener(contract).flatten(_alone(text)).rows for text in (before, after)]
    return all(
        _others(tables[0].get(table.name), rows.get(table.name, ()))
        == _others(tables[1].get(table.name), rows.get(table.name, ()))
        for table in contract.tables
    )


def _others(table: Rows | None, rows: Sequence[int]) -> tuple[int, pa.Table | None]:
    """How many rows there are, and those that are in the lake."""
    if table is None:
        return 0, None
    return len(table), table.table(chosen=np.setdiff1d(np.arange(len(table)), np.array(rows, np.int64)))


def _keep(at: Standing, record: int, text: bytes, storage: Storage, who: str, when: datetime) -> None:
    """Append the document to those of its record, unless the latest is the same. Raises `StorageError`."""
    upload = {"id": at.report["upload"]["id"], "location": at.report["upload"]["location"]}
    data = correction(upload, record, text, who, when.isoformat().replace("+00:00", "Z"))
    if _latest(at, record, storage) == text:
        return
    last = int(at.corrections.get(record, "-0.json").rpartition("-")[2].removesuffix(".json"))
    for number in range(last + 1, last + _ATTEMPTS):
        with suppress(Conflict):
            storage.write(f"{at.folder.location}corrections/{record}-{number}.json", data, expect=None)
            return
    raise Conflict(f"{at.folder.location}: others keep correcting record {record}; try again")


def _latest(at: Standing, record: int, storage: Storage) -> bytes | None:
    """The document that was kept last, if one was."""
    location = at.corrections.get(record)
    return documents([location], storage).get(record) if location else None
