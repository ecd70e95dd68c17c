"""Violations as sentences, rules as what they ask for, verdicts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from etl.report.words import asked, broken, plain, subject, verdict
from tests.report.reports import example, reports, violations

P = "$.products[0].x"
DECIMAL = "an exact number, up to 10 digits before and 2 after the point"


def violation(rule: str, expected: str, value: str | None = None, detail: str | None = None, **keys: Any) -> Any:
    about = {"table": "orders", "column": "x", "rule": rule, "severity": "error", "expected": expected}
    return {**about, "path": P, "value": value, "detail": detail, "record": 4, **keys}


def record(rule: str, expected: str, detail: str | None = None, **keys: Any) -> Any:
    """One about a record as such."""
    return violation(rule, expected, None, detail, **{"table": None, "column": None, "path": None, **keys})


def upload(rule: str, expected: str, value: str | None, detail: str | None = None, **keys: Any) -> Any:
    """One about the upload as a whole."""
    return violation(rule, expected, value, detail, **{"path": None, "record": None, **keys})


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (violation("type", "integer", '"one"', "found a text that is not a number"),
         f'"one" at {P} is a text that is not a number; expected: a whole number.'),
        (violation("type", "integer", "3.5", "not a whole number"),
         f"3.5 at {P} is not a whole number; expected: a whole number."),
        (violation("type", "integer (u8)", "256", "beyond uint8"),
         f"256 at {P} is beyond the range of uint8; expected: a whole number from 0 to 255."),
        (violation("type", "decimal(12,2)", "1.234", "more than 2 decimals"),
         f"1.234 at {P} has more than 2 decimals; expected: {DECIMAL}."),
        (violation("type", "number", "1e999", "beyond float64"),
         f"1e999 at {P} is beyond the range of float64; expected: a number."),
        (violation("type", "number", "9007199254740993", "an integer that float64 does not hold exactly"),
         f"9007199254740993 at {P} is an integer that float64 does not hold exactly; expected: a number."),
        (violation("type", "date (yyyy-MM-dd)", '"2024-02-30"', "no such day"),
         f'"2024-02-30" at {P} does not exist: there is no such day; expected: a date, written yyyy-MM-dd.'),
        (violation("type", "date (yyyy-MM-dd)", '"1/2/24"', "written otherwise"),
         f'"1/2/24" at {P} is written in another way; expected: a date, written yyyy-MM-dd.'),
        (violation("type", "timestamp (RFC 3339)", '"2024-01-01T00:00:00"',
                   "no offset, and the contract gives no defaultTimezone"),
         f'"2024-01-01T00:00:00" at {P} has no offset, and the contract gives no defaultTimezone; '
         "expected: a moment, written as 2024-01-31T23:59:59Z."),
        (violation("type", "timestamp (epochMillis)", "true", "found a boolean"),
         f"true at {P} is a boolean; expected: a moment, as a number of milliseconds since 1970."),
        (violation("type", "list of string", None, "found an object"),
         f"What is at {P} is an object; expected: a list, each item a text."),
        (violation("type", "string", "***", "found a boolean"), f"*** at {P} is a boolean; expected: a text."),
        (violation("type", "timestamp (RFC 3339)", '"x"', "the clocks change in A/B: this local time occurs twice"),
         f'"x" at {P} does not fit (the clocks change in A/B: this local time occurs twice); '
         "expected: a moment, written as 2024-01-31T23:59:59Z."),
        (violation("type", "an object", None, "found a text, expected an object", column=None),
         f"There is a text at {P}, where an object is expected."),
        (violation("required", "a value"), f"There is no value at {P}, and there has to be one."),
        (violation("minimum", ">= 0", "-25.00"), f"-25.00 at {P} is less than 0, the least that is allowed."),
        (violation("exclusiveMinimum", "> 0", "0"), f"0 at {P} is not more than 0."),
        (violation("maximum", "<= 100", "101"), f"101 at {P} is more than 100, the most that is allowed."),
        (violation("exclusiveMaximum", "< 100", "100"), f"100 at {P} is not less than 100."),
        (violation("minimum", ">= 2000-01-01", '"1970-01-01"'),
         f'"1970-01-01" at {P} is before 2000-01-01, the earliest that is allowed.'),
        (violation("maximum", "<= {0}", "1"), f"1 at {P} is more than {{0}}, the most that is allowed."),
        (violation("minLength", "at least 2 characters", '"a"'), f'"a" at {P} has fewer than 2 characters.'),
        (violation("maxItems", "at most 1 item"), f"What is at {P} has more than 1 item."),
        (violation("multipleOf", "a multiple of 0.05", "0.03"), f"0.03 at {P} is not a multiple of 0.05."),
        (violation("pattern", "matches ^[A-Z]+$", '"a"'), f'"a" at {P} does not match ^[A-Z]+$.'),
        (violation("format", "an e-mail address", "***"), f"*** at {P} is not an e-mail address."),
        (violation("enum", "one of 'a', 'b'", '"c"'), f"\"c\" at {P} is not one of 'a', 'b'."),
        (violation("uniqueItems", "no item twice"), f"What is at {P} has an item twice."),
        (violation("partitioned", "at most 80 bytes as the folder x=...", '"y"'),
         f'"y" at {P} is too long for the name of a folder in the lake: '
         "at most 80 bytes as the folder x=... are allowed."),
        (violation("known", "invalidValues mustBe 0", '"c"'), f'"c" at {P} is not among the valid values.'),
        (violation("missing", "missingValues mustBe 0", '""'), f'"" at {P} counts as missing.'),
        (violation("primaryKey", "unique within the upload", '[1, "a"]', "first in record 2", column="id, x"),
         f'[1, "a"] at {P} has come before, in record 2; each id with x may come once in an upload.'),
        (violation("unique", "unique within the upload", "7", "first in record 4"),
         f"7 at {P} has come before, in the same record; each x may come once in an upload."),
        (violation("covers", "The total covers the price.", '{"a": 1}', column=None),
         f'{{"a": 1}} at {P} breaks the rule covers. The total covers the price.'),
        (violation("custom", "total >= price", '{"a": 1}', column=None),
         f'{{"a": 1}} at {P} breaks the rule custom; expected: total >= price.'),
        (violation("custom", "a / b > 1", '{"a": 1}', "the condition could not be computed", column=None),
         f'{{"a": 1}} at {P} breaks the rule custom (the condition could not be computed); expected: a / b > 1.'),
        (violation("type", "json > 1", "1", None), f"1 at {P} breaks the rule type; expected: json > 1."),
        (record("json", "one JSON object", "expected `,` or `}` at byte 127 of the record"),
         "The record is not one JSON object: expected `,` or `}` at byte 127 of the record."),
        (record("json", "one JSON object", "found an array", path="$"),
         "The record is not one JSON object: found an array."),
        (record("encoding", "UTF-8", "invalid at byte 3 of the record"),
         "The record is not text in UTF-8: invalid at byte 3 of the record; save the upload as UTF-8."),
        (record("duplicateKeys", "every key once in its object",
                "a key that its object already has at byte 60 of the record"),
         "An object has the same key twice, at byte 60 of the record."),
        (record("unknownFields", "only fields that the contract reads", path="$.x"),
         "No column reads $.x, and the contract allows no other fields."),
        (record("emptyRecords", "at least one row in some table", path="$.p[*]"),
         "There is nothing at $.p[*], so the record gives no row in any table."),
        (violation("expansion", "at most 100,000 rows from one record", column=None),
         f"The record has too many rows or too much text at {P}; expected: at most 100,000 rows from one record."),
        (record("unreadable", "an upload that can be taken apart into records", "the array is not closed"),
         "The upload can't be taken apart into records: the array is not closed."),
        (upload("maxQuarantined", "at most 20 percent", "50", "3 of 6 records", table=None, column=None),
         "3 of 6 records would be in quarantine; the contract allows at most 20 percent."),
        (upload("partitions", "at most 1,000 partitions in one upload", None, "is it the right column?", table=None),
         "The upload has too many partitions; expected: at most 1,000 partitions in one upload: "
         "is it the right column?"),
        (upload("emails", "nullValues mustBeLessThan 50 percent", "66.7", "66.7 percent of 9 rows"),
         "The upload comes to 66.7 percent of 9 rows; expected: rows without a value must be less than 50 percent."),
        (upload("rowCount", "rowCount mustBeGreaterThan 5", "2"),
         "The upload comes to 2; expected: rows of the upload must be more than 5."),
        (upload("sums", "The sums agree.", None, "the query gave no value"),
         "The query gave no value. The sums agree."),
        (upload("sums", "query mustBe 0", '"x"', "a number is expected"),
         'The upload comes to "x" (a number is expected); expected: what the query gives must be 0.'),
        ({}, "The rule is broken."),
        ({"rule": 3, "path": ["$"], "value": {}, "detail": 7}, "The rule is broken."),
    ],
)  # fmt: skip
def test_a_violation_is_a_sentence(found: dict[str, Any], said: str) -> None:
    assert plain(broken(found)) == said


def test_a_rule_of_the_contracts_own_is_not_taken_for_one_of_ours() -> None:
    """Quality rules may have any name."""
    for name in ("json", "encoding", "unreadable", "maxQuarantined", "required", "minimum", "enum", "pattern"):
        found = violation(name, "x > 1", "1")
        assert plain(broken(found)) == f"1 at {P} breaks the rule {name}; expected: x > 1."


def test_what_is_quoted_is_marked() -> None:
    pieces = broken(violation("pattern", "matches ^a$", '"b"'))
    assert [piece.text for piece in pieces if piece.code] == ['"b"', P, "^a$"]


def test_a_brief_sentence_leaves_out_what_is_expected() -> None:
    found = violation("type", "integer", '"one"', "found a text")
    assert plain(broken(found, brief=True)) == f'"one" at {P} is a text.'
    assert plain(broken(violation("covers", "x > y", "1"), brief=True)) == f"1 at {P} breaks the rule covers."


def test_long_texts_are_cut() -> None:
    said = plain(broken(violation("enum", "one of 'a'", "v" * 10_000, path="$." + "p" * 10_000)))
    assert "(10,000 characters)" in said
    assert len(said) < 1000


@pytest.mark.parametrize(
    ("name", "expected", "said"),
    [
        ("required", "a value", "there has to be a value"),
        ("minimum", ">= 0", "at least 0"),
        ("exclusiveMaximum", "< 10:00:00", "before 10:00:00"),
        ("maximum", "<= 2024-01-01", "not after 2024-01-01"),
        ("pattern", "matches ^a$", "it matches ^a$"),
        ("enum", "one of 'a', 'b'", "one of 'a', 'b'"),
        ("type", "boolean", "true or false"),
        ("type", "time (HH:mm:ss)", "a time of day, written HH:mm:ss"),
        ("type", "integer (i32)", "a whole number from -2,147,483,648 to 2,147,483,647"),
        ("emails", "nullValues mustNotBe 3", "rows without a value must not be 3"),
        ("rows", "rowCount mustBeBetween 1 and 5", "rows of the upload must be between 1 and 5"),
        ("covers", "The total covers it.", "The total covers it."),
    ],
)
def test_a_rule_says_what_it_asks_for(name: str, expected: str, said: str) -> None:
    assert plain(asked({"table": "t", "column": "c", "rule": name, "expected": expected})) == said


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"table": "orders", "column": "price", "rule": "minimum"}, "orders.price"),
        ({"table": "orders", "column": None, "rule": "custom"}, "orders"),
        ({"table": None, "column": None, "rule": "json"}, "the record"),
        ({"table": None, "column": None, "rule": "maxQuarantined"}, "the upload"),
    ],
)
def test_a_rule_has_a_subject(rule: dict[str, Any], said: str) -> None:
    assert subject(rule) == said


def records(read: int, quarantined: int, split: int = 0) -> dict[str, int]:
    sums = {"read": read, "quarantined": quarantined, "split": split, "duplicates": 0}
    return {**sums, "published": read - quarantined - split}


@pytest.mark.parametrize(
    ("status", "sums", "headline", "more", "tone"),
    [
        ("published", records(1, 0), "Every record is in the lake", "1 record was read.", "good"),
        ("partial", records(6, 1), "1 of 6 records is in quarantine", "The other 5 are in the lake.", "partial"),
        ("partial", records(3000, 2999), "2,999 of 3,000 records are in quarantine",
         "The other one is in the lake.", "partial"),
        ("partial", records(6, 6), "All 6 records are in quarantine", "Nothing of the upload is in the lake.", "bad"),
        ("partial", records(1, 1), "The only record is in quarantine", "Nothing of the upload is in the lake.", "bad"),
        ("partial", records(6, 1, 2), "3 of 6 records are in quarantine",
         "The other 3 are in the lake. 2 of those in quarantine are split: the good rows are in the lake.", "partial"),
        ("partial", records(1, 0, 1), "The only record is in quarantine",
         "It is split: the good rows are in the lake.", "partial"),
        ("partial", records(2, 0, 1), "1 of 2 records is in quarantine",
         "The other one is in the lake. That in quarantine is split: the good rows are in the lake.", "partial"),
        ("partial", records(3, 0, 3), "All 3 records are in quarantine",
         "They are split: the good rows are in the lake.", "partial"),
        ("rejected", records(6, 6), "The whole upload is in quarantine",
         "6 records were read. The lake holds nothing of it, nor of an earlier version of the upload.", "bad"),
        ("empty", records(0, 0), "The upload holds no records", "The lake holds nothing of it.", "empty"),
    ],
)  # fmt: skip
def test_a_verdict(status: str, sums: dict[str, int], headline: str, more: str, tone: str) -> None:
    found = verdict({"status": status, "records": sums, "rules": []})
    assert (found.headline, found.more, found.tone) == (headline, more, tone)


def test_the_limit_of_an_upload_says_of_what_it_is_one() -> None:
    limit = {"table": None, "column": None, "rule": "maxQuarantined", "expected": "at most 20 percent"}
    assert plain(asked(limit)) == "at most 20 percent in quarantine"


def test_warnings_and_unreadable_uploads_have_a_verdict_of_their_own() -> None:
    assert verdict(example("warning-only")).tone == "warned"
    assert verdict(example("truncated-array")).more.startswith("It can't be taken apart into records. ")


@given(violations)
def test_every_violation_is_a_sentence(found: dict[str, Any]) -> None:
    for brief in (False, True):
        said = plain(broken(found, brief=brief))
        assert said.endswith((".", "!"))
        assert len(said) < 5000
    assert isinstance(plain(asked(found)), str)
    assert subject(found)


@given(reports)
def test_every_report_has_a_verdict(report: dict[str, Any]) -> None:
    assert verdict(report).headline
