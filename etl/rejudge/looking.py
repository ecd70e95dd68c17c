"""Through the run reports, the newest first, until enough records have been seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from etl.contract.model import Contract
from etl.errors import UsageError
from etl.rejudge import judging
from etl.rejudge.judging import Verdict
from etl.rejudge.past import Broken, Past, Rejections, content, past, rejected
from etl.storage import Storage


@dataclass(frozen=True, slots=True)
class Evidence:
    """What would become of records, by what has become of them. Those published in part count as quarantined.

    `records` are all that were looked at: those published of which it is known what would become of them, those
    quarantined likewise, and the `unknown`. `newly` of the published ones would be quarantined, `passing` of the
    quarantined ones published. `rejected` uploads would newly be rejected as a whole. `broken` counts the records that
    would newly be quarantined, by rule.
    """

    uploads: int = 0
    records: int = 0
    newly: int = 0
    quarantined: int = 0
    passing: int = 0
    unknown: int = 0
    rejected: int = 0
    broken: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: Evidence) -> Evidence:
        return Evidence(
            self.uploads + other.uploads,
            self.records + other.records,
            self.newly + other.newly,
            self.quarantined + other.quarantined,
            self.passing + other.passing,
            self.unknown + other.unknown,
            self.rejected + other.rejected,
            dict(Counter(self.broken) + Counter(other.broken)),
        )


def evidence(lake: str, name: str, contract: Contract, storage: Storage, most: int) -> Evidence:
    """What `contract` would make of the last `most` records that the contract called `name` has judged.

    `lake` is the root of the lake, with a final `/`. Raises `UsageError` where it holds no run reports of that
    contract, and `StorageError`.
    """
    found = Evidence()
    for one in past(storage, lake, name):
        found += _upload(one, contract, storage, most - found.records)
        if found.records >= most:
            break
    if not found.uploads:
        raise UsageError(f"{lake}: there are no run reports in _runs/{name}/ here; give the root of the lake")
    return found


def _upload(one: Past, contract: Contract, storage: Storage, room: int) -> Evidence:
    """The evidence of one upload: of all its records, or of the first `room` of them."""
    seen = Evidence(uploads=1, records=min(one.read, room))
    if not one.read:
        return seen
    with ExitStack() as stack:
        before = rejected(one, storage, stack, room)
        path = content(one, storage, stack)
        if path is not None and (one.whole or before is not None):
            now = judging.upload(path, contract) if one.read <= room else judging.first(path, contract, room)
            if one.whole or now.whole or now.read == one.read:  # else its records have other numbers
                return seen + _compared(one, {line.record for line in before or ()}, now, seen.records)
        if one.whole or before is None:
            return replace(seen, unknown=seen.records)
        return seen + _alone(before, contract, seen.records)


def _alone(before: Rejections, contract: Contract, most: int) -> Evidence:
    """Of the first `most` records, those that are in quarantine; of the others nothing is known."""
    quarantined = sum(line.record <= most for line in before)
    passing = judging.alone((line for line in before if line.record <= most), contract)
    return Evidence(quarantined=quarantined, passing=passing, unknown=most - quarantined)


def _compared(one: Past, before: set[int], now: Verdict, most: int) -> Evidence:
    """Record by record, by their numbers."""
    every = range(1, most + 1)
    quarantined = set(every) if one.whole else before & set(every)
    would = set(every) if now.whole else now.broken.keys() & set(every)
    newly = would - quarantined
    broken = Counter(
        rule for record in newly for rule in {_spelt(each) for each in now.broken.get(record, now.reasons)}
    )
    return Evidence(
        newly=len(newly),
        quarantined=len(quarantined),
        passing=len(quarantined - would),
        rejected=int(now.whole and not one.whole),
        broken=dict(broken),
    )


def _spelt(broken: Broken) -> str:
    table, column, rule = broken
    return f"{'.'.join(part for part in (table, column) if part)} {rule}".strip()
