"""What a change is called, held against what the engine does: the sample orders, and values of every kind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, reduce
from pathlib import Path
from tempfile import NamedTemporaryFile

import pyarrow as pa
import pytest
import yaml
from diff_documents import changes, column, document, parsed
from hypothesis import given, settings
from hypothesis import strategies as st
from test_diff_columns import COME, FOREIGN, NESTED, RULES, SAME, TYPES

from etl import diff
from etl.errors import ContractError
from etl.lake.schema import file_schema
from etl.rejudge import judging

ROOT = Path(__file__).parents[2]
VALUES = [
    None, True, False, 0, 1, -1, 5, 6, 7, 8, 9, 10, 14, 35, 70, 127, 128, 2**31, 2**53 + 1, 0.5, 5.0, 9.99, 12.345,
    "", " ", "-", "x", "y", "X", "Pxx", "Q", "yP", "1", "5", "007", "true", "xxxxxxxx", "xxxxxxxxx", "a@b.example",
    "2024-01-10", "10/01/2024", "1.2.2024", "01/13/2024", "20240110", "10012024", "2024-10-01", "20240110101112",
    "2024-01-10T10:11:12Z", "2024-01-10T10:11:12", "2024-01-10T10:11:12.123456Z", 1704879072, 1704879072123,
    [], ["x"], ["y"], ["x", "x"], ["x", "y"], [None], [1], [["x"]], list("abcdefghij"), {}, {"x": 1}, {"x": "1"},
    {"x": None}, {"x": 1, "y": 2}, {"y": 2}, {"x": "one", "y": 2}, {"b": 1},
]  # fmt: skip


@cache
def rejected(text: str) -> frozenset[int]:
    """The numbers of the records that a contract rejects, each with one of the values."""
    return frozenset(_judged(text, "\n".join(json.dumps({"id": 1, "a": value}) for value in VALUES)))


def _judged(text: str, records: str) -> set[int]:
    with NamedTemporaryFile() as file:
        file.write(records.encode())
        file.flush()
        found = judging.upload(Path(file.name), parsed(text).contract)
    return set(range(1, found.read + 1)) if found.whole else set(found.broken)


PAIRS = [
    (column(one), column(other))
    for case in (*RULES, *TYPES, *SAME, *FOREIGN, *NESTED)
    for one, other in (case[:2], case[1::-1])
]


def assert_true(old: str, new: str, rejected: Callable[[str], frozenset[int]]) -> None:
    """A safe change rejects no record anew, and one that is not breaking keeps the lake's columns."""
    effects = {change.effect for change in changes(old, new)}
    if effects <= {"safe"}:
        assert rejected(new) <= rejected(old)
    if "breaking" not in effects:
        assert_readable(old, new)


def assert_readable(old: str, new: str) -> None:
    before, now = (parsed(text).contract for text in (old, new))
    tables = {table.name: table for table in now.tables}
    for table in before.tables:
        assert table.partitions == tables[table.name].partitions
        fields = file_schema(now, tables[table.name], None)
        for field in file_schema(before, table, None):
            assert holds(fields.field(field.name).type, field.type)


def holds(new: pa.DataType, old: pa.DataType) -> bool:
    """Whether files of the new type have all that those of the old one had."""
    if pa.types.is_struct(old) and pa.types.is_struct(new):
        return all(new.get_field_index(part.name) >= 0 and holds(new.field(part.name).type, part.type) for part in old)
    return new.equals(old)


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_every_kind_of_change_of_a_column(old: str, new: str) -> None:
    assert_true(old, new, rejected)


@pytest.mark.parametrize("keys", [case[0] for case in COME])
def test_new_columns(keys: str) -> None:
    assert_true(document(), column(keys), rejected)


LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
NUMBERS = st.dictionaries(st.sampled_from(LIMITS), st.integers(1, 9), max_size=2)
LENGTHS = st.dictionaries(st.sampled_from(("minLength", "maxLength")), st.integers(1, 9), max_size=2)
PATTERNS = st.dictionaries(st.just("pattern"), st.sampled_from(("^P", "x", "[0-9]")), max_size=1)
CHOICES = st.lists(st.sampled_from(("x", "y", "-", "1")), unique=True, max_size=3)


@st.composite
def texts(draw: st.DrawFn) -> str:
    keys = ["logicalType: string", f"logicalTypeOptions: {json.dumps(draw(LENGTHS) | draw(PATTERNS))}"]
    enum = draw(CHOICES)
    keys += [f"enum: {json.dumps([{'value': value} for value in enum])}"] if enum else []
    return ", ".join([*keys, f"required: {json.dumps(draw(st.booleans()))}"])


@st.composite
def numbers(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(("logicalType: integer", "logicalType: number, physicalType: 'decimal(12,2)'")))
    return f"{kind}, logicalTypeOptions: {json.dumps(draw(NUMBERS))}, required: {json.dumps(draw(st.booleans()))}"


@given(st.one_of(st.tuples(texts(), texts()), st.tuples(numbers(), numbers())))
@settings(max_examples=50, deadline=None)
def test_any_two_sets_of_rules(pair: tuple[str, str]) -> None:
    old, new = map(column, pair)
    try:
        parsed(old), parsed(new)
    except ContractError:  # nothing could meet these rules
        return
    assert_true(old, new, rejected)
    back = {change.what: change.effect for change in changes(new, old)}
    for change in changes(old, new):
        if change.effect == "safe":
            assert back[change.what] in ("tightening", "safe")
        if change.what != "required" and change.effect == "breaking":
            assert back[change.what] == "breaking"


# Any edit of a contract's data: nothing that is parsed otherwise goes unseen.

RICH = json.dumps(
    {
        **yaml.safe_load(document()),
        "name": "shop",
        "tags": ["a", "b"],
        "description": {"purpose": "x"},
        "servers": [
            {"server": "incoming", "type": "s3", "location": "s3://orders/in/", "delimiter": "array"},
            {"server": "datalake", "type": "s3", "location": "s3://orders/lake/{model}/"},
        ],
        "customProperties": [{"property": "theirs", "value": [1]}, {"property": "unknownFields", "value": "reject"}],
        "schema": [
            {
                "name": name,
                "description": "x",
                "properties": [
                    {**yaml.safe_load(f"{{{case[1]}}}"), "name": f"c{at}", "description": "x", "businessName": "x"}
                    for at, case in enumerate(every)
                ],
                "quality": [
                    {"name": "few", "metric": "rowCount", "mustBeLessThan": 9},
                    {"metric": "duplicateValues", "arguments": {"properties": ["c0"]}, "mustBe": 0},
                ],
            }
            for name, every in (("t", RULES[:9]), ("u", [*RULES[9:12], *TYPES[2:8], *NESTED[1:5]]))
        ],
    }
)


def routes(node: object, route: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to every value."""
    yield from [route] if route else []
    for key, inner in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from routes(inner, (*route, key))


def edited(value: object) -> object:
    """Another value of its kind."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, list):
        return value[::-1]
    return f"{value}x" if isinstance(value, str) else value + 1 if isinstance(value, int) else None


@given(st.sampled_from(list(routes(json.loads(RICH)))), st.booleans())
@settings(max_examples=60, deadline=None)
def test_nothing_that_is_parsed_otherwise_goes_unseen(route: tuple[str | int, ...], removed: bool) -> None:
    data, before = json.loads(RICH), parsed(RICH).contract
    holder = reduce(lambda node, key: node[key], route[:-1], data)
    if removed:
        del holder[route[-1]]
    else:
        holder[route[-1]] = edited(holder[route[-1]])
    text = json.dumps(data)
    try:
        differ = parsed(text).contract.digest != before.digest and route != ("version",)
    except ContractError:  # no contract any more
        return
    assert bool(changes(RICH, text)) == bool(changes(text, RICH)) == differ


# The orders and their examples of bad uploads, under edits of their contract.

ORDERS = (ROOT / "contracts/orders.odcs.yaml").read_text(encoding="utf-8").replace("20 percent", "100 percent")
EDITS = [
    ("maximum: 1000", "maximum: 100"),
    ("maxLength: 254", "maxLength: 20"),
    ("pattern: ^P[0-9]{2,8}$", "pattern: ^P"),
    ("          minLength: 1\n          maxLength: 200\n        required: true", "          maxLength: 200"),
    ("mustBeLessThan: 50", "mustBeLessThan: 90"),
    ("value: record ", "value: row "),
    ("value: reject ", "value: allow "),
    ("value: warn ", "value: reject "),
    ("implementation: total_amount >= price", "implementation: total_amount >= 0"),
    ("lower(trim($.customer.email))", "trim($.customer.email)"),
    ("decimal(12,2)", "decimal(12,3)"),
    ('minimum: "2000-01-01"', 'minimum: "2024-01-15"'),
    ("        primaryKey: true\n        primaryKeyPosition: 2\n", ""),
    ("            severity: warning", "            severity: error"),
    ("      - name: category\n", "      - name: kind\n"),
    ("purpose: Orders", "purpose: All orders"),
    ("format: email", "minLength: 1"),
]


@cache
def orders() -> str:
    """Every order of the sample and of the examples that are whole arrays, one a line."""
    folders = [ROOT / "contracts/orders.sample.json", *sorted(ROOT.glob("quarantine_examples/*/upload.json"))]
    found: list[object] = []
    for path in folders:
        if (path.parent / "contract.odcs.yaml").exists():
            continue
        with suppress(ValueError):
            found += json.loads(path.read_bytes())
    return "\n".join(map(json.dumps, found))


@cache
def rejected_orders(text: str) -> frozenset[int]:
    return frozenset(_judged(text, orders()))


@pytest.mark.parametrize(("before", "after"), EDITS)
def test_edits_of_the_orders(before: str, after: str) -> None:
    edited = ORDERS.replace(before, after)
    for old, new in ((ORDERS, edited), (edited, ORDERS)):
        assert edited == ORDERS or changes(old, new)
        assert_true(old, new, rejected_orders)
    if rejected_orders(edited) != rejected_orders(ORDERS):
        assert diff.greatest(changes(ORDERS, edited)) in ("minor", "major")


def test_edits_are_real() -> None:
    assert all(before in ORDERS for before, _ in EDITS)
    assert len(rejected_orders(ORDERS)) > 5
