"""Quality rules: which kind each becomes."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from contract_documents import column, read, table

from etl.contract import sql
from etl.contract.model import Check, Condition, Key, NoneOf, OneOf, Pattern, Required, UploadRule


def rules(text: str) -> list[Check | Key | Condition | UploadRule]:
    """Everything a contract's quality rules have become."""
    contract = read(text)
    (only,) = contract.tables
    checks = [check for each in only.columns for check in each.checks]
    return [*checks, *only.keys, *only.conditions, *contract.upload_rules]


def of_column(quality: str, type_: str = "string") -> list[Check | Key | Condition | UploadRule]:
    return rules(column(f"logicalType: {type_}\nquality: [{quality}]"))


@pytest.mark.parametrize(
    ("operator", "row_rule"),
    [
        ("mustBe: 0", True),
        ("mustBe: 0, unit: percent", True),
        ("mustBeLessOrEqualTo: 0", True),
        ("mustBeLessThan: 1", True),
        ("mustBeLessThan: 0.5", True),
        ("mustBeLessThan: 1, unit: rows", True),
        ("mustBeLessThan: 1, unit: percent", False),
        ("mustBeLessThan: 2", False),
        ("mustBe: 1", False),
        ("mustNotBe: 0", False),
        ("mustBeBetween: [0, 1]", False),
    ],
)
def test_metrics_that_allow_none_judge_rows(operator, row_rule):
    (made,) = of_column(f"{{metric: nullValues, {operator}}}")
    assert isinstance(made, Check if row_rule else UploadRule)


@pytest.mark.parametrize(
    ("quality", "tests"),
    [
        ("{metric: nullValues, mustBe: 0}", [Required()]),
        ("{rule: nullValues, mustBe: 0}", [Required()]),
        ("{type: library, metric: nullValues, mustBe: 0}", [Required()]),
        ("{metric: missingValues, arguments: {missingValues: ['', x]}, mustBe: 0}", [NoneOf(("", "x"))]),
        ("{metric: missingValues, arguments: {missingValues: [null]}, mustBe: 0}", [NoneOf((), null=True)]),
        ("{metric: invalidValues, arguments: {validValues: [a, b]}, mustBe: 0}", [OneOf(("a", "b"))]),
        ("{metric: invalidValues, arguments: {pattern: '^a'}, mustBe: 0}", [Pattern("^a")]),
        (
            "{metric: invalidValues, arguments: {validValues: [a], pattern: '^a'}, mustBe: 0}",
            [OneOf(("a",)), Pattern("^a")],
        ),
    ],
)
def test_row_rules_of_metrics(quality, tests):
    assert [made.test for made in of_column(quality) if isinstance(made, Check)] == tests


@pytest.mark.parametrize(
    ("quality", "query"),
    [
        ("{metric: nullValues, mustBe: 1}", 'SELECT count(*) FROM "t" WHERE "a" IS NULL'),
        (
            '{metric: missingValues, arguments: {missingValues: [null, "it\'s"]}, mustBe: 1}',
            """SELECT count(*) FROM "t" WHERE "a" IN ('it''s') OR "a" IS NULL""",
        ),
        (
            "{metric: invalidValues, arguments: {validValues: [a], pattern: b}, mustBe: 1}",
            """SELECT count(*) FROM "t" WHERE NOT ("a" IN ('a') AND regexp_matches("a", 'b'))""",
        ),
        (
            "{metric: duplicateValues, mustBe: 1}",
            'SELECT count(*) - count(DISTINCT "a") FROM "t" WHERE "a" IS NOT NULL',
        ),
    ],
)
def test_queries_of_metrics_with_a_tolerance(quality, query):
    (made,) = of_column(quality)
    assert isinstance(made, UploadRule)
    assert made.query == query


@pytest.mark.parametrize(
    ("quality", "type_", "values", "count"),
    [
        ("{metric: nullValues, mustBe: 9}", "string", ["a", None, None], 2),
        ("{metric: missingValues, arguments: {missingValues: [null, '']}, mustBe: 9}", "string", ["", None, "x"], 2),
        ("{metric: missingValues, arguments: {missingValues: ['']}, mustBe: 9}", "string", ["", None, "x"], 1),
        ("{metric: invalidValues, arguments: {validValues: [a]}, mustBe: 9}", "string", ["a", None, "b"], 1),
        ("{metric: invalidValues, arguments: {validValues: [0.1]}, mustBe: 9}", "number", [0.1, 0.2], 1),
        ("{metric: invalidValues, arguments: {validValues: [true]}, mustBe: 9}", "boolean", [True, False], 1),
        ("{metric: invalidValues, arguments: {pattern: '[0-9]'}, mustBe: 9}", "string", ["a1b", "ab", None], 1),
        ("{metric: duplicateValues, mustBe: 9}", "string", ["a", "a", "a", None, None], 2),
    ],
)
def test_what_those_queries_count(quality, type_, values, count):
    (made,) = of_column(quality, type_)
    assert isinstance(made, UploadRule)
    connection = duckdb.connect()
    connection.register("t", pa.table({"a": values}))
    assert connection.execute(made.query).fetchall() == [(count,)]


def test_dates_in_queries_are_literals_of_their_type():
    (made,) = of_column("{metric: invalidValues, arguments: {validValues: [2024-01-31]}, mustBe: 1}", "date")
    assert "IN (DATE '2024-01-31')" in made.query


def test_table_rules():
    made = rules(
        table(
            """\
            quality:
              - {metric: duplicateValues, arguments: {properties: [id, email]}, mustBe: 0}
              - {metric: duplicateValues, arguments: {properties: [id, amount]}, mustBeLessThan: 5, unit: percent}
              - {metric: rowCount, mustBeGreaterThan: 0, severity: warning}
              - {type: sql, query: "select sum({table}.amount) from ${object}", mustBeBetween: [0.1, 5], name: total}
              - {type: custom, engine: DuckDB, implementation: "ID > 0 and t.Amount >= 0", id: positive}
              - {type: custom, engine: soda, implementation: {x: y}}
              - {type: text, description: all good}
            """
        )
    )
    key, condition, duplicates, count, total = made
    assert isinstance(key, Key)
    assert (key.columns, key.rule.column, key.rule.masked) == (("id", "email"), None, True)
    assert isinstance(condition, Condition)
    assert (condition.sql, condition.columns) == ("ID > 0 and t.Amount >= 0", ("id", "amount"))
    assert (condition.rule.name, condition.rule.expected) == ("positive", "ID > 0 and t.Amount >= 0")
    assert isinstance(duplicates, UploadRule)
    assert duplicates.percent_of == "t"
    assert 'count(DISTINCT ("id", "amount"))' in duplicates.query
    assert isinstance(count, UploadRule)
    assert (count.rule.name, count.rule.expected, count.rule.severity) == (
        "rowCount",
        "rowCount mustBeGreaterThan 0",
        "warning",
    )
    assert (count.query, count.operator, count.operands, count.percent_of) == (
        'SELECT count(*) FROM "t" WHERE TRUE',
        "mustBeGreaterThan",
        (0,),
        None,
    )
    assert isinstance(total, UploadRule)
    assert (total.rule.name, total.query) == ("total", 'select sum("t".amount) from "t"')
    assert (total.operator, total.operands) == ("mustBeBetween", (Decimal("0.1"), 5))


@pytest.mark.parametrize(
    ("severity", "kept"), [("warning", "warning"), ("INFO", "warning"), ("error", "error"), ("blocker", "error")]
)
def test_severity(severity, kept):
    (made,) = of_column(f"{{metric: nullValues, mustBe: 0, severity: {severity}}}")
    assert made.rule.severity == kept


def test_names_that_come_twice_are_told_apart():
    metric = "metric: nullValues, mustBe: 0"
    quality = f"[{{{metric}}}, {{{metric}}}, {{name: required, {metric}}}]"
    made = rules(column(f"logicalType: string\nrequired: true\nquality: {quality}"))
    assert [each.rule.name for each in made] == ["required", "nullValues", "nullValues (2)", "required (2)"]


def test_two_tests_of_one_rule_are_told_apart():
    made = of_column("{metric: invalidValues, arguments: {validValues: [a], pattern: b}, mustBe: 0}")
    assert [each.rule.name for each in made] == ["invalidValues", "invalidValues (2)"]


@pytest.mark.parametrize(
    "query",
    [
        "select count(*) from {object}",
        "select max(EMAIL) from {object}",
        "select max({object}) from {object}",
        "select max(z) from (select #2 as z from {object})",
        "select * from (select max(x) from (select t.* from t) s(x, y, z, w))",
    ],
)
def test_values_of_queries_are_masked_where_any_column_is_classified(query):
    (made,) = rules(table(f"quality: [{{type: sql, query: '{query}', mustBeLessThan: 5}}]"))
    assert made.rule.masked is True


@pytest.mark.parametrize(
    ("condition", "columns", "masked"),
    [
        ("amount >= 0", ("amount",), False),
        ("len(email) < 9 or id > 1", ("id", "email"), True),
        ("len(list_filter(tags, lambda amount: amount = 'x')) = 0", ("tags",), False),
        ('"T"."id" > 0 -- a comment', ("id",), False),
        ("{table}.id > 0", ("id",), False),
    ],
)
def test_conditions_name_their_columns(condition, columns, masked):
    made = rules(table(f"quality:\n  - type: custom\n    engine: duckdb\n    implementation: |\n      {condition}"))
    (only,) = made
    assert isinstance(only, Condition)
    assert (only.columns, only.rule.masked) == (columns, masked)


def test_a_condition_at_a_column():
    (made,) = of_column("{type: custom, engine: duckdb, implementation: 'len({property}) > 1', description: longer}")
    assert isinstance(made, Condition)
    assert (made.sql, made.columns) == ('len("a") > 1', ("a",))
    assert (made.rule.name, made.rule.column, made.rule.expected) == ("custom", "a", "longer")


def test_a_column_may_be_called_like_a_keyword():
    text = column("logicalType: string\n").replace("name: a", "name: user")
    text += "        quality: [{type: custom, engine: duckdb, implementation: user <> 'x'}]\n"
    (made,) = rules(text)
    assert isinstance(made, Condition)
    assert made.columns == ("user",)


def test_every_function_that_duckdb_calls_unstable_is_refused():
    rows = duckdb.connect().execute("SELECT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT'")
    assert {name for (name,) in rows.fetchall()} - {"error"} <= sql.NOT_REPEATABLE
