"""What is generated valid is published and agrees with the JSON Schema; what is broken is quarantined by that rule."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from etl import contract as contracts
from etl.contract.model import Contract
from etl.documents import Upload
from etl.documents.places import plant
from etl.errors import UsageError
from tests.documents.circle import make, promised, run, validator
from tests.documents.feeds import FEEDS, HEAD

ROOT = Path(__file__).parents[2]
OURS = {name: (ROOT / f"contracts/{name}.odcs.yaml").read_text(encoding="utf-8") for name in ("orders", "marketplace")}
ALL = FEEDS | OURS


def read(name: str) -> Contract:
    return contracts.loads(ALL[name], f"{name}.odcs.yaml", {})


@pytest.mark.parametrize("name", ALL)
def test_what_is_valid_is_published_and_keeps_the_schema(name: str, tmp_path: Path) -> None:
    contract = read(name)
    upload = make(contract, 8, Fraction(0), 7)
    report, rejected = run(upload, tmp_path)
    assert (report["status"], report["records"]["published"], rejected) == ("published", 8, {})
    assert not report["rules"]
    assert not report["unknownFields"]
    check = validator(contract)
    for record in upload.records:
        assert not [error.message for error in check.iter_errors(json.loads(record))]


@pytest.mark.parametrize("name", sorted(ALL.keys() - {"marketplace"}))
def test_what_is_broken_is_quarantined_under_that_rule(name: str, tmp_path: Path) -> None:
    upload = make(_without_limit(read(name)), 40, Fraction(1, 2), 7)
    report, rejected = run(upload, tmp_path)
    assert rejected == promised(upload)
    assert len(rejected) == report["records"]["quarantined"] + report["records"]["split"] == 20


def _without_limit(contract: Contract) -> Contract:
    """As it is, but for the share of bad records at which an upload is rejected as a whole."""
    return replace(contract, policies=replace(contract.policies, max_quarantined=None))


@pytest.mark.parametrize("name", ["orders", "wrapped", "hostile_names"])
def test_rules_are_broken_alone_wherever_they_can_be(name: str) -> None:
    upload = make(_without_limit(read(name)), 40, Fraction(1, 2), 7)
    together = {bad["rule"] for bad in upload.manifest["bad"] if bad["also"]}
    assert together == ({"minimum"} if name == "orders" else set())  # a total below 0 is below every price, too
    assert not upload.manifest["notBroken"]


def test_every_rule_has_its_turn() -> None:
    contract = read("hostile_names")
    found = make(contract, 60, Fraction(1, 2), 7).manifest["bad"]
    stated = {check.rule for table in contract.tables for column in table.columns for check in column.checks}
    stated |= {column.cast for table in contract.tables for column in table.columns}
    stated |= {key.rule for table in contract.tables for key in table.keys}
    names = {(bad["table"], bad["column"], bad["rule"]) for bad in found}
    assert {(rule.table, rule.column, rule.name) for rule in stated} <= names
    assert {name for _, _, name in names} >= {"json", "encoding", "duplicateKeys", "unknownFields", "emptyRecords"}


def test_equal_arguments_give_equal_bytes() -> None:
    contract = read("functions")
    first, again, other = (make(contract, 20, Fraction(1, 4), seed).text for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("bad", [Fraction(0), Fraction(1, 2)])
def test_records_are_made_as_they_are_taken(bad: Fraction) -> None:
    records = Upload(read("hostile_names"), 10**12, bad, 1).records()
    found = [next(records) for _ in range(300)]
    assert sum(record.broken is not None for record in found) == 300 * bad


def test_what_has_to_be_judged_as_a_whole_is_bounded() -> None:
    with pytest.raises(UsageError, match=r"t enough .* judged over all documents at once.* give -n 100000 or less"):
        make(read("conditions"), 100_001, Fraction(0), 1)


NEEDED = {  # quality of a column -> whether its place demands a value
    "{metric: nullValues, mustBe: 0}": True,
    "{metric: nullValues, mustBe: 0, severity: warning}": False,
    "{metric: missingValues, arguments: {missingValues: [null, none]}, mustBe: 0}": True,
    "{metric: missingValues, arguments: {missingValues: [none]}, mustBe: 0}": False,
}


@pytest.mark.parametrize("quality", NEEDED)
def test_places_demand_what_null_would_break(quality: str) -> None:
    column = f"{{name: a, logicalType: string, transformLogic: $.o.a, quality: [{quality}]}}"
    text = HEAD.format(name="c") + f"schema:\n  - name: t\n    properties:\n      - {column}\n"
    found = plant(contracts.loads(text, "c.odcs.yaml", {})).names["o"].names["a"]
    assert found.needed is NEEDED[quality]


def test_a_wrapping_document_wraps(tmp_path: Path) -> None:
    upload = make(read("wrapped"), 5, Fraction(0), 1)
    assert len(json.loads(upload.text)["page"]["orders"]) == 5


_TEXT = "logicalType: string, required: true, logicalTypeOptions"
UNMET = {
    "no value": (f"{{name: a, {_TEXT}: {{pattern: '^x$', minLength: 2}}}}", "t.a: no value"),
    "unknown script": (f"{{name: a, {_TEXT}: {{pattern: '^\\p{{Tamil}}$'}}}}", "t.a: no value"),
    "too few": ("{name: a, logicalType: boolean, primaryKey: true}", "t.a primaryKey"),
}


@pytest.mark.parametrize("name", UNMET)
def test_what_cannot_be_made_is_named(name: str) -> None:
    column, message = UNMET[name]
    text = HEAD.format(name="c") + f"schema:\n  - name: t\n    properties:\n      - {column}\n"
    with pytest.raises(UsageError, match=message):
        make(contracts.loads(text, "c.odcs.yaml", {}), 12, Fraction(0), 1)


def test_conditions_that_no_row_meets_are_named() -> None:
    text = FEEDS["conditions"].replace("net + tax = gross", "net < 0")
    with pytest.raises(UsageError, match="adds_up"):
        make(contracts.loads(text, "c.odcs.yaml", {}), 3, Fraction(0), 1)


def test_rules_on_the_number_of_rows_are_named() -> None:
    with pytest.raises(UsageError, match=r"an upload of 3 documents breaks t enough"):
        make(read("conditions"), 3, Fraction(0), 1)
