"""Unlike documents of the real world: the tables, keys and partitions that are proposed, and the lake they give."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from etl import pipeline
from etl.contract.model import Contract, Table
from etl.infer import Sample, contract_name, infer
from etl.storage import AnyStorage
from tests.infer.proposing import SAMPLES, columns, contract_of, proposed, report_of

CONTRACTS = Path(__file__).parents[2] / "contracts"


def contract_for(*paths: Path) -> Contract:
    """What is proposed for these samples."""
    return contract_of(infer([Sample(path.name, path) for path in paths], contract_name(paths[0].name)))


def shown(table: Table) -> str:
    """`orders $ [id] / created_day`: the table, its grain, its key and its partitions."""
    keys = " ".join(f"[{', '.join(key.columns)}]" for key in table.keys)
    return f"{table.name} {table.grain} {keys} / {', '.join(table.partitions)}".replace("  ", " ")


FEEDS = {
    "shop_export.json": (
        "orders $ [id] / created_day",
        "order_discount_codes $.discount_codes[*] [order_id, discount_code_index] / created_day",
        "order_line_items $.line_items[*] [order_id, id] / created_day",
        "line_item_properties $.line_items[*].properties[*] [order_id, line_item_id, property_index] / created_day",
        "line_item_tax_lines $.line_items[*].tax_lines[*] [order_id, line_item_id, tax_line_index] / created_day",
    ),
    "checkout_session.json": (
        "checkout_session $ [id] / created_day",
        "checkout_session_line_items $.line_items.data[*] [checkout_session_id, id] / created_day",
    ),
    "marketplace_feed.ndjson": (
        "marketplace_feed $ [order_id] / purchase_day",
        "marketplace_feed_items $.Items[*] [order_id, item_index] / purchase_day",
    ),
    "invoice.json": (
        "invoice $ [id] / issue_date",
        "invoice_payment_means $.PaymentMeans[*] [invoice_id, payment_means_index] / issue_date",
        "invoice_tax_total_tax_subtotal $.TaxTotal.TaxSubtotal[*] [invoice_id, tax_subtotal_index] / issue_date",
        "invoice_line $.InvoiceLine[*] [invoice_id, id] / issue_date",
        "invoice_line_item_additional_item_property $.InvoiceLine[*].Item.AdditionalItemProperty[*] "
        "[invoice_id, invoice_line_id, additional_item_property_index] / issue_date",
    ),
    "event_stream.ndjson": (
        "event_stream $ [event_id] / event_stream_day",
        "event_stream_experiments $.experiments[*] [event_id, experiment_index] / event_stream_day",
    ),
    "orders.sample.json": (
        "orders $ [order_id] / order_date",
        "order_products $.products[*] [order_id, product_id] / order_date",
    ),
    "marketplace.sample.ndjson": (
        "marketplace $ [id] / created_day",
        "marketplace_delivery_packages $.delivery.packages[*] [marketplace_id, package_index] / created_day",
        "marketplace_line_items $.line_items[*] [marketplace_id, line_item_index] / created_day",
        "line_item_taxes $.line_items[*].taxes[*] [marketplace_id, line_item_index, tax_index] / created_day",
        "marketplace_payments $.payments[*] [marketplace_id, id] / created_day",
    ),
    "marketplace_export.sample.json": ("orders $ [id] / created_day",),
}


def path_of(name: str) -> Path:
    return next(path for path in (SAMPLES / name, CONTRACTS / name) if path.exists())


@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_gives_its_tables_and_passes(name: str) -> None:
    path = path_of(name)
    contract = contract_for(path)
    assert tuple(map(shown, contract.tables)) == FEEDS[name]
    report = report_of(contract, path)
    assert (report["status"], report["rules"]) == ("published", [])
    assert all(rows["published"] > 0 for rows in report["tables"].values())


def test_records_are_found_in_what_wraps_them() -> None:
    assert str(contract_for(path_of("shop_export.json")).policies.records) == "$.orders[*]"
    assert str(contract_for(path_of("marketplace_export.sample.json")).policies.records) == "$.export.orders[*]"


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ('{"data": [{"id": 1}], "has_more": false, "url": "/v1/orders"}', "$.data[*]"),
        ('{"Invoice": [{"ID": [{"_": "1"}]}], "_D": "urn"}', "$.Invoice[*]"),
        ('{"orders": [{"id": 1}], "customers": [{"id": 1}]}', None),
        ('{"id": 1, "lines": [{"sku": "a"}]}', None),
        ('{"customer": "x", "lines": [{"sku": "a"}]}', None),
        ('{"orders": [{"id": 1}, null]}', None),
        ('{"orders": [1, 2]}', None),
        ('{"orders": []}', None),
        ('{"orders": [{"id": 1}]}\n{"orders": null}', None),
        ('{"a": {"b": [{"id": 1}]}}\n{"a": {"b": []}}', "$.a.b[*]"),
        ('{"a": {"b": [{"id": 1}]}}\n{}', None),
    ],
)
def test_what_wraps_records_and_what_is_one(document: str, path: str | None, tmp_path: Path) -> None:
    contract = contract_of(proposed(tmp_path, document.encode()))
    assert (contract.policies.records and str(contract.policies.records)) == path
    assert report_of(contract, tmp_path / "orders-0.json")["status"] == "published"


def test_records_of_nothing_but_arrays_have_no_table_of_their_own(tmp_path: Path) -> None:
    contract = contract_of(proposed(tmp_path, b'{"orders": [{"id": 1}], "customers": [{"id": 7}]}\n{"orders": []}\n{}'))
    assert [table.name for table in contract.tables] == ["order_orders", "order_customers"]
    report = report_of(contract, tmp_path / "orders-0.json")
    assert (contract.policies.empty_records, report["records"]["published"]) == ("allow", 3)


def test_lines_of_a_document_that_look_like_records_are_none(tmp_path: Path) -> None:
    done = proposed(tmp_path, b'{\n"orders": [\n{"id": 1},\n{"id": 2},\n{"id": 3}\n]\n}\n')
    contract = contract_of(done)
    assert (contract.delimiter, done.records, done.left_out) == ("none", 3, [])
    assert report_of(contract, tmp_path / "orders-0.json")["records"]["published"] == 3


def test_forms_and_many_samples_give_one_contract(tmp_path: Path) -> None:
    """The same orders as an array, as lines and compressed: what is seen adds up."""
    orders = json.loads((CONTRACTS / "orders.sample.json").read_bytes())
    for at, order in enumerate(orders):
        order["coupon"] = None if at else "X"
    array, lines = json.dumps(orders[:3]), "\n".join(map(json.dumps, orders[3:6]))
    zipped, one = gzip.compress("\n".join(map(json.dumps, orders[6:9])).encode()), json.dumps(orders[9], indent=1)
    done = proposed(tmp_path, array.encode(), lines.encode(), zipped, one.encode())
    assert "made from 10 records of orders-0.json and 3 more samples" in done.text
    assert "- name: coupon  # in 1 of 10 records, null in 9\n" in done.text
    assert contract_of(done).tables[0].keys[0].columns == ("order_id",)


KEYS = [
    ('[{"id": 1, "n": 1}, {"id": 2, "n": 1}]', ("id",)),
    ('[{"id": 1, "n": 1}, {"id": 1, "n": 2}]', None),
    ('[{"id": 1}, {"id": null}]', None),
    ('[{"id": 1}, {}]', None),
    ('[{"id": 1.5}, {"id": 2.5}]', None),
    ('[{"id": "a"}, {"id": 1}]', None),
    ('[{"n": 1}, {"n": 2}]', None),
    ('[{"customer_id": 1}, {"customer_id": 2}]', None),
    ('[{"batch_id": 1}, {"batch_id": 2}]', ("batch_id",)),
    ('[{"batch_id": 1, "order_no": 7}, {"batch_id": 2, "order_no": 8}]', ("order_no",)),
    ('[{"id": 1, "order_no": 7}, {"id": 1, "order_no": 8}]', ("order_no",)),
    ('[{"header": {"OrderNumber": "A"}}, {"header": {"OrderNumber": "B"}}]', ("header_order_number",)),
    ('[{"customer": {"id": 1}}, {"customer": {"id": 2}}]', None),
    (f'[{{"id": "{"x" * 101}"}}]', None),
    ('[{"tax_id": 1}, {"tax_id": 2}]', None),
]


@pytest.mark.parametrize(("documents", "key"), KEYS)
def test_record_keys(documents: str, key: tuple[str, ...] | None, tmp_path: Path) -> None:
    done = proposed(tmp_path, documents.encode())
    [table] = contract_of(done).tables
    assert (table.keys[0].columns if table.keys else None) == key
    assert ("# No primary key: " in done.text) == (key is None)


def test_an_id_that_recurs_is_no_key_and_a_comment_says_so(tmp_path: Path) -> None:
    done = proposed(tmp_path, b'{"id": 1}', b'{"id": 1}')
    assert "# No primary key: $.id is called like one, but some of its values recur.\n" in done.text


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        ('[{"id": 1}, {"id": 2}]', ("order_id", "id")),
        ('[{"id": 1}, {"id": 1}]', ("order_id", "line_index")),
        ('[{"id": 1}, null]', ("order_id", "line_index")),
        ('[{"lineNumber": 1}, {"lineNumber": 2}]', ("order_id", "line_number")),
        ('[{"sku_id": 1}, {"sku_id": 2}]', ("order_id", "line_index")),
        ('[{"order_id": 7, "id": 1}]', ("order_id", "id")),
    ],
)
def test_keys_of_elements(lines: str, key: tuple[str, ...], tmp_path: Path) -> None:
    contract = contract_of(proposed(tmp_path, f'{{"id": 5, "lines": {lines}}}'.encode()))
    assert contract.tables[1].keys[0].columns == key
    assert report_of(contract, tmp_path / "orders-0.json")["status"] == "published"


@pytest.mark.parametrize("array", ['"ITEMS": ?', '"lines": {"data": ?}', '"a": [{"lines": {"data": ?}}]', '"data": ?'])
@pytest.mark.parametrize("name", ["id", "ITEM_ID", "line_id", "lineNo", "data_id", "datum_id"])
def test_an_id_that_recurs_in_an_array_is_no_key_whatever_it_is_called(array: str, name: str, tmp_path: Path) -> None:
    elements = f'[{{"{name}": 1}}, {{"{name}": 1}}]'
    contract = contract_of(proposed(tmp_path, f'{{"id": 0, {array.replace("?", elements)}}}'.encode()))
    assert report_of(contract, tmp_path / "orders-0.json")["status"] == "published"


def test_columns_that_fields_call_alike_are_told_apart(tmp_path: Path) -> None:
    contract = contract_of(proposed(tmp_path, b'{"id": 1, "a b": 1, "aB": 2, "A-B": 3, "lines": [{"order_id": 9}]}'))
    names = {name: str(column.source) for name, column in columns(contract.tables[0]).items()}
    assert names == {"id": "$.id", "a_b": "$['a b']", "a_b_2": "$.aB", "a_b_3": "$['A-B']"}
    assert list(columns(contract.tables[1])) == ["order_id", "line_index", "order_id_2"]


DAYS = [
    ('{"order_date": "2024-01-10"}', ("order_date",)),
    ('{"created_at": "2024-01-10T10:11:12Z"}', ("created_day",)),
    ('{"timestamp": 1706780000}', ("order_day",)),
    ('{"created_at": "2024-01-10T10:11:12Z", "order_date": "2024-01-10"}', ("order_date",)),
    ('{"created_at": "2024-01-10T10:11:12.123456789Z"}', ()),
    ('{"created_at": " 2024-01-10T10:11:12Z"}', ()),
    ('{"updated_at": "2024-01-10T10:11:12Z", "due_date": "2024-01-10"}', ()),
    ('{"created_at": null}\n{"created_at": "2024-01-10T10:11:12Z"}', ()),
    ('{"customer": {"created_at": "2024-01-10T10:11:12Z"}}', ()),
]


@pytest.mark.parametrize(("documents", "partitions"), DAYS)
def test_the_day_that_records_are_filed_under(documents: str, partitions: tuple[str, ...], tmp_path: Path) -> None:
    [table] = contract_of(proposed(tmp_path, documents.encode())).tables
    assert table.partitions == partitions


@pytest.mark.parametrize(("days", "partitions"), [(500, ("order_date",)), (501, ())])
def test_more_days_than_an_upload_may_have_partitions_are_none(
    days: int, partitions: tuple[str, ...], tmp_path: Path
) -> None:
    dates = (f"{2000 + at // 336}-{at % 336 // 28 + 1:02}-{at % 28 + 1:02}" for at in range(days))
    orders = (f'{{"id": {at}, "order_date": "{day}", "lines": [{{"a": 1}}]}}' for at, day in enumerate(dates))
    contract = contract_of(proposed(tmp_path, "\n".join(orders).encode()))
    assert [table.partitions for table in contract.tables] == [partitions, partitions]
    assert report_of(contract, tmp_path / "orders-0.json")["status"] == "published"


@pytest.mark.parametrize(
    "document",
    [
        '{"id": 1, "a": [' + "{}," * 60_000 + '{"b": 1}]}',
        '{"id": 1, "a": [' + ('{"b": [' + '{"c": 1},' * 400 + '{"c": 2}]},') * 300 + '{"b": []}]}',
        '{"id": "' + "x" * 100 + '", "a": [' + '{"b": 1},' * 50_000 + "null]}",
        '{"a": ' * 100 + "1" + "}" * 100,
        '{"a": [' * 60 + '{"b": 1}' + "]}" * 60,
        "{" + ", ".join(f'"field_{at}": {at}' for at in range(1_000)) + "}",
        json.dumps({f"group_{at}": {f"field_{n}": n for n in range(200)} for at in range(6)}),
    ],
    ids=["many elements", "many below many", "long keys", "deep objects", "deep arrays", "wide", "wide below"],
)
def test_huge_documents_stay_within_what_the_engine_takes(document: str, tmp_path: Path) -> None:
    contract = contract_of(proposed(tmp_path, document.encode()))
    report = report_of(contract, tmp_path / "orders-0.json")
    assert (report["status"], report["rules"]) == ("published", [])


def test_a_lake_is_written_with_no_edit(tmp_path: Path) -> None:
    """Round trip: infer from the marketplace's sample, and run it."""
    path = tmp_path / "marketplace.ndjson"
    shutil.copy(CONTRACTS / "marketplace.sample.ndjson", path)
    outputs = pipeline.Outputs(f"{tmp_path}/lake/", f"{tmp_path}/quarantine/")
    report = pipeline.run(str(path), contract_for(path), AnyStorage(), outputs)
    assert (report["status"], report["records"]["published"]) == ("published", 5)
    assert len(list((tmp_path / "lake").rglob("*.parquet"))) == len(report["files"]) > 0


def test_readme_shows_what_is_proposed() -> None:
    readme = (CONTRACTS.parent / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("### Begin with samples")[2].partition("```yaml\n")[2].partition("```")[0]
    path = CONTRACTS / "marketplace.sample.ndjson"
    assert shown.startswith("      - name: ")
    assert shown in infer([Sample(path.name, path)], "varanda").text


@pytest.mark.skipif(shutil.which("datacontract") is None, reason="datacontract is not on the PATH")
def test_datacontract_lint_accepts_what_is_proposed(tmp_path: Path) -> None:
    path = SAMPLES / "event_stream.ndjson"
    contract = tmp_path / "events.odcs.yaml"
    contract.write_text(infer([Sample(path.name, path)], "events").text, encoding="utf-8")
    done = subprocess.run(["datacontract", "lint", str(contract)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
