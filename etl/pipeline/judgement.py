"""One pass over an upload: read -> flatten -> validate -> split -> stage; then the verdict on it as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from etl import report
from etl.contract.model import Contract
from etl.errors import AccountingError
from etl.flatten import Flattener, typed
from etl.lake import LakeWriter, StagedFile
from etl.pipeline.ahead import ahead, each
from etl.pipeline.staging import staging
from etl.quarantine import envelope
from etl.read import Limits, Reading, corrected, read
from etl.records import Block, Flattened, Place, Rule, Unreadable, Upload, Violation, digest, file_digest
from etl.report import Account, Status
from etl.split import split
from etl.suggest import Causes
from etl.validate import Validator, judge_upload

STDIN = "-"
_FLATTENING = 2  # threads
_SMALL = 1 << 20  # an upload that can't be taken apart stands in rejected.ndjson too if it is not larger
PARTITIONS = Rule("partitions", "at most 1,000 partitions in one upload")
UNREADABLE = Rule("unreadable", "an upload that can be taken apart into records")

_NONE: Mapping[int, bytes] = {}

Progress = Callable[[int], None]
_Validated = tuple[Block, Flattened, Sequence[Violation]]


@dataclass(frozen=True, slots=True)
class Judged:
    """An upload after its judgement: the sums, the verdict, and the staged files that would be published."""

    upload: dict[str, Any]
    account: Account
    status: Status
    files: Sequence[StagedFile]
    rejected: Path
    suggestions: Sequence[Mapping[str, Any]] = ()


@contextmanager
def judged(
    upload: Upload,
    path: Path,
    contract: Contract,
    progress: Progress | None,
    corrections: Mapping[int, bytes] = _NONE,
) -> Iterator[Judged]:
    """The judgement of an upload. `corrections` are documents by record number, in place of those received."""
    with staging(upload.location) as folder:
        yield _Judgement(upload, path, contract, folder, corrections).judge(progress or (lambda _: None))


def over(contract: Contract, touched: int, read: int) -> Iterator[Violation]:
    """The violation, if of the records read more have anything in quarantine than `maxQuarantined` allows."""
    limit = contract.policies.max_quarantined
    if limit is None or read == 0:
        return
    found = Decimal(touched) if limit.unit == "records" else Decimal(touched) * 100 / read
    if found > limit.amount:
        rule = Rule("maxQuarantined", f"at most {limit}")
        yield Violation(rule, 0, value=f"{found:.10g}", detail=f"{touched} of {read} records")


class _Judgement:
    """One pass over an upload, block by block, into a staging folder."""

    def __init__(
        self, upload: Upload, path: Path, contract: Contract, folder: Path, corrections: Mapping[int, bytes]
    ) -> None:
        self.upload = upload
        self.path = path
        self.contract = contract
        self.corrections = corrections
        self.rejected = folder / "rejected.ndjson"
        self.upload_id = file_digest(path) if upload.location == STDIN else digest(upload.location.encode())
        self.account = Account(contract)
        self.causes = Causes(contract, typed)
        self.lake = LakeWriter(contract, folder, upload.location, self.upload_id)

    def judge(self, progress: Progress) -> Judged:
        policies = self.contract.policies
        limits = Limits.of(policies)
        reading = read(self.path, delimiter=self.contract.delimiter, records=policies.records, limits=limits)
        unreadable = self._blocks(reading, progress)
        files = self.lake.close()
        described = report.describe(
            self.upload, self.upload_id, reading.content_id, reading.form or "unknown", reading.compression
        )
        if unreadable:
            self._unreadable(unreadable, described)
            return Judged(described, self.account, "rejected", (), self.rejected)
        status = self._decide()
        suggested = self._suggestions()
        if status == "rejected":
            return Judged(described, self.account, status, (), self.rejected, suggested)
        self._check_rows(files)
        return Judged(described, self.account, status, files, self.rejected, suggested)

    def _blocks(self, reading: Reading, progress: Progress) -> Unreadable | None:
        with self.rejected.open("wb") as rejected, ExitStack() as threads:
            for found in self._validated(reading, threads):
                if isinstance(found, Unreadable):
                    return found
                self._block(*found, rejected)
                progress(len(found[0]))
        return None

    def _validated(self, reading: Reading, threads: ExitStack) -> Iterator[_Validated | Unreadable]:
        """Each block with its rows and violations. Reading, flattening and validating have threads of their own, which
        are at the next blocks meanwhile: their work is mostly done outside of the interpreter."""
        flattener, validator = Flattener(self.contract), Validator(self.contract)

        def flatten(item: Block | Unreadable) -> tuple[Block, Flattened] | Unreadable:
            return (item, flattener.flatten(item)) if isinstance(item, Block) else item

        def validate(item: tuple[Block, Flattened] | Unreadable) -> _Validated | Unreadable:
            if isinstance(item, Unreadable):
                return item
            block, flat = item
            violations = sorted([*flat.violations, *validator.judge(flat.rows)], key=lambda each: each.record)
            return block, flat, violations

        read = threads.enter_context(ahead(corrected(reading, self.corrections)))
        flat = threads.enter_context(each(flatten, read, _FLATTENING))
        return threads.enter_context(ahead(map(validate, flat)))

    def _block(self, block: Block, flat: Flattened, violations: Sequence[Violation], rejected: BinaryIO) -> None:
        parts = split(flat.rows, violations, self.contract)
        for name, rows in parts.published.items():
            self.lake.write(name, rows)
        for record, broken in parts.rejected.items():
            text = block.text(record - block.first)
            taken = parts.rows[record] if record in parts.split else None
            rejected.write(self._envelope(record, block.place(record), broken, text, taken))
        self.causes.add(parts.rejected, flat.rows, lambda record: block.text(record - block.first))
        self.account.add(block, flat.rows, parts)
        self.account.note(violations, block.place)
        self.account.note_unknown(flat.unknown_fields)

    def _envelope(
        self,
        record: int,
        place: Place,
        violations: Sequence[Violation],
        text: bytes,
        rows: Mapping[str, Sequence[int]] | None = None,
    ) -> bytes:
        upload = {"id": self.upload_id, "location": self.upload.location}
        return envelope(upload, self.contract, record, place, violations, text, rows) + b"\n"

    def _unreadable(self, unreadable: Unreadable, described: dict[str, Any]) -> None:
        """The upload is one record, and that is quarantined."""
        violation = Violation(UNREADABLE, 1, detail=unreadable.reason)
        place = (unreadable.line, unreadable.offset)
        self.account = Account(self.contract, read=1)
        self.account.reject([violation], lambda _: place)
        if described["size"] <= _SMALL:
            self.rejected.write_bytes(self._envelope(1, place, [violation], self.path.read_bytes()))
        else:
            self.rejected.write_bytes(b"")

    def _decide(self) -> Status:
        """The verdict on the upload as a whole, once all of it has been seen."""
        verdicts = [*self._limits(), *self._upload_rules()]
        if any(verdict.rule.severity == "error" for verdict in verdicts):
            self.account.reject(verdicts)
            return "rejected"
        self.account.note(verdicts)
        if self.account.read == 0:
            return "empty"
        return "partial" if self.account.touched else "published"

    def _limits(self) -> Iterator[Violation]:
        if self.lake.too_many_partitions:
            yield Violation(PARTITIONS, 0, detail="is the partition column the right one, and are its values right?")
        yield from over(self.contract, self.account.touched, self.account.read)

    def _upload_rules(self) -> list[Violation]:
        if not self.contract.upload_rules or self.lake.too_many_partitions:  # then not all is staged
            return []
        return judge_upload(self.contract, self.lake.datasets())

    def _suggestions(self) -> list[dict[str, Any]]:
        if not self.causes.groups:
            return []
        from etl.suggest.suggestions import suggestions  # what compares contracts: time that good uploads save

        return suggestions(self.causes)

    def _check_rows(self, files: Sequence[StagedFile]) -> None:
        """What was written is what was counted. Raises `AccountingError`."""
        written, counted = sum(file.rows for file in files), sum(self.account.rows_published.values())
        if written != counted:
            raise AccountingError(
                f"{counted} rows were to be published, {written} were written: please report this bug"
            )
