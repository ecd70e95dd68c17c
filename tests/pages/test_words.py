"""Types, grain, rules and policies in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from etl.contract import checks
from etl.contract.expressions import parse_path
from etl.contract.model import Operator, Policies
from etl.contract.model import Test as Asked
from etl.pages import rules
from etl.pages.grain import grain_words
from etl.pages.model import Page, Statement
from etl.pages.policies import policies
from tests.pages.feeds import column, contract, page_of, shipped, table

TYPES: list[tuple[dict[str, Any], str]] = [
    ({"kind": "string"}, "text"),
    ({"kind": "integer"}, "whole number, up to 64 bits"),
    ({"kind": "integer", "logicalTypeOptions": {"format": "i8"}}, "whole number from -128 to 127"),
    ({"kind": "integer", "logicalTypeOptions": {"format": "u16"}}, "whole number from 0 to 65,535"),
    ({"kind": "number"}, "number, kept as the nearest double"),
    ({"kind": "number", "physicalType": "decimal(12,2)"}, "exact number, up to 10 digits before and 2 after the point"),
    ({"kind": "number", "physicalType": "decimal(38,0)"}, "exact whole number, up to 38 digits"),
    ({"kind": "number", "physicalType": "decimal(4,4)"}, "exact number below 1, up to 4 digits after the point"),
    ({"kind": "number", "physicalType": "decimal(3,2)"}, "exact number, up to 1 digit before and 2 after the point"),
    ({"kind": "boolean"}, "true or false"),
    ({"kind": "date"}, "date, written as 2024-01-31"),
    ({"kind": "date", "logicalTypeOptions": {"format": "dd/MM/yyyy"}}, "date, written dd/MM/yyyy"),
    (
        {"kind": "date", "path": "date($.at)", "logicalTypeOptions": {"format": "epochSeconds"}},
        "date, the day in UTC of a timestamp from a number of seconds since 1970",
    ),
    (
        {"kind": "date", "path": "coalesce($.day, date($.at, 'Asia/Tokyo'))"},
        "date, the day in Asia/Tokyo of a timestamp written as 2024-01-31T23:59:59Z; the offset from UTC has to be "
        "there",
    ),
    ({"kind": "time"}, "time of day, to the microsecond; written as 23:59:59"),
    (
        {"kind": "timestamp"},
        "moment, kept in UTC to the microsecond; written as 2024-01-31T23:59:59Z; the offset from UTC has to be there",
    ),
    (
        {"kind": "timestamp", "physicalType": "timestamp(ms)", "logicalTypeOptions": {"format": "epochMillis"}},
        "moment, kept in UTC to the millisecond; from a number of milliseconds since 1970",
    ),
    (
        {"kind": "timestamp", "logicalTypeOptions": {"format": "yyyy-MM-dd HH:mm", "defaultTimezone": "Asia/Tokyo"}},
        "moment, kept in UTC to the microsecond; written yyyy-MM-dd HH:mm; without an offset it is the time of "
        "Asia/Tokyo",
    ),
    ({"kind": "array", "items": {"logicalType": "boolean"}}, "list; each item: true or false"),
    (
        {"kind": "object", "properties": [column("a"), column("b", kind="boolean")]},
        "object with a (text) and b (true or false)",
    ),
]


@pytest.mark.parametrize(("keys", "words"), TYPES, ids=[words[:50] for _, words in TYPES])
def test_types(keys: dict[str, Any], words: str, tmp_path: Path) -> None:
    page = page_of(tmp_path, table("t", column("c", **keys)))
    assert page.tables[0].columns[0].type_words == words


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("$", "one row for each record"),
        ("$.products[*]", "one row for each element of $.products"),
        ("$.a.b[*]", "one row for each element of $.a.b"),
        ("$.lines[*].taxes[*]", "one row for each element of taxes in each element of $.lines"),
        ("$.a[*].b.c[*].d[*]", "one row for each element of d in each element of b.c in each element of $.a"),
        ("$.m[*][*]", "one row for each element of each element of $.m"),
        ("$.days[0]['the lines'][*]", "one row for each element of $.days[0]['the lines']"),
        ("$[*]", "one row for each element of $"),
    ],
)
def test_grain(path: str, words: str) -> None:
    assert grain_words(parse_path(path)) == words


STATEMENTS: list[tuple[dict[str, Any], list[Statement]]] = [
    ({"logicalTypeOptions": {"minLength": 1}}, [Statement("at least 1 character")]),
    ({"logicalTypeOptions": {"maxLength": 2000}}, [Statement("at most 2,000 characters")]),
    ({"logicalTypeOptions": {"pattern": "^P[0-9]+$"}}, [Statement("has the form", ("^P[0-9]+$",))]),
    ({"logicalTypeOptions": {"pattern": "[0-9]"}}, [Statement("has in it, anywhere,", ("[0-9]",))]),
    ({"logicalTypeOptions": {"format": "email"}}, [Statement("an e-mail address")]),
    ({"enum": [{"value": "a"}, {"value": "b"}]}, [Statement("one of", ("'a'", "'b'"))]),
    (
        {"kind": "integer", "enum": [{"value": number} for number in range(50)]},
        [Statement("one of", tuple(map(str, range(40))), omitted=10)],
    ),
    (
        {"kind": "integer", "logicalTypeOptions": {"minimum": 1, "exclusiveMaximum": 1000}},
        [Statement("at least 1"), Statement("less than 1000")],
    ),
    ({"kind": "number", "logicalTypeOptions": {"exclusiveMinimum": 0.5}}, [Statement("more than 0.5")]),
    ({"kind": "number", "logicalTypeOptions": {"maximum": 90}}, [Statement("at most 90")]),
    (
        {"kind": "number", "physicalType": "decimal(9,2)", "logicalTypeOptions": {"multipleOf": 0.05}},
        [Statement("a multiple of 0.05")],
    ),
    (
        {"kind": "date", "logicalTypeOptions": {"minimum": "2000-01-01", "exclusiveMaximum": "2100-01-01"}},
        [Statement("not before 2000-01-01"), Statement("before 2100-01-01")],
    ),
    (
        {"kind": "timestamp", "logicalTypeOptions": {"exclusiveMinimum": "2020-01-01T00:00:00+01:00"}},
        [Statement("after 2019-12-31T23:00:00Z")],
    ),
    (
        {"kind": "array", "items": {"logicalType": "string", "required": True, "logicalTypeOptions": {"maxLength": 3}},
         "logicalTypeOptions": {"maxItems": 20, "uniqueItems": True}},
        [
            Statement("at most 20 items"),
            Statement("no item twice"),
            Statement("there has to be a value", about="each item"),
            Statement("at most 3 characters", about="each item"),
        ],
    ),
    (
        {"kind": "object", "properties": [column("x", kind="number", logicalTypeOptions={"minimum": -90})],
         "logicalTypeOptions": {"minProperties": 1}},
        [Statement("at least 1 field"), Statement("at least -90", about="x")],
    ),
    (
        {"kind": "array", "items": {"logicalType": "object", "properties": [column("x", required=True)]}},
        [Statement("there has to be a value", about="x of each item")],
    ),
    ({"required": True, "partitioned": True}, [Statement("at most 255 bytes long as a folder's name")]),
    ({"unique": True}, []),
    (
        {"quality": [{"metric": "nullValues", "mustBe": 0, "severity": "info", "name": "there", "description": "D."}]},
        [Statement("there has to be a value", name="there", description="D.", warning=True)],
    ),
    (
        {"quality": [{"metric": "missingValues", "mustBe": 0, "arguments": {"missingValues": [None, "", "N/A"]}}]},
        [Statement("there has to be a value, and none of", ("''", "'N/A'"), name="missingValues")],
    ),
    (
        {"quality": [{"metric": "missingValues", "mustBe": 0, "arguments": {"missingValues": ["-"]}}]},
        [Statement("none of", ("'-'",), name="missingValues")],
    ),
    (
        {"quality": [{"metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": ["a"], "pattern": "a"}}]},
        [
            Statement("one of", ("'a'",), name="invalidValues"),
            Statement("has in it, anywhere,", ("a",), name="invalidValues (2)"),
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "statements"), STATEMENTS, ids=[str(keys)[:60] for keys, _ in STATEMENTS])
def test_what_columns_ask(keys: dict[str, Any], statements: list[Statement], tmp_path: Path) -> None:
    page = page_of(tmp_path, table("t", column("c", **keys)))
    assert list(page.tables[0].columns[0].statements) == statements


def test_every_test_of_the_model_has_words() -> None:
    """The table above has an instance of each: a new one must come with words."""
    feeds = (contract(table("t", column("c", **keys))) for keys, _ in STATEMENTS)
    asked = {type(check.test) for feed in feeds for each in feed.tables[0].columns for check in each.checks}
    assert asked == set(get_args(Asked))


def test_stated_rules_are_those_that_columns_state() -> None:
    assert checks._MAKERS.keys() <= rules.STATED


def test_keys_and_conditions_stand_with_the_table(tmp_path: Path) -> None:
    names = ("a", "b")
    duplicates = {"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": list(names)}, "name": "pairs"}
    condition = {"type": "custom", "engine": "duckdb", "implementation": "a <> b"}
    described = {**condition, "name": "apart", "description": "They differ.", "severity": "warning"}
    page = page_of(
        tmp_path,
        table("t", column("a", primaryKey=True), column("b", unique=True), quality=[duplicates, condition, described]),
    )
    together = "no two rows of an upload are the same in all of"
    meets = "every row meets (one that comes to no answer counts as met)"
    assert page.tables[0].statements == (
        Statement("no value comes twice in an upload:", ("a",)),
        Statement("no value comes twice in an upload:", ("b",)),
        Statement(together, names, name="pairs"),
        Statement(meets, ("a <> b",), name="custom"),
        Statement(meets, ("a <> b",), name="apart", description="They differ.", warning=True),
    )


OPERATORS = {
    "mustBe": (5, "must be 5"),
    "mustNotBe": (5, "must not be 5"),
    "mustBeGreaterThan": (5, "must be more than 5"),
    "mustBeGreaterOrEqualTo": (5, "must be at least 5"),
    "mustBeLessThan": (5, "must be less than 5"),
    "mustBeLessOrEqualTo": (5, "must be at most 5"),
    "mustBeBetween": ([1, 5], "must be from 1 to 5"),
    "mustNotBeBetween": ([1, 5], "must be less than 1 or more than 5"),
}


@pytest.mark.parametrize("operator", get_args(Operator))
def test_upload_rules(operator: str, tmp_path: Path) -> None:
    asked, words = OPERATORS[operator]
    quality = [
        {"metric": "rowCount", operator: asked},
        {"type": "sql", "query": "SELECT max(c) FROM {object}", operator: asked, "name": "top", "description": "Top."},
    ]
    share = {"metric": "nullValues", operator: asked, "unit": "percent"}
    page = page_of(tmp_path, table("t", column("c", kind="integer", quality=[share]), quality=quality))
    count, top, null = sorted(page.rules, key=lambda each: ["rowCount", "top", "nullValues"].index(each.name or ""))
    assert (count.words, count.about, count.description) == (f"what this query gives {words}:", "t", None)
    assert (top.words, top.about, top.description) == (f"what this query gives {words}:", "t", "Top.")
    assert (null.words, null.about) == (f"what this query gives, in percent of the rows of t, {words}:", "t.c")


def test_policies_are_all_there_and_what_was_chosen_is_marked() -> None:
    found = {policy.name: policy for policy in policies(Policies())}
    assert len(found) == len(Policies.__dataclass_fields__)
    assert not any(policy.chosen for policy in found.values())
    chosen = contract(
        table("t", column("c")),
        customProperties=[
            {"property": "maxQuarantined", "value": "0.5 percent"},
            {"property": "records", "value": "$.export.orders[*]"},
            {"property": "maxUploadSize", "value": "1500 MB"},
            {"property": "quarantineGrain", "value": "row"},
            {"property": "emptyRecords", "value": "allow"},
            {"property": "unknownFields", "value": "reject"},
            {"property": "lineageColumns", "value": False},
        ],
    ).policies
    told = {policy.name: (policy.setting, policy.words) for policy in policies(chosen) if policy.chosen}
    assert len(told) == 7
    assert told["maxQuarantined"][0] == "0.5 percent"
    assert told["records"][1] == "Each element of $.export.orders in a document is a record, and $ its root."
    assert told["maxUploadSize"] == ("1500 MB", "An upload of more than 1500 MB, uncompressed, is rejected.")


def test_what_only_people_need_is_there(tmp_path: Path) -> None:
    said = {"purpose": "P", "usage": "U", "limitations": "L"}
    servers = [{"server": "incoming", "type": "s3", "location": "s3://${ORDERS_X}/in/"},
               {"server": "warehouse", "type": "s3", "location": "s3://elsewhere/"}]  # fmt: skip
    examples = {"businessName": "C!", "examples": ["a", 1, {"b": [None, True]}]}
    page = page_of(
        tmp_path, table("t", column("c", **examples)), description=said, dataProduct="D", servers=servers
    )  # fmt: skip
    assert (page.title, page.purpose, page.usage, page.limitations) == ("D", "P", "U", "L")
    assert [(place.what, place.location) for place in page.places] == [("Uploads arrive at", "s3://${ORDERS_X}/in/")]
    found = page.tables[0].columns[0]
    assert (found.title, found.examples) == ("C!", ('"a"', "1", '{"b": [null, true]}'))


@pytest.mark.parametrize("name", ["orders", "marketplace", "marketplace_export"])
def test_the_contracts_here_say_something_of_everything(name: str) -> None:
    page: Page = shipped(name)
    assert page.example is not None
    assert page.example.problems == ()
    assert all(each.rows for each in page.example.tables)
    assert (page.diagram is None) == (len(page.tables) == 1)
