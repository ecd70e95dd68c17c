from __future__ import annotations

import tracemalloc
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import (
    BOOLEAN,
    DATE,
    INTEGER,
    NUMBER,
    STRING,
    TIME,
    check,
    column,
    contract,
    decimal,
    integer,
    key,
    rows,
    timestamp,
)

from etl.contract.model import Required
from etl.validate import Validator
from etl.validate.hashing import fingerprints
from etl.validate.keys import Seen

NOON = datetime(2024, 1, 10, 12, tzinfo=UTC)


def broken(made, *blocks):
    """`(record, path, value, detail, rows)` of the violations of these blocks, each a mapping for `rows`."""
    validator = Validator(made)
    found = [each for block in blocks for each in validator.judge(rows(made, **block))]
    return [(each.record, each.path, each.value, each.detail, each.rows) for each in found]


@pytest.mark.parametrize(
    ("type_", "one", "other", "text"),
    [
        (STRING, "a", "b", '"a"'),
        (STRING, "", "\0", '""'),
        (STRING, "12345678", "123456789", '"12345678"'),
        (STRING, "é" * 200, "é" * 199 + "e", f'"{"é" * 200}"'),
        (INTEGER, 0, -1, "0"),
        (integer(pa.int8()), -128, 127, "-128"),
        (integer(pa.uint64()), 2**64 - 1, 2**63, str(2**64 - 1)),
        (NUMBER, 0.1, 0.2, "0.1"),
        (decimal(12, 2), Decimal("1.5"), Decimal("-1.5"), "1.50"),
        (decimal(38, 0), Decimal(2**64), Decimal(2**65), str(2**64)),
        (BOOLEAN, True, False, "true"),
        (DATE, date(2024, 1, 10), date(2024, 1, 11), '"2024-01-10"'),
        (TIME, time(1), time(1, 0, 0, 1), '"01:00:00"'),
        *[(timestamp(unit), NOON, NOON.replace(hour=13), '"2024-01-10T12:00:00Z"') for unit in ("s", "ms", "us", "ns")],
    ],
)
def test_every_scalar_type_can_be_a_key(type_, one, other, text):
    made = contract(column("id", type_), keys=[key("id")])
    assert broken(made, {"columns": {"id": [one, other, None, one, None]}}) == [
        (4, "$.id", text, "first in record 1", (0,))
    ]


def test_a_zero_is_a_zero():
    made = contract(column("id", NUMBER), keys=[key("id")])
    assert broken(made, {"columns": {"id": [0.0, -0.0]}}) == [(2, "$.id", "-0.0", "first in record 1", (0,))]


def test_the_first_stays_across_blocks_and_every_later_one_names_it():
    made = contract(column("id", INTEGER), keys=[key("id")])
    blocks = [{"columns": {"id": ids}, "first": first} for first, ids in ((1, [7, 8]), (3, [9, 8, 8]), (6, [7, 9, 9]))]
    assert [(record, detail) for record, _, _, detail, _ in broken(made, *blocks)] == [
        (4, "first in record 2"),
        (5, "first in record 2"),
        (6, "first in record 1"),
        (7, "first in record 3"),
        (8, "first in record 3"),
    ]


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [
        (["a", "ab"], ["bc", "c"], []),
        (["a", "a"], ["b", "c"], []),
        (["a", "b"], ["b", "a"], []),
        (["a", None, None], ["b", "b", "b"], []),
        (["a", "x", "a"], ["b", "b", "b"], [(3, "$.right", '["a", "b"]', "first in record 1", (0,))]),
    ],
)
def test_the_columns_of_a_key_count_together_and_in_order(left, right, found):
    made = contract(column("left", STRING), column("right", STRING), keys=[key("left", "right")])
    assert broken(made, {"columns": {"left": left, "right": right}}) == found


def test_a_key_with_an_unknown_part_is_not_compared():
    made = contract(column("a", INTEGER), column("b", INTEGER), keys=[key("a", "b")])
    assert broken(made, {"columns": {"a": [None, None], "b": [1, 1]}, "unknown": {"a": [0, 1]}}) == []


LINES = {"records": [1, 1, 2, 3, 3], "positions": [[0, 1, 0, 0, 1]]}


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        (["order"], [(3, "$.order", "10", "first in record 1", (0, 1))]),
        (["product"], [(3, "$.products[1].product", "5", "first in record 1", (1,))]),
        (["order", "product"], [(3, "$.products[1].product", "[10, 5]", "first in record 1", (1,))]),
        (["product", "order"], [(3, "$.order", "[5, 10]", "first in record 1", (1,))]),
        (["line", "product"], []),
        (["line", "order"], [(3, "$.order", "[0, 10]", "first in record 1", (0,))]),
    ],
)
def test_a_key_is_of_the_element_that_holds_it(columns, found):
    made = contract(
        column("order", INTEGER),
        column("product", INTEGER, source="$.products[*].product"),
        column("line", INTEGER, source="$.products[*].line"),
        grain="$.products[*]",
        keys=[key(*columns)],
    )
    values = {"order": [10, 10, 20, 10, 10], "product": [5, 6, 7, 8, 5], "line": [0, 1, 2, 0, 3]}
    assert broken(made, {"columns": values, **LINES}) == found


def test_duplicates_within_a_record_name_their_own_record():
    made = contract(column("n", INTEGER, source="$.products[*].n"), grain="$.products[*]", keys=[key("n")])
    assert broken(made, {"columns": {"n": [1, 1, 1, 2, 2]}, **LINES}) == [
        (1, "$.products[1].n", "1", "first in record 1", (1,)),
        (2, "$.products[0].n", "1", "first in record 1", (0,)),
        (3, "$.products[1].n", "2", "first in record 3", (1,)),
    ]


def test_rows_that_break_other_rules_count_all_the_same():
    made = contract(column("id", INTEGER), column("c", INTEGER, check(Required())), keys=[key("id")])
    found = Validator(made).judge(rows(made, {"id": [1, 1], "c": [None, 1]}))
    assert [(each.rule.name, each.record) for each in found] == [("rule", 1), ("key", 2)]


def test_uploads_do_not_see_each_other():
    made = contract(column("id", INTEGER), keys=[key("id")])
    assert [broken(made, {"columns": {"id": [1]}}) for _ in range(2)] == [[], []]


@given(st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), max_size=12), max_size=12))
def test_seen_keys_are_those_of_a_dict_even_where_lanes_collide(blocks):
    """The hashes are the keys themselves here, so that first lanes are often equal and second lanes differ."""
    seen, first, record = Seen(), {}, 0
    for block in blocks:
        numbers = np.arange(record + 1, record + 1 + len(block))
        expected = [
            (at, first[hashed])
            for at, hashed in enumerate(block)
            if first.setdefault(hashed, record + at + 1) != record + at + 1
        ]
        at, before = seen.add(np.array(block, dtype=np.uint64).reshape(-1, 2).T, numbers)
        assert list(zip(at.tolist(), before.tolist(), strict=True)) == expected
        record += len(block)


NUMBERS = st.lists(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ab")), max_size=6), max_size=8)


@given(NUMBERS, st.lists(st.integers(0, 6), min_size=8, max_size=8))
def test_keys_that_count_up_for_a_while_are_those_of_a_dict_too(blocks, starts):
    """Numbers of a block lie from its start on: above all before, or among them."""
    made = contract(column("n", INTEGER), column("t", STRING), keys=[key("n", "t")])
    first, expected, parts, record = {}, [], [], 0
    for block, start in zip(blocks, starts, strict=False):
        keys = [(number + start, text) for number, text in block]
        for each in keys:
            record += 1
            if first.setdefault(each, record) != record:
                expected.append((record, f"first in record {first[each]}"))
        parts.append(
            {"columns": {"n": [n for n, _ in keys], "t": [t for _, t in keys]}, "first": record - len(keys) + 1}
        )
    assert [(each[0], each[3]) for each in broken(made, *parts)] == expected


TEXTS = (
    st.text(st.sampled_from("\0aé👍"), max_size=20)
    | st.text(max_size=3)
    | st.sampled_from(["x" * 256, "x" * 257, "x" * 258])
)


@given(st.lists(st.tuples(TEXTS, st.integers(-(2**63), 2**63 - 1), st.booleans()), max_size=30), st.integers(0, 5))
def test_equal_keys_and_only_those_have_equal_hashes(keys, skipped):
    columns = [pa.array(values, type_) for values, type_ in zip(zip(*keys, strict=True), _TYPES, strict=False)]
    hashes = fingerprints([values.slice(skipped) for values in columns]) if keys else np.empty((2, 0))
    assert len(set(zip(*hashes.tolist(), strict=True))) == len(set(keys[skipped:]))


_TYPES = (pa.string(), pa.int64(), pa.bool_())


def test_hashes_do_not_depend_on_the_run():
    """A change here is a change of nothing on disk, but of what may collide: it should be meant."""
    hashes = fingerprints([pa.array(["A-1"]), pa.array([1]), pa.array([Decimal("1.50")], pa.decimal128(12, 2))])
    assert hashes.tolist() == [[14475941456900537249], [2255866178943271700]]


def test_each_bit_of_a_key_moves_half_of_the_hash():
    numbers = pa.array([0, *(1 << bit for bit in range(63))])
    hashes = fingerprints([numbers])
    flipped = np.unpackbits((hashes[:, 1:] ^ hashes[:, :1]).view(np.uint8), axis=1).mean()
    assert 0.48 < flipped < 0.52


def test_a_hundred_thousand_keys_take_a_few_megabytes():
    seen = Seen()
    hashes = fingerprints([pa.array(np.arange(100_000))])
    tracemalloc.start()
    for start in range(0, 100_000, 1000):
        repeated, _ = seen.add(hashes[:, start : start + 1000], np.arange(start + 1, start + 1001))
        assert not len(repeated)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000
    assert all(len(larger) > 2 * len(smaller) for larger, smaller in pairwise(seen._runs))
