from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import starmap
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from made import INTEGER, column, contract

from etl.contract.model import UploadRule
from etl.errors import ContractError, StorageError
from etl.records import Rule
from etl.validate import judge_upload

RULE = Rule("quality", "", "orders")
ORDERS = pa.table(
    {
        "id": pa.array(range(1000)),
        "price": pa.array([Decimal("0.10")] * 1000, pa.decimal128(38, 2)),
        "share": [0.5] * 1000,
        "name": ["x"] * 31 + [None] + ["y"] * 968,
        "day": [date(2024, 1, 10)] * 1000,
    }
)


def judged(query, operator, *operands, percent_of=None, orders=ORDERS):
    """`(value, detail)` of the violation, None for none."""
    made = contract(column("id", INTEGER), upload_rules=[UploadRule(RULE, query, operator, operands, percent_of)])
    found = judge_upload(made, {"orders": ds.dataset(orders)})
    assert all((each.rule, each.record, each.path, each.rows) == (RULE, 0, None, ()) for each in found)
    return [(each.value, each.detail) for each in found]


@pytest.mark.parametrize(
    ("operator", "met", "unmet"),
    [
        ("mustBe", [(1000,), (Decimal("1000.0"),), (1000.0,)], [(999,), (Decimal("1000.1"),)]),
        ("mustNotBe", [(999,)], [(1000,)]),
        ("mustBeGreaterThan", [(999,), (Decimal("999.9"),)], [(1000,), (1001,)]),
        ("mustBeGreaterOrEqualTo", [(1000,)], [(1001,)]),
        ("mustBeLessThan", [(1001,)], [(1000,), (999,)]),
        ("mustBeLessOrEqualTo", [(1000,)], [(999,)]),
        ("mustBeBetween", [(1000, 1000), (1, 2000)], [(1, 999), (1001, 2000)]),
        ("mustNotBeBetween", [(1, 999), (1001, 2000)], [(1000, 1000), (1, 2000)]),
    ],
)
def test_every_operator(operator, met, unmet):
    query = "SELECT count(*) FROM orders"
    assert [judged(query, operator, *operands) for operands in met] == [[]] * len(met)
    assert [judged(query, operator, *operands) for operands in unmet] == [[("1000", None)]] * len(unmet)


@pytest.mark.parametrize(
    ("query", "operator", "operands", "found"),
    [
        ("SELECT sum(price) FROM orders", "mustBe", [100], []),
        ("SELECT sum(price) FROM orders", "mustBe", [Decimal("100.001")], [("100.00", None)]),
        (
            "SELECT sum(id::HUGEINT * 10000000000000000000) FROM orders",
            "mustBe",
            [0],
            [("4995000000000000000000000", None)],
        ),
        ("SELECT avg(share) FROM orders", "mustBe", [Decimal("0.5")], []),
        ("SELECT 0.1::DOUBLE", "mustBe", [0.1], []),
        ("SELECT 0.1::DOUBLE", "mustBe", [Decimal("0.1")], []),
        ("SELECT 1e308::DOUBLE * 10", "mustBeLessThan", [5], [("Infinity", None)]),
        ("SELECT 'NaN'::DOUBLE", "mustNotBe", [5], [("NaN", "a number is expected")]),
        ("SELECT max(name) FROM orders", "mustBe", ["y"], []),
        ("SELECT max(name) FROM orders", "mustBe", ["z"], [('"y"', None)]),
        ("SELECT max(name) FROM orders", "mustBeLessThan", [5], [('"y"', "a number is expected")]),
        ("SELECT min(day) FROM orders", "mustBe", ["2024-01-10"], []),
        ("SELECT min(day) FROM orders", "mustBeGreaterThan", ["2024-01-10"], [('"2024-01-10"', None)]),
        ("SELECT count(*) FROM orders", "mustBe", ["1000"], []),
        ("SELECT max(id) > 5 FROM orders", "mustBe", [True], []),
        ("SELECT max(id) FROM orders WHERE id < 0", "mustBe", [1], [(None, "the query gave no value")]),
        ("SELECT id FROM orders WHERE id < 0", "mustBe", [1], [(None, "the query gave no value")]),
        ("SELECT id FROM orders", "mustBe", [1], [(None, "the query gave more than one row; one value is expected")]),
        (
            "SELECT sum(name::INTEGER) FROM orders",
            "mustBe",
            [1],
            [(None, "the query could not be computed: Conversion Error")],
        ),
        ("SELECT count(*) FROM orders;", "mustBe", [1000], []),
    ],
)
def test_values_of_every_kind(query, operator, operands, found):
    assert judged(query, operator, *operands) == found


@pytest.mark.parametrize(
    ("query", "operator", "operands", "found"),
    [
        (
            "SELECT count(*) FROM orders WHERE id < 32",
            "mustBeLessThan",
            [Decimal("3.2")],
            [("3.2", "3.2 percent of 1,000 rows")],
        ),
        ("SELECT count(*) FROM orders WHERE id < 32", "mustBeLessOrEqualTo", [Decimal("3.2")], []),
        ("SELECT count(*) FROM orders", "mustBe", [100], []),
        ("SELECT 0.1::DOUBLE", "mustBe", [Decimal("0.01")], []),
        ("SELECT max(name) FROM orders", "mustBe", [1], [('"y"', "a number is expected")]),
    ],
)
def test_percentages_of_rows(query, operator, operands, found):
    assert judged(query, operator, *operands, percent_of="orders") == found


@pytest.mark.parametrize(
    ("rows", "operator", "operand", "found"),
    [
        (3, "mustBeLessThan", Decimal("33.3333333333333"), [("33.3333333333", "33.3333333333 percent of 3 rows")]),
        (3, "mustBeLessThan", Decimal("33.3333333333334"), []),
        (0, "mustBeLessThan", 1, []),
        (0, "mustBeGreaterThan", 0, [("0", "0 percent of 0 rows")]),
        (1, "mustBeLessThan", 1, [("100", "100 percent of 1 rows")]),
    ],
)
def test_a_percentage_is_compared_without_rounding(rows, operator, operand, found):
    orders = ORDERS.slice(0, rows)
    assert judged("SELECT 1", operator, operand, percent_of="orders", orders=orders) == found


@pytest.mark.parametrize(
    ("query", "reason"),
    [("SELECT nosuch FROM orders", "nosuch"), ("DROP TABLE orders", "found DROP"), ("SELECT * FROM other", "other")],
)
def test_a_query_that_cannot_run_is_a_fault_of_the_contract(query, reason):
    with pytest.raises(ContractError, match=rf"made.odcs.yaml:1:1: rule 'quality': .*{reason}"):
        judged(query, "mustBe", 1)


@pytest.mark.parametrize("content", [None, b"PAR1 not parquet"])
@pytest.mark.parametrize("percent_of", [None, "orders"])
def test_staged_tables_that_cannot_be_read_are_infrastructure(tmp_path: Path, content, percent_of):
    staged = tmp_path / "orders.parquet"
    pq.write_table(ORDERS, staged)
    dataset = ds.dataset(staged)
    staged.unlink()
    if content:
        staged.write_bytes(content)
    rule = UploadRule(RULE, "SELECT 1" if percent_of else "SELECT sum(id) FROM orders", "mustBe", (1,), percent_of)
    with pytest.raises(StorageError, match="cannot be read"):
        judge_upload(contract(column("id", INTEGER), upload_rules=[rule]), {"orders": dataset})


def test_several_tables_and_rules_in_contract_order():
    queries = [("SELECT 1", 2), ("SELECT count(*) FROM lines JOIN orders USING (id)", 2), ("SELECT 3", 4)]
    rules = list(starmap(lambda query, operand: UploadRule(RULE, query, "mustBe", (operand,)), queries))
    made = contract(column("id", INTEGER), upload_rules=rules)
    tables = {"orders": ds.dataset(ORDERS), "lines": ds.dataset(pa.table({"id": [1, 2]}))}
    assert [each.value for each in judge_upload(made, tables)] == ["1", "3"]
