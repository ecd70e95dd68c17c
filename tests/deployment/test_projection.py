"""The partitions that Athena computes: those that the contract lets in, where the lake has them."""

import pytest

from etl.athena.projection import note, projection, properties
from tests.deployment.documents import column, table

INJECTED = {"type": "injected"}
ALWAYS = "1970-01-01,NOW+3660DAYS"


def dates(span: str) -> dict[str, str]:
    return {"type": "date", "format": "yyyy-MM-dd", "range": span, "interval": "1", "interval.unit": "DAYS"}


def choice(values: str) -> dict[str, str]:
    return {"type": "enum", "values": values}


def integers(span: str) -> dict[str, str]:
    return {"type": "integer", "range": span}


def options(kind: str, text: str) -> str:
    return f"logicalType: {kind}, logicalTypeOptions: {{{text}}}"


def enum(kind: str, *values: str) -> str:
    return f"logicalType: {kind}, enum: [{', '.join(f'{{value: {value}}}' for value in values)}]"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("logicalType: date", dates(ALWAYS)),
        (options("date", "minimum: 2000-01-01"), dates("2000-01-01,NOW+3660DAYS")),
        (options("date", "exclusiveMinimum: 1999-12-31"), dates("2000-01-01,NOW+3660DAYS")),
        (options("date", "maximum: 2030-06-30"), dates("1970-01-01,2030-06-30")),
        (options("date", "exclusiveMaximum: 2024-03-01"), dates("1970-01-01,2024-02-29")),
        (options("date", "minimum: 0999-01-01, maximum: 9999-12-31"), dates("0999-01-01,9999-12-31")),
        (options("date", "exclusiveMinimum: 9999-12-31"), dates("9999-12-30,9999-12-31")),
        (options("date", "minimum: 2036-10-31"), dates("2036-10-31,NOW+3660DAYS")),
        (options("date", "minimum: 2036-11-01"), dates("2036-11-01,9999-12-31")),
        (options("date", "minimum: 2024-01-10, maximum: 2024-01-10"), dates("2024-01-10,2024-01-11")),
        (options("date", "minimum: 9999-12-31, maximum: 9999-12-31"), dates("9999-12-30,9999-12-31")),
        (options("date", "maximum: 1969-12-31"), dates("0001-01-01,1969-12-31")),
        (enum("date", "2024-01-10"), dates("2024-01-10,2024-01-11")),
        (enum("date", "2024-01-10", "2023-01-10"), dates("2023-01-10,2024-01-10")),
        ("logicalType: boolean", choice("true,false")),
        ("logicalType: integer", INJECTED),
        (options("integer", "minimum: 1"), INJECTED),
        (options("integer", "maximum: 1"), INJECTED),
        (options("integer", "minimum: -3, maximum: 12"), integers("-3,12")),
        (options("integer", "exclusiveMinimum: 0, exclusiveMaximum: 13"), integers("1,12")),
        (enum("integer", "7", "3"), integers("3,7")),
        (options("integer", "format: i8, minimum: 1, maximum: 12"), integers("1,12")),
        (options("integer", "minimum: 0, maximum: 99999"), integers("0,99999")),
        (options("integer", "minimum: 0, maximum: 100000"), INJECTED),
        (options("integer", "minimum: -2147483648, maximum: -2147483600"), integers("-2147483648,-2147483600")),
        (options("integer", "minimum: 2147483600, maximum: 2147483646"), integers("2147483600,2147483646")),
        (options("integer", "minimum: 2147483600, maximum: 2147483647"), INJECTED),
        (options("integer", "minimum: -2147483649, maximum: -2147483600"), INJECTED),
        (options("integer", "format: u64, minimum: 0, maximum: 9223372036854775807"), INJECTED),
        ("logicalType: string", INJECTED),
        (enum("string", "SP", "RJ", "São"), choice("SP,RJ,São")),
        (enum("string", "a-b.c_d~e"), choice("a-b.c_d~e")),
        (enum("string", "SP", "'a b'"), INJECTED),
        (enum("string", "SP", "'a,b'"), INJECTED),
        (enum("string", "SP", "a/b"), INJECTED),
        (enum("string", "SP", "''"), INJECTED),
        (enum("string", "__HIVE_DEFAULT_PARTITION__"), INJECTED),
    ],
)
def test_projection(keys, expected):
    assert projection(column(f"{keys}, required: true, partitioned: true")) == expected


def test_a_warning_lets_other_values_in():
    rule = "{metric: invalidValues, arguments: {validValues: [SP]}, mustBe: 0, severity: warning}"
    keys = "logicalType: string, required: true, partitioned: true, quality: "
    assert projection(column(f"{keys}[{rule}]")) == INJECTED
    assert projection(column(f"{keys}[{rule.replace('warning', 'error')}]")) == choice("SP")


def test_folders_have_the_contracts_names_and_glue_has_them_in_lower_case():
    keys = "required: true, partitioned: true, partitionKeyPosition: "
    split = table(f"name: Paid, logicalType: boolean, {keys}2", f"name: orderDate, logicalType: date, {keys}1")
    found = properties(split, "s3://b/lake/t/")
    assert found["storage.location.template"] == "s3://b/lake/t/orderDate=${!orderdate}/Paid=${!paid}/"
    assert found["projection.enabled"] == "true"
    assert found["projection.orderdate.range"] == ALWAYS
    assert found["projection.paid.values"] == "true,false"


def test_a_table_without_partitions_has_no_projection():
    assert properties(table("name: id, logicalType: integer"), "s3://b/lake/t/") == {}


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("logicalType: date", "Athena sees 1970-01-01 to ten years from now."),
        (options("date", "minimum: 2000-01-01"), "Athena sees 2000-01-01 to ten years from now."),
        (options("date", "maximum: 2030-01-01"), "Athena sees 1970-01-01 to 2030-01-01."),
        (options("date", "minimum: 2000-01-01, maximum: 2030-01-01"), "Athena sees 2000-01-01 to 2030-01-01."),
        (options("integer", "minimum: 1, maximum: 12"), "Athena sees 1 to 12."),
        ("logicalType: boolean", ""),
        ("logicalType: string", "A query must say which: a = '...', spelt as in the folder's name."),
    ],
)
def test_one_who_queries_learns_what_is_not_seen(keys, words):
    assert note(column(f"{keys}, required: true, partitioned: true")) == words
