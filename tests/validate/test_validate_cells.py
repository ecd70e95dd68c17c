from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from made import (
    BOOLEAN,
    DATE,
    INTEGER,
    NUMBER,
    STRING,
    TIME,
    array,
    check,
    column,
    contract,
    decimal,
    integer,
    judge,
    record,
    rows,
    timestamp,
)
from pandera.config import config_context

from etl.contract.model import (
    Bound,
    Count,
    DistinctItems,
    MultipleOf,
    NoneOf,
    OneOf,
    Pattern,
    Required,
)
from etl.errors import AccountingError
from etl.validate import Validator, cells

D = Decimal
NOON = datetime(2024, 1, 10, 12, tzinfo=UTC)
WIDE = decimal(38, 2)
POINT = record(x=INTEGER, y=INTEGER)

CASES = [
    # type, test, value, met
    *[(type_, Required(), None, False) for type_ in (STRING, INTEGER, NUMBER, DATE, array(STRING), POINT)],
    (STRING, Required(), "", True),
    (array(STRING), Required(), [], True),
    # bounds, exact in every type
    (INTEGER, Bound(">=", 1), 1, True),
    (INTEGER, Bound(">=", 1), 0, False),
    (INTEGER, Bound(">", 1), 1, False),
    (INTEGER, Bound("<=", 1), 2, False),
    (INTEGER, Bound("<", 1), 1, False),
    (INTEGER, Bound("<", 1), None, True),
    (INTEGER, Bound(">=", D("0.5")), 0, False),
    (INTEGER, Bound(">=", D("0.5")), 1, True),
    (INTEGER, Bound(">", D("0.5")), 1, True),
    (INTEGER, Bound("<=", D("-0.5")), 0, False),
    (INTEGER, Bound("<=", D("-0.5")), -1, True),
    (INTEGER, Bound("<", D("0.5")), 0, True),
    (INTEGER, Bound("<", D("0.5")), 1, False),
    (INTEGER, Bound(">=", 2**53 + 1), 2**53, False),
    (INTEGER, Bound("<", 2**63), 2**63 - 1, True),
    (INTEGER, Bound(">=", 2**63), 2**63 - 1, False),
    (INTEGER, Bound(">=", 2**63), None, True),
    (INTEGER, Bound(">", -(2**63) - 1), -(2**63), True),
    (INTEGER, Bound("<=", -(2**63) - 1), -(2**63), False),
    (integer(pa.uint64()), Bound(">=", 2**63), 2**63, True),
    (integer(pa.uint64()), Bound(">=", 2**63), 2**63 - 1, False),
    (integer(pa.uint64()), Bound("<", 2**64 - 1), 2**64 - 1, False),
    (integer(pa.uint64()), Bound(">=", -1), 0, True),
    (integer(pa.int8()), Bound("<=", 1000), 127, True),
    (integer(pa.int8()), Bound(">", 1000), 127, False),
    (decimal(12, 2), Bound(">=", D("0.01")), D("0.01"), True),
    (decimal(12, 2), Bound(">=", D("0.015")), D("0.01"), False),
    (decimal(12, 2), Bound(">", D("0.005")), D("0.01"), True),
    (decimal(12, 2), Bound("<=", 10), D("10.01"), False),
    (decimal(3, 2), Bound("<=", 1000), D("9.99"), True),
    (decimal(3, 2), Bound(">=", 1000), D("9.99"), False),
    (WIDE, Bound("<", D("9" * 36 + ".99")), D("9" * 36 + ".99"), False),
    (WIDE, Bound("<", D("9" * 36 + ".99")), D("9" * 36 + ".98"), True),
    (NUMBER, Bound(">=", D("0.1")), 0.1, True),
    (NUMBER, Bound(">", 0.1), 0.1, False),
    (NUMBER, Bound("<", 10**400), 1.7e308, True),
    (DATE, Bound(">=", date(2024, 1, 10)), date(2024, 1, 10), True),
    (DATE, Bound(">", date(2024, 1, 10)), date(2024, 1, 10), False),
    (TIME, Bound("<", time(12)), time(11, 59, 59, 999999), True),
    (TIME, Bound("<", time(12)), time(12), False),
    *[(timestamp(unit), Bound(">=", NOON), NOON, True) for unit in ("s", "ms", "us", "ns")],
    *[(timestamp(unit), Bound("<", NOON), NOON, False) for unit in ("s", "ms", "us", "ns")],
    (timestamp("s"), Bound(">=", NOON.replace(microsecond=1)), NOON, False),
    (timestamp("s"), Bound("<=", NOON.replace(microsecond=1)), NOON, True),
    (timestamp("ns"), Bound("<=", datetime(9999, 1, 1, tzinfo=UTC)), NOON, True),
    # multiples, exact in every type
    (INTEGER, MultipleOf(D(3)), -9, True),
    (INTEGER, MultipleOf(D(3)), 10, False),
    (INTEGER, MultipleOf(D("0.5")), 7, True),
    (INTEGER, MultipleOf(D("1.5")), 3, True),
    (INTEGER, MultipleOf(D("1.5")), 4, False),
    (INTEGER, MultipleOf(D(2**63)), 1, False),
    (INTEGER, MultipleOf(D(3)), None, True),
    (integer(pa.int8()), MultipleOf(D(1000)), 0, True),
    (integer(pa.int8()), MultipleOf(D(1000)), 100, False),
    (integer(pa.uint64()), MultipleOf(D(5)), 2**64 - 1, True),
    (decimal(12, 2), MultipleOf(D("0.05")), D("19.95"), True),
    (decimal(12, 2), MultipleOf(D("0.05")), D("19.99"), False),
    (decimal(12, 2), MultipleOf(D("0.005")), D("-0.01"), True),
    (decimal(12, 2), MultipleOf(D("0.05")), None, True),
    (WIDE, MultipleOf(D("0.03")), D("3" * 36 + ".33"), True),
    (WIDE, MultipleOf(D("0.03")), D("3" * 36 + ".34"), False),
    (WIDE, MultipleOf(D("0.03")), None, True),
    (NUMBER, MultipleOf(D("0.01")), 19.99, True),
    (NUMBER, MultipleOf(D("0.01")), 1.1, True),
    (NUMBER, MultipleOf(D("0.01")), 0.30000000000000004, False),
    (NUMBER, MultipleOf(D("0.1")), 0.3, True),
    (NUMBER, MultipleOf(D("0.02")), 0.03, False),
    (NUMBER, MultipleOf(D(1000)), 1e300, True),
    (NUMBER, MultipleOf(D("0.01")), 12345678901234.56, True),
    (NUMBER, MultipleOf(D("1E-30")), 1e-30, True),
    (NUMBER, MultipleOf(D("1E-30")), 1.5e-30, False),
    (NUMBER, MultipleOf(D("0.01")), None, True),
    # counts: code points, items, non-null fields
    (STRING, Count("<=", 2), "né", True),
    (STRING, Count("<=", 1), "👍", True),
    (STRING, Count("<=", 2), "abc", False),
    (STRING, Count(">=", 1), "", False),
    (STRING, Count(">=", 1), None, True),
    (array(INTEGER), Count(">=", 1), [], False),
    (array(INTEGER), Count("<=", 2), [1, None, 3], False),
    (array(INTEGER), Count(">=", 1), None, True),
    (POINT, Count(">=", 2), {"x": 1, "y": None}, False),
    (POINT, Count("<=", 1), {"x": 1, "y": None}, True),
    (POINT, Count(">=", 1), None, True),
    # patterns are searched
    (STRING, Pattern("[0-9]"), "a1b", True),
    (STRING, Pattern("^[0-9]"), "a1b", False),
    (STRING, Pattern("x"), None, True),
    # enumerations of every type
    (STRING, OneOf(("USD", "BRL")), "BRL", True),
    (STRING, OneOf(("USD", "BRL")), "brl", False),
    (STRING, OneOf(("USD",)), None, True),
    (STRING, OneOf(()), "USD", False),
    (INTEGER, OneOf((1, 2)), 3, False),
    (integer(pa.uint64()), OneOf((2**64 - 1,)), 2**64 - 1, True),
    (NUMBER, OneOf((0.0,)), -0.0, True),
    (NUMBER, OneOf((0.5,)), 0.25, False),
    (decimal(12, 2), OneOf((D("1.5"),)), D("1.50"), True),
    (decimal(12, 2), OneOf((D("1.5"),)), D("1.51"), False),
    (BOOLEAN, OneOf((True,)), False, False),
    (DATE, OneOf((date(2024, 1, 10),)), date(2024, 1, 10), True),
    (TIME, OneOf((time(1),)), time(2), False),
    (timestamp(), OneOf((NOON,)), NOON, True),
    (array(INTEGER), OneOf(([1, 2],)), [1, 2], True),
    (array(INTEGER), OneOf(([1, 2],)), [2, 1], False),
    (POINT, OneOf(({"x": 1, "y": 2},)), {"x": 1, "y": 3}, False),
    (STRING, NoneOf(("N/A",)), "N/A", False),
    (STRING, NoneOf(("N/A",)), "n/a", True),
    (STRING, NoneOf(("N/A",)), None, True),
    (STRING, NoneOf(("N/A",), null=True), None, False),
    (STRING, NoneOf(("N/A",), null=True), "N/A", False),
    (STRING, NoneOf((), null=True), "x", True),
    (decimal(12, 2), NoneOf((D("0"),)), D("0.00"), False),
    (POINT, NoneOf((), null=True), None, False),
    # distinct items
    (array(INTEGER), DistinctItems(), [1, 2, 1], False),
    (array(INTEGER), DistinctItems(), [1, 2], True),
    (array(INTEGER), DistinctItems(), [None, None], False),
    (array(INTEGER), DistinctItems(), [], True),
    (array(INTEGER), DistinctItems(), None, True),
    (array(NUMBER), DistinctItems(), [0.0, -0.0], False),
    (array(STRING), DistinctItems(), ["a", "A"], True),
    (array(decimal(12, 2)), DistinctItems(), [D("1.10"), D("1.1")], False),
    (array(POINT), DistinctItems(), [{"x": 1, "y": 2}, {"x": 1, "y": 2}], False),
    (array(POINT), DistinctItems(), [{"x": 1, "y": 2}, {"x": 2, "y": 1}], True),
]


@pytest.mark.parametrize(("type_", "test", "value", "met"), CASES)
def test_a_value_meets_a_test_or_not(type_, test, value, met):
    made = contract(column("c", type_, check(test)))
    assert (judge(made, {"c": [value]}) == []) is met


@pytest.mark.parametrize("test", [Bound("<", 2), OneOf((1,)), MultipleOf(D(5)), NoneOf((0, 2, 3, 4))])
def test_only_the_rows_that_fail_are_named(test):
    met = {Bound("<", 2): {0, 1}, OneOf((1,)): {1}, MultipleOf(D(5)): {0, 5}, NoneOf((0, 2, 3, 4)): {1, 5}}[test]
    values = [0, 1, 2, 3, None, 4, 5]
    found = judge(contract(column("c", INTEGER, check(test))), {"c": values})
    assert [int(value) for _, _, value, _ in found] == [v for v in values if v is not None and v not in met]


@pytest.mark.parametrize(
    ("type_", "value", "text"),
    [
        (STRING, 'a"é\n', '"a\\"é\\n"'),
        (INTEGER, -7, "-7"),
        (NUMBER, 0.1, "0.1"),
        (decimal(38, 20), D("1E-20"), "0.00000000000000000001"),
        (decimal(12, 2), D("1.5"), "1.50"),
        (BOOLEAN, True, "true"),
        (DATE, date(2024, 1, 10), '"2024-01-10"'),
        (TIME, time(1, 2, 3, 500000), '"01:02:03.5"'),
        (TIME, time(1), '"01:00:00"'),
        (timestamp("ns"), NOON, '"2024-01-10T12:00:00Z"'),
        (timestamp("us"), NOON.replace(microsecond=10), '"2024-01-10T12:00:00.00001Z"'),
        (timestamp("s"), 253402300800, '"10000-01-01T00:00:00Z"'),
        (array(STRING), ["a", None], '["a", null]'),
        (array(array(INTEGER)), [[1], [], None], "[[1], [], null]"),
        (record(x=array(DATE), y=STRING), {"x": [date(2024, 1, 10)], "y": None}, '{"x": ["2024-01-10"], "y": null}'),
    ],
)
def test_a_value_is_shown_as_json(type_, value, text):
    made = contract(column("c", type_, check(NoneOf((value,)))))
    assert judge(made, {"c": [value]}) == [(1, "$.c", text, (0,))]


def test_a_missing_value_has_no_text():
    assert judge(contract(column("c", STRING, check(Required()))), {"c": ["", None]}) == [(2, "$.c", None, (0,))]


def test_unknown_cells_are_not_judged():
    made = contract(
        column("a", INTEGER, check(Required()), check(NoneOf((), null=True))), column("b", INTEGER, check(Required()))
    )
    found = judge(made, {"a": [None, None], "b": [None, 1]}, unknown={"a": [1]})
    assert found == [(1, "$.a", None, (0,)), (1, "$.a", None, (0,)), (1, "$.b", None, (0,))]


@pytest.mark.parametrize(
    ("type_", "within", "test", "value", "found"),
    [
        (array(INTEGER), ["[]"], Bound(">", 0), [1, -1, None, -2], [("$.c[1]", "-1"), ("$.c[3]", "-2")]),
        (array(INTEGER), ["[]"], Required(), [1, None], [("$.c[1]", None)]),
        (array(INTEGER), ["[]"], Required(), None, []),
        (array(INTEGER), ["[]"], Required(), [], []),
        (POINT, ["x"], Required(), {"x": None, "y": 1}, [("$.c.x", None)]),
        (POINT, ["x"], Required(), None, []),
        (
            array(array(INTEGER)),
            ["[]", "[]"],
            Bound("<", 3),
            [[1, 3], None, [4]],
            [("$.c[0][1]", "3"), ("$.c[2][0]", "4")],
        ),
        (array(record(zip=STRING)), ["[]", "zip"], Pattern("^[0-9]+$"), [None, {"zip": "x"}], [("$.c[1].zip", '"x"')]),
        (record(tags=array(STRING)), ["tags"], DistinctItems(), {"tags": ["a", "a"]}, [("$.c.tags", '["a", "a"]')]),
        (record(tags=array(STRING)), ["tags", "[]"], Count("<=", 1), {"tags": ["a", "ab"]}, [("$.c.tags[1]", '"ab"')]),
        (record(**{"a b": STRING}), ["a b"], Count("<=", 1), {"a b": "xx"}, [("$.c['a b']", '"xx"')]),
    ],
)
def test_nested_values_are_judged_at_their_own_path(type_, within, test, value, found):
    made = contract(column("c", type_, check(test, *within)))
    assert judge(made, {"c": [None, value, None]}) == [(2, path, text, (0,)) for path, text in found]


LINES = {  # two orders, of two products and of one; then an order whose row stands for no product
    "records": [4, 4, 5, 7],
    "positions": [[0, 1, 0, 0]],
}


@pytest.mark.parametrize(
    ("source", "values", "found"),
    [
        ("$.products[*].n", [1, -1, 1, -1], [(4, "$.products[1].n", "-1", (1,)), (7, "$.products[0].n", "-1", (0,))]),
        ("$.n", [-1, -1, -2, 1], [(4, "$.n", "-1", (0, 1)), (5, "$.n", "-2", (0,))]),
        ("lower($.n)", [1, 1, -2, 1], [(5, "$.n", "-2", (0,))]),
        ("index($.products[*])", [1, -1, 1, 1], [(4, "$.products[1]", "-1", (1,))]),
        ("coalesce($.n, $.products[*].n)", [1, -1, 1, 1], [(4, "$.n", "-1", (1,))]),
    ],
)
def test_a_value_that_repeats_over_rows_is_wrong_once(source, values, found):
    made = contract(column("n", INTEGER, check(Bound(">", 0)), source=source), grain="$.products[*]")
    assert judge(made, {"n": values}, **LINES) == found


def test_elements_between_the_record_and_the_row_are_wrong_once():
    made = contract(column("n", INTEGER, check(Bound(">", 0)), source="$.boxes[*].n"), grain="$.boxes[*].items[*]")
    positions = [[0, 0, 1, 0], [0, 1, 0, 0]]
    found = judge(made, {"n": [-1, -1, -1, -1]}, records=[1, 1, 1, 2], positions=positions)
    assert [(record, path, rows_) for record, path, _, rows_ in found] == [
        (1, "$.boxes[0].n", (0, 1)),
        (1, "$.boxes[1].n", (2,)),
        (2, "$.boxes[0].n", (0,)),
    ]


def test_unknown_values_that_repeat_are_not_judged_either():
    made = contract(column("n", INTEGER, check(Required()), source="$.n"), grain="$.products[*]")
    assert judge(made, {"n": [None] * 4}, unknown={"n": [0, 1]}, **LINES) == [
        (5, "$.n", None, (0,)),
        (7, "$.n", None, (0,)),
    ]


def test_violations_carry_their_rule_in_contract_order():
    made = contract(
        column("b", INTEGER, check(Bound(">", 0), name="minimum"), check(OneOf((1,)), name="enum")),
        column("a", STRING, check(Required(), name="required")),
    )
    found = Validator(made).judge(rows(made, {"b": [0, 2], "a": [None, "x"]}))
    assert [(each.rule.name, each.record) for each in found] == [
        ("minimum", 1),
        ("enum", 1),
        ("enum", 2),
        ("required", 1),
    ]


def test_slices_are_judged_as_what_they_are():
    made = contract(column("c", array(INTEGER), check(Bound(">", 0), "[]"), check(DistinctItems())))
    block = rows(made, {"c": [[1], [1], [0], [0], [0]]})["orders"]
    again = type(block)({"c": block.values["c"].slice(2)}, {"c": 0}, (None,), block.records[2:], ())
    assert [each.path for each in Validator(made).judge({"orders": again})] == ["$.c[0]"] * 3


def test_no_rows_break_no_rule():
    made = contract(column("c", array(INTEGER), check(Required()), check(DistinctItems()), check(Required(), "[]")))
    assert judge(made, {"c": []}) == []
    assert Validator(made).judge({}) == []


def test_the_environment_switches_nothing_off():
    made = contract(column("c", INTEGER, check(Required())))
    with config_context(validation_enabled=False, validation_depth="SCHEMA_ONLY"):
        assert judge(made, {"c": [None]}) == [(1, "$.c", None, (0,))]


def test_a_check_that_fails_without_rows_is_a_bug_here(monkeypatch):
    monkeypatch.setattr(cells, "_holds", lambda schema, series: False)
    with pytest.raises(AccountingError, match="column c failed without naming a row"):
        judge(contract(column("c", INTEGER, check(Bound(">", 0)))), {"c": [1]})


def test_a_table_is_compiled_once():
    one, other = (contract(column("once", INTEGER, check(Bound(">", 41)))).tables[0] for _ in range(2))
    assert cells.compiled(one) is cells.compiled(one)
    assert cells.compiled(one) is not cells.compiled(other)


def test_many_failures_are_found_where_they_are():
    values = np.random.default_rng(7).integers(-10, 10, 5000)
    found = judge(contract(column("c", INTEGER, check(Bound(">=", 0)))), {"c": values.tolist()})
    assert [record_ for record_, *_ in found] == (np.flatnonzero(values < 0) + 1).tolist()
