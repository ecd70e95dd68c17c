"""Contracts change, files stay: a table has what all versions have written, exactly, and says what it can't tell."""

from pathlib import Path

import pytest

from etl.query import Catalogue, catalogue
from etl.review.memory import Memory
from etl.storage import open_storage
from tests.query.lakes import DAY, NUMBER, PRICE, ask, contract, publish

WHOLE = {"name": "price", "logicalType": "integer"}
DOUBLE = {"name": "price", "logicalType": "number"}
TEXT = {"name": "price", "logicalType": "string"}
LIST = {"name": "price", "logicalType": "array", "items": {"logicalType": "string"}}


@pytest.fixture
def lake(tmp_path: Path) -> str:
    return f"{tmp_path}/lake/"


def tables(lake: str, folder: Path) -> Catalogue:
    return catalogue([lake], open_storage(), Memory(folder / "memory.sqlite"))


def two(lake: str, folder: Path, old: dict, new: dict, first: object, second: object) -> None:
    """A table whose column `price` is one thing in version 1, and another in version 2."""
    for version, column, value in (("1.0.0", old, first), ("2.0.0", new, second)):
        agreed = contract(version, feed=[NUMBER, column, DAY])
        publish(lake, agreed, version, {"n": int(version[0]), "day": "2024-01-10", "price": value}, source=folder)


def test_a_new_column_is_null_where_files_do_not_have_it(lake, tmp_path):
    publish(lake, contract(feed=[NUMBER, DAY]), "a", {"n": 1, "day": "2024-01-10"}, source=tmp_path)
    agreed = contract("1.1.0", feed=[NUMBER, PRICE, DAY])
    publish(lake, agreed, "b", {"n": 2, "day": "2024-01-11", "price": "9.50"}, source=tmp_path)
    asked = "SELECT n, price, _contract_version v FROM feed ORDER BY n"
    assert ask(asked, lake, tmp_path) == [
        {"n": 1, "price": None, "v": "1.0.0"},
        {"n": 2, "price": "9.50", "v": "1.1.0"},
    ]
    (table,) = tables(lake, tmp_path).tables
    assert table.versions == ("1.0.0", "1.1.0")


def test_columns_and_tables_that_contracts_have_lost_are_there(lake, tmp_path):
    publish(lake, contract(feed=[NUMBER, PRICE], other=[NUMBER]), "a", {"n": 1, "price": "2.50"}, source=tmp_path)
    publish(lake, contract("2.0.0", renamed=[NUMBER]), "b", {"n": 2}, source=tmp_path)
    assert [(one.name, one.rows) for one in tables(lake, tmp_path).tables] == [
        ("feed", 1),
        ("feed_other", 1),
        ("feed_renamed", 1),
    ]
    assert ask("SELECT price FROM feed", lake, tmp_path) == [{"price": "2.50"}]


def test_a_table_of_which_nothing_is_published_is_empty(lake, tmp_path):
    arrays = [{**NUMBER, "transformLogic": "$.items[*].n"}]
    publish(lake, contract(feed=[NUMBER], items=arrays), "a", {"n": 1, "items": []}, source=tmp_path)
    assert ask("SELECT count(*) AS c FROM feed_items", lake, tmp_path) == [{"c": 0}]


@pytest.mark.parametrize(
    ("old", "new", "first", "second", "seen"),
    [
        (WHOLE, PRICE, 9007199254740993, "0.10", ["9007199254740993.00", "0.10"]),
        (PRICE, {**PRICE, "physicalType": "decimal(14,4)"}, "1.50", "1.2345", ["1.5000", "1.2345"]),
        ({**WHOLE, "logicalTypeOptions": {"format": "i8"}}, WHOLE, -128, 2**62, [-128, 2**62]),
        ({**WHOLE, "logicalTypeOptions": {"format": "u64"}}, WHOLE, 2**64 - 1, -1, [2**64 - 1, -1]),
    ],
)
def test_a_wider_type_holds_all_values(lake, tmp_path, old, new, first, second, seen):
    two(lake, tmp_path, old, new, first, second)
    assert [row["price"] for row in ask("SELECT price FROM feed ORDER BY n", lake, tmp_path)] == seen
    assert tables(lake, tmp_path).tables[0].notes == ()


@pytest.mark.parametrize(
    ("old", "new", "first", "second", "seen"),
    [
        (WHOLE, DOUBLE, 9007199254740993, 0.5, ["9007199254740993", "0.5"]),
        (PRICE, TEXT, "1.50", "007", ["1.50", "007"]),
    ],
)
def test_what_only_text_holds_is_text_and_it_says_so(lake, tmp_path, old, new, first, second, seen):
    two(lake, tmp_path, old, new, first, second)
    assert [row["price"] for row in ask("SELECT price FROM feed ORDER BY n", lake, tmp_path)] == seen
    (note,) = tables(lake, tmp_path).tables[0].notes
    assert note.startswith("feed.price is text here, since nothing else holds its values: ")
    assert "in files of version 1.0.0, " in note
    assert "in files of version 2.0.0; CAST it" in note


def test_what_no_type_holds_is_left_out_and_it_says_so(lake, tmp_path):
    two(lake, tmp_path, PRICE, LIST, "1.50", ["1.50"])
    assert ask("SELECT * EXCLUDE (_record_id, _upload, _contract_version) FROM feed ORDER BY n", lake, tmp_path) == [
        {"n": 1, "day": "2024-01-10"},
        {"n": 2, "day": "2024-01-10"},
    ]
    (note,) = tables(lake, tmp_path).tables[0].notes
    assert note.startswith("feed.price is left out, since no one type holds its values: decimal(12,2) in files of")


def test_partition_columns_may_change(lake, tmp_path):
    publish(lake, contract(feed=[NUMBER, DAY]), "a", {"n": 1, "day": "2024-01-10", "shop": "x"}, source=tmp_path)
    shop = {"name": "shop", "logicalType": "string", "required": True, "partitioned": True, "partitionKeyPosition": 1}
    plain_day = {**DAY, "partitioned": False}
    agreed = contract("2.0.0", feed=[{**NUMBER}, plain_day, shop])
    publish(lake, agreed, "b", {"n": 2, "day": "2024-01-11", "shop": "01"}, source=tmp_path)
    asked = "SELECT n, day, shop FROM feed WHERE day >= DATE '2024-01-10' ORDER BY n"
    assert ask(asked, lake, tmp_path) == [
        {"n": 1, "day": "2024-01-10", "shop": None},
        {"n": 2, "day": "2024-01-11", "shop": "01"},
    ]


def test_a_copy_of_a_contract_that_is_gone_or_edited_takes_its_table_out_of_sight(lake, tmp_path):
    publish(lake, contract(feed=[NUMBER]), "a", {"n": 1}, source=tmp_path)
    publish(lake, contract(name="other", other=[NUMBER]), "b", {"n": 1}, source=tmp_path)
    (copy,) = Path(lake, "_contracts/feed").iterdir()
    text = copy.read_text()
    copy.write_text(text.replace("required: true", "required: false"))
    found = tables(lake, tmp_path)
    assert [table.name for table in found.tables] == ["other"]
    assert [(name, "this is not the contract that it was" in text) for name, text in found.problems] == [("feed", True)]
    copy.unlink()
    ((name, problem),) = tables(lake, tmp_path).problems
    assert (name, "it is gone; put it back from a backup" in problem) == ("feed", True)


def test_two_tables_of_one_name_are_both_named_and_neither_is_asked(lake, tmp_path):
    for root in (lake, f"{lake}below/"):
        publish(root, contract(feed=[NUMBER]), "a", {"n": 1}, source=tmp_path)
    found = tables(lake, tmp_path)
    ((name, problem),) = found.problems
    assert (found.tables, name) == ((), "feed")
    assert problem == (
        f"feed: this would be {lake}feed/ (contract feed) and {lake}below/feed/ (contract feed); "
        "give --lake, so that it is one"
    )
