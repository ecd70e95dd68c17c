"""The example: what is shown of the document and of the rows, and what is not."""

from __future__ import annotations

import gzip
import json
import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.pages.model import Example, Page
from etl.pages.outline import document as document_text
from etl.pages.rendering import html, text
from tests.pages.feeds import column, page_of, table

PERSONAL = {"classification": "restricted"}


def shown(page: Page) -> list[str]:
    """The lines of the document, without their indentation."""
    return [line.strip() for line in document_text(example(page).document).splitlines()]


def example(page: Page) -> Example:
    assert page.example is not None
    return page.example


def rows(page: Page) -> dict[str, dict[str, list[str]]]:
    return {
        each.name: {name: [cell.text for cell in cells] for name, cells in each.columns}
        for each in example(page).tables
    }


UNREAD = ['"b": ...,', '"c": ...,']
DOCUMENTS: list[tuple[list[dict[str, Any]], dict[str, Any], list[str]]] = [
    ([column("a")], {"a": "x", "b": "y", "c": {"d": 1}, "e": None}, ['"a": "x",', *UNREAD, '"e": null']),
    ([column("a", **PERSONAL)], {"a": "x"}, ['"a": ***']),
    ([column("a", **PERSONAL)], {"a": None}, ['"a": null']),
    ([column("a", classification=" Public ")], {"a": "x"}, ['"a": "x"']),
    ([column("a"), column("b", "lower($.a)", **PERSONAL)], {"a": "x"}, ['"a": ***']),
    ([column("a", "coalesce($.x, $.y)", **PERSONAL)], {"x": "1", "y": "2"}, ['"x": ***,', '"y": ***']),
    ([column("a", "$.x.y")], {"x": {"y": "1", "z": "2"}}, ['"x": {', '"y": "1",', '"z": ...', "}"]),
    ([column("a", "$.x[1]")], {"x": ["p", "q"]}, ['"x": [', "...,", '"q"', "]"]),
    ([column("a", "$.x[-1]", **PERSONAL)], {"x": ["p", "q"]}, ['"x": [', "...,", "***", "]"]),
    ([column("a", "$.x[*]")], {"x": list("pqrstu")}, ['"x": [', '"p",', '"q",', '"r",', '"s",', "… 2 more", "]"]),
    ([column("a", "index($.x[*])", "integer")], {"x": ["p", {"q": 1}]}, ['"x": [', "...,", "...", "]"]),
    ([column("a", "json($.x)")], {"x": {"y": ["1", {}]}}, ['"x": {', '"y": [', '"1",', "{}", "]", "}"]),
    ([column("a", "json($.x)", **PERSONAL)], {"x": {"y": 1}}, ['"x": ***']),
    (
        [column("a", "json($.x)"), column("b", "$.x.y", **PERSONAL)],
        {"x": {"y": "1", "z": "2"}},
        ['"x": {', '"y": ***,', '"z": "2"', "}"],
    ),
    (
        [column("a", "$.x", "array", items={"logicalType": "object", "properties": [column("y")]})],
        {"x": [{"y": "1", "z": "2"}]},
        ['"x": [', "{", '"y": "1",', '"z": ...', "}", "]"],
    ),
    (
        [column("a", "$.x", "object", properties=[column("y"), column("z", **PERSONAL)])],
        {"x": {"y": "1", "z": "2"}},
        ['"x": ***'],
    ),
    ([column("n", kind="number", physicalType="decimal(9,4)")], {"n": 1}, ['"n": 1']),
    ([column("a")], {"a": "é" * 201}, [f'"a": "{"é" * 200}… (201 characters)"']),
]  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "record", "lines"), DOCUMENTS, ids=[str(record)[:50] for _, record, _ in DOCUMENTS]
)
def test_of_the_document(
    columns: list[dict[str, Any]], record: dict[str, Any], lines: list[str], tmp_path: Path
) -> None:
    assert shown(page_of(tmp_path, table("t", *columns), sample=[record]))[1:-1] == lines


def test_numbers_are_shown_as_written(tmp_path: Path) -> None:
    columns = [column("a", kind="number", physicalType="decimal(9,4)"), column("b", kind="integer")]
    page = page_of(tmp_path, table("t", *columns), sample=b'{"a": 1.50, "b": 9007199254740993}')
    assert shown(page)[1:-1] == ['"a": 1.50,', '"b": 9007199254740993']
    assert rows(page)["t"] == {"a": ["1.5000"], "b": ["9007199254740993"]}


def test_rows_are_those_of_the_engine(tmp_path: Path) -> None:
    order = {
        "at": "2024-01-10T22:00:00.5-03:00", "mail": " A@X.BR ", "lines": [{"n": 1}, {"n": None}] + [{"n": 3}] * 4,
        "tags": ["a", None, '"'], "where": {"x": 1.5}, "empty": "", "day": "2024-01-10", "owner": "O",
    }  # fmt: skip
    page = page_of(
        tmp_path,
        table(
            "orders",
            column("at", kind="timestamp"),
            column("mail", "lower(trim($.mail))"),
            column("tags", kind="array", items={"logicalType": "string"}),
            column("where", kind="object", properties=[column("x", kind="number"), column("y", kind="date")]),
            column("empty"),
            column("day", kind="date"),
        ),
        table("lines", column("n", "$.lines[*].n", "integer"), column("secret", "$.owner", **PERSONAL)),
        table("nothing", column("z", "$.nothing[*]")),
        sample=[order, {"at": "never seen"}],
    )
    assert rows(page) == {
        "orders": {
            "at": ["2024-01-11T01:00:00.5Z"], "mail": ["a@x.br"], "tags": ['["a", null, "\\""]'],
            "where": ['{"x": 1.5, "y": null}'], "empty": ['""'], "day": ["2024-01-10"],
        },
        "lines": {"n": ["1", "null", "3", "3"], "secret": ["***"] * 4},
        "nothing": {"z": []},
    }  # fmt: skip
    assert [(each.rows, each.omitted) for each in example(page).tables] == [(1, 0), (4, 2), (0, 0)]


def test_of_two_columns_that_disagree_the_stricter_counts(tmp_path: Path) -> None:
    columns = [column("mail", "lower($.mail)"), column("whole", "json($)"), column("personal", "$.mail", **PERSONAL)]
    page = page_of(tmp_path, table("t", *columns), sample=[{"mail": "SECRET"}])
    assert rows(page) == {"t": {"mail": ["***"], "whole": ["***"], "personal": ["***"]}}


def test_of_columns_that_disagree_no_examples_are_shown(tmp_path: Path) -> None:
    given = {"examples": ["SECRET"]}
    columns = [
        column("mail", **given),
        column("whole", "json($)", **given),
        column("personal", "$.mail", **PERSONAL, **given),
        column("id", examples=["SHOWN"]),
    ]
    page = page_of(tmp_path, table("t", *columns[:1]), table("u", *columns[1:]))
    shown = {column.name: column.examples for table in page.tables for column in table.columns}
    assert shown == {"mail": ("***",), "whole": ("***",), "personal": ("***",), "id": ('"SHOWN"',)}
    assert html(page).count('<span class="masked">***</span>') == 3
    assert "SECRET" not in html(page) + text(page)


def test_a_record_that_breaks_a_rule_becomes_no_rows(tmp_path: Path) -> None:
    columns = [column("a", kind="integer"), column("b", required=True), column("c", quality=[WARNING])]
    page = page_of(tmp_path, table("t", *columns), sample=[{"a": "SECRET"}])
    assert rows(page) == {"t": {"a": [], "b": [], "c": []}}
    assert sorted(example(page).problems) == [
        "t.a.type: expected integer, at $.a",
        "t.b.required: expected a value, at $.b",
    ]
    assert "It becomes no rows as it is" in html(page)


WARNING = {"metric": "nullValues", "mustBe": 0, "severity": "warning"}


@pytest.mark.parametrize(
    ("sample", "problem"),
    [
        (b"", "it holds no records"),
        (b"[1, ", "the array"),
        (b"\x1f\x8b\x08broken", "gzip"),
        (b'{"a"\n{"a": "x"}', "one JSON object"),
    ],
)
def test_a_sample_that_gives_no_record(sample: bytes, problem: str, tmp_path: Path) -> None:
    page = page_of(tmp_path, table("t", column("a")), sample=sample)
    assert example(page).document == ()
    assert problem in example(page).problems[0]
    assert "It becomes no rows as it is" in text(page)


def test_a_sample_may_be_whatever_an_upload_may(tmp_path: Path) -> None:
    wrapped = json.dumps({"export": {"orders": [{"a": "first"}, {"a": "second"}]}}).encode()
    policy = [{"property": "records", "value": "$.export.orders[*]"}]
    page = page_of(tmp_path, table("t", column("a")), sample=gzip.compress(wrapped), customProperties=policy)
    assert rows(page) == {"t": {"a": ["first"]}}


def test_a_huge_record_is_cut(tmp_path: Path) -> None:
    page = page_of(tmp_path, table("t", column("a")), sample=[{f"field{at}": at for at in range(9_999)} | {"a": "x"}])
    assert len(example(page).document) == 251
    assert shown(page)[-1] == "… and more"


TAKEN = [  # columns of all kinds over one document
    ("$.a.b", {}), ("$.a.c[0]", {}), ("$.a.c[*]", {}), ("$.a.c[-1]", {}), ("json($.a)", {}), ("json($.a.d)", {}),
    ("lower($.a.d.e)", {}), ("$.f[*].g", {}), ("json($.f[*])", {}), ("coalesce($.none, $.f[1].h)", {}), ("$.i", {}),
    ("$.a.c", {"kind": "array", "items": {"logicalType": "string"}}),
    ("$.f", {"kind": "array", "items": {"logicalType": "object", "properties": [column("h")]}}),
    ("$.a", {"kind": "object", "properties": [column("b"), column("d", kind="object", properties=[column("e")])]}),
    ("json($)", {}), ("index($.f[*])", {"kind": "integer"}),
]  # fmt: skip
RECORD = {
    "a": {"b": "tok1", "c": ["tok2", "tok3"], "d": {"e": "tok4", "z": "tok5"}},
    "f": [{"g": "tok6", "h": "tok7"}, {"g": "tok8", "h": "tok9"}],
    "i": "tok0",
    "j": {"k": "tok-unread"},
}


def tokens(page: Page) -> set[str]:
    return set(re.findall("tok[0-9]", html(page) + text(page)))


@cache
def takes(at: int) -> frozenset[str]:
    """What the rows of a column show where it is public."""
    path, keys = TAKEN[at]
    with TemporaryDirectory() as folder:
        page = page_of(Path(folder), table("t", column("c", path, **keys)), sample=[RECORD])
    return frozenset(re.findall("tok[0-9]", str(rows(page))))


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.integers(0, len(TAKEN) - 1), st.booleans(), min_size=1, max_size=6))
def test_what_a_masked_column_takes_is_shown_by_no_other(columns: dict[int, bool]) -> None:
    tables = [
        table(f"t{at}", column("c", TAKEN[at][0], **TAKEN[at][1], **(PERSONAL if masked else {})))
        for at, masked in columns.items()
    ]
    with TemporaryDirectory() as folder:
        page = page_of(Path(folder), *tables, sample=[RECORD])
    personal = {token for at, masked in columns.items() if masked for token in takes(at)}
    assert not tokens(page) & personal
    if not any(columns.values()):
        assert tokens(page) == {token for at in columns for token in takes(at)}


def test_no_personal_value_is_anywhere_on_a_page(tmp_path: Path) -> None:
    """In the document, in rows, in examples; nor what no column reads."""
    secrets = {name: f"SECRET-{name}" for name in ("mail", "name", "address", "unread")}
    record = {
        "id": 1,
        "buyer": {**secrets, "deep": [{"x": secrets["mail"]}], "more": {"unread": secrets["unread"]}},
        "lines": [{"note": secrets["name"], "sku": "S1"}, {"note": secrets["address"]}],
        "unread": [secrets],
        "whole": secrets,
    }
    examples = {**PERSONAL, "examples": list(secrets.values())}
    page = page_of(
        tmp_path,
        table(
            "orders",
            column("id", kind="integer"),
            column("mail", "lower(trim($.buyer.mail))", **examples),
            column("name", "coalesce($.buyer.address, $.buyer.name)", **examples),
            column("deep", "$.buyer.deep", "array", items={"logicalType": "object", "properties": [column("x")]},
                   **examples),
            column("whole", "json($.whole)", **examples),
        ),
        table("lines", column("sku", "$.lines[*].sku"), column("note", "upper($.lines[*].note)", **PERSONAL)),
        sample=[record],
    )  # fmt: skip
    for rendered in (html(page), text(page)):
        assert "secret" not in rendered.lower()
        assert "***" in rendered or r"\*\*\*" in rendered
        assert "S1" in rendered
