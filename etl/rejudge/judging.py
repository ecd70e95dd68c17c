"""What would become of records: the engine's own judgement, with nothing published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from etl.contract.model import Contract
from etl.pipeline.judgement import judged
from etl.read import Limits, read
from etl.records import Block, Unreadable, Upload
from etl.rejudge.past import Broken, Rejected, Rejections

_ARRIVAL = datetime(1970, 1, 1, tzinfo=UTC)  # of what is judged here; no rule asks for it


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many records there are, whether all are rejected as a whole, and what each that is not published breaks."""

    read: int
    whole: bool
    broken: Mapping[int, Sequence[Broken]]
    reasons: Sequence[Broken] = ()  # what the upload as a whole breaks


def upload(path: Path, contract: Contract) -> Verdict:
    """The judgement of a whole upload."""
    with judged(Upload(str(path), _ARRIVAL, path.stat().st_size), path, contract, None) as found:
        lines = Rejections(found.rejected, "the rejected records of this run", found.account.read)
        reasons = [
            (rule["table"], rule["column"], rule["rule"])
            for rule in found.account.rules()
            if found.status == "rejected" and rule["severity"] == "error" and not rule["records"]
        ]
        return Verdict(found.account.read, found.status == "rejected", rules_by_record(lines), reasons)


def rules_by_record(lines: Iterable[Rejected]) -> Mapping[int, Sequence[Broken]]:
    """The rules that each rejected record breaks, by its number; the same rules are one and the same value."""
    known: dict[tuple[Broken, ...], tuple[Broken, ...]] = {}
    return {line.record: known.setdefault(line.broken, line.broken) for line in lines}


def first(path: Path, contract: Contract, most: int) -> Verdict:
    """The judgement of the first records of an upload; `read` counts them all."""
    limits = Limits.of(contract.policies)
    reading = read(path, delimiter=contract.delimiter, records=contract.policies.records, limits=limits)
    with NamedTemporaryFile(prefix="etl-") as file:
        count = _write_first(reading, file, most)
        if count is None:
            return Verdict(0, True, {}, [(None, None, "unreadable")])
        return replace(upload(Path(file.name), _by_line(contract)), read=count)


def _write_first(items: Iterable[Block | Unreadable], file: IO[bytes], most: int) -> int | None:
    """Write the first records, one a line. How many there are; None where they can't be taken apart."""
    count = 0
    for block in items:
        if isinstance(block, Unreadable):
            return None
        for at in range(min(len(block), most - count)):
            file.write(block.text(at) + b"\n")
        count += len(block)
    file.flush()
    return count


def alone(records: Iterable[Rejected], contract: Contract) -> int:
    """How many of these rejected records would pass, as far as they show.

    One that repeated a key does not pass while the contract has that key: what it repeated may be in the lake. Of one
    that was erased nothing shows.
    """
    keys = {(key.rule.table, key.rule.column, key.rule.name) for table in contract.tables for key in table.keys}
    may = []  # pass, record by record; what they hold is no longer needed once it is written
    with NamedTemporaryFile(prefix="etl-") as file:
        for record in records:  # a text that is not JSON is none without its line breaks either
            if record.document is None:
                continue
            file.write(record.document.replace(b"\n", b"\0") + b"\n")
            may.append(keys.isdisjoint(record.broken))
        file.flush()
        broken = upload(Path(file.name), _by_line(contract)).broken
    return sum(passes and at not in broken for at, passes in enumerate(may, 1))


def _by_line(contract: Contract) -> Contract:
    """The contract for records one a line, without the rules on an upload as a whole."""
    policies = replace(contract.policies, records=None, max_quarantined=None)
    return replace(contract, delimiter="new_line", upload_rules=(), policies=policies)
