"""Row rules of columns: what each keyword becomes, and what it says it expects."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from contract_documents import columns, read_column, read_table

from etl.contract.formats import STRING_FORMATS
from etl.contract.model import (
    Bound,
    Count,
    DistinctItems,
    Key,
    MultipleOf,
    NoneOf,
    OneOf,
    Pattern,
    Required,
)
from etl.records import Rule


def made(keys: str) -> list[tuple[object, ...]]:
    """Name, test and expectation of each check of column `a`."""
    return [(check.rule.name, check.test, check.rule.expected) for check in read_column(keys).checks]


STRING = "logicalType: string\n"
INTEGER = "logicalType: integer\n"
NUMBER = "logicalType: number\n"
DECIMAL = "logicalType: number\nphysicalType: decimal(12,2)\n"
ARRAY = "logicalType: array\nitems: {logicalType: string}\n"
OBJECT = "logicalType: object\nproperties: [{name: x, logicalType: string}]\n"


def options(text: str) -> str:
    return f"logicalTypeOptions: {{{text}}}"


@pytest.mark.parametrize(
    ("keys", "name", "test", "expected"),
    [
        (STRING + "required: true", "required", Required(), "a value"),
        (STRING + options("minLength: 1"), "minLength", Count(">=", 1), "at least 1 character"),
        (STRING + options("maxLength: 10"), "maxLength", Count("<=", 10), "at most 10 characters"),
        (STRING + options("pattern: '^P[0-9]+$'"), "pattern", Pattern("^P[0-9]+$"), "matches ^P[0-9]+$"),
        (
            STRING + options("format: uuid"),
            "format",
            Pattern(STRING_FORMATS["uuid"].pattern or ""),
            "a UUID",
        ),
        (STRING + "enum: [{value: a}, {value: 'b'}]", "enum", OneOf(("a", "b")), "one of 'a', 'b'"),
        (INTEGER + options("minimum: 0"), "minimum", Bound(">=", 0), ">= 0"),
        (INTEGER + options("minimum: 0.5"), "minimum", Bound(">=", 1), ">= 0.5"),
        (INTEGER + options("minimum: -0.5"), "minimum", Bound(">=", 0), ">= -0.5"),
        (INTEGER + options("exclusiveMinimum: 0.5"), "exclusiveMinimum", Bound(">", 0), "> 0.5"),
        (INTEGER + options("maximum: 2.5"), "maximum", Bound("<=", 2), "<= 2.5"),
        (INTEGER + options("exclusiveMaximum: 2.5"), "exclusiveMaximum", Bound("<", 3), "< 2.5"),
        (INTEGER + options("maximum: 9007199254740993"), "maximum", Bound("<=", 2**53 + 1), "<= 9007199254740993"),
        (INTEGER + options("maximum: 1e400, format: u64"), "maximum", Bound("<=", 2**64 - 1), "<= 1E+400"),
        (INTEGER + options("minimum: -300, format: i8"), "minimum", Bound(">=", -128), ">= -300"),
        (INTEGER + options("exclusiveMaximum: 300, format: i8"), "exclusiveMaximum", Bound("<=", 127), "< 300"),
        (INTEGER + options("multipleOf: 5"), "multipleOf", MultipleOf(Decimal(5)), "a multiple of 5"),
        (INTEGER + "enum: [{value: 1}, {value: 2.0}]", "enum", OneOf((1, 2)), "one of 1, 2"),
        (NUMBER + options("minimum: 0.1"), "minimum", Bound(">=", 0.1), ">= 0.1"),
        (NUMBER + options("multipleOf: 0.05"), "multipleOf", MultipleOf(Decimal("0.05")), "a multiple of 0.05"),
        (DECIMAL + options("minimum: 0.10"), "minimum", Bound(">=", Decimal("0.10")), ">= 0.1"),
        (DECIMAL + options("minimum: 0.005"), "minimum", Bound(">=", Decimal("0.01")), ">= 0.005"),
        (DECIMAL + options("exclusiveMaximum: 0.005"), "exclusiveMaximum", Bound("<", Decimal("0.01")), "< 0.005"),
        (DECIMAL + options("maximum: 1e40"), "maximum", Bound("<=", Decimal("9999999999.99")), "<= 1E+40"),
        (
            "logicalType: number\nphysicalType: decimal(38,10)\n" + options("maximum: 1234567890123456789.0123456789"),
            "maximum",
            Bound("<=", Decimal("1234567890123456789.0123456789")),
            "<= 1234567890123456789.0123456789",
        ),
        (
            "logicalType: date\n" + options("minimum: 2020-01-01"),
            "minimum",
            Bound(">=", date(2020, 1, 1)),
            ">= 2020-01-01",
        ),
        (
            "logicalType: time\n" + options("exclusiveMaximum: 12:30:00"),
            "exclusiveMaximum",
            Bound("<", time(12, 30)),
            "< 12:30:00",
        ),
        (
            "logicalType: timestamp\n" + options("maximum: '2020-01-01T00:00:00+02:00'"),
            "maximum",
            Bound("<=", datetime(2019, 12, 31, 22, tzinfo=UTC)),
            "<= 2020-01-01T00:00:00+02:00",
        ),
        (
            "logicalType: timestamp\n" + options("maximum: 2020-01-01 00:00, defaultTimezone: America/Recife"),
            "maximum",
            Bound("<=", datetime(2020, 1, 1, 3, tzinfo=UTC)),
            "<= 2020-01-01 00:00",
        ),
        ("logicalType: boolean\nenum: [{value: true}]", "enum", OneOf((True,)), "one of true"),
        (ARRAY + options("minItems: 1"), "minItems", Count(">=", 1), "at least 1 item"),
        (ARRAY + options("maxItems: 3"), "maxItems", Count("<=", 3), "at most 3 items"),
        (ARRAY + options("uniqueItems: true"), "uniqueItems", DistinctItems(), "no item twice"),
        (OBJECT + options("minProperties: 1"), "minProperties", Count(">=", 1), "at least 1 field"),
        (OBJECT + options("maxProperties: 2"), "maxProperties", Count("<=", 2), "at most 2 fields"),
    ],
)
def test_each_keyword(keys, name, test, expected):
    ((made_name, made_test, made_expected),) = made(keys)
    assert (made_name, made_test, made_expected) == (name, test, expected)
    if isinstance(test, Bound):
        assert type(made_test.limit) is type(test.limit)


@pytest.mark.parametrize(
    "keys",
    [
        STRING + "required: false",
        STRING + options("format: password"),
        STRING + options("format: binary"),
        ARRAY + options("uniqueItems: false"),
        "logicalType: date\n" + options("format: dd.MM.yyyy"),
        INTEGER + options("format: i32"),
    ],
)
def test_what_checks_nothing(keys):
    assert made(keys) == []


def test_parts_of_a_column_are_checked_within_it():
    column = read_column(
        """\
        logicalType: array
        items:
          logicalType: object
          required: true
          logicalTypeOptions: {required: [zip]}
          properties:
            - {name: zip, logicalType: string, logicalTypeOptions: {maxLength: 5}}
            - {name: mail, logicalType: string, classification: restricted, quality: [{metric: nullValues, mustBe: 0}]}
        """
    )
    found = [(c.rule.name, c.rule.column, c.within, c.rule.masked) for c in column.checks]
    assert found == [
        ("required", "a[]", ("[]",), False),
        ("required", "a[].zip", ("[]", "zip"), False),
        ("maxLength", "a[].zip", ("[]", "zip"), False),
        ("nullValues", "a[].mail", ("[]", "mail"), True),
    ]


@pytest.mark.parametrize(
    ("classification", "masked"),
    [("public", False), ("Public", False), ("restricted", True), ("pii", True), (None, False)],
)
def test_values_of_classified_columns_are_masked(classification, masked):
    keys = f"classification: {classification}" if classification else "description: x"
    column = read_column(f"{STRING}required: true\nunique: true\n{keys}")
    assert column.cast.masked is masked
    assert [check.rule.masked for check in column.checks] == [masked]


def test_keys_and_partitions_follow_their_positions():
    table = read_table(
        columns(
            """\
            - {name: a, logicalType: string, primaryKey: true, primaryKeyPosition: 2, partitioned: true}
            - {name: b, logicalType: date, primaryKey: true, primaryKeyPosition: 1,
               partitioned: true, partitionKeyPosition: 1}
            - {name: c, logicalType: string, primaryKey: true, classification: secret}
            - {name: d, logicalType: integer, unique: true}
            """
        )
    )
    words = "unique within the upload"
    assert table.keys == (
        Key(Rule("primaryKey", words, "t", "b, a, c", masked=True), ("b", "a", "c")),
        Key(Rule("unique", words, "t", "d"), ("d",)),
    )
    assert table.partitions == ("b", "a")
    assert [(c.name, c.required, [k.rule.name for k in c.checks]) for c in table.columns[1:]] == [
        ("a", True, ["required", "partitioned"]),
        ("b", True, ["required"]),
        ("c", True, ["required"]),
        ("d", False, []),
    ]


GOOD = {
    "email": ["a@b.co", "a.b+c@x-y.com.br"],
    "uuid": ["123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000"],
    "uri": ["https://x.y/z?q=%20#f", "mailto:a@b", "urn:isbn:1", "http://[::1]/"],
    "hostname": ["a", "a-b.c9"],
    "ipv4": ["0.0.0.0", "255.255.255.255"],
    "ipv6": ["::", "::1", "1::", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "1:2::5:6:7:8"],
    "byte": ["", "QQ==", "QUI=", "QUJD"],
}
BAD = {
    "email": ["a@b", "a@b.co\n", ".a@b.co", "a b@c.de", "a@-b.co", "a@b..co", "é@b.co"],
    "uuid": ["123e4567e89b12d3a456426614174000", "{123e4567-e89b-12d3-a456-426614174000}"],
    "uri": ["x y:1", "//a/b", "http://a b", "a:#b#c", "http://x/%zz"],
    "hostname": ["-a", "a_b", "a.", "a" * 64],
    "ipv4": ["256.1.1.1", "01.2.3.4", "1.2.3"],
    "ipv6": ["1", "1:2:3:4:5:6:7:8:9", ":::", "1::2::3", "12345::", "1:2:3:4:5:6:7:8::", "fe80::1%eth0"],
    "byte": ["Q", "QQ=", "QQ==\n", "Q-=="],
}


@pytest.mark.parametrize("name", GOOD)
def test_string_formats(name):
    pattern = STRING_FORMATS[name].pattern
    matched = pc.match_substring_regex(pa.array(GOOD[name] + BAD[name]), pattern).to_pylist()
    assert matched == [True] * len(GOOD[name]) + [False] * len(BAD[name])


def test_every_string_format_that_checks_names_its_source():
    assert {name for name, each in STRING_FORMATS.items() if each.pattern} == set(GOOD)
    assert all(each.source for each in STRING_FORMATS.values())


def test_null_among_missing_values():
    keys = STRING + "quality: [{metric: missingValues, arguments: {missingValues: [null, '', n/a]}, mustBe: 0}]"
    assert made(keys)[0][1] == NoneOf(("", "n/a"), null=True)
