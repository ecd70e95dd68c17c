"""A replay, judged and staged: what would be published, and what the upload as a whole breaks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from etl.commit import Addition
from etl.contract.model import Contract
from etl.lake import MOST_PARTITIONS, LakeWriter, StagedFile
from etl.pipeline.corrections import documents
from etl.pipeline.judgement import PARTITIONS, UNREADABLE, over
from etl.pipeline.publication import lake_location
from etl.pipeline.staging import staging
from etl.records import Violation, digest
from etl.replay import records
from etl.replay.earlier import Files, check_layout, check_tables, datasets, earlier, partition, readable
from etl.replay.standing import Standing
from etl.replay.trial import Chosen, Found, Item, Judge, Trial
from etl.storage import Storage
from etl.validate import judge_upload


@dataclass(frozen=True, slots=True)
class Staged:
    """`verdict` are the rules that the upload as a whole breaks: with any, nothing may be published."""

    at: Standing
    contract: Contract
    found: Found
    verdict: Sequence[Violation]
    files: Sequence[StagedFile]
    folder: Path

    def addition(self) -> Addition:
        """What `commit` is to add to the upload."""
        upload, lake = self.at.now["upload"], self.at.report["lake"]
        path = self.folder / "released.ndjson"
        path.write_bytes(self._names())
        id_ = digest(self.contract.digest.encode() + path.read_bytes())
        name = f"{upload['id']}-{upload['contentId']}-{id_}"
        locations = [lake_location(file, lake, name) for file in self.files]
        released = f"{self.at.folder.location}replays/{id_}.ndjson"
        entry = {
            "id": id_,
            "contract": {"version": self.contract.version, "digest": self.contract.digest},
            "records": len(self.found.released),
            "released": released,
            "corrections": [each.correction for each in self.found.released if each.correction],
            "files": [
                {"table": file.table, "location": location, "rows": file.rows}
                for file, location in zip(self.files, locations, strict=True)
            ],
        }
        return Addition(
            upload["location"],
            datetime.fromisoformat(upload["arrival"]),
            upload["id"],
            upload["contentId"],
            self.at.claim.runs,
            self.at.run,
            entry,
            {released: path, **{at: file.path for at, file in zip(locations, self.files, strict=True)}},
        )

    def _names(self) -> bytes:
        corrections = self.at.corrections
        for each in self.found.released:
            each.correction = corrections.get(each.record)
        return msgspec.json.Encoder().encode_lines(self.found.released)


@contextmanager
def staged(at: Standing, contract: Contract, storage: Storage, only: Collection[int] | None) -> Iterator[Staged]:
    """Judge the records that wait (`only`: of them those of these numbers), and stage what passes.

    Raises `QuarantineError` where what is needed is gone or can't be read, `ContractError` and `StorageError`.
    """
    check_layout(at, contract)
    with staging(at.folder.location) as folder, ExitStack() as stack:
        files = earlier(at, storage, stack) if _counts(contract) else {}
        pass_ = _Pass(at, contract, storage, files, stack)
        if at.whole and only is not None:  # the upload as a whole is judged with all its records, whoever is chosen
            _, _, verdict = pass_.run(folder / "all", None)
            trial, new, _ = pass_.run(folder / "chosen", only)
        else:
            trial, new, verdict = pass_.run(folder / "chosen", only)
        yield Staged(at, contract, trial.found, verdict, new, folder)


@dataclass(frozen=True, slots=True)
class _Pass:
    """One judgement of what waits. `files` are local copies of what the lake holds of the upload."""

    at: Standing
    contract: Contract
    storage: Storage
    files: Files
    stack: ExitStack

    def run(
        self, folder: Path, only: Collection[int] | None
    ) -> tuple[Trial, Sequence[StagedFile], Sequence[Violation]]:
        """What comes of it, staged in a folder; and what the upload as a whole breaks."""
        at, contract = self.at, self.contract
        writer = LakeWriter(contract, folder, at.now["upload"]["location"], at.now["upload"]["id"])
        with readable(at):
            judge = Judge(contract, None if at.whole else datasets(contract, self.files))
        trial = Trial(contract, judge, writer, _chosen(at, only), at.rows)
        new = trial.run(items(at, contract, self.storage, self.stack))
        with readable(at):
            return trial, new, list(_verdict(at, contract, trial.found, writer, self.files, new))


def _counts(contract: Contract) -> bool:
    """Whether what the lake holds already has a say."""
    return bool(contract.upload_rules) or any(table.keys for table in contract.tables)


def _chosen(at: Standing, only: Collection[int] | None) -> Chosen:
    return lambda number: number not in at.done and (only is None or number in only)


def items(at: Standing, contract: Contract, storage: Storage, stack: ExitStack) -> Iterator[Item]:
    """What is judged: of an upload that was rejected as a whole all records, else those that wait."""
    if at.whole:
        before = [*at.now["corrections"], *(each for replay in at.now["replays"] for each in replay["corrections"])]
        known = documents([*before, *at.corrections.values()], storage)
        return records.whole(at, known, contract, storage, stack)
    waiting = [location for number, location in at.corrections.items() if number not in at.done]
    return _known(at, contract, records.rejected(at, documents(waiting, storage), storage))


def _known(at: Standing, contract: Contract, found: Iterable[records.Numbered]) -> Iterator[Item]:
    """The same; records that are in quarantine in part have their rows in the contract's tables."""
    for item in found:
        check_tables(at, set().union(*item[2].values()), contract)
        yield item


def _partitions(at: Standing, new: Sequence[StagedFile]) -> int:
    """How many the upload would have, in all its tables together."""
    before = {(entry["table"], partition(at, entry)) for entry in at.files}
    return len(before | {(file.table, file.partition) for file in new})


def _verdict(
    at: Standing, contract: Contract, found: Found, writer: LakeWriter, files: Files, new: Sequence[StagedFile]
) -> Iterator[Violation]:
    """As the pipeline judges an upload as a whole; warnings are not looked at again."""
    if found.unreadable:
        yield Violation(UNREADABLE, 0, detail=found.unreadable.reason)
    elif writer.too_many_partitions or _partitions(at, new) > MOST_PARTITIONS:
        yield Violation(PARTITIONS, 0)
    else:
        if at.whole:
            yield from over(contract, found.touched, found.read)
        if contract.upload_rules:
            broken = judge_upload(contract, datasets(contract, files, new))
            yield from (each for each in broken if each.rule.severity == "error")
