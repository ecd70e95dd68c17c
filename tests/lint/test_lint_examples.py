"""`examples` and `enum` are held to the rules beside them, as an upload would be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from etl.contract import load
from tests.lint.folder import told, write

CASES = {
    "integers": (
        "{name: a, logicalType: integer, logicalTypeOptions: {maximum: 9}, examples: [3, '4', 5.0, «12, «x, «1.5]}",
        ["12 breaks maximum (expected <= 9)", "'x' breaks type (expected integer)", "1.5 breaks type"],
    ),
    "money": (
        "{name: a, logicalType: number, physicalType: 'decimal(6,2)', examples: [12.34, «12.345]}",
        ["12.345 breaks type (expected decimal(6,2))"],
    ),
    "text": (
        "{name: a, logicalType: string, logicalTypeOptions: {pattern: '^[0-9]{5}$'}, examples: ['12345', 12345, «1]}",
        ["1 breaks pattern (expected matches ^[0-9]{5}$)"],
    ),
    "dates, in the documents' way or as ISO": (
        "{name: a, logicalType: date, logicalTypeOptions: {format: dd/MM/yyyy, minimum: 2020-01-01},"
        " examples: [31/12/2020, 2020-12-31, «31/12/2019, «2019-12-31, «2020-13-01]}",
        ["'31/12/2019' breaks minimum", "'2019-12-31' breaks minimum", "'2020-13-01' breaks type (expected date (dd/"],
    ),
    "moments": (
        "{name: a, logicalType: timestamp, examples: ['2020-01-31T00:00:00Z', «'2020-01-31T00:00:00']}",
        ["'2020-01-31T00:00:00' breaks type (expected timestamp (RFC 3339))"],
    ),
    "lists and their items": (
        "{name: a, logicalType: array, examples: [[x], «[x, xx], «x],"
        " items: {logicalType: string, logicalTypeOptions: {maxLength: 1}, examples: [y, «yy]}}",
        ["this example breaks maxLength", "'x' breaks type (expected list of string)", "'yy' breaks maxLength"],
    ),
    "objects and their fields": (
        "{name: a, logicalType: object, examples: [{b: 1}, «{b: null}, «{b: x}],"
        " properties: [{name: b, logicalType: integer, required: true, examples: [1, «y]}]}",
        ["this example breaks required", "this example breaks type", "'y' breaks type (expected integer)"],
    ),
    "a field without a name": ("{name: a, logicalType: boolean, examples: [true, 'false', «'no']}", ["'no' breaks"]),
    "required says nothing of examples": ("{name: a, logicalType: integer, required: true, examples: [1, null]}", []),
    "json keeps anything": ("{name: a, logicalType: string, transformLogic: json($.a), examples: [{b: [1]}]}", []),
    "an enum": (
        "{name: a, logicalType: integer, logicalTypeOptions: {maximum: 9}, enum: [{value: 1}, {value: «12}]}",
        ["the enum value 12 breaks maximum (expected <= 9)"],
    ),
    "a metric": (
        "{name: a, logicalType: string, examples: [x, «z], quality: [{metric: invalidValues, mustBe: 0,"
        " arguments: {validValues: [x, y]}},"
        " {metric: missingValues, mustBe: 0, arguments: {missingValues: [null, '']}}]}",
        ["the example 'z' breaks invalidValues (expected invalidValues mustBe 0)"],
    ),
}


@pytest.mark.parametrize(("column", "expected"), CASES.values(), ids=CASES)
def test_examples(column: str, expected: list[str], tmp_path: Path) -> None:
    *before, _ = column.split("«")
    at = [sum(map(len, before[: count + 1])) for count in range(len(before))]
    contract = write(tmp_path, f"- name: t\n  properties:\n    - {column.replace('«', '')}\n")
    load(contract)  # it runs all the same
    faults = told(contract, "error")
    assert sorted(fault.partition(": ")[0] for fault in faults) == sorted(f"9:{9 + column}" for column in at)
    assert all(any(words in fault for fault in faults) for words in expected)


def test_columns_are_judged_apart(tmp_path: Path) -> None:
    contract = write(
        tmp_path,
        """\
        - name: t
          properties:
            - {name: a, logicalType: integer, required: true, examples: [1]}
            - {name: b, logicalType: string, required: true, examples: [x], logicalTypeOptions: {minLength: 1}}
            - {name: c, logicalType: integer, examples: [x]}
        """,
    )
    assert told(contract, "error") == ["11:52: the example 'x' breaks type (expected integer)"]


@pytest.mark.parametrize(
    ("column", "right", "wrong"),
    [
        ("logicalType: integer", [], [f"x{at}" for at in range(12)]),
        (
            "logicalType: date, logicalTypeOptions: {format: dd/MM/yyyy}",
            [f"2020-12-{at}" for at in range(10, 22)] + [f"{at}/12/2020" for at in range(10, 22)],
            ["garbage", *(f"{at}.12.2020" for at in range(10, 22))],
        ),
    ],
    ids=["integers", "dates, each way in turn"],
)
def test_however_many_are_wrong_each_is_told(column: str, right: list[str], wrong: list[str], tmp_path: Path) -> None:
    named = ", ".join([*right, *wrong])
    contract = write(tmp_path, f"- name: t\n  properties:\n    - {{name: a, {column}, examples: [{named}]}}\n")
    told_of = [re.findall(r"the example '(.*)' breaks type", fault) for fault in told(contract, "error")]
    assert told_of == [[each] for each in wrong]
