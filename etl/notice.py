"""A short message about an upload with quarantined records, for the people behind an SNS topic.

It has counts, the rules that were broken, and where the report lies; no value of any record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_SUBJECT = 99  # characters: SNS takes less than 100
_RULES = 20  # of a message that people read; the report has all


@dataclass(frozen=True, slots=True)
class Notice:
    """What is sent: a subject of ASCII without line breaks, as SNS wants it, a text, and facts for filter policies."""

    subject: str
    text: str
    facts: Mapping[str, str]


def notice(report: Mapping[str, Any]) -> Notice | None:
    """The notice of a run report; None if none of its records are in quarantine."""
    records, contract = report["records"], report["contract"]["name"]
    if not records["quarantined"] + records["split"]:
        return None
    subject = f"{_verdict(report)} [{contract}]"
    return Notice(subject[:_SUBJECT], "\n".join(_lines(report)), {"contract": contract, "status": report["status"]})


def _verdict(report: Mapping[str, Any]) -> str:
    records = report["records"]
    if report["status"] == "rejected":
        return f"upload rejected, {_of(records['read'], 'record')} in quarantine"
    if records["split"]:
        return f"{_of(records['quarantined'] + records['split'], 'record')} of {records['read']} in quarantine, in part"
    return f"{_of(records['quarantined'], 'record')} of {records['read']} in quarantine"


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    contract, folder = report["contract"], report["quarantine"]["location"]
    yield f"{_verdict(report)}; {_of(report['records']['published'], 'record')} published."
    if report["status"] == "rejected":
        yield "What an earlier version of the upload had published is out of the lake."
    yield ""
    yield f"upload:   {_plain(report['upload']['location'])}"
    yield f"contract: {contract['name']} {contract['version']}"
    yield f"report:   {folder}report.html"
    yield f"records:  {folder}rejected.ndjson"
    yield ""
    yield "broken rules:"
    yield from (f"  {_rule(rule)}" for rule in report["rules"][:_RULES])
    if len(report["rules"]) > _RULES:
        yield f"  and {len(report['rules']) - _RULES} more"


def _rule(rule: Mapping[str, Any]) -> str:
    place = ".".join(part for part in (rule["table"], rule["column"]) if part)
    kind = " (warning)" if rule["severity"] == "warning" else ""
    named = f"{place} {rule['rule']}".strip()
    return f"{named}{kind}: {_of(rule['records'], 'record')}" if rule["records"] else f"{named}{kind}"


def _of(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _plain(text: str) -> str:
    """A location on its one line: whoever uploads chooses the key, and may choose line breaks."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
