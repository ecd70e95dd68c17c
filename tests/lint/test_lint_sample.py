"""The sample beside a contract: what breaks it, and what neither knows of the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lint.folder import linted, told, write

SCHEMA = """\
- name: orders
  properties:
    - {name: id, logicalType: integer, required: true, logicalTypeOptions: {minimum: 1}}
    - {name: note, logicalType: string, classification: restricted, logicalTypeOptions: {maxLength: 3}}
    - name: address
      logicalType: object
      properties: [{name: zip, logicalType: integer}]
- name: items
  properties:
    - {name: order_id, logicalType: integer, transformLogic: $.id, primaryKey: true, required: true}
    - {name: sku, logicalType: string, transformLogic: "$.items[*].sku", primaryKey: true, required: true}
"""
WHOLE = '{"id": 1, "note": "n", "address": {"zip": 1}, "items": [{"sku": "a"}]}'
IGNORE = "customProperties: [{property: unknownFields, value: ignore}]\n"


def test_a_sample_that_passes_is_said_so(tmp_path: Path) -> None:
    one = linted(write(tmp_path, SCHEMA, WHOLE))
    assert (one.findings, one.remark, one.falls_short) == ((), "; its sample passes (1 record)", False)


def test_without_a_sample_there_is_a_hint(tmp_path: Path) -> None:
    one = linted(write(tmp_path, SCHEMA))
    assert [finding.level for finding in one.findings] == ["hint"]
    assert "there is no sample beside it (shop.sample.json)" in one.findings[0].fault.message


@pytest.mark.parametrize(
    ("sample", "faults"),
    [
        (
            WHOLE.replace('"id": 1', '"id": 0'),
            ["9:16: its sample shop.sample.json breaks orders.id.minimum (expected "],
        ),
        (WHOLE.replace('"n"', '"long"'), ["10:16: its sample shop.sample.json breaks orders.note.maxLength (expected"]),
        (WHOLE.replace('"zip": 1', '"zip": "x"'), ["11:15: its sample shop.sample.json breaks orders.address.type"]),
        (
            WHOLE[:-1].replace("]", ', {"sku": "a"}]') + "}",
            ["16:16: its sample shop.sample.json breaks items.order_id"],
        ),
        ("", ["1:1: its sample shop.sample.json holds no records"]),
        ("[", ["1:1: its sample shop.sample.json breaks unreadable"]),
    ],
)
def test_what_it_breaks_is_told_at_the_column(sample: str, faults: list[str], tmp_path: Path) -> None:
    contract = write(tmp_path, SCHEMA, sample)
    found = told(contract, "error")
    assert len(found) == len(faults)
    assert all(fault.startswith(words) for fault, words in zip(found, faults, strict=True)), found
    assert told(contract, "hint") == []  # of columns that are not filled, where little was published
    assert "long" not in str(found)


@pytest.mark.parametrize(
    ("sample", "policies", "hints"),
    [
        (WHOLE.replace('"n"', "null"), "", ["10:16: no record of shop.sample.json fills 'note'"]),
        (WHOLE.replace('[{"sku": "a"}]', "[]"), "", ["14:11: no record of shop.sample.json gives a row of 'items'"]),
        (
            WHOLE.replace('{"sku"', '{"qty": 1, "sku"').replace('"id"', '"day": 1, "id"'),
            "",
            ["1:1: no column reads $.day, $.items[*].qty, which shop.sample.json has"],
        ),
        (WHOLE.replace('"id"', '"day": 1, "id"'), IGNORE, []),
        (WHOLE + "\n" + WHOLE.replace('"n"', "null").replace('"id": 1', '"id": 2'), "", []),
    ],
)
def test_what_they_do_not_know_of_each_other(sample: str, policies: str, hints: list[str], tmp_path: Path) -> None:
    contract = write(tmp_path, SCHEMA, sample, policies)
    assert told(contract, "error") == []
    assert told(contract, "hint") == hints


def test_of_many_columns_each_empty_one_is_named(tmp_path: Path) -> None:
    columns = "".join(f"    - {{name: c{at}, logicalType: string}}\n" for at in range(100))
    filled = ", ".join(f'"c{at}": "x"' for at in range(100) if at % 9)
    contract = write(tmp_path, f"- name: t\n  properties:\n{columns}", f"{{{filled}}}")
    expected = [f"{9 + at}:16: no record of shop.sample.json fills 'c{at}'" for at in range(0, 100, 9)]
    assert told(contract, "hint") == expected
