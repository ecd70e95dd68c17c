"""How Athena reads the columns: the Glue type of each, and those it would read wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.athena.limits import limits
from etl.athena.obstacles import obstacle
from etl.deployment.athena import column_type, partition_type
from tests.deployment.documents import column

INTEGER = "logicalType: integer, logicalTypeOptions: "


def integer(options: str) -> str:
    return f"logicalType: integer, logicalTypeOptions: {{{options}}}"


STRUCT = "logicalType: object, properties: "
NESTED = f"logicalType: array, items: {{{STRUCT}[{{name: At, {integer('format: u16')}}}]}}"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("logicalType: string", "string"),
        ("logicalType: boolean", "boolean"),
        ("logicalType: integer", "bigint"),
        (integer("format: i8"), "tinyint"),
        (integer("format: i16"), "smallint"),
        (integer("format: i32"), "int"),
        (integer("format: u8"), "smallint"),
        (integer("format: u16"), "int"),
        (integer("format: u32, maximum: 2147483647"), "bigint"),
        (integer("format: u32, exclusiveMaximum: 2147483648"), "bigint"),
        (integer("format: u64, maximum: 9223372036854775807"), "bigint"),
        (f"{integer('format: u64')}, enum: [{{value: 1}}, {{value: 7}}]", "bigint"),
        ("logicalType: number", "double"),
        ('logicalType: number, physicalType: "decimal(12,2)"', "decimal(12,2)"),
        ('logicalType: number, physicalType: "decimal(38,0)"', "decimal(38,0)"),
        ("logicalType: date", "date"),
        ("logicalType: timestamp", "timestamp"),
        *(
            (f"logicalType: timestamp, physicalType: timestamp({unit})", "timestamp")
            for unit in ("s", "ms", "us", "ns")
        ),
        ("logicalType: array, items: {logicalType: string}", "array<string>"),
        ('logicalType: array, items: {logicalType: number, physicalType: "decimal(5,2)"}', "array<decimal(5,2)>"),
        (f"{STRUCT}[{{name: Lat, logicalType: number}}, {{name: b, logicalType: date}}]", "struct<lat:double,b:date>"),
        (NESTED, "array<struct<at:int>>"),
        (
            f"logicalType: array, items: {{{integer('format: u64, maximum: 5')}}}",
            "array<bigint>",
        ),
    ],
)
def test_what_athena_reads_right_has_a_type(keys, expected):
    read = column(keys)
    assert obstacle(read) is None
    assert column_type(read) == expected


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("logicalType: time", "no type for a time of day"),
        (integer("format: u32"), "a maximum of 2147483647"),
        (integer("format: u32, maximum: 2147483648"), "a maximum of 2147483647"),
        (integer("format: u64"), "a maximum of 9223372036854775807"),
        (integer("format: u64, minimum: 1"), "uint64 as signed"),
        (f"logicalType: array, items: {{{integer('format: u64')}}}", "uint64 as signed"),
        ("logicalType: array, items: {logicalType: time}", "time of day"),
        (f"{STRUCT}[{{name: a, logicalType: string}}, {{name: b, logicalType: time}}]", "time of day"),
        (f"{STRUCT}[{{name: b, {integer('format: u32')}}}]", "uint32 as signed"),
        (f"{STRUCT}[{{name: 'order no', logicalType: string}}]", "can't name the field 'order no'"),
        (f"{STRUCT}[{{name: 'a:b', logicalType: string}}]", "can't name the field 'a:b'"),
    ],
)
def test_what_athena_would_read_wrong_is_told(keys, words):
    assert words in (obstacle(column(keys)) or "")


def test_a_warning_is_no_limit():
    rule = "{metric: invalidValues, arguments: {validValues: [1]}, mustBe: 0, severity: warning}"
    assert obstacle(column(f"{integer('format: u64')}, quality: [{rule}]"))
    assert not obstacle(column(f"{integer('format: u64')}, quality: [{rule.replace('warning', 'error')}]"))


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (integer("format: u32"), "bigint"),  # its values are text, in paths
        (integer("format: i8"), "int"),
        (integer("format: i16"), "int"),
        (integer("format: u8"), "int"),
        (integer("format: u16"), "int"),
        (integer("format: i32"), "int"),
        (integer("format: u64"), "string"),
        (integer("format: u64, maximum: 9"), "bigint"),
        ("logicalType: date", "date"),
        ("logicalType: boolean", "string"),
        ("logicalType: string", "string"),
    ],
)
def test_types_of_partition_columns(keys, expected):
    assert partition_type(column(f"{keys}, required: true, partitioned: true")) == expected


LOW, HIGH = st.integers(-9, -2), st.integers(2, 9)
OPTIONS = {"minimum": LOW, "exclusiveMinimum": LOW, "maximum": HIGH, "exclusiveMaximum": HIGH}


@given(st.fixed_dictionaries({}, optional=OPTIONS), st.integers(-12, 12))
def test_limits_hold_exactly_what_the_options_let_in(options, value):
    least, most = limits(column(integer(", ".join(f"{op}: {limit}" for op, limit in options.items()))))
    within = (least is None or value >= least) and (most is None or value <= most)
    assert within == (
        value >= options.get("minimum", value)
        and value <= options.get("maximum", value)
        and value > options.get("exclusiveMinimum", value - 1)
        and value < options.get("exclusiveMaximum", value + 1)
    )
