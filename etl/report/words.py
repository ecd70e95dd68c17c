"""Run reports in plain words: a violation as one sentence, a rule as what it asks for, the verdict on an upload.

A violation here is a mapping with `table`, `column`, `rule`, `expected`, `path`, `value` and `detail` (and `record`,
where it is known): a line of `rejected.ndjson` has them so, and of a report an entry of `rules` together with one of
its `examples`. What is missing or of another type is taken as not known, since files are edited by hand.

Nothing here is escaped. What is quoted, from the document or the contract, is marked as such: pages show it as code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from etl.report.pieces import Piece, Sentence, count, number, plain
from etl.report.rules import asked, subject
from etl.report.violations import broken

__all__ = ["Piece", "Sentence", "Verdict", "asked", "broken", "count", "plain", "subject", "verdict"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What has become of an upload: a headline without a full stop, and what there is to add, in whole sentences."""

    headline: str
    more: str
    tone: Literal["good", "warned", "partial", "bad", "empty"]


def verdict(report: Mapping[str, Any]) -> Verdict:
    """What has become of the upload, by its run report."""
    records = report.get("records")
    sums = {name: number(records, name) for name in ("read", "published", "quarantined", "split")}
    match report.get("status"):
        case "rejected":
            more = "The lake holds nothing of it, nor of an earlier version of the upload."
            return Verdict("The whole upload is in quarantine", f"{_read(report, sums['read'])} {more}", "bad")
        case "empty":
            return Verdict("The upload holds no records", "The lake holds nothing of it.", "empty")
        case "partial":
            return _partial(**sums)
        case _:
            warned = bool(report.get("rules"))
            more = f"{_were(sums['read'])} read{'; rules that only warn were broken' if warned else ''}."
            return Verdict("Every record is in the lake", more, "warned" if warned else "good")


def _read(report: Mapping[str, Any], records: int) -> str:
    """An upload that can't be taken apart counts as one record, which would mislead here."""
    rules = report.get("rules")
    unreadable = any(_is_unreadable(rule) for rule in rules) if isinstance(rules, Sequence) else False
    return "It can't be taken apart into records." if unreadable else f"{_were(records)} read."


def _is_unreadable(rule: Any) -> bool:
    return isinstance(rule, Mapping) and rule.get("rule") == "unreadable" and rule.get("table") is None


def _partial(read: int, published: int, quarantined: int, split: int) -> Verdict:
    touched = quarantined + split
    lake = "The other one is in the lake." if published == 1 else f"The other {published:,} are in the lake."
    if published == 0:
        lake = "" if split else "Nothing of the upload is in the lake."
    more = " ".join(filter(None, (lake, _split(split, touched, touched >= read))))
    if touched < read:
        return Verdict(f"{touched:,} of {count(read, 'record')} {_are(touched)} in quarantine", more, "partial")
    every = "The only record is" if read == 1 else f"All {read:,} records are"
    return Verdict(f"{every} in quarantine", more, "partial" if split else "bad")


def _split(split: int, touched: int, every: bool) -> str:
    """What to say of records that are published in part."""
    if not split:
        return ""
    if split < touched:
        whose = f"{split:,} of those in quarantine"
    elif every:
        whose = "It" if split == 1 else "They"
    else:
        whose = "That in quarantine" if split == 1 else "Those in quarantine"
    return f"{whose} {_are(split)} split: the good rows are in the lake."


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _were(number: int) -> str:
    return f"{count(number, 'record')} {'was' if number == 1 else 'were'}"
