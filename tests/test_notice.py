"""What a notice says of a run report."""

from typing import Any

import pytest

from etl.notice import notice


def rule(name: str, records: int = 1, **more: Any) -> dict[str, Any]:
    return {"table": "lines", "column": "price", "rule": name, "severity": "error", "records": records, **more}


def report(status: str = "partial", location: str = "s3://b/in/a.json", **counts: int) -> dict[str, Any]:
    none = {"read": 10, "published": 10, "quarantined": 0, "duplicates": 0, "split": 0}
    return {
        "status": status,
        "contract": {"name": "feed", "version": "1.2.3"},
        "upload": {"location": location},
        "records": none | counts,
        "rules": [rule("minimum")],
        "quarantine": {"location": "s3://b/q/feed/2024-01-10/x/"},
    }


@pytest.mark.parametrize(
    ("status", "counts", "subject"),
    [
        ("partial", {"quarantined": 1}, "1 record of 10 in quarantine [feed]"),
        ("partial", {"quarantined": 10, "published": 0}, "10 records of 10 in quarantine [feed]"),
        ("partial", {"quarantined": 1, "split": 2}, "3 records of 10 in quarantine, in part [feed]"),
        ("rejected", {"quarantined": 1, "read": 1}, "upload rejected, 1 record in quarantine [feed]"),
    ],
)
def test_subject(status: str, counts: dict[str, int], subject: str) -> None:
    found = notice(report(status, **counts))
    assert found is not None
    assert found.subject == subject
    assert found.facts == {"contract": "feed", "status": status}


def test_records_that_were_only_warned_of_are_no_news() -> None:
    assert notice(report("published")) is None


def test_a_subject_is_as_short_as_sns_wants_it() -> None:
    long = report(quarantined=1)
    long["contract"]["name"] = "f" * 200
    found = notice(long)
    assert found is not None
    assert len(found.subject) == 99


def test_a_key_with_line_breaks_adds_no_line() -> None:
    found = notice(report(location="s3://b/in/a\nreport:   http://evil/\x1b[2J", quarantined=1))
    assert found is not None
    assert "upload:   s3://b/in/a\\nreport:   http://evil/\\x1b[2J" in found.text.splitlines()


def test_many_rules_are_cut_short_and_it_says_so() -> None:
    many = report(quarantined=1)
    many["rules"] = [rule(f"r{number}", 0, table=None, column=None) for number in range(30)]
    many["rules"][0] |= {"severity": "warning"}
    found = notice(many)
    assert found is not None
    lines = found.text.splitlines()
    assert lines[-21:-19] == ["  r0 (warning)", "  r1"]
    assert lines[-1] == "  and 10 more"
