"""What values become: each row is a field, its values, and the type, functions and rules that are proposed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from etl.contract.types import words
from etl.infer.texts import identifies
from tests.infer.proposing import contract_of, proposed, report_of

RECORDS = 40


def upload(name: str, tokens: list[str], records: int = 0) -> bytes:
    """Records of one field, which has these JSON values in turn; `~` is a record without it."""
    turns = (tokens[at % len(tokens)] for at in range(max(records, len(tokens))))
    return "\n".join("{}" if token == "~" else f'{{"{name}": {token}}}' for token in turns).encode()


def column(folder: Path, name: str, tokens: list[str], records: int = 0) -> dict[str, Any]:
    """The column as it is written."""
    done = proposed(folder, upload(name, tokens, records))
    contract_of(done)
    return dict(yaml.safe_load(done.text)["schema"][0]["properties"][0])


NUMBERS = [
    ("quantity", ["1", "-2"], "integer"),
    ("seller", ["1", "18446744073709551615"], "integer (u64)"),
    ("a", ["-1", "18446744073709551615"], "decimal(28,0)"),
    ("a", ["9" * 38], "decimal(38,0)"),
    ("a", ["9" * 39], "string"),
    ("a", ["1e400"], "string"),
    ("price", ["1", "2.5"], "decimal(12,2)"),
    ("price", ["25.0", "149.9"], "decimal(12,2)"),
    ("price", ["0.125"], "decimal(12,4)"),
    ("price", ["1e-7"], "decimal(12,8)"),
    ("price", ["1e-9"], "number"),
    ("price", ["1234567890.50"], "decimal(18,2)"),
    ("total_weight", ["1.5", "2"], "number"),
    ("x", ["10.00", "9.50"], "decimal(12,2)"),
    ("x", ["10.00", "9.5"], "number"),
    ("vat_rate", ["0.13", "0.05"], "number"),
    ("x", ["9007199254740993", "0.5"], "decimal(28,1)"),
    ("x", ["9007199254740993", "0.12345"], "decimal(28,5)"),
    ("discount_rate", ["0.05", "0.1"], "number"),
    ("created", ["1706780000"], "timestamp (epochSeconds)"),
    ("createdAt", ["1706780000123"], "timestamp (epochMillis)"),
    ("created", ["1706780000", "7"], "integer"),
    ("views", ["1706780000"], "integer"),
]
TEXTS = [
    ("day", ["2024-01-10", "0001-01-01"], "date (yyyy-MM-dd)"),
    ("day", ["2024-01-10", "2024-02-30"], "string"),
    ("day", ["31/12/2024", "01/12/2024"], "date (dd/MM/yyyy)"),
    ("day", ["12/31/2024"], "date (MM/dd/yyyy)"),
    ("day", ["01/12/2024"], "string"),
    ("day", ["31.12.2024"], "date (dd.MM.yyyy)"),
    ("at", ["2024-01-10T10:11:12Z", "2024-01-10T10:11:12.5-03:00"], "timestamp (RFC 3339)"),
    ("at", ["2024-01-10T10:11:12"], "string"),
    ("at", ["2024-01-10T10:11:12Z", "2024-01-10T10:11:12"], "string"),
    ("at", ["2024-01-10T10:11:12+0000"], "timestamp (yyyy-MM-dd'T'HH:mm:ssxx)"),
    ("at", ["28/03/2025 14:08"], "string"),
    ("at", ["10:11:12"], "time (HH:mm:ss)"),
    ("paid", ["199.90", "1.00"], "decimal(12,2)"),
    ("weight", ["0.75", "1.20"], "decimal(12,6)"),
    ("rate", ["0.18", "0.0325"], "decimal(12,6)"),
    ("x", ["1.50", "2.25"], "decimal(12,2)"),
    ("x", ["1.5", "2.25"], "string"),
    ("app_version", ["1.10", "2.00"], "string"),
    ("zip", ["01001", "20000"], "string"),
    ("price", ["12", "7"], "string"),
    ("price", ["12.50", "n/a"], "string"),
    ("price", ["12.50", "012.50"], "string"),
    ("flag", ["true", "false"], "boolean"),
    ("x", ["", " "], "string"),
]
OTHERS = [
    ("a", ["true", "false", "null"], "boolean"),
    ("a", ["[1, 2, null]", "[]"], "list of integer"),
    ("a", ["[1, 2.5]"], "list of number"),
    ("price", ["[1, 2.5]"], "list of decimal(12,2)"),
    ("a", ['["2024-01-10"]'], "list of date (yyyy-MM-dd)"),
    ("a", ['["2024-01-10", ""]'], "list of string"),
]


@pytest.mark.parametrize(("name", "tokens", "expected"), [*NUMBERS, *OTHERS])
def test_type_of_values(name: str, tokens: list[str], expected: str, tmp_path: Path) -> None:
    [one] = contract_of(proposed(tmp_path, upload(name, tokens))).tables[0].columns[:1]
    assert words(one.type) == expected


@pytest.mark.parametrize(("name", "values", "expected"), TEXTS)
def test_type_of_texts(name: str, values: list[str], expected: str, tmp_path: Path) -> None:
    [one] = contract_of(proposed(tmp_path, upload(name, list(map(json.dumps, values))))).tables[0].columns[:1]
    assert words(one.type) == expected


@pytest.mark.parametrize(
    ("values", "format"),
    [
        (["a@b.example", "x.y@z.example"], "email"),
        (["a@b.example", "nobody"], None),
        (["5b0d9a52-8f0e-4f0c-9c39-2f1f6f3f7a01"], "uuid"),
        (["https://shop.example/a"], "uri"),
        (["note:this"], None),
        (["10.0.0.1", "255.255.255.255"], "ipv4"),
        (["10.0.0.1", "10.0.0.256"], None),
        (["::1", "2001:db8::8a2e:370:7334"], "ipv6"),
    ],
)
def test_format_of_texts(values: list[str], format: str | None, tmp_path: Path) -> None:
    found = column(tmp_path, "a", list(map(json.dumps, values)))
    assert found.get("logicalTypeOptions", {}).get("format") == format


@pytest.mark.parametrize(
    ("tokens", "source"),
    [
        (['"2024-01-10"', '" 2024-01-11 "'], "trim($.day)"),
        (['"2024-01-10"', '""'], "nullif($.day, '')"),
        (['"2024-01-10"', '"  "'], "nullif(trim($.day), '')"),
        (['"2024-01-10"', "1"], "json($.day)"),
        (['"2024-01-10"', "[]"], "json($.day)"),
        (["{}"], "json($.day)"),
        (["[null]"], "json($.day)"),
        (["[[1]]"], "json($.day)"),
        (['[1, "a"]'], "json($.day)"),
        (['[{"a": 1}, 2]'], "json($.day)"),
        (['{"2024-01-10": 1, "2024-01-11": 2}'], "json($.day)"),
        (['{"1": 1}', '{"2": 2}'], "json($.day)"),
    ],
)
def test_functions_round_a_path(tokens: list[str], source: str, tmp_path: Path) -> None:
    assert column(tmp_path, "day", tokens)["transformLogic"] == source


def test_keys_of_which_each_object_has_few_are_data(tmp_path: Path) -> None:
    tokens = [f'{{"key_{"abcdefghijklmnopqrst"[at]}": 1}}' for at in range(20)]
    assert column(tmp_path, "stock", tokens)["transformLogic"] == "json($.stock)"


SOMEBODYS = [
    "ana@example.com", "Ana <ana@example.com>", "user:ana@mail.example.com", "10.0.0.1", "2001:db8::1",
    "+55 11 91234-5678", "(11) 91234-5678", "11912345678", "123.456.789-09", "5b0d9a52-8f0e-4f0c-9c39-2f1f6f3f7a01",
    "5B0D9A52-8F0E-4F0C-9C39-2F1F6F3F7A01",
]  # fmt: skip


@pytest.mark.parametrize("key", SOMEBODYS)
def test_what_is_somebodys_is_known(key: str) -> None:
    assert identifies(key)


@pytest.mark.parametrize("key", SOMEBODYS[:1] + SOMEBODYS[5:6])
@pytest.mark.parametrize(
    ("document", "source"),
    [
        ('{"id": 1, "prefs": {"default": 1, KEY: null}}', "json($.prefs)"),
        ('{"id": 1, "lines": [{"default": 1, KEY: []}]}', "json($.lines)"),
        ('{"id": 1, "document": 2, KEY: true}', "json($)"),
        ('{KEY: [{"a": 1}]}', "json($)"),
    ],
)
def test_keys_that_are_somebodys_data_are_not_shown(key: str, document: str, source: str, tmp_path: Path) -> None:
    done = proposed(tmp_path, document.replace("KEY", json.dumps(key)).encode())
    assert key not in done.text
    [table] = yaml.safe_load(done.text)["schema"]
    column = table["properties"][-1]
    assert (column["transformLogic"], column["classification"]) == (source, "restricted")
    assert report_of(contract_of(done), tmp_path / "orders-0.json")["status"] == "published"


@pytest.mark.parametrize("key", ["@type", "a@b", "order-12", "line_2024", "v1.2.3", "2024-01-10", "123456", "a.b"])
def test_what_only_looks_like_it_is_a_name(key: str) -> None:
    assert not identifies(key)


STATES = ['"paid"', '"open"', '"sent"']


@pytest.mark.parametrize(
    ("name", "tokens", "records", "listed"),
    [
        ("status", STATES, RECORDS, ["open", "paid", "sent"]),
        ("status", [*STATES, "null", "~"], RECORDS, ["open", "paid", "sent"]),
        ("status", STATES, 6, None),
        ("status", ['"paid"'], RECORDS, None),
        ("status", [f'"{at}x"' for at in range(20)], RECORDS, None),
        ("status", ['"on hold, since nobody knows what to do"', '"ok"'], RECORDS, None),
        ("user_id", STATES, RECORDS, None),
        ("first_name", ['"Ana"', '"Bea"'], RECORDS, None),
        ("x", ['"Ana Lima"', '"Bea Reis"'], RECORDS, None),
        ("x", ['"ANA LIMA"', '"BEA REIS"'], RECORDS, None),
        ("cashier", ['"Ana"', '"Bea"'], RECORDS, None),
        ("x", ['"11 91234-5678"', '"11 91234-5679"'], RECORDS, None),
        ("status", ['"in transit"', '"on hold"', '"PAID"'], RECORDS, ["PAID", "in transit", "on hold"]),
        ("answer", ['"yes"', '"no"'], RECORDS, ["no", "yes"]),
        ("level", ['"1"', '"2"'], RECORDS, None),  # the next is a 3
        ("sku", ['"A-1"', '"A-2"'], RECORDS, None),
    ],
)
def test_enumerations(name: str, tokens: list[str], records: int, listed: list[str] | None, tmp_path: Path) -> None:
    enum = column(tmp_path, name, tokens, records).get("enum")
    assert (enum and [entry["value"] for entry in enum]) == listed


@pytest.mark.parametrize(
    ("tokens", "required", "remark"),
    [
        (["1", "2"], True, "- name: a\n"),
        (["1", "null", "~", "~"], None, "- name: a  # in 1 of 4 records, null in 1\n"),
        (["1"] * 1200 + ["~"], None, "- name: a  # in 1,200 of 1,201 records\n"),
        (['"x"', '""'], True, "- name: a  # empty in 1\n"),
    ],
)
def test_required_follows_from_presence_and_a_comment_says_so(
    tokens: list[str], required: bool | None, remark: str, tmp_path: Path
) -> None:
    done = proposed(tmp_path, upload("a", tokens))
    assert yaml.safe_load(done.text)["schema"][0]["properties"][0].get("required") == required
    assert remark in done.text


@pytest.mark.parametrize(
    ("tokens", "remark"),
    [
        (['"a"', "1", "1"], "Seen as whole numbers (in 2) and texts (in 1): kept as JSON text, as written."),
        (["null"], "$.a was null wherever it was seen (in 1): no column yet."),
        (["[]", "[]"], "$.a was an empty array wherever it was seen (in 2): no column yet."),
        (['"2024-01-10T10:11:12"'], "logicalTypeOptions: {defaultTimezone: America/Sao_Paulo}"),
        (['"2024-01-10"'] * 7 + ['"soon"'], "The first 7 texts are each a date, the next is not."),
        (['"1.50"'] * 7 + ['"n/a"'], "The first 7 texts are each a number, the next is not."),
        (['"28/03/2025 14:08"', '"01/02/2025 07:00"'], "logicalTypeOptions: {format: dd/MM/yyyy HH:mm, defaultTim"),
        (
            ['"03/28/2025 14:08:09"'],
            "logicalTypeOptions: {format: MM/dd/yyyy HH:mm:ss, defaultTimezone: America/Sao_Paulo}",
        ),
        (['"01.02.2025 14:08"'], "logicalTypeOptions: {format: dd.MM.yyyy HH:mm, defaultTimezone: America/Sao_Paulo}"),
        (['"01/02/2025 14:08"'], "Dates of which the samples do not tell whether dd/MM/yyyy or MM/dd/yyyy."),
        (
            ['"28/03/2025 14:08"'] * 7 + ['"soon"'],
            "The first 7 texts are each a time without an offset, the next is not.",
        ),
        (['"01/02/2024"'], "Dates of which the samples do not tell whether dd/MM/yyyy or MM/dd/yyyy."),
    ],
)
def test_what_samples_do_not_tell_is_said(tokens: list[str], remark: str, tmp_path: Path) -> None:
    assert f"# {remark}" in proposed(tmp_path, upload("a", tokens)).text.replace("#   ", "# ")


PERSONAL = [
    '{"email": "a@b.example"}', '{"contact": "a@b.example"}', '{"customer": {"name": "x"}}', '{"first_name": "x"}',
    '{"shipping_address": {"city": "x"}}', '{"buyer": {"tax_id": "1"}}', '{"source": "10.0.0.1"}', '{"phone": 123}',
    '{"birth_date": "2001-01-01"}', '{"geo": {"latitude": 1.5}}', '{"emails": ["x"]}', '{"userAgent": "x"}',
    '{"PayeeFinancialAccount": {"ID": "x"}}', '{"anything": {}}', '{"customer_note": "x"}', '{"cpf": "x"}',
    '{"cashier": "Ana Lima"}', '{"seller": {"name": "Maria Silva"}}', '{"seller_name": "x"}', '{"driver": "x"}',
    '{"accountManager": "x"}', '{"created_by": "x"}', '{"updatedBy": {"name": "x"}}', '{"assignees": ["x"]}',
    '{"author": "x"}', '{"operator": {"fullName": "x"}}', '{"recipient": "x"}', '{"contacts": ["x"]}',
    '{"notes": "x"}', '{"error_message": "x"}', '{"comments": ["x"]}', '{"x": "she asked us to ring twice"}',
    '{"x": ["a", "she asked us to ring twice"]}',
]  # fmt: skip
PUBLIC = [
    '{"product": {"name": "x"}}', '{"name": "x"}', '{"customer_id": 1}', '{"accepts_phone": true}', '{"status": "x"}',
    '{"email_count": 1}', '{"customer": {"orders_count": 1}}', '{"total": 1.5}', '{"country_code": "BR"}',
    '{"seller_id": 1}', '{"cashier": 17}', '{"created_by": 17}', '{"driver_status": "x"}', '{"message_id": "x"}',
    '{"note_count": "x"}', '{"shipping": 1.5}', '{"shipping": "express"}', '{"x": "Cotton shirt, blue, large"}',
]  # fmt: skip


@pytest.mark.parametrize(("document", "expected"), [
    *((document, "restricted") for document in PERSONAL), *((document, "public") for document in PUBLIC)
])  # fmt: skip
def test_what_is_about_a_person_is_classified(document: str, expected: str, tmp_path: Path) -> None:
    [one] = contract_of(proposed(tmp_path, document.encode())).tables[0].columns
    assert one.classification == expected
