"""What was erased, folder by folder; and what was not, since it lies elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from etl.cli.exits import BROKEN, complain, failed
from etl.cli.quarantine.listing import AS_ASKED, nothing_at
from etl.cli.show import near, plain
from etl.contract.model import Contract
from etl.errors import EtlError, QuarantineError, UsageError
from etl.review import Folder, folders, report
from etl.review.contracts import agreed
from etl.review.erasing import Asked, Erased, erase_folder, erase_record
from etl.review.folders import REPORT, UPLOAD
from etl.storage import Storage

__all__ = ["Asked", "Task", "purged", "task"]

_ID = re.compile(r"([0-9a-f]{16})-([1-9][0-9]{0,17})")


@dataclass(frozen=True, slots=True)
class Task:
    """The folders of which payloads are to go: all of them, or those of the record of this `number`.

    `quarantines` are where they were looked for.
    """

    found: Sequence[Folder]
    quarantines: Sequence[str]
    why: str
    number: int | None = None


def task(before: str | None, record: str | None, quarantines: Sequence[str], storage: Storage) -> Task:
    """What is asked for; `before` is an ISO 8601 day. Raises `UsageError`, `StorageError`."""
    if (before is None) == (record is None):
        raise UsageError("purge: give either --before DATE or --record ID")
    if record is None:
        found = [one for one in _all(quarantines, storage) if one.day < str(before)]
        return Task(found, quarantines, f"purge --before {before}")
    matched = _ID.fullmatch(record)
    if matched is None:
        raise UsageError(f"--record {record}: the lake's _record_id is expected, <upload id>-<number>")
    found = [one for one in _all(quarantines, storage) if one.upload_id == matched[1]]
    if not found:
        raise UsageError(
            f"--record {record}: nothing of this upload is in {', '.join(quarantines)}; `etl quarantine list --json` "
            "shows upload ids"
        )
    return Task(found, quarantines, f"purge --record {record}", int(matched[2]))


def _all(quarantines: Sequence[str], storage: Storage) -> Iterator[Folder]:
    for root in quarantines:
        yield from folders(root, storage)


def purged(what: Task, storage: Storage, asked: Asked, say: Callable[[str], None]) -> list[int]:
    """Erase in each folder, and say what was done, and what was not. Gives the exit codes of folders that failed."""
    codes: list[int] = []
    done: list[Erased] = []
    for folder in what.found:
        try:
            one = _erased(folder, what, storage, asked)
        except EtlError as error:
            codes.append(failed(error))
            continue
        done.append(one)
        if one.anything:
            say(plain(f"{near(one.folder)}  {_words(one, dry=asked.dry)}"))
        if one.fault:
            complain(plain(one.fault))
            codes.append(BROKEN)
    say(_total(done, asked) if what.found else nothing_at(what.quarantines) + AS_ASKED)
    for line in _untouched(what):
        say(plain(line))
    return codes


def _erased(folder: Folder, what: Task, storage: Storage, asked: Asked) -> Erased:
    if what.number is None:
        return erase_folder(folder, storage, asked, what.why)
    return erase_record(folder, what.number, _contract(folder, storage), storage, asked, what.why)


def _contract(folder: Folder, storage: Storage) -> Contract | None:
    """The contract that judged the upload, where its copy is to be taken apart; None where the lake has it no more."""
    if UPLOAD not in folder.files or REPORT not in folder.files:
        return None
    try:
        return agreed(report(folder, storage), (), storage)
    except QuarantineError:
        return None


def _words(one: Erased, *, dry: bool) -> str:
    parts = [
        _count(one.records, "record") if one.records else "",
        _count(one.corrections, "corrected document") if one.corrections else "",
        f"what {_count(one.values, 'place')} of reports showed" if one.values else "",
        _count(one.lost, "line") + " that could not be read" if one.lost else "",
    ]
    copy = {"": "", "removed": "the copy of the upload as a whole", "rewritten": "its part of the upload's copy"}
    erased = ", ".join(part for part in (*parts, copy[one.copy]) if part)
    return f"{'would erase' if dry else 'erased'} {erased}"


def _total(done: Sequence[Erased], asked: Asked) -> str:
    touched = sum(one.anything for one in done)
    records = sum(one.records for one in done)
    if not touched:
        return f"nothing is left to erase in {_count(len(done), 'folder')} of the quarantine"
    verb = "would be erased" if asked.dry else "erased"
    return f"in all: {_count(records, 'rejected record')} in {_count(touched, 'folder')} {verb}; the reports stay"


def _untouched(what: Task) -> Iterator[str]:
    """What lies elsewhere, and who removes it."""
    yield "not touched:"
    if what.number is None:
        yield "  the uploads where they arrived: to run one again brings its rejected records back"
        yield "  rows of the lake"
    else:
        record = f"{what.found[0].upload_id}-{what.number}"
        yield "  the upload where it arrived: take the record out there, too; to run it again brings it back"
        yield f"  rows of the lake where _record_id is '{record}', if it was published"
    yield "  older versions of what was erased, in a bucket with versioning: its lifecycle removes them (that of"
    yield "  template.yaml some two days later)"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
