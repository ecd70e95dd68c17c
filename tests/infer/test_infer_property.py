"""Whatever the samples are: what is proposed lints clean, and takes them."""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.errors import UsageError
from etl.infer import Inferred, contract_name
from tests.infer.hostile import KEYS, NUMBERS, TEXTS
from tests.infer.proposing import contract_of, proposed, report_of

keys = st.sampled_from(KEYS) | st.text(max_size=6).filter(lambda text: text.isascii() or _is_utf8(text))
numbers = st.sampled_from(NUMBERS) | st.integers().map(str) | st.floats(allow_nan=False, allow_infinity=False).map(repr)
texts = st.sampled_from(TEXTS) | st.text(max_size=6).filter(lambda text: _is_utf8(text))
scalars = st.sampled_from(["null", "true", "false"]) | numbers | texts.map(json.dumps)


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


def written(members: list[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{json.dumps(key)}: {value}" for key, value in members) + "}"


@st.composite
def documents(draw: Any) -> list[str]:
    """Records as JSON texts that have keys and kinds of values in common, as those of one feed do."""
    names = draw(st.lists(keys, min_size=1, max_size=5, unique=True))
    values = draw(st.lists(st.one_of(scalars, numbers, texts.map(json.dumps)), min_size=1, max_size=6))
    leaves = st.sampled_from(values)

    def inside(below: Any) -> Any:
        objects = st.lists(st.tuples(st.sampled_from(names), below), max_size=4, unique_by=lambda member: member[0])
        return objects.map(written) | st.lists(below, max_size=3).map(lambda items: "[" + ",".join(items) + "]")

    value = st.recursive(leaves, inside, max_leaves=8)
    habits = {name: draw(st.sampled_from([leaves, value, value, st.lists(value, max_size=3).map(
        lambda items: "[" + ",".join(items) + "]")])) for name in names}  # fmt: skip
    records = draw(st.lists(st.sets(st.sampled_from(names)), min_size=1, max_size=5))
    return [written([(name, draw(habits[name])) for name in names if name in record]) for record in records]


def upload(records: list[str], form: str) -> bytes:
    match form:
        case "array":
            return f"[{','.join(records)}]".encode()
        case "wrapped":
            return f'{{"page": 1, "orders": [{", ".join(records)}]}}'.encode()
        case "document":
            return records[0].encode()
        case "gzip":
            return gzip.compress("\n".join(records).encode(), mtime=0)
        case _:
            return "\n".join(records).encode()


FORMS = ["ndjson", "array", "wrapped", "document", "gzip"]


def assert_taken(*uploads: bytes, name: str = "orders") -> Inferred:
    """The proposal for these uploads lints clean, and takes all of each but for what it says was left out."""
    with tempfile.TemporaryDirectory() as folder:
        done = proposed(Path(folder), *uploads, name=name)
        contract = contract_of(done)
        reports = [report_of(contract, Path(folder) / f"{name}-{at}.json") for at in range(len(uploads))]
    broken = [rule for report in reports for rule in report["rules"]]
    assert sum(report["records"]["published"] for report in reports) == done.records, broken
    assert sum(report["records"]["quarantined"] for report in reports) == sum(one.records for one in done.left_out)
    assert all(rule["table"] is None for rule in broken), broken
    assert_readable(done.text)
    return done


def assert_readable(text: str) -> None:
    """Other readers of YAML take for text what is text here; each line is fit for an editor."""
    for line in text.splitlines():
        assert line == line.rstrip()
        assert line.isprintable()
    document = yaml.safe_load(text)
    assert isinstance(document["id"], str)
    assert document["id"] == document["name"]
    for table in document["schema"]:
        assert isinstance(table["name"], str)
        for column in table["properties"]:
            assert isinstance(column["name"], str)
            assert isinstance(column["transformLogic"], str)
            assert all(isinstance(entry["value"], str) for entry in column.get("enum", ()))


@given(st.lists(st.tuples(documents(), st.sampled_from(FORMS)), min_size=1, max_size=2))
@settings(max_examples=24, deadline=None)
def test_what_is_proposed_takes_its_samples(feeds: list[tuple[list[str], str]]) -> None:
    assert_taken(*(upload(records, form) for records, form in feeds))


ARRAYS = ["lines", "ITEMS", "Lines", "data", "RECORDS", "order_items"]
IDS = ["id", "ID", "line_id", "ITEM_ID", "itemId", "lineNo", "record_id", "order_item_id"]


@given(st.lists(st.sampled_from(ARRAYS), min_size=1, max_size=3), st.sampled_from(IDS), st.lists(st.integers(0, 3)))
@settings(max_examples=12, deadline=None)
def test_ids_of_elements_may_recur(arrays: list[str], name: str, ids: list[int]) -> None:
    """Under objects that are called like arrays, too: whose id it is does not depend on how the array is called."""
    elements = ",".join(written([(name, str(one))]) for one in ids)
    value = f"[{elements}]"
    for array in reversed(arrays):
        value = written([(array, value)])
    assert_taken(written([("id", "0"), ("order", value)]).encode())


@given(documents(), st.sampled_from(FORMS))
@settings(max_examples=6, deadline=None)
def test_the_same_samples_give_the_same_contract(records: list[str], form: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        first, second = (proposed(Path(folder), upload(records, form)) for _ in range(2))
    assert first.text == second.text


@pytest.mark.parametrize("value", ["1", '[{KEY: "x"}, null]', "{KEY: [1, null]}", "[[{KEY: 1}]]", '"a@b.example"'])
def test_any_key_is_read(value: str) -> None:
    done = assert_taken(written([(key, value.replace("KEY", json.dumps(key))) for key in KEYS]).encode())
    assert (done.records, done.left_out) == (1, [])
    assert done.text.count("transformLogic") >= len(KEYS)


@pytest.mark.parametrize(
    "sample", ["null", "Null", "true", "FALSE", "no", "on", "y", "~", "1", "007", "1e5", "0x1f", "2024-01-10", "_", "-"]
)
def test_any_sample_gives_its_name_to_a_contract(sample: str) -> None:
    name = contract_name(f"in/{sample}.json")
    assert yaml.safe_load(assert_taken(b'{"id": 1}', name=name).text)["name"] == name


NAMES = ["price", "created_at"]


@pytest.mark.parametrize("name", NAMES)
def test_any_scalar_is_taken(name: str) -> None:
    tokens = [*NUMBERS, *map(json.dumps, TEXTS)]
    members = [(f"a{at}", written([(name, token), ("b", f"[{token}, null]")])) for at, token in enumerate(tokens)]
    done = assert_taken(written(members).encode())
    assert done.text.count("transformLogic") == 2 * len(tokens)


BAD = [
    '{"a": 1, "a": 2}', '{"a": {"b": 1, "b": 2}}', '{"a": NaN}', "[1]", "nonsense", '{"a": "\\ud800"}',
    '{"a": ' + "9" * 5000 + "}", '{"a": ' + "[" * 300 + "]" * 300 + "}",
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_what_no_contract_takes_is_left_out_and_said(bad: str) -> None:
    done = assert_taken(b'{"id": 1, "a": 1}\n{"id": 2, "a": 2}\n' + bad.encode() + b"\n")
    [left_out] = done.left_out
    assert (done.records, left_out.records) == (2, 1)
    assert str(left_out).startswith("orders-0.json: left out 1 record at line 3: ")


@pytest.mark.parametrize("bad", ["", "[]", *BAD], ids=range(len(BAD) + 2))
def test_nothing_to_go_by_is_said(bad: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="samples"):
        proposed(tmp_path, bad.encode())
