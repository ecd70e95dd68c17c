"""Payloads removed, accounts kept: what is about people goes, what counts stays.

Of a folder, or of one record of it: the payload in `rejected.ndjson` and the values of its violations, corrected
documents, and the copy `upload`. A copy without one record is NDJSON, a record a line as the reader takes it apart, and
`{}` in that record's place, so that numbers stay. `report.json` keeps its counts; the values that it shows of an erased
record go, and the suggestions of the rules that it breaks: what they say may be such a value.

First all is staged; then the account is appended to the folder's states (`states/0002-erased.json`), which names the
digest of a new copy; then files are written, each whole. Cut short, it is finished by doing it again, which appends
another account.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from etl.commit import dump, states
from etl.contract.model import Contract
from etl.errors import NotFound, QuarantineError, StorageError
from etl.quarantine import erased
from etl.read import Limits, read
from etl.records import Unreadable, file_digest
from etl.report.page import page
from etl.review.folders import REJECTED, REPORT, UPLOAD, Folder
from etl.review.history import history
from etl.review.reports import parsed, report
from etl.storage import Storage

PAGE = "report.html"
_CORRECTIONS = "corrections/"
_Broken = tuple[str | None, str | None, str]  # a rule: table, column, name


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased in a folder (a dry run: would be): payloads of so many `records`, `corrections`, and `values`
    that reports showed; what became of the `copy` of the upload. `lost` lines were no rejected records, and are gone,
    too. `fault` says what could not be looked into.
    """

    folder: str
    records: int = 0
    corrections: int = 0
    values: int = 0
    copy: Literal["", "removed", "rewritten"] = ""
    lost: int = 0
    fault: str = ""

    @property
    def anything(self) -> bool:
        """Whether there was something to erase."""
        return bool(self.records or self.corrections or self.values or self.copy or self.lost)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, and when (UTC, aware). A dry run writes nothing."""

    who: str
    when: datetime
    dry: bool = False

    @property
    def instant(self) -> str:
        """`when` as ISO 8601."""
        return self.when.isoformat().replace("+00:00", "Z")


def erase_folder(folder: Folder, storage: Storage, asked: Asked, why: str) -> Erased:
    """Remove every payload of a folder. `why` stands in the account. Raises `StorageError`."""
    with _staging(folder) as place:
        work = _Work(folder, storage, asked, place)
        work.rejected(None)
        work.corrections(None)
        if UPLOAD in folder.files:
            work.removed.append(folder.location + UPLOAD)
            work.copy = "removed"
        return work.done({"why": why})


def erase_record(
    folder: Folder, number: int, contract: Contract | None, storage: Storage, asked: Asked, why: str
) -> Erased:
    """Remove the payload of one record from a folder. `contract` is that which judged it: it says how the copy of the
    upload is taken apart; without it, or where it can't be, the copy is removed as a whole.

    Raises `QuarantineError` where it can't be told which line is the record's, and `StorageError`.
    """
    with _staging(folder) as place:
        work = _Work(folder, storage, asked, place)
        work.rejected(number)
        work.corrections(number)
        if UPLOAD in folder.files:
            work.upload(number, contract)
        if REPORT in folder.files:
            work.reports(number)
        return work.done({"why": why, "record": number})


def copies(folder: Folder, storage: Storage) -> frozenset[str]:
    """The content ids of copies from which records were erased: NDJSON, whatever the upload was. `StorageError`."""
    found = (event.details.get("upload") for event in history(folder, storage) if event.state == "erased")
    return frozenset(str(each["contentId"]) for each in found if isinstance(each, Mapping) and "contentId" in each)


def missing(folder: Folder, size: int, storage: Storage) -> frozenset[int] | None:
    """The numbers of the records that the copy of an upload (of `size` bytes) lacks, since they were erased; None: the
    copy was erased. A run of the upload brings the copy back. Raises `StorageError`.
    """
    copy = folder.files.get(UPLOAD)
    if copy and copy.size == size:
        return frozenset()
    found = [event.details for event in history(folder, storage) if event.state == "erased"]
    if not copy:
        return None if any(each.get("upload") == "removed" for each in found) else frozenset()
    return frozenset(each["record"] for each in found if isinstance(each.get("record"), int))


@contextmanager
def _staging(folder: Folder) -> Iterator[Path]:
    try:
        with tempfile.TemporaryDirectory(prefix="etl-") as place:
            yield Path(place)
    except OSError as error:
        raise StorageError(
            f"{folder.location}: what is left of it can't be staged in the temporary folder "
            f"({error.strerror or error}); free some space there, then do it again"
        ) from error


@dataclass
class _Work:
    """One folder's erasure: gathered, then applied."""

    folder: Folder
    storage: Storage
    asked: Asked
    place: Path
    staged: dict[str, Path] = field(default_factory=dict)  # by the location that they go to
    removed: list[str] = field(default_factory=list)
    records: int = 0
    corrected: int = 0
    values: int = 0
    lost: int = 0
    fault: str = ""
    copy: Literal["", "removed", "rewritten"] = ""
    copied: Mapping[str, str] | None = None  # of a rewritten copy: its content id and form
    broken: set[_Broken] = field(default_factory=set)  # the rules that the one record breaks
    written_over: list[tuple[str, bytes, str]] = field(default_factory=list)  # run reports, with their tags

    def rejected(self, number: int | None) -> None:
        """The lines of `rejected.ndjson`; None: all of them."""
        at = self.folder.location + REJECTED
        target = self.place / REJECTED
        with suppress(NotFound), self.storage.fetch(at) as (_, path), path.open("rb") as old, target.open("wb") as new:
            for line_number, line in enumerate(old, 1):
                left = self._line(line, number, f"{at}: line {line_number}")
                new.write(left)
        if self.records or self.lost:
            self.staged[at] = target

    def _line(self, line: bytes, number: int | None, where: str) -> bytes:
        """What is left of a line: nothing of one that is no rejected record, where all are to go."""
        try:
            body = json.loads(line)
            record = body["record"]
            if record == number:
                self.broken |= {(each["table"], each["column"], each["rule"]) for each in body["violations"]}
            left = erased(line, self.asked.who, self.asked.instant) if number in (None, record) else None
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            if number is None:
                self.lost += 1
                return b""
            raise QuarantineError(
                f"{where} is no rejected record, so it can't be told whose it is; remove the line by hand, or all of "
                "the folder's payloads by --before"
            ) from error
        if left is None:
            return line
        self.records += 1
        return left + b"\n"

    def corrections(self, number: int | None) -> None:
        """The corrected documents; one that is no such file is removed."""
        start = _CORRECTIONS if number is None else f"{_CORRECTIONS}{number}-"
        for name in sorted(name for name in self.folder.files if name.startswith(start)):
            at = self.folder.location + name
            with suppress(NotFound):
                try:
                    left = erased(self.storage.read(at)[0], self.asked.who, self.asked.instant)
                except (ValueError, RecursionError):
                    self.removed.append(at)
                    self.corrected += 1
                    continue
                if left is not None:
                    self.staged[at] = self._stage(f"correction-{len(self.staged)}", left + b"\n")
                    self.corrected += 1

    def _stage(self, name: str, data: bytes) -> Path:
        path = self.place / name
        path.write_bytes(data)
        return path

    def upload(self, number: int, contract: Contract | None) -> None:
        """The copy of the upload, without this record; where it can't be taken apart, none."""
        at = self.folder.location + UPLOAD
        target = self.place / UPLOAD
        with suppress(NotFound), self.storage.fetch(at) as (_, path):
            content_id = file_digest(path)
            known = content_id in copies(self.folder, self.storage)
            if contract is None or not (known or content_id == self.folder.content_id):
                found = None
            else:
                found = _without(path, target, number, contract, by_line=known)
            if found is None or (REPORT in self.folder.files and found.read != self._read()):
                self.removed.append(at)
                self.copy = "removed"
            elif found.changed:
                self.staged[at] = target
                self.copy = "rewritten"
                self.copied = {"contentId": file_digest(target), "form": "ndjson"}

    def _read(self) -> int | None:
        """How many records the run has read; None where its report can't be read."""
        try:
            return int(report(self.folder, self.storage)["records"]["read"])
        except QuarantineError:
            return None

    def reports(self, number: int) -> None:
        """The values that reports show of this record: in the folder, and in the lake while it is of this content."""
        at = self.folder.location + REPORT
        try:
            body = report(self.folder, self.storage)
        except QuarantineError as error:
            self.fault = f"{error} (what it shows of record {number} was not looked into)"
            return
        if blanked := _blank(body, number, self.broken):
            self.values += blanked
            if PAGE in self.folder.files:  # before the report: as long as that shows values, both are written again
                self.staged[self.folder.location + PAGE] = self._stage(PAGE, page(body))
            self.staged[at] = self._stage(REPORT, dump(body))
        if not body["lake"]:
            return
        run_at = f"{body['lake']}_runs/{self.folder.contract}/{self.folder.upload_id}.json"
        with suppress(NotFound):
            data, tag = self.storage.read(run_at)
            try:
                run = parsed(data, run_at)
            except QuarantineError as error:
                self.fault = f"{error} (what it shows of record {number} was not looked into)"
                return
            if run["upload"].get("contentId") == self.folder.content_id and (
                blanked := _blank(run, number, self.broken)
            ):
                self.values += blanked
                self.written_over.append((run_at, dump(run), tag))

    def done(self, details: Mapping[str, Any]) -> Erased:
        """Write it all, unless there is nothing, or it is a dry run."""
        found = Erased(
            self.folder.location, self.records, self.corrected, self.values, self.copy, self.lost, self.fault
        )
        if self.asked.dry or not found.anything:
            return found
        account = {
            **details,
            "records": {"payloads": self.records, "corrections": self.corrected, "lost": self.lost},
            "values": self.values,
            "upload": self.copied or self.copy or None,
        }
        states.append(self.folder.location, "erased", self.asked.who, self.asked.when, self.storage, account)
        for at, path in self.staged.items():
            self.storage.put(path, at)
        self.storage.delete(self.removed)
        for at, data, tag in self.written_over:
            self.storage.write(at, data, expect=tag)
        return found


@dataclass(frozen=True, slots=True)
class _Copy:
    """A copy that was taken apart: how many records it has, and whether one of them is another now."""

    read: int
    changed: bool


def _without(path: Path, target: Path, number: int, contract: Contract, *, by_line: bool) -> _Copy | None:
    """Write the records of a copy one a line, with `{}` in place of this one; None where it can't be taken apart."""
    policies = contract.policies
    reading = read(
        path,
        delimiter="new_line" if by_line else contract.delimiter,
        records=None if by_line else policies.records,
        limits=Limits.of(policies),
    )
    count, changed = 0, False
    with target.open("wb") as file:
        for block in reading:
            if isinstance(block, Unreadable):
                return None
            for at in range(len(block)):
                text = block.text(at)
                if block.first + at == number and text != b"{}":
                    text, changed = b"{}", True
                file.write(text + b"\n")
            count += len(block)
    return _Copy(count, changed)


def _blank(body: dict[str, Any], number: int, broken: Collection[_Broken]) -> int:
    """Take a record's values out of a report, and the suggestions of rules that it breaks; gives how many went."""
    count = 0
    rules = set(broken)
    with suppress(KeyError, TypeError):  # edited by hand: what is no rule shows no value as one
        for rule in body["rules"]:
            for example in rule["examples"]:
                if example["record"] != number:
                    continue
                rules.add((rule["table"], rule["column"], rule["rule"]))
                if example["value"] is not None or example["detail"] is not None:
                    example["value"] = example["detail"] = None
                    count += 1
    with suppress(KeyError, TypeError):
        kept = [each for each in body["suggestions"] if not _is_of(each, rules)]
        count += len(body["suggestions"]) - len(kept)
        body["suggestions"] = kept
    return count


def _is_of(suggestion: Mapping[str, Any], rules: Collection[_Broken]) -> bool:
    """Whether a suggestion is about one of these rules; one of new columns names these, and not the rule's own."""
    name = suggestion["rule"]
    if suggestion["kind"] == "field":
        return any(rule == name for _, _, rule in rules)
    return (suggestion["table"], suggestion["column"], name) in rules
