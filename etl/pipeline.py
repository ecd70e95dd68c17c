"""One upload, start to end: read -> flatten -> validate -> split -> stage, then decide, then publish.

Everything up to the decision happens in a temporary folder; `commit` makes it visible. `check` stops before that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, TypeVar

from etl import commit, report
from etl.contract.model import Contract
from etl.errors import AccountingError, Conflict, UsageError
from etl.flatten import Flattener
from etl.lake import LakeWriter, StagedFile
from etl.quarantine import envelope
from etl.read import Reading, read
from etl.records import Block, Flattened, Place, Rule, Unreadable, Upload, Violation, digest
from etl.report import Account, Status
from etl.split import split
from etl.storage import Storage
from etl.validate import Validator, judge_upload

STDIN = "-"
_TRIES = 5  # how often an upload that changes while it is copied is read anew
_AHEAD = 2  # blocks that are parsed while one is checked and written
_SMALL = 1 << 20  # an upload that can't be taken apart stands in rejected.ndjson too if it is not larger
_PARTITIONS = Rule("partitions", "at most 1,000 partitions in one upload")
_OVERLONG = Rule("partitions", "partition values that a folder's name can hold")
_UNREADABLE = Rule("unreadable", "an upload that can be taken apart into records")

Progress = Callable[[int], None]
S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where an upload's results go: folder locations that end with `/`."""

    lake: str
    quarantine: str


@dataclass(frozen=True, slots=True)
class Judged:
    """An upload after its judgement: the sums, the verdict, and the staged files that would be published."""

    upload: dict[str, Any]
    account: Account
    status: Status
    files: Sequence[StagedFile]
    rejected: Path


def run(
    location: str, contract: Contract, storage: Storage, outputs: Outputs, progress: Progress | None = None
) -> dict[str, Any]:
    """Process one upload and publish what became of it. Returns the run report.

    Raises `StorageError` (`NotFound` if the upload is not there) when nothing was committed: run it again.
    """
    for _ in range(_TRIES):
        try:
            with storage.fetch(location) as (upload, path):
                return run_file(upload, path, contract, storage, outputs, progress)
        except Conflict:
            continue  # the object changed between reading and copying it: what counts is what it is now
    raise Conflict(f"{location}: it changes faster than it can be read; run it again when it has come to rest")


def run_file(
    upload: Upload,
    path: Path,
    contract: Contract,
    storage: Storage,
    outputs: Outputs,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """`run` for an upload that lies at `path` already (standard input has no other place)."""
    with _judged(upload, path, contract, progress) as judged:
        document = _document(judged, outputs)
        commit.publish(_publication(judged, document, upload, path, outputs), storage)
        return document


def check(location: str, contract: Contract, storage: Storage, progress: Progress | None = None) -> dict[str, Any]:
    """The same judgement; nothing is written. Returns the run report, which names no files."""
    with storage.fetch(location) as (upload, path):
        return check_file(upload, path, contract, progress)


def check_file(upload: Upload, path: Path, contract: Contract, progress: Progress | None = None) -> dict[str, Any]:
    """`check` for an upload that lies at `path` already."""
    with _judged(upload, path, contract, progress) as judged:
        return report.document(judged.account, judged.status, judged.upload, (), None)


def outputs_of(contract: Contract, lake: str | None, quarantine: str | None) -> Outputs:
    """Where the contract's servers say, unless told otherwise. Raises `UsageError` where neither does."""
    return Outputs(_output(contract, "datalake", lake), _output(contract, "quarantine", quarantine))


def _output(contract: Contract, server: str, given: str | None) -> str:
    if given is not None:
        return given if given.endswith("/") else given + "/"
    if server not in contract.servers:
        option = "--lake" if server == "datalake" else "--quarantine"
        raise UsageError(
            f"{contract.file}: no server '{server}' says where to write (or its ${{ORDERS_...}} variable is not set): "
            f"set it, or give {option}"
        )
    return contract.servers[server].location


@contextmanager
def _judged(upload: Upload, path: Path, contract: Contract, progress: Progress | None) -> Iterator[Judged]:
    with TemporaryDirectory(prefix="etl-") as staging:
        yield _Judgement(upload, path, contract, Path(staging)).judge(progress or (lambda _: None))


class _Judgement:
    """One pass over an upload, block by block, into a staging folder."""

    def __init__(self, upload: Upload, path: Path, contract: Contract, staging: Path) -> None:
        self.upload = upload
        self.path = path
        self.contract = contract
        self.rejected = staging / "rejected.ndjson"
        self.upload_id = digest(path.read_bytes() if upload.location == STDIN else upload.location.encode())
        self.account = Account(contract)
        self.lake = LakeWriter(contract, staging, upload.location, self.upload_id)

    def judge(self, progress: Progress) -> Judged:
        reading = read(self.path, delimiter=self.contract.delimiter, records=self.contract.policies.records)
        unreadable = self._blocks(reading, progress)
        files = self.lake.close()
        described = report.describe(
            self.upload, self.upload_id, reading.content_id, reading.form or "unknown", reading.compression
        )
        if unreadable:
            self._unreadable(unreadable, described)
            return Judged(described, self.account, "rejected", (), self.rejected)
        status = self._decide()
        if status == "rejected":
            return Judged(described, self.account, status, (), self.rejected)
        self._check_rows(files)
        return Judged(described, self.account, status, files, self.rejected)

    def _blocks(self, reading: Reading, progress: Progress) -> Unreadable | None:
        flattener, validator = Flattener(self.contract), Validator(self.contract)
        with self.rejected.open("wb") as rejected:
            for found in _ahead(partial(_flat, flattener), reading):
                if isinstance(found, Unreadable):
                    return found
                block, flat = found
                self._block(block, flat, validator, rejected)
                progress(len(block.texts))
        return None

    def _block(self, block: Block, flat: Flattened, validator: Validator, rejected: BinaryIO) -> None:
        violations = sorted([*flat.violations, *validator.judge(flat.rows)], key=lambda violation: violation.record)
        parts = split(flat.rows, violations, self.contract)
        for name, rows in parts.published.items():
            self.lake.write(name, rows.values, rows.records)
        for record, broken in parts.rejected.items():
            rejected.write(self._envelope(record, _place(block, record), broken, block.texts[record - block.first]))
        self.account.add(block, flat.rows, parts)
        self.account.note(violations, lambda record: _place(block, record))
        self.account.note_unknown(flat.unknown_fields)

    def _envelope(self, record: int, place: Place, violations: Sequence[Violation], text: bytes) -> bytes:
        upload = {"id": self.upload_id, "location": self.upload.location}
        return envelope(upload, self.contract, record, place, violations, text) + b"\n"

    def _unreadable(self, unreadable: Unreadable, described: dict[str, Any]) -> None:
        """The upload is one record, and that is quarantined."""
        violation = Violation(_UNREADABLE, 1, detail=unreadable.reason)
        place = (unreadable.line, unreadable.offset)
        self.account = Account(self.contract, read=1)
        self.account.reject([violation], lambda _: place)
        if described["size"] <= _SMALL:
            self.rejected.write_bytes(self._envelope(1, place, [violation], self.path.read_bytes()))
        else:
            self.rejected.write_bytes(b"")

    def _decide(self) -> Status:
        """The verdict on the upload as a whole, once all of it has been seen."""
        if self.account.read == 0:
            return "empty"
        verdicts = [*self._limits(), *self._upload_rules()]
        if any(verdict.rule.severity == "error" for verdict in verdicts):
            self.account.reject(verdicts)
            return "rejected"
        self.account.note(verdicts)
        return "partial" if self.account.touched else "published"

    def _limits(self) -> Iterator[Violation]:
        if self.lake.too_many_partitions:
            yield Violation(_PARTITIONS, 0, detail="is the partition column the right one, and are its values right?")
        if self.lake.overlong_partition:
            yield Violation(_OVERLONG, 0, detail="a value of the partition column is too long for a folder's name")
        limit = self.contract.policies.max_quarantined
        if limit is None:
            return
        touched = Decimal(self.account.touched)
        found = touched if limit.unit == "records" else touched * 100 / self.account.read
        if found > limit.amount:
            rule = Rule("maxQuarantined", f"at most {limit.amount} {limit.unit}")
            yield Violation(rule, 0, value=f"{found:.4g}", detail=f"{touched} of {self.account.read} records")

    @property
    def _incomplete(self) -> bool:
        """Whether staging was given up: there are folders that could not be made."""
        return self.lake.too_many_partitions or self.lake.overlong_partition is not None

    def _upload_rules(self) -> list[Violation]:
        if not self.contract.upload_rules or self._incomplete:
            return []
        return judge_upload(self.contract, self.lake.datasets())

    def _check_rows(self, files: Sequence[StagedFile]) -> None:
        """What was written is what was counted. Raises `AccountingError`."""
        written, counted = sum(file.rows for file in files), sum(self.account.rows_published.values())
        if written != counted:
            raise AccountingError(
                f"{counted} rows were to be published, {written} were written: please report this bug"
            )


def _flat(flattener: Flattener, item: Block | Unreadable) -> tuple[Block, Flattened] | Unreadable:
    return (item, flattener.flatten(item)) if isinstance(item, Block) else item


def _ahead(work: Callable[[S], T], items: Iterable[S]) -> Iterator[T]:
    """The work on each item, in order; threads are at the next ones meanwhile, as Arrow needs no interpreter."""
    with ThreadPoolExecutor(_AHEAD, "etl-ahead") as threads:
        coming: deque[Future[T]] = deque()
        for item in items:
            coming.append(threads.submit(work, item))
            if len(coming) > _AHEAD:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


def _place(block: Block, record: int) -> Place:
    return block.lines[record - block.first], block.offsets[record - block.first]


def _document(judged: Judged, outputs: Outputs) -> dict[str, Any]:
    name = f"{judged.upload['id']}-{judged.upload['contentId']}"
    files = [
        {"table": file.table, "location": _lake_location(file, outputs, name), "rows": file.rows}
        for file in judged.files
    ]
    return report.document(judged.account, judged.status, judged.upload, files, _quarantine(judged, outputs, name))


def _lake_location(file: StagedFile, outputs: Outputs, name: str) -> str:
    folder = f"{file.partition}/" if file.partition else ""
    return f"{outputs.lake}{file.table}/{folder}{name}.parquet"


def _quarantine(judged: Judged, outputs: Outputs, name: str) -> dict[str, Any] | None:
    if not judged.account.warned:
        return None
    day = judged.upload["arrival"][:10]
    files = ["report.json", "rejected.ndjson", *(["upload"] if judged.status == "rejected" else [])]
    return {"location": f"{outputs.quarantine}{judged.account.contract.name}/{day}/{name}/", "files": files}


def _publication(
    judged: Judged, document: dict[str, Any], upload: Upload, path: Path, outputs: Outputs
) -> commit.Publication:
    written = commit.dump(document)
    files = {entry["location"]: file.path for entry, file in zip(document["files"], judged.files, strict=True)}
    copies: tuple[str, ...] = ()
    if folder := (document["quarantine"] or {}).get("location"):
        staged_report = judged.rejected.with_name("report.json")
        staged_report.write_bytes(written)
        files |= {f"{folder}report.json": staged_report, f"{folder}rejected.ndjson": judged.rejected}
        if judged.status == "rejected" and upload.location == STDIN:
            files[f"{folder}upload"] = path
        elif judged.status == "rejected":
            copies = (f"{folder}upload",)
    runs = f"{outputs.lake}_runs/{judged.account.contract.name}/"
    return commit.Publication(upload, judged.upload["id"], judged.upload["contentId"], runs, files, copies, written)
