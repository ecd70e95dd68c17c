"""Types and the flattening map of columns."""

from __future__ import annotations

import pyarrow as pa
import pytest
from contract_documents import columns, read_column, read_table

from etl.contract.expressions import EACH, Path
from etl.contract.model import Field, Type

INT = Type("integer", pa.int64())
TEXT = Type("string", pa.string())
UTC = pa.timestamp("us", "UTC")


@pytest.mark.parametrize(
    ("keys", "type_", "words"),
    [
        ("logicalType: string", TEXT, "string"),
        ("logicalType: boolean", Type("boolean", pa.bool_()), "boolean"),
        ("logicalType: integer", INT, "integer"),
        ("logicalType: integer\nphysicalType: bigint", INT, "integer"),
        *(
            (
                f"logicalType: integer\nlogicalTypeOptions: {{format: {sign}{bits}}}",
                Type("integer", getattr(pa, f"{'u' * (sign == 'u')}int{bits}")()),
                "integer" if (sign, bits) == ("i", 64) else f"integer ({sign}{bits})",
            )
            for sign in "iu"
            for bits in (8, 16, 32, 64)
        ),
        ("logicalType: number", Type("number", pa.float64()), "number"),
        ("logicalType: number\nlogicalTypeOptions: {format: f64}", Type("number", pa.float64()), "number"),
        ("logicalType: number\nphysicalType: double", Type("number", pa.float64()), "number"),
        (
            "logicalType: number\nphysicalType: decimal(12,2)",
            Type("decimal", pa.decimal128(12, 2)),
            "decimal(12,2)",
        ),
        (
            "logicalType: number\nphysicalType: NUMERIC( 38 , 0 )",
            Type("decimal", pa.decimal128(38, 0)),
            "decimal(38,0)",
        ),
        ("logicalType: number\nphysicalType: decimal(5)", Type("decimal", pa.decimal128(5, 0)), "decimal(5,0)"),
        ("logicalType: date", Type("date", pa.date32()), "date (yyyy-MM-dd)"),
        (
            "logicalType: date\nlogicalTypeOptions: {format: dd/MM/yyyy}",
            Type("date", pa.date32(), "dd/MM/yyyy"),
            "date (dd/MM/yyyy)",
        ),
        (
            "logicalType: date\nlogicalTypeOptions: {format: epochSeconds}",
            Type("date", pa.date32(), "epochSeconds"),
            "date (epochSeconds)",
        ),
        ("logicalType: time", Type("time", pa.time64("us")), "time (HH:mm:ss)"),
        (
            "logicalType: time\nlogicalTypeOptions: {format: HH.mm}",
            Type("time", pa.time64("us"), "HH.mm"),
            "time (HH.mm)",
        ),
        ("logicalType: timestamp", Type("timestamp", UTC), "timestamp (RFC 3339)"),
        (
            "logicalType: timestamp\nlogicalTypeOptions: {timezone: false}",
            Type("timestamp", UTC),
            "timestamp (RFC 3339)",
        ),
        (
            "logicalType: timestamp\nphysicalType: timestamp(ns)",
            Type("timestamp", pa.timestamp("ns", "UTC")),
            "timestamp (RFC 3339)",
        ),
        (
            "logicalType: timestamp\n"
            "logicalTypeOptions: {defaultTimezone: America/Recife, format: \"yyyy-MM-dd'T'HH:mm\"}",
            Type("timestamp", UTC, "yyyy-MM-dd'T'HH:mm", "America/Recife"),
            "timestamp (yyyy-MM-dd'T'HH:mm)",
        ),
        (
            "logicalType: timestamp\nlogicalTypeOptions: {format: 'uuuu-MM-dd HH:mm:ss.SSSXXX'}",
            Type("timestamp", UTC, "uuuu-MM-dd HH:mm:ss.SSSXXX"),
            "timestamp (uuuu-MM-dd HH:mm:ss.SSSXXX)",
        ),
        (
            "logicalType: timestamp\nlogicalTypeOptions: {format: epochMillis}",
            Type("timestamp", UTC, "epochMillis"),
            "timestamp (epochMillis)",
        ),
        (
            "logicalType: array\nitems: {logicalType: integer}",
            Type("array", pa.list_(pa.int64()), item=INT),
            "list of integer",
        ),
        (
            "logicalType: object\nproperties: [{name: x-y, logicalType: string}]",
            Type("object", pa.struct([("x-y", pa.string())]), fields=(Field("x-y", TEXT),)),
            "object",
        ),
        (
            "logicalType: array\nitems: {logicalType: object, properties: [{name: n, logicalType: integer}]}",
            Type(
                "array",
                pa.list_(pa.struct([("n", pa.int64())])),
                item=Type("object", pa.struct([("n", pa.int64())]), fields=(Field("n", INT),)),
            ),
            "list of object",
        ),
    ],
)
def test_types(keys, type_, words):
    column = read_column(keys)
    assert column.type == type_
    assert (column.cast.name, column.cast.expected, column.cast.table, column.cast.column) == ("type", words, "t", "a")


@pytest.mark.parametrize(
    ("keys", "source"),
    [
        ("logicalType: string", "Path(steps=('a',))"),
        ("logicalType: string\ntransformLogic: $.x.y", "Path(steps=('x', 'y'))"),
        (
            "logicalType: date\ntransformLogic: nullif(trim($.x), '')",
            "NullIf(argument=Text(function='trim', argument=Path(steps=('x',))), text='')",
        ),
        ("logicalType: integer\ntransformLogic: index($.x[*])", "Index(path=Path(steps=('x', Each())))"),
        ("logicalType: number\ntransformLogic: scale(trim($.x), -2)", None),
        ("logicalType: date\ntransformLogic: date(coalesce($.x, trim($.y)))", None),
        ("logicalType: date\nlogicalTypeOptions: {format: epochMillis}\ntransformLogic: date($.x)", None),
        ("logicalType: date\nlogicalTypeOptions: {format: d.M.yyyy}\ntransformLogic: coalesce(date($.x), $.y)", None),
        ("logicalType: string\ntransformLogic: upper(json($.x))", None),
        ("logicalType: integer\ntransformLogic: coalesce($.x, scale($.y, 2))", None),
        ("logicalType: array\nitems: {logicalType: string}\ntransformLogic: coalesce($.x, $.y)", None),
        ("logicalType: string\ntransformLogic: |\n  coalesce(\n    $.x,\n    $.y)", None),
    ],
)
def test_sources(keys, source):
    column = read_column(keys)
    assert source is None or repr(column.source) == source


@pytest.mark.parametrize(
    ("paths", "grain"),
    [
        (["$.x", "$.y[0].z"], ()),
        (["$.p[*].x", "$.y"], ("p", EACH)),
        (["$.p[*].t[*].x", "$.p[*].y", "index($.p[*])"], ("p", EACH, "t", EACH)),
        (["$.p[*].y", "coalesce($.z, $.p[*].t[*].x)"], ("p", EACH, "t", EACH)),
        (["json($[*])"], (EACH,)),
    ],
)
def test_the_grain_is_the_longest_chain(paths, grain):
    kinds = ["integer" if path.startswith("index") else "string" for path in paths]
    table = read_table(
        columns(
            "".join(
                f"- {{name: c{n}, logicalType: {kind}, transformLogic: '{path}'}}\n"
                for n, (path, kind) in enumerate(zip(paths, kinds, strict=True))
            )
        )
    )
    assert table.grain == Path(grain)


def test_parts_of_a_type():
    line = Type("object", pa.struct([("[]", pa.string())]), fields=(Field("[]", TEXT),))
    lines = Type("array", pa.list_(line.arrow), item=line)
    assert [lines.within(steps) for steps in ((), ("[]",), ("[]", "[]"))] == [lines, line, TEXT]
    for steps in (("x",), ("[]", "x"), ("[]", "[]", "[]")):
        with pytest.raises(KeyError):
            lines.within(steps)
