"""The vectorised path gives what the per-record path gives, on any mixture of straight and odd records."""

import json
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.contract.expressions import parse, paths
from etl.contract.model import Column, Contract, Field, Policies, Table, Type
from etl.flatten import Flattener
from etl.read import placing
from etl.records import Block, Flattened, Rule

STRING = Type("string", pa.string())
INTEGER = Type("integer", pa.int64())
MONEY = Type("decimal", pa.decimal128(12, 2))
TYPES = {
    "string": STRING,
    "i8": Type("integer", pa.int8()),
    "integer": INTEGER,
    "u64": Type("integer", pa.uint64()),
    "number": Type("number", pa.float64()),
    "money": MONEY,
    "whole": Type("decimal", pa.decimal128(38, 0)),
    "wide": Type("decimal", pa.decimal128(38, 20)),
    "narrow": Type("decimal", pa.decimal128(28, 10)),
    "boolean": Type("boolean", pa.bool_()),
    "date": Type("date", pa.date32()),
    "dotted": Type("date", pa.date32(), format="d.M.yyyy"),
    "time": Type("time", pa.time64("us")),
    "seconds": Type("timestamp", pa.timestamp("s", "UTC")),
    "timestamp": Type("timestamp", pa.timestamp("us", "UTC")),
    "nanos": Type("timestamp", pa.timestamp("ns", "UTC")),
    "new_york": Type("timestamp", pa.timestamp("us", "UTC"), timezone="America/New_York"),
    "local": Type("timestamp", pa.timestamp("ms", "UTC"), timezone="America/Sao_Paulo"),
    "epoch": Type("timestamp", pa.timestamp("us", "UTC"), format="epochMillis"),
    "epoch_s": Type("timestamp", pa.timestamp("ns", "UTC"), format="epochSeconds"),
    "day": Type("date", pa.date32(), format="epochSeconds"),
    "list": Type("array", pa.list_(pa.decimal128(12, 2)), item=MONEY),
    "dates": Type("array", pa.list_(pa.date32()), item=Type("date", pa.date32())),
    "struct": Type(
        "object",
        pa.struct([("a", pa.int64()), ("b", pa.list_(pa.string()))]),
        fields=(Field("a", INTEGER), Field("b", Type("array", pa.list_(pa.string()), item=STRING))),
    ),
}


def column(name: str, type_: Type, logic: str | None = None, table: str = "t") -> Column:
    return Column(name, type_, parse(logic or f"$.{name}"), cast=Rule("type", type_.kind, table, name))


def table(name: str, *columns: Column) -> Table:
    grain = max((path.grain for each in columns for path in paths(each.source)), key=lambda path: len(path.steps))
    return Table(name, columns, grain)


def contract(*tables: Table, **policies: object) -> Contract:
    return Contract("id", "feed", "1.0.0", None, "feed.odcs.yaml", "0", tables, policies=Policies(**policies))


def same(first: Flattened, second: Flattened) -> None:
    assert list(first.violations) == list(second.violations)
    assert list(first.unknown_fields) == list(second.unknown_fields)
    for name in second.rows:
        left, right = first.rows[name], second.rows[name]
        assert left.table().schema == right.table().schema
        assert repr(left.table().to_pylist()) == repr(right.table().to_pylist())
        assert left.table().equals(right.table())
        np.testing.assert_array_equal(left.records, right.records)
        for one, other in zip(left.positions, right.positions, strict=True):
            np.testing.assert_array_equal(one, other)
        assert left.unknown.keys() == right.unknown.keys()
        for key in left.unknown:
            np.testing.assert_array_equal(left.unknown[key], right.unknown[key])


def block(texts: list[bytes], first: int = 1) -> Block:
    return placing.block(first, [(text.replace(b"\n", b" "), 1, 0) for text in texts])


def compare(feed: Contract, texts: list[bytes]) -> None:
    fast, slow = Flattener(feed), Flattener(feed, vectorised=False)
    half = len(texts) // 2  # two blocks: what was learned in the first is used in the second
    for first, part in ((1, texts[:half]), (half + 1, texts[half:]))[not half :]:
        same(fast.flatten(block(part, first)), slow.flatten(block(part, first)))


VALUES = r"""
null
true
false
0
-0
1
-1
127
128
-129
1e2
3.0
3.5
-0.0
0.1
12.30
12.345
1e400
1e-400
1e-40000001
1.5E-99999
9007199254740993
9223372036854775807
9223372036854775808
-9223372036854775809
18446744073709551615
18446744073709551616
9999999999.99
99999999999.99
1.5E1
12345678901234567890123456789
4000000000000000000
1234567890123456789.5
123456789012345678
1704879000
1704879000000
1704879000.5
253402300800
1704844800
"true"
"false"
"1"
"3.0"
"007"
"3,5"
" 7"
"+7"
"0x10"
"12.34"
"-0"
"9007199254740993"
"1e400"
"NaN"
""
"a"
" A\u00e9\t"
"ǅ ß"
"\u0000"
"\ud83d\ude00"
"\ud800"
"2024-01-10"
"2024-02-30"
"0000-01-01"
"9999-12-31"
"10.1.2024"
"31.2.2024"
"10:11:12"
"10:11:12.123456"
"10:11:12.1234567"
"24:00:00"
"2024-01-10T10:11:12Z"
"2024-01-10 10:11:12.5+02:00"
"2024-01-10t10:11:12z"
"2024-01-10T10:11:12"
"2018-11-04T00:30:00"
"2018-02-17T23:30:00"
"2040-07-01T12:00:00"
"2040-07-01T01:30:00Z"
"2024-01-10T10:11:12.123456789Z"
"2024-01-10T10:11:12.120000000Z"
"0001-01-01T00:00:00+10:00"
"9999-12-31T23:59:59-10:00"
"1677-01-01T00:00:00Z"
"2024-13-01T00:00:00Z"
"2024-01-10T10:11:12+24:00"
[]
[1.5, "2.25", null]
["2024-01-10", null]
["x"]
[1.555]
{}
{"a": 1}
{"a": "2", "b": ["x", null]}
{"a": 1, "a": 2}
{"b": [1, 2.50]}
{"c": {"d": 1, "d": 2}}
{"c": [[[1]]]}
NaN
Infinity
01
""".strip().split("\n")


# How the first records of a feed write a value decides how Arrow reads it; the result must not depend on it.
HABITS = ["null", '"1"', "1", '"2024-01-10T10:11:12"', '"2024-01-10T10:11:12Z"']


def documents(value: str, *members: str) -> list[bytes]:
    return [
        f"{{{', '.join(text)}}}".encode()
        for text in (
            ['"id": 1', *(f'"{name}": {value}' for name in members)],
            ['"id": 1', f'"{members[0]}": {value}', '"x": 1'],
        )
    ]


@pytest.mark.parametrize("habit", HABITS)
@pytest.mark.parametrize("name", TYPES)
def test_every_value_into_every_type(name: str, habit: str) -> None:
    feed = contract(table("t", column("id", INTEGER), column(name, TYPES[name])))
    compare(feed, [*documents(habit, name) * 50, *(text for value in VALUES for text in documents(value, name))])


@pytest.mark.parametrize("value", VALUES)
def test_every_value_by_itself(value: str) -> None:
    """A refused value does not hide behind others that Arrow refuses in the same block."""
    feed = contract(table("t", column("id", INTEGER), *(column(name, type_) for name, type_ in TYPES.items())))
    compare(feed, [document for name in TYPES for document in documents(value, name)])


FUNCTIONS = {
    "lower(trim($.v))": STRING,
    "upper($.v)": STRING,
    "nullif(trim($.v), '')": STRING,
    "nullif($.v, '2024-01-10')": TYPES["date"],
    "nullif($.v, '1')": MONEY,
    "trim($.v) ": MONEY,
    "scale($.v, -2)": MONEY,
    "scale($.v, 2)": INTEGER,
    "scale($.v, -3)": Type("decimal", pa.decimal128(5, 3)),
    "scale($.v, 1)": TYPES["number"],
    "date($.v)": TYPES["date"],
    "date($.v, 'America/Sao_Paulo')": TYPES["date"],
    "json($.v)": STRING,
    "coalesce($.v, $.w)": MONEY,
    "nullif(coalesce($.v, $.w), '')": STRING,
    "nullif(coalesce($.v, $.w), '1')": MONEY,
    "date($.v, 'Europe/London')": TYPES["date"],
    "coalesce(nullif($.v, ''), lower($.w), $.x)": STRING,
    "coalesce(date($.v), $.w)": TYPES["date"],
    "$.v[0]": INTEGER,
    "$.v[-1]": STRING,
    "$.v.c.d": INTEGER,
    "$['v']['a']": INTEGER,
}


@pytest.mark.parametrize("habit", HABITS)
@pytest.mark.parametrize("logic", FUNCTIONS)
def test_every_value_into_every_function(logic: str, habit: str) -> None:
    feed = contract(table("t", column("id", INTEGER), column("out", FUNCTIONS[logic], logic)))
    texts = [text for value in VALUES for names in (("v",), ("w",), ("v", "w")) for text in documents(value, *names)]
    compare(feed, [*documents(habit, "v", "w") * 50, *texts])


@pytest.mark.parametrize("habit", ["null", '"1"'])
@pytest.mark.parametrize("kind", TYPES)
def test_every_value_in_a_block_of_its_own(kind: str, habit: str) -> None:
    """There, Arrow reads the line as it is, unless its bytes forbid it: no decoder has seen it before."""
    feed = contract(table("t", column("id", INTEGER), column("v", TYPES[kind])))
    alone(feed, [f'{{"v": {habit}}}'.encode()] * 2, *([f'{{"id" : 1, "v": {value}}}'.encode()] for value in VALUES))


NESTED = contract(
    table(
        "orders",
        column("order_id", INTEGER, table="orders"),
        column("city", STRING, "$.customer.address['the city']"),
        column("first_sku", STRING, "$.lines[0].sku"),
        column("extra", STRING, "json($.extra)"),
    ),
    table(
        "lines",
        column("order_id", INTEGER),
        column("at", INTEGER, "index($.lines[*])"),
        column("sku", STRING, "$.lines[*].sku"),
        column("price", MONEY, "$.lines[*].price"),
        column("who", STRING, "coalesce($.lines[*].who, $.customer.name)"),
        column("gift", STRING, "json($.lines[*].gift)"),
    ),
    table(
        "taxes",
        column("order_id", INTEGER),
        column("sku", STRING, "$.lines[*].sku"),
        column("line", INTEGER, "index($.lines[*])"),
        column("tax", INTEGER, "index($.lines[*].taxes[*])"),
        column("cents", MONEY, "scale($.lines[*].taxes[*].cents, -2)"),
        column("name", STRING, "$.lines[*].taxes[*].name"),
    ),
)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 300),
    st.sampled_from([10**10, 2**63, -(2**63)]),
    st.decimals(-1000, 1000, places=2).map(float),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "1", "12.50", "x", " É ", "2024-01-10"]),
    st.text(max_size=5),
    st.text('":\\ ,{}[]e-17', max_size=8),  # what the bytes of a line are looked at for
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcdsku"), inner, max_size=3),
    max_leaves=6,
)


def mostly(strategy: st.SearchStrategy, other: st.SearchStrategy = anything) -> st.SearchStrategy:
    return st.integers(0, 15).flatmap(lambda dice: other if dice == 0 else strategy)


def members(**fields: st.SearchStrategy) -> st.SearchStrategy:
    return st.fixed_dictionaries({}, optional=fields)


taxes = members(cents=mostly(st.integers(0, 9999)), name=mostly(st.text(max_size=3)))
lines = members(
    sku=mostly(st.sampled_from(["P1", "P2"])),
    price=mostly(st.integers(0, 99)),
    who=mostly(st.none() | st.text(max_size=3)),
    gift=anything,
    taxes=mostly(st.lists(mostly(taxes), max_size=3)),
    colour=st.just("red"),
)
customers = members(
    name=mostly(st.text(max_size=4)), address=mostly(members(**{"the city": mostly(st.text(max_size=4))}))
)
orders = members(
    order_id=mostly(st.integers(0, 2**40)),
    customer=mostly(customers),
    lines=mostly(st.lists(mostly(lines), max_size=4)),
    extra=anything,
    note=anything,
    **{'odd "key"': anything},
)
lone = st.sampled_from(
    [
        b"null",
        b"[1]",
        b"{}",
        b"{",
        b'{"order_id": 1}{}',
        b'{"order_id": 1, "order_id": 2}',
        b"\xff",
        b'{"note":{"a":1,"a":2}}',
    ]
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(mostly(orders.map(lambda order: json.dumps(order).encode()), lone), min_size=1, max_size=12),
    st.sampled_from(["ignore", "warn", "reject"]),
    st.sampled_from(["reject", "allow"]),
)
def test_any_mixture_of_records(texts: list[bytes], unknown: str, empty: str) -> None:
    feed = contract(*NESTED.tables, unknown_fields=unknown, empty_records=empty)
    compare(feed, texts)


FLAT = contract(
    table("t", column("n", INTEGER), column("m", MONEY), column("s", STRING), column("f", TYPES["number"])),
    table("u", column("n", INTEGER), column("x", MONEY, "$.l[*].x"), column("b", TYPES["boolean"], "$.l[*].b")),
)
STRAIGHT = b'{"n": 7, "m": 12.50, "s": "a\\"b: 1e5", "f": 0.5, "l": [{"x": 1, "b": true}, {"x": null}]}'
INSERTED = [bytes([each]) for each in b'{}[],:"\\e.-+01 n\n\r\t\0\xff']
INSERTED += [b"e5", b'"1"', b"null", b'{"n": 1}', b'\\"', b'": ', b'" :', b"\\u0022", b"NaN", b"-0"]
EDITS = st.lists(st.tuples(st.integers(0, len(STRAIGHT)), st.integers(0, 3), st.sampled_from(INSERTED)), max_size=3)


@settings(max_examples=400, deadline=None)
@given(st.lists(EDITS, min_size=1, max_size=3))
def test_lines_with_edits_are_read_as_they_are_written(edits: list[list[tuple[int, int, bytes]]]) -> None:
    texts = []
    for each in edits:
        text = STRAIGHT
        for at, length, new in each:
            text = text[:at] + new + text[at + length :]
        texts += [line.strip(b" \t\r\n") for line in text.split(b"\n") if line.strip(b" \t\r\n")]
    alone(FLAT, [STRAIGHT] * 2, *([text] for text in texts), texts)


@pytest.mark.parametrize(
    "texts",
    [
        [b'{"n": 1, "l": [{"x": 1},', b'{"x": 2}]}', b'{"n": 1}{"n": 2}'],  # as many values as lines
        [b'{"n": 1, "l": [', b'{"x": 2}]}', b'{"n": 1} {"n": 2}'],
        [b'{"n": 1}', b"null"],
        [b'{"n": 1}', b"[]"],
        [b'\xef\xbb\xbf{"n": 1}'],
        [b'{"s": "\xff"}'],
        [b'{"\xff": 1}'],
        [b'{"f": NaN}'],
        [b'{"f": -Infinity}'],
        [b'{"m": 1e30}'],
        [b'{"m": -1.5E-4000000}'],
        [b'{"m": "007"}'],
        [b'{"m" : "+7"}'],
        [b'{"m": "7", "s": "\\\\"}'],  # the backslash looks as if it escaped a quote
        [b'{"l": [{"x": ".5"}]}'],
        [b'{"s": ":x", "m": "007"}'],  # as many quotes before colons as keys and a text for a number would have
        [b'{"s" : " :x", "m" : "007"}'],
        [b'{"l": [{"x": "+7"}], "s": ":"}'],
        [b'{"s": "\\":", "m": "7."}'],
    ],
)
def test_what_arrow_would_take_otherwise_than_it_is_written(texts: list[bytes]) -> None:
    alone(FLAT, [STRAIGHT] * 2, texts, [STRAIGHT, *texts])


def alone(feed: Contract, *blocks: list[bytes]) -> None:
    """Both paths give the same for each block; the first is what the habits are learned from."""
    fast, slow = Flattener(feed), Flattener(feed, vectorised=False)
    for some in blocks:
        if some:
            same(fast.flatten(block(some)), slow.flatten(block(some)))


def test_a_straight_block_takes_the_vectorised_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etl.flatten.record.flatten", lambda *_: pytest.fail("a straight record went per record"))
    text = b'{"order_id": 1, "lines": [{"sku": "P1", "price": 2.5, "taxes": [{"cents": 5}]}]}'
    flat = Flattener(NESTED).flatten(block([text] * 3))
    assert flat.rows["taxes"].column("cents").to_pylist() == [Decimal("0.05")] * 3
    assert flat.rows["lines"].column("price").to_pylist() == [Decimal("2.50")] * 3


def test_json_keeps_a_block_straight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etl.flatten.record.flatten", lambda *_: pytest.fail("a straight record went per record"))
    texts = [
        b'{"order_id": 1, "extra": {"a": [1.50, {}]}, "lines": [{"gift": 5}, {"gift": null}, {}]}',
        b'{"order_id": 2}',
    ]
    flat = Flattener(NESTED).flatten(block([texts[0], texts[0], texts[1]]))
    assert flat.rows["orders"].column("extra").to_pylist() == ['{"a": [1.50, {}]}'] * 2 + [None]
    assert flat.rows["lines"].column("gift").to_pylist() == ["5", None, None] * 2


@pytest.mark.parametrize(
    ("document", "path", "value"),
    [
        (b'{"v": "x", "w": 1}', "$.v", '"x"'),
        (b'{"w": "x"}', "$.w", '"x"'),
        (b'{"v": null, "w": 1.555}', "$.w", "1.555"),
        (b'{"w": "", "x": "y"}', "$.x", '"y"'),
    ],
)
def test_a_misfit_points_at_the_value_that_coalesce_took(document: bytes, path: str, value: str) -> None:
    feed = contract(table("t", column("out", MONEY, "coalesce($.v, nullif($.w, ''), trim($.x))")))
    (violation,) = Flattener(feed).flatten(block([document])).violations
    assert (violation.path, violation.value) == (path, value)


DEEP = b"[" * 250 + b"]" * 250


@pytest.mark.parametrize(
    "texts",
    [
        [b'{"order_id": 1, "note": 1, "who": ""}'] * 3
        + [b'{"order_id": 2, "note": 1, "note": 2, "who": "\\u0022\\u0022"}'],
        [b'{"order_id": 1, "note": 1}'] * 3 + [b'{"order_id": 2, "note": ' + DEEP + b"}"],
        [b'{"order_id": 1, "extra": {"a": 1, "a": 2}, "lines": []}'] * 2,
        [b'{"order_id": 1, "note": 1}'] * 3 + [b'{"order_id": 2, "note": 1, "n\\u006fte": 2}'],
        [b'{"order_id": 1, "extra": 1, "lines": []}'] * 3
        + [b'{"order_id": 1, "e\\u0078tra": 1, "extra": 2, "lines": []}'],
        [b'{"order_id": 1, "lines": [{"gift": ' + DEEP + b"}]}"] * 2,
        [b'{"order_id": %d}' % i for i in range(60)] + [b'{"order_id": "%d"}' % i for i in range(80)] * 2,
    ],
)
def test_what_only_one_of_the_parsers_would_see(texts: list[bytes]) -> None:
    compare(NESTED, texts)


@pytest.mark.parametrize("logic", ["json($)", "$", "index($[*])", "$[0]"])
def test_the_record_itself_as_a_value(logic: str) -> None:
    type_ = INTEGER if logic.startswith("index") else STRING
    compare(
        contract(table("t", column("a", STRING), column("out", type_, logic))), [b"null", b'{"a": "x"}', b"[1]"] * 2
    )


def test_many_lines_are_flattened_in_linear_time() -> None:
    """A bad value of the order repeats on each of its lines; `json` slices each. Quadratic, this takes minutes."""
    lines = ", ".join('{"sku": "P1", "gift": {"n": 1}}' for _ in range(20_000))
    text = f'{{"order_id": "x", "lines": [{lines}]}}'.encode()
    flat = Flattener(NESTED, vectorised=False).flatten(block([text]))
    assert len(flat.rows["lines"]) == len(flat.violations[1].rows) == 20_000
