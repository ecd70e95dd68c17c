"""What is told of a run: by the specification, by the contract, and without a value of any record."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openlineage.client.serde import Serde

from etl import contract as contracts
from etl import pipeline
from etl.lineage import columns, datasets
from etl.lineage.events import ToldRun
from etl.storage import MemoryStorage
from tests import examples
from tests.examples import ARRIVAL, EXAMPLES, OUTPUTS, contract_of, location_of, upload_of
from tests.lineage.runs import CUSTOMER, ID, PRODUCT, ROOT, WHEN, asserted, lines, of_shop, order, processed, told
from tests.lineage.specification import faults, of_class, published

GOLDEN = Path(__file__).parent / "golden"
SHOP = {"ORDERS_BUCKET": "shop"}
FACET = "https://openlineage.io/spec/facets/"


def report_of(folder: Path) -> dict[str, Any]:
    storage = examples.run(folder)
    name = contract_of(folder).name
    [report] = [json.loads(data) for at, (data, _) in storage.objects.items() if f"_runs/{name}/" in at]
    return dict(report)


# --- by the specification ---


def test_the_specification_demands_and_refuses() -> None:
    """The check that the other tests rest on."""
    event = told(report_of(EXAMPLES[0]), contract_of(EXAMPLES[0]))
    assert faults(event) == []
    source = event["inputs"][0]
    for spoilt, place in (
        (source | {"name": 1}, "event.inputs[0].name"),
        (
            source | {"facets": {"schema": source["facets"]["schema"] | {"fields": [{"type": "x"}]}}},
            "event.inputs.facets",
        ),
        (source | {"facets": {"schema": {"fields": []}}}, "event.inputs[0].facets.schema"),
        (source | {"surprise": 1}, "event.inputs[0]"),
    ):
        [fault, *_] = faults({**event, "inputs": [spoilt]})
        assert fault.startswith(place)
    assert len(published()) > 60
    assert of_class(published()[f"{FACET}1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet"])


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_every_example_is_told_by_the_specification(folder: Path) -> None:
    report, contract = report_of(folder), contract_of(folder)
    event = told(report, contract)
    assert faults(event) == []
    held = asserted(event)
    broken = {" ".join(part for part in (subject(rule), rule["rule"]) if part) for rule in report["rules"]}
    assert {name for name, success in held.items() if not success} == broken


def subject(rule: dict[str, Any]) -> str:
    return ".".join(part for part in (rule["table"], rule["column"]) if part)


@pytest.mark.parametrize("name", ["orders", "marketplace", "marketplace_export"])
def test_a_good_upload_keeps_every_rule(name: str, tmp_path: Path) -> None:
    [sample] = (ROOT / "contracts").glob(f"{name}.sample.*")
    contract = contracts.load(ROOT / "contracts" / f"{name}.odcs.yaml", SHOP)
    event = told(processed(sample.read_bytes(), contract, tmp_path), contract)
    assert faults(event) == []
    assert set(asserted(event).values()) == {True}
    assert {output["name"].rsplit("/", 1)[1] for output in event["outputs"]} == {
        table.name for table in contract.tables
    }


def test_what_a_run_stepped_back_behind_is_not_told_to_hold(tmp_path: Path) -> None:
    """Newer content, by another contract: another version may have other rules, and other tables."""
    report = processed(lines(order(1)), of_shop(), tmp_path)
    event = told(report, contracts.load(ROOT / "contracts" / "marketplace.odcs.yaml", SHOP))
    assert faults(event) == []
    assert (event["eventType"], event["outputs"], asserted(event)) == ("COMPLETE", [], {})
    assert event["run"]["facets"]["etl_upload"]["contentId"] == report["upload"]["contentId"]


@pytest.mark.parametrize(
    "event",
    [
        ToldRun(ID, "shop", of_shop(), "/in/x.json").started(WHEN),
        ToldRun(ID, "shop", of_shop(), "/in/x.json").failed("/in/x.json: there is no such file", WHEN),
        ToldRun(ID, "shop", of_shop(), "/in/x.json").failed(None, WHEN),
    ],
    ids=["started", "failed", "aborted"],
)
def test_beginnings_and_failures_are_by_the_specification(event: Any) -> None:
    assert faults(json.loads(Serde.to_json(event))) == []


@pytest.mark.parametrize("name", ["bad-email", "broken-upload-rule"])
def test_the_whole_event(name: str) -> None:
    """Golden: what a catalogue gets. To write it anew, remove the file and run this twice."""
    [folder] = [each for each in EXAMPLES if each.name == name]
    contract = contracts.load(ROOT / "contracts" / "orders.odcs.yaml", SHOP)
    storage = MemoryStorage({location_of(folder): upload_of(folder).read_bytes()}, now=ARRIVAL)
    event = told(pipeline.run(location_of(folder), contract, storage, OUTPUTS), contract)
    golden = GOLDEN / f"{name}.json"
    if not golden.exists():
        golden.write_text(json.dumps(event, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        pytest.fail(f"{golden} is new: read it")
    assert event == json.loads(golden.read_text(encoding="utf-8"))


# --- rules ---

GOOD = order(1)
LETTERS = order(2, total_amount="many")
NEGATIVE = order(3, total_amount=-1)
UNREAD = b'{"order_id": '
SOME = {"maxQuarantined"}


@pytest.mark.parametrize(
    ("records", "broken", "held", "silent"),
    [
        ([GOOD], [], ["orders.total_amount minimum", "orders.order_id, product_id primaryKey"], []),
        ([], [], ["orders.email emails_present"], ["orders.total_amount minimum", "orders.order_id type"]),
        (
            [GOOD, NEGATIVE],
            ["orders.total_amount minimum", "orders total_covers_price"],
            ["orders.total_amount type"],
            [],
        ),
        (
            [GOOD, LETTERS],
            ["orders.total_amount type"],
            ["orders.order_id minimum", "orders.email emails_present"],
            ["orders.total_amount minimum", "orders.total_amount required"],
        ),
        ([GOOD, order(2, order_id="x")], ["orders.order_id type"], [], ["orders.order_id, product_id primaryKey"]),
        ([GOOD, UNREAD], ["json"], ["orders.email emails_present"], ["orders.order_id type", "orders.price minimum"]),
        ([GOOD, order(2, products=7)], ["orders type"], [], ["orders.price minimum"]),
        ([GOOD, order(2, products=[])], ["emptyRecords"], ["orders.price minimum"], []),
    ],
    ids=["good", "empty", "broken", "no number", "no key", "no JSON", "no list", "no rows"],
)
def test_a_rule_is_told_to_hold_where_it_was_asked_of_everything(
    records: list[Any], broken: list[str], held: list[str], silent: list[str], tmp_path: Path
) -> None:
    contract = of_shop()
    told_of = asserted(told(processed(lines(*records), contract, tmp_path), contract))
    assert [name for name, success in told_of.items() if not success and name not in SOME] == broken
    assert [name for name in held if told_of.get(name) is not True] == []
    assert [name for name in silent if name in told_of] == []


def test_of_an_upload_that_cannot_be_read_no_rule_is_told_to_hold(tmp_path: Path) -> None:
    contract = of_shop()
    event = told(processed(b'[{"order_id": 1', contract, tmp_path), contract)
    assert asserted(event) == {"unreadable": False}
    assert event["eventType"] == "COMPLETE"


def test_an_assertion_says_what_it_is_about(tmp_path: Path) -> None:
    contract = of_shop()
    event = told(processed(lines(order(1), order(2, total_amount=-1)), contract, tmp_path), contract)
    facet = event["inputs"][0]["inputFacets"]["dataQualityAssertions"]
    [found] = [each for each in facet["assertions"] if each["name"] == "orders.total_amount minimum"]
    assert found == {
        "assertion": "minimum",
        "success": False,
        "column": "$.total_amount",
        "severity": "error",
        "name": "orders.total_amount minimum",
        "expected": ">= 0",
        "params": {"table": "orders", "column": "total_amount", "rule": "minimum", "violations": 1, "records": 1},
    }
    read = {field["name"] for field in event["inputs"][0]["facets"]["schema"]["fields"]}
    assert {each["column"] for each in facet["assertions"] if "column" in each} <= read


# --- datasets ---


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("s3://orders/in/2024/a b.json", ("s3://orders", "in/2024/a b.json")),
        ("s3://orders/lake/", ("s3://orders", "lake")),
        ("s3://orders/", ("s3://orders", "/")),
        ("/srv/in/a.json", ("file", "/srv/in/a.json")),
        ("/srv/lake/", ("file", "/srv/lake")),
        ("/", ("file", "/")),
        ("-", ("file", "/dev/stdin")),
    ],
)
def test_names_are_by_openlineages_conventions(location: str, name: tuple[str, str]) -> None:
    assert datasets.named(location) == name


def test_uploads_of_a_feed_are_parts_of_one_dataset(tmp_path: Path) -> None:
    contract = of_shop(tmp_path / "in")
    events = [told(processed(lines(order(1)), contract, tmp_path, f"in/{name}"), contract) for name in ("a", "b")]
    assert {(event["inputs"][0]["namespace"], event["inputs"][0]["name"]) for event in events} == {
        ("file", str(tmp_path / "in"))
    }
    parts = [event["inputs"][0]["inputFacets"]["subset"]["inputCondition"]["locations"] for event in events]
    assert parts == [[str(tmp_path / "in" / name)] for name in ("a", "b")]
    assert "version" not in events[0]["inputs"][0]["facets"]  # of the upload, and not of the feed


def test_an_upload_from_elsewhere_is_a_dataset_with_a_version(tmp_path: Path) -> None:
    report = processed(lines(order(1)), of_shop(), tmp_path, "else/x.json")
    source = told(report, of_shop())["inputs"][0]
    assert source["name"] == str(tmp_path / "else" / "x.json")
    assert source["facets"]["version"]["datasetVersion"] == report["upload"]["contentId"]


def test_outputs_are_the_tables_and_what_is_in_quarantine(tmp_path: Path) -> None:
    contract = of_shop()
    report = processed(lines(*map(order, range(1, 9)), order(9, total_amount=-1)), contract, tmp_path)
    event = told(report, contract)
    counts = {output["name"]: output["outputFacets"]["outputStatistics"] for output in event["outputs"]}
    lake, quarantine = (counts[f"{tmp_path}/{name}"] for name in ("lake/orders", "quarantine/orders"))
    assert (lake["rowCount"], lake["fileCount"]) == (8, 1)
    assert quarantine["rowCount"] == 1
    assert event["inputs"][0]["inputFacets"]["inputStatistics"]["rowCount"] == 9
    assert event["run"]["facets"]["etl_upload"]["records"] == report["records"]
    assert event["run"]["facets"]["etl_contract"]["digest"] == contract.digest


@pytest.mark.parametrize(("data", "left"), [(b"", []), (lines(order(1, total_amount=-1)), ["quarantine/orders"])])
def test_what_publishes_nothing_has_no_table_for_output(data: bytes, left: list[str], tmp_path: Path) -> None:
    event = told(processed(data, of_shop(), tmp_path), of_shop())
    assert [output["name"] for output in event["outputs"]] == [f"{tmp_path}/{name}" for name in left]


NESTED = """
apiVersion: v3.1.0
kind: DataContract
id: nested
version: 1.0.0
status: active
schema:
  - name: t
    properties:
      - {name: id, logicalType: integer, description: A number.}
      - name: spot
        logicalType: object
        properties: [{name: lat, logicalType: number}, {name: day, logicalType: date}]
      - name: tags
        logicalType: array
        items: {logicalType: object, properties: [{name: at, logicalType: timestamp}]}
      - {name: mail, logicalType: string, transformLogic: "lower(coalesce($.a, $.b))", classification: restricted}
      - {name: price, logicalType: number, physicalType: "decimal(12,2)"}
"""


def test_columns_are_told_as_the_lake_has_them_down_to_the_last_field() -> None:
    contract = contracts.loads(NESTED)
    facet = json.loads(Serde.to_json(columns.table_schema(contract.tables[0], contract)))
    assert [shape(field) for field in facet["fields"]] == [
        ("id", "int64"),
        ("spot", "struct", [("lat", "double"), ("day", "date32[day]")]),
        ("tags", "array", [("_element", "struct", [("at", "timestamp[us, tz=UTC]")])]),
        ("mail", "string"),
        ("price", "decimal128(12, 2)"),
        ("_record_id", "string"),
        ("_upload", "string"),
        ("_contract_version", "string"),
    ]
    assert facet["fields"][0]["description"] == "A number."
    assert [field["ordinal_position"] for field in facet["fields"]] == [*range(1, 9)]


def shape(field: dict[str, Any]) -> tuple[Any, ...]:
    within = [shape(each) for each in field["fields"]]
    return (field["name"], field["type"], within) if within else (field["name"], field["type"])


def test_columns_tell_where_they_come_from() -> None:
    contract = contracts.loads(NESTED)
    found = columns.column_lineage(contract.tables[0], ("s3://b", "in")).fields
    inputs = {
        name: [(each.namespace, each.name, each.field, how.type, how.subtype, how.description, how.masking)]
        for name, field in found.items()
        for each in field.inputFields
        for how in each.transformations or ()
    }
    assert inputs["id"] == [("s3://b", "in", "$.id", "DIRECT", "IDENTITY", "$.id", False)]
    both = [(each.field, (each.transformations or [])[0].subtype) for each in found["mail"].inputFields]
    assert both == [("$.a", "TRANSFORMATION"), ("$.b", "TRANSFORMATION")]


def test_classifications_are_tags_of_columns() -> None:
    contract = contracts.loads(NESTED)
    facet = columns.classification(contract.tables[0])
    assert facet is not None
    assert [(each.key, each.value, each.field) for each in facet.tags or ()] == [
        ("classification", "restricted", "mail")
    ]


# --- privacy ---

SECRET = "s3cr3t-Ana-Lima"
SPOTS: list[Callable[[Any], dict[str, Any]]] = [
    lambda secret: {"customer": CUSTOMER | {"email": secret}},
    lambda secret: {"customer": CUSTOMER | {"name": secret}},
    lambda secret: {"customer": CUSTOMER | {"customer_id": secret}},
    lambda secret: {"customer": CUSTOMER | {"address": secret}},
    lambda secret: {"customer": secret},
    lambda secret: {"unknown": secret},
    lambda secret: {"order_id": secret},
    lambda secret: {"products": [PRODUCT | {"name": secret}]},
    lambda secret: {"products": secret},
]
WRAPS: list[Callable[[str], Any]] = [str, lambda text: [text], lambda text: {text: 1}, lambda text: text * 200]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(st.tuples(st.sampled_from(SPOTS), st.sampled_from(WRAPS)), min_size=1, max_size=4))
def test_no_value_of_a_record_is_in_an_event(places: Any, tmp_path: Path) -> None:
    contract = of_shop()
    bad = [order(number, **spot(wrap(SECRET))) for number, (spot, wrap) in enumerate(places, 100)]
    data = lines(*bad, *map(order, range(1, 50)), f'{{"x": "{SECRET}"'.encode())
    event = told(processed(data, contract, tmp_path), contract)
    assert faults(event) == []
    assert SECRET not in json.dumps(event, ensure_ascii=False)


def test_moments_are_of_utc_as_the_specification_has_it() -> None:
    event = ToldRun(ID, "shop", of_shop(), "/x").started(datetime(2024, 1, 31, 9, 30, tzinfo=UTC))
    assert event.eventTime == "2024-01-31T09:30:00+00:00"
