"""The home page: what share was rejected, by day and by rule; and the uploads, the newest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from etl.review.summaries import Account, Summary
from etl.web.desk import Desk, address
from etl.web.index import Index
from etl.web.plots import Day, DayPlot, RuleBar, by_day, by_rule, total

PAGE = 25
STATES = ("open", "partly_resolved", "resolved", "dismissed", "superseded")
STATUSES = ("published", "partial", "rejected", "empty")
_NAMED = 3  # rules of an upload


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person wants to see; empty: all."""

    contract: str = ""
    rule: str = ""
    status: str = ""
    state: str = ""
    day: str = ""
    page: int = 1

    @staticmethod
    def of(query: Mapping[str, str]) -> Wanted:
        """By an address; what is no filter there is passed over."""
        page = query.get("page", "")
        fields = {name: query.get(name, "").strip()[:300] for name in ("contract", "rule", "status", "state", "day")}
        return Wanted(**fields, page=int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1)

    def address(self, **changes: Any) -> str:
        """The home page with these changes; at its first page, unless one is given."""
        found = replace(self, **{"page": 1, **changes})
        fields = {name: getattr(found, name) for name in ("contract", "rule", "status", "state", "day")}
        pairs = [(name, value) for name, value in fields.items() if value]
        pairs += [("page", str(found.page))] if found.page > 1 else []
        return "/?" + urlencode(pairs) if pairs else "/"

    @property
    def narrow(self) -> bool:
        return any((self.contract, self.rule, self.status, self.state, self.day))

    def lets(self, one: Summary) -> bool:
        account = one.account
        return (
            self.state in ("", one.state)
            and self._lets_feed(one)
            and (not self.status or (account is not None and account.status == self.status))
            and (not self.rule or (account is not None and any(each.name == self.rule for each in account.rules)))
        )

    def _lets_feed(self, one: Summary) -> bool:
        return self.contract in ("", one.contract) and self.day in ("", one.day)

    def lets_feed(self, one: Summary) -> bool:
        """By contract and day alone: what the plots are about."""
        return self._lets_feed(one)


@dataclass(frozen=True, slots=True)
class Row:
    """One upload. `key` stands for its folder in quarantine; empty where it has none."""

    key: str
    address: str
    summary: Summary
    account: Account | None
    rules: tuple[str, ...]
    more: int

    @property
    def rejected(self) -> int:
        return self.account.quarantined + self.account.split if self.account else 0

    @property
    def only_warns(self) -> bool:
        """Whether it is open, and nothing of it waits."""
        return self.account is not None and self.summary.state == "open" and not _waits(self.summary)


@dataclass(frozen=True, slots=True)
class Home:
    """All of it. `states` counts uploads by review state, whatever the filter says of that."""

    wanted: Wanted
    rows: tuple[Row, ...]
    found: int
    pages: int
    states: Mapping[str, int]
    days: DayPlot | None
    rules: tuple[RuleBar, ...]
    sums: Day
    contracts: tuple[str, ...]
    every_rule: tuple[str, ...]
    faults: tuple[str, ...]
    waiting: int

    def address(self, page: int) -> str:
        """Another page of the same."""
        return self.wanted.address(page=page) + "#list"


def home(index: Index, wanted: Wanted) -> Home:
    """The home page."""
    every, faults = index.listed()
    desk = index.desk
    feed = [one for one in every if wanted.lets_feed(one)]
    found = [one for one in every if wanted.lets(one)]
    of_any_state = replace(wanted, state="")
    pages = max(-(-len(found) // PAGE), 1)
    wanted = replace(wanted, page=min(max(wanted.page, 1), pages))
    shown = found[(wanted.page - 1) * PAGE : wanted.page * PAGE]
    counted = [one for one in feed if one.state != "superseded"]
    days = _days(counted)
    rules = _rules(counted)
    return Home(
        wanted=wanted,
        rows=tuple(_row(desk, one) for one in shown),
        found=len(found),
        pages=pages,
        states=Counter(one.state or "" for one in every if of_any_state.lets(one)),
        days=by_day(days),
        rules=by_rule(rules),
        sums=total(days.values()),
        contracts=tuple(sorted({one.contract for one in every})),
        every_rule=tuple(sorted(_rules(every))),
        faults=faults,
        waiting=sum(map(_waits, found)),
    )


def _days(every: Iterable[Summary]) -> dict[str, Day]:
    days: dict[str, Day] = {}
    for one in every:
        if one.account and one.day:
            known = days.get(one.day, Day(one.day, 0, 0))
            rejected = one.account.quarantined + one.account.split
            days[one.day] = Day(one.day, known.read + one.account.read, known.rejected + rejected)
    return days


def _rules(every: Iterable[Summary]) -> Counter[str]:
    """By rule, the records that break it; one on an upload as a whole counts as all of its records."""
    found: Counter[str] = Counter()
    for one in every:
        for rule in one.account.rules if one.account else ():
            if rule.severity == "error" and one.account:
                found[rule.name] += rule.records or one.account.read
    return found


def _row(desk: Desk, one: Summary) -> Row:
    is_folder = one.state is not None
    key = desk.key(one.location) if is_folder else ""
    names = list(dict.fromkeys(rule.name for rule in one.account.rules)) if one.account else []
    more = max(len(names) - _NAMED, 0)
    return Row(key, address(key) if key else "", one, one.account, tuple(names[:_NAMED]), more)


def waiting(index: Index, wanted: Wanted) -> list[str]:
    """The keys of the uploads that a filter lets through, and that have records to replay."""
    return [index.desk.key(one.location) for one in index.listed()[0] if _waits(one) and wanted.lets(one)]


def _waits(one: Summary) -> bool:
    """Whether an upload has records to replay."""
    rejected = one.account.quarantined + one.account.split if one.account else 0
    return one.state in ("open", "partly_resolved") and rejected > 0
