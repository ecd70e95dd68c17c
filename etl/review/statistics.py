"""How much is rejected: by day, by contract, by upload, by rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from etl.records import Severity
from etl.review.summaries import Account, Broken, Summary


@dataclass(frozen=True, slots=True)
class Share:
    """The sums of some uploads. `rejected` are the records of which anything was quarantined, `released` those that
    replays have published since.
    """

    key: str
    uploads: int
    read: int
    rejected: int
    released: int

    @property
    def percent(self) -> float:
        """What was rejected, of what was read: 0 to 100."""
        return 100 * self.rejected / self.read if self.read else 0.0


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How often a rule was broken: in so many uploads, records and places. `name` is `orders.price minimum`."""

    contract: str
    name: str
    severity: Severity
    uploads: int
    records: int
    violations: int


def by_day(summary: Summary) -> str:
    """The day on which the upload arrived."""
    return summary.day or ""


def by_contract(summary: Summary) -> str:
    """The contract's name."""
    return summary.contract


def by_upload(summary: Summary) -> str:
    """Where the upload lies."""
    return summary.account.upload if summary.account else ""


def shares(summaries: Iterable[Summary], key: Callable[[Summary], str]) -> list[Share]:
    """The sums for each key; the last key first. Reports that can't be read count in none."""
    groups: defaultdict[str, list[Account]] = defaultdict(list)
    for one in summaries:
        if one.account:
            groups[key(one)].append(one.account)
    return [_share(each, groups[each]) for each in sorted(groups, reverse=True)]


def _share(key: str, accounts: Sequence[Account]) -> Share:
    return Share(
        key,
        len(accounts),
        sum(one.read for one in accounts),
        sum(one.quarantined + one.split for one in accounts),
        sum(one.released for one in accounts),
    )


@dataclass(slots=True)
class _Sum:
    uploads: int = 0
    records: int = 0
    violations: int = 0

    def add(self, broken: Broken) -> None:
        self.uploads += 1
        self.records += broken.records
        self.violations += broken.violations


def rules(summaries: Iterable[Summary]) -> list[RuleCount]:
    """Each broken rule: errors before warnings, that of most records first."""
    sums: defaultdict[tuple[str, str, Severity], _Sum] = defaultdict(_Sum)
    for one in summaries:
        for broken in one.account.rules if one.account else ():
            sums[one.contract, broken.name, broken.severity].add(broken)
    found = [RuleCount(*key, each.uploads, each.records, each.violations) for key, each in sums.items()]
    return sorted(found, key=lambda each: (each.severity, -each.records, -each.violations, each.contract, each.name))
