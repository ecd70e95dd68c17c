from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pytest
from made import (
    DATE,
    INTEGER,
    NUMBER,
    STRING,
    TIME,
    column,
    condition,
    contract,
    decimal,
    integer,
    judge,
    record,
    rows,
    timestamp,
)

from etl.errors import ContractError
from etl.validate import Validator

NOON = datetime(2024, 1, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("type_", "sql", "values", "broken"),
    [
        (INTEGER, "a >= 0", [0, -1, None], [2]),
        (INTEGER, "orders.a >= 0", [0, -1], [2]),
        (INTEGER, 'a >= 0 -- "never" below', [-1], [1]),
        (INTEGER, "a > 0 OR NULL", [0], []),
        (integer(pa.uint64()), "a > 9223372036854775807", [2**64 - 1, 1], [2]),
        (NUMBER, "a < 0.5", [0.25, 0.5], [2]),
        (decimal(12, 2), "a = 0.10", [Decimal("0.1"), Decimal("0.11")], [2]),
        (decimal(38, 2), "a > 0", [Decimal("9" * 36), Decimal("-0.01")], [2]),
        (STRING, "a LIKE 'x%'", ["xy", "yx"], [2]),
        (DATE, "a <= DATE '2024-01-10'", [date(2024, 1, 10), date(2024, 1, 11)], [2]),
        (TIME, "a < TIME '12:00:00'", [time(11), time(12)], [2]),
        (timestamp(), "date_trunc('day', a) = TIMESTAMPTZ '2024-01-10 00:00:00Z'", [NOON, NOON.replace(day=11)], [2]),
        (timestamp("ns"), "a::TIMESTAMPTZ <= TIMESTAMPTZ '2024-01-10 12:00:00Z'", [NOON, NOON.replace(hour=13)], [2]),
        (record(x=INTEGER), "a.x > 0", [{"x": 1}, {"x": 0}, None], [2]),
        (INTEGER, "false", [1], [1]),
    ],
)
def test_rows_that_do_not_meet_a_condition_are_named(type_, sql, values, broken):
    made = contract(column("a", type_), conditions=[condition(sql, "a")])
    assert [record_ for record_, *_ in judge(made, {"a": values})] == broken


def test_a_violation_shows_the_columns_named_and_nothing_else():
    made = contract(
        column("price", decimal(12, 2)),
        column("secret", STRING),
        column("day", DATE),
        conditions=[condition("price > 0 AND day > DATE '2024-01-01'", "price", "day")],
    )
    values = {"price": [Decimal("-1.5")], "secret": ["s"], "day": [date(2024, 1, 10)]}
    assert judge(made, values) == [(1, "$", '{"price": -1.50, "day": "2024-01-10"}', (0,))]


@pytest.mark.parametrize(
    ("sql", "values", "found"),
    [
        ("a::INTEGER > 0", ["1", "x", None, "0", "y"], [(2, True), (4, False), (5, True)]),
        ("strptime(a, '%Y') IS NOT NULL", ["2024", "x"], [(2, True)]),
        ("a::TINYINT * a::TINYINT > 0", ["1", "99"], [(2, True)]),
    ],
)
def test_a_condition_that_fails_on_a_row_is_broken_by_that_row(sql, values, found):
    made = contract(column("a", STRING), conditions=[condition(sql, "a")])
    details = {True: "the condition could not be computed", False: None}
    violations = Validator(made).judge(rows(made, {"a": values}))
    assert [(each.record, each.detail) for each in violations] == [(at, details[failed]) for at, failed in found]


def test_rows_with_an_unknown_part_are_not_judged():
    made = contract(
        column("a", INTEGER),
        column("b", INTEGER),
        conditions=[condition("a IS NOT NULL OR b > 0", "a", "b", name="both"), condition("b > 0", "b", name="b")],
    )
    found = Validator(made).judge(rows(made, {"a": [None, None], "b": [0, 0]}, unknown={"a": [1], "b": []}))
    assert [(each.rule.name, each.record) for each in found] == [("both", 1), ("b", 1), ("b", 2)]


def test_a_row_with_two_unknown_parts_is_not_judged_either():
    made = contract(column("a", INTEGER), column("b", INTEGER), conditions=[condition("false", "a", "b")])
    found = judge(made, {"a": [None, 1, 1], "b": [None, 1, None]}, unknown={"a": [0], "b": [0, 2]})
    assert [record_ for record_, *_ in found] == [2]


def test_a_condition_on_what_repeats_is_broken_once():
    made = contract(
        column("total", INTEGER),
        column("price", INTEGER, source="$.products[*].price"),
        grain="$.products[*]",
        conditions=[condition("total >= price", "total", "price"), condition("total > 0", "total"), condition("false")],
    )
    values = {"total": [0, 0, 5], "price": [0, 1, 9]}
    found = judge(made, values, records=[3, 3, 4], positions=[[0, 1, 0]])
    assert found == [
        (3, "$", '{"total": 0}', (0, 1)),
        (3, "$", "{}", (0, 1)),
        (4, "$", "{}", (0,)),
        (3, "$.products[1]", '{"total": 0, "price": 1}', (1,)),
        (4, "$.products[0]", '{"total": 5, "price": 9}', (0,)),
    ]


def test_a_condition_between_the_record_and_the_row_has_the_path_of_its_element():
    made = contract(
        column("n", INTEGER, source="$.boxes[*].n"), grain="$.boxes[*].items[*]", conditions=[condition("n > 0", "n")]
    )
    found = judge(made, {"n": [0, 0, 0]}, records=[1, 1, 1], positions=[[0, 1, 1], [0, 0, 1]])
    assert [(path, rows_) for _, path, _, rows_ in found] == [("$.boxes[0]", (0,)), ("$.boxes[1]", (1, 2))]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("nosuch > 0", "nosuch"),
        ("a > (SELECT max(a) FROM orders)", "subquery"),
        ("sum(a) > 0", "aggregates"),
        ("1) AS BOOLEAN)}) FROM orders; DROP TABLE orders; SELECT TRY({'met': CAST((1", "one SELECT is expected"),
        ("random() > 0.5", "volatile"),
    ],
)
def test_a_condition_that_cannot_run_is_a_fault_of_the_contract(sql, reason):
    made = contract(column("a", INTEGER), conditions=[condition("a > 0", "a"), condition(sql, "a", name="at fault")])
    with pytest.raises(ContractError, match=rf"made.odcs.yaml:1:1: rule 'at fault' of table 'orders': .*{reason}"):
        Validator(made).judge(rows(made, {"a": [1]}))


def test_no_rows_are_no_query():
    made = contract(column("a", INTEGER), conditions=[condition("a > 0", "a")])
    assert judge(made, {"a": []}) == []
