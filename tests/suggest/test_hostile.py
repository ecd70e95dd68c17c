"""Contracts that are written in odd ways, and values that are nobody's to show: a suggestion that holds, or none."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from etl import contract as contracts
from etl import pipeline
from etl.storage import MemoryStorage
from tests.suggest.applying import Refused, apply
from tests.suggest.feeds import ARRIVAL, BLOCK, LOCATION, judged, load, order, published

ROOT = Path(__file__).parent.parent.parent
HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: feed\nversion: 1.0.0\nschema:\n  - name: t\n    properties:\n"
ID = "      - {name: id, logicalType: integer}\n"
GIFT = [{"id": 1, "a": "x"}, {"id": 2, "a": "gift"}]

PLACED = {
    "a dash on a line of its own": (
        "      - name: a\n        logicalType: string\n        enum:\n          -\n            value: x\n"
    ),
    "a list that is not indented": "      - name: a\n        logicalType: string\n        enum:\n        - value: x\n",
    "a wide dash": "      - name: a\n        logicalType: string\n        enum:\n          -   value: x\n",
    "more keys in an entry": (
        "      - name: a\n        logicalType: string\n        enum:\n"
        "          - value: x\n            description: |\n              The first.\n\n          # the end\n"
    ),
    "entries in braces": "      - name: a\n        logicalType: string\n        enum:\n          - {value: x}  # one\n",
    "a list over lines": (
        "      - name: a\n        logicalType: string\n        enum: [\n          {value: x},\n        ]\n"
    ),
    "an anchor that nobody uses": (
        "      - name: a\n        logicalType: string\n        enum: &known\n          - value: x\n"
    ),
    "quotes everywhere": (
        '      - "name": "a"\n        "logicalType": "string"\n        "enum":\n          - "value": "x"  # ü\n'
    ),
    "letters beyond ASCII before it": (
        "      - name: a\n        description: 'Größe, 😀'\n        logicalType: string\n        enum: [{value: x}]\n"
    ),
    "the last of a file that has no final line feed": (
        "      - name: a\n        logicalType: string\n        enum:\n          - value: x"
    ),
}
REFUSED = {
    "one list for two columns": (
        "      - name: a\n        logicalType: string\n        enum: &known\n          - value: x\n"
        "      - name: b\n        logicalType: string\n        enum: *known\n"
    ),
    "keys that are merged in": (
        "      - {name: b, logicalType: string, enum: &known [{value: x}]}\n"
        "      - name: a\n        <<: {logicalType: string, enum: *known}\n"
    ),
    "personal": (
        "      - name: a\n        logicalType: string\n        classification: restricted\n        enum: [{value: x}]\n"
    ),
}


@pytest.mark.parametrize("name", PLACED)
def test_an_edit_finds_its_place(name: str) -> None:
    text = HEAD + ID + PLACED[name]
    (found,) = judged(text, GIFT)["suggestions"]
    edited = apply(found["patch"], text)
    assert published(edited, GIFT) == 2
    (*_, hunk) = found["patch"].partition("@@\n")
    assert sum(line.startswith("-") for line in hunk.splitlines()) <= 1


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_safe_place_is_not_suggested(name: str) -> None:
    assert judged(HEAD + ID + REFUSED[name], GIFT)["suggestions"] == []


def test_a_byte_order_mark_is_no_part_of_it() -> None:
    (found,) = judged("\ufeff" + BLOCK, [order(1), order(2, status="gift")])["suggestions"]
    assert "\ufeff" not in found["patch"]


@pytest.mark.parametrize("other", [{"required": "&yes true"}, {"required": "True"}])
def test_required_is_replaced_where_it_stands_alone(other: Mapping[str, str]) -> None:
    text = HEAD + ID + f"      - {{name: a, logicalType: string, required: {other['required']}}}\n"
    found = judged(text, [{"id": 1}, {"id": 2, "a": "x"}])["suggestions"]
    assert [each["releases"] for each in found] == ([] if "&" in other["required"] else [1])


def test_no_value_of_a_personal_column_is_shown() -> None:
    orders = [order(1), order(2, note="private and long"), order(3, secret={"of": "somebody"})]
    found = judged(BLOCK, orders)["suggestions"]
    assert {each["kind"] for each in found} == {"length", "field"}
    assert "private" not in json.dumps(found)
    assert "somebody" not in json.dumps(found)


@pytest.mark.parametrize("value", ["\u202egift", "a\nb", "x" * 100, "\u0085"])
def test_no_value_that_a_reader_could_not_see(value: str) -> None:
    assert judged(HEAD + ID + PLACED["entries in braces"], [*GIFT, {"id": 3, "a": value}])["suggestions"] == []


@pytest.mark.parametrize("name", ["a\nb", "'", "\\", '"', "a b #c", "x" * 200, "\u202e", "]", "$", "0", "é" * 10])
def test_fields_of_any_name(name: str) -> None:
    orders = [order(1), order(2, **{name: "x"})]
    for each in judged(BLOCK, orders)["suggestions"]:
        assert published(apply(each["patch"], BLOCK), orders) == 2


@pytest.mark.parametrize(
    "value", [True, 1, 2**63, 10**40, -0.0, 1e300, 1.25, "x", None, [], {"a": [1]}, "2024-01-10", 123456789.123456789]
)
def test_fields_of_any_value(value: Any) -> None:
    orders = [order(1), order(2, gift=value), order(3, gift=value)]
    (found,) = judged(BLOCK, orders)["suggestions"]
    assert published(apply(found["patch"], BLOCK), orders) == 3


@pytest.mark.parametrize(
    "token",
    ["9" * 5000, "1e400", "1e99999999999999999999", "-1e-99999999999999999999", "0e5", "1E+2", '"\\ud83d\\ude00"']
    + [depth * "[" + depth * "]" for depth in (150, 190, 200, 250, 1000, 100_000)],
)
@pytest.mark.parametrize("field", ["gift", "day", "paid_at", "status", "note"])
def test_values_beyond_measure_are_no_trouble(field: str, token: str) -> None:
    good = json.dumps(order(1))
    odd = json.dumps(order(2, **{field: "@"})).replace('"@"', token)
    report = pipeline.check(LOCATION, load(BLOCK), MemoryStorage({LOCATION: f"{good}\n{odd}".encode()}, now=ARRIVAL))
    assert report["records"]["read"] == 2
    for each in report["suggestions"]:
        edited = load(apply(each["patch"], BLOCK))
        again = pipeline.check(LOCATION, edited, MemoryStorage({LOCATION: f"{good}\n{odd}".encode()}, now=ARRIVAL))
        assert again["records"]["published"] == report["records"]["published"] + each["releases"]


def test_an_upload_that_is_rejected_as_a_whole_has_them_too() -> None:
    text = BLOCK.replace("value: reject}", "value: reject}\n  - {property: maxQuarantined, value: 10 percent}")
    orders = [order(1), order(2, status="gift"), order(3, status="gift")]
    report = judged(text, orders)
    assert report["status"] == "rejected"
    (found,) = report["suggestions"]
    assert found["releases"] == 2
    assert published(apply(found["patch"], text), orders) == 3


def test_rows_that_are_quarantined_alone_count_by_their_record() -> None:
    text = BLOCK.replace("value: reject}", "value: reject}\n  - {property: quarantineGrain, value: row}")
    orders = [order(1), order(2, lines=[{"size": 36, "amount": 1}, {"size": 40, "amount": 1}])]
    report = judged(text, orders)
    assert report["records"]["split"] == 1
    (found,) = report["suggestions"]
    assert published(apply(found["patch"], text), orders) == report["records"]["published"] + 1


# --- patches ---


def test_a_patch_goes_into_a_contract_that_has_moved() -> None:
    (found,) = judged(BLOCK, [order(1), order(2, status="gift")])["suggestions"]
    assert "- value: gift\n" in apply(found["patch"], f"# One line more.\n{BLOCK}")


@pytest.mark.parametrize("text", [BLOCK.replace("by card", "in cash"), ""])
def test_a_patch_of_another_text_is_refused(text: str) -> None:
    (found,) = judged(BLOCK, [order(1), order(2, status="gift")])["suggestions"]
    with pytest.raises(Refused, match="line 21: the contract has changed there"):
        apply(found["patch"], text)


def test_what_is_no_patch_is_refused() -> None:
    with pytest.raises(Refused, match="no patch"):
        apply("gift", BLOCK)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("contracts/orders.odcs.yaml", "contracts/orders.odcs.yaml"),
        ("/var/task/contracts/orders.odcs.yaml", "contracts/orders.odcs.yaml"),
        ("s3://shop/contracts/orders.odcs.yaml", "contracts/orders.odcs.yaml"),
        ("../contracts/orders.odcs.yaml", "contracts/orders.odcs.yaml"),
        ("orders.odcs.yaml", "orders.odcs.yaml"),
        ("/orders.odcs.yaml", "orders.odcs.yaml"),
        ("my contracts/o.yaml", "my contracts/o.yaml\t"),
        ("a\n+++ b", "contract.odcs.yaml"),
    ],
)
def test_a_patch_names_the_file_the_same_everywhere(file: str, name: str) -> None:
    contract = contracts.loads(BLOCK, file, {})
    upload = "\n".join(map(json.dumps, [order(1), order(2, status="gift")])).encode()
    storage = MemoryStorage({LOCATION: upload}, now=ARRIVAL)
    (found,) = pipeline.check(LOCATION, contract, storage)["suggestions"]
    assert found["patch"].startswith(f"--- {name}\n+++ {name}\n@@ ")


# --- the contracts that are here ---

ORDERS = (ROOT / "contracts" / "orders.odcs.yaml").read_text(encoding="utf-8").replace("20 percent", "100 percent")
MARKET = (ROOT / "contracts" / "marketplace.odcs.yaml").read_text(encoding="utf-8")


def sample(name: str) -> list[dict[str, Any]]:
    text = (ROOT / "contracts" / name).read_text(encoding="utf-8")
    return list(json.loads(text)) if name.endswith(".json") else [json.loads(line) for line in text.splitlines()]


def test_the_orders() -> None:
    orders = sample("orders.sample.json")
    for one, change in zip(orders, _ORDERS_BROKEN, strict=False):
        change(one)
    report = judged(ORDERS, orders)
    assert [each["kind"] for each in report["suggestions"]] == ["nullable", "nullable", "nullable", "length"]
    for each in report["suggestions"]:
        edited = apply(each["patch"], ORDERS)
        assert published(edited, orders) == report["records"]["published"] + each["releases"]


_ORDERS_BROKEN = (
    lambda one: one["products"][0].update(price=None),
    lambda one: one["products"][0].update(price=None),
    lambda one: one["customer"].update(name=None),
    lambda one: one["customer"].update(name=None),
    lambda one: one["products"][0].update(name=""),
    lambda one: one.update(total_amount=None),
)


def test_dates_of_the_orders() -> None:
    orders = sample("orders.sample.json")
    for number, one in enumerate(orders):
        one["order_date"] = f"{13 + number}/01/2024"
    report = judged(ORDERS, orders)
    (found,) = report["suggestions"]
    assert (found["kind"], found["releases"]) == ("format", len(orders))
    assert published(apply(found["patch"], ORDERS), orders) == len(orders)


def test_the_marketplace() -> None:
    text = MARKET.replace("maxLength: 200", "maxLength: 5")
    orders = sample("marketplace.sample.ndjson")
    assert load(text)
    report = judged(text, orders)
    assert report["suggestions"]
    for each in report["suggestions"]:
        edited = apply(each["patch"], text)
        if report["status"] != "rejected":
            assert published(edited, orders) == report["records"]["published"] + each["releases"]
