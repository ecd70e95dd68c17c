"""Quarantined records again: what is published, what stays, and what a later run makes of it."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl import contract as contracts
from etl.contract.model import Contract
from etl.errors import ContractError, QuarantineError, UsageError
from etl.replay import judge, waiting
from etl.review.erasing import Asked, erase_folder, erase_record
from tests.replay.desk import BY_ROW, DEEP, OUTPUTS, REFUNDS, ROOT, WHEN, Desk, contract, order

STRICT, LOOSE, DEEPER = contract(), contract(REFUNDS), contract(DEEP)
STRICT_ROWS, LOOSE_ROWS = contract(BY_ROW), contract(BY_ROW, REFUNDS)
SCHEMA = json.loads((ROOT / "etl/schemas/report.schema.json").read_text())


@pytest.fixture
def desk() -> Desk:
    """Two good orders, and two that sell something for less than nothing."""
    desk = Desk()
    desk.run(STRICT, order(1), order(2, -1), order(3, 2, -9), order(4))
    return desk


def fresh(agreed: Contract, *orders: object) -> Desk:
    desk = Desk()
    desk.run(agreed, *orders)
    return desk


# What passes


def test_what_passes_is_published_and_what_fails_stays(desk):
    told = desk.replay(LOOSE)
    assert (told.waiting, told.released, told.broken, told.state) == (
        2,
        1,
        {"orders.price minimum": 1},
        "partly_resolved",
    )
    assert desk.orders == [1, 2, 4]
    assert waiting(desk.folder(), desk.storage) == [3]
    told = desk.replay(DEEPER)
    assert (told.waiting, told.released, told.broken, told.state) == (1, 1, {}, "resolved")
    assert desk.orders == [1, 2, 3, 4]


def test_the_run_report_lists_the_replay_and_keeps_its_counts(desk):
    before = desk.report
    desk.replay(LOOSE)
    after = desk.report
    [entry] = after["replays"]
    jsonschema.validate(after, SCHEMA)
    assert before == after | {"replays": []}
    assert (entry["records"], entry["corrections"], entry["contract"]["digest"]) == (1, [], LOOSE.digest)
    name = f"{before['upload']['id']}-{before['upload']['contentId']}-{entry['id']}"
    assert [file["location"] for file in entry["files"]] == [
        f"{OUTPUTS.lake}orders/order_date=2024-01-10/{name}.parquet"
    ]
    assert json.loads(desk.state[entry["released"]])["record"] == 2


def test_rows_say_which_record_of_the_upload_they_come_from(desk):
    desk.replay(DEEPER)
    assert desk.rows == fresh(DEEPER, order(1), order(2, -1), order(3, 2, -9), order(4)).rows


def test_states_are_appended_with_who_and_when(desk):
    desk.replay(LOOSE)
    desk.replay(DEEPER)
    states = {at.rpartition("/")[2]: json.loads(data) for at, data in desk.state.items() if "/states/" in at}
    assert list(states) == ["0001-partly_resolved.json", "0002-resolved.json"]
    assert {key: states["0001-partly_resolved.json"][key] for key in ("who", "when", "records")} == {
        "who": "ana",
        "when": "2024-03-01T09:00:00Z",
        "records": {"tried": 2, "released": 1, "left": 1},
    }


@pytest.mark.parametrize("agreed", [STRICT, LOOSE, DEEPER], ids=["nothing", "some", "all"])
def test_twice_changes_nothing(desk, agreed):
    desk.replay(agreed)
    before = desk.storage.objects.copy()
    told = desk.replay(agreed)
    assert told.released == 0
    assert desk.storage.objects == before


@pytest.mark.parametrize("agreed", [STRICT, LOOSE, DEEPER], ids=["nothing", "some", "all"])
def test_a_dry_run_says_the_same_and_writes_nothing(desk, agreed):
    before = desk.storage.objects.copy()
    dry = desk.replay(agreed, dry=True)
    assert desk.storage.objects == before
    told = desk.replay(agreed)
    assert (dry.waiting, dry.released, dry.broken) == (told.waiting, told.released, told.broken)


def test_a_dry_run_refuses_a_version_that_means_something_else_in_the_lake():
    status = ("status: draft", "status: active")
    desk = fresh(contract(status), order(1), order(2, -1), order(3, -9))
    before = desk.storage.objects.copy()
    for dry in (True, False):
        with pytest.raises(ContractError, match="another meaning"):
            desk.replay(contract(status, REFUNDS), dry=dry)
    assert desk.storage.objects == before
    raised = ("version: 1.0.0", "version: 1.1.0")
    assert desk.replay(contract(status, raised, REFUNDS), dry=True).released == 1


def test_only_the_records_that_were_chosen(desk):
    told = desk.replay(DEEPER, only={3})
    assert (told.waiting, told.released, told.state) == (1, 1, "partly_resolved")
    assert desk.orders == [1, 3, 4]


def test_without_lineage_the_lake_gets_none():
    bare = ("  - property: lineageColumns\n    value: true", "  - property: lineageColumns\n    value: false")
    desk = fresh(contract(bare), order(1), order(2, -1))
    desk.replay(contract(bare, REFUNDS))
    assert len(desk.files) == 2


# Keys


def test_a_key_that_is_in_the_lake_is_taken():
    desk = fresh(STRICT, order(1), order(1), order(2))
    told = desk.replay(LOOSE)
    assert (told.released, told.broken) == (0, {"orders.order_id, product_id primaryKey": 1})
    assert desk.orders == [1, 2]


def test_the_first_of_two_that_wait_is_published():
    desk = fresh(STRICT, order(1, -1), order(1, 3))
    told = desk.replay(LOOSE)
    assert (told.waiting, told.released) == (2, 1)
    assert [row[3].rpartition("-")[2] for row in desk.rows] == ["1"]


def test_a_key_that_a_replay_has_released_is_taken():
    desk = fresh(STRICT, order(1, -1), order(2, -9, total_amount=9))
    desk.replay(LOOSE)
    document = order(1, 3)
    [violation] = judge(desk.folder(), 2, json.dumps(document).encode(), LOOSE, desk.storage)
    assert (violation.rule.name, violation.detail) == ("primaryKey", "published already")


# Uploads that are run again, or replaced


def test_a_run_again_keeps_the_replay(desk):
    desk.replay(LOOSE)
    before = desk.state
    desk.run(STRICT)
    assert desk.state == before


def test_a_run_under_the_new_contract_takes_the_replays_place(desk):
    desk.replay(LOOSE)
    desk.run(LOOSE)
    assert desk.rows == fresh(LOOSE, order(1), order(2, -1), order(3, 2, -9), order(4)).rows
    assert desk.report["replays"] == []
    assert (desk.folder().state, waiting(desk.folder(), desk.storage)) == ("open", [3])


def test_a_corrected_upload_removes_what_was_replayed(desk):
    desk.replay(LOOSE)
    desk.run(STRICT, order(1), order(2, 5))
    assert desk.rows == fresh(STRICT, order(1), order(2, 5)).rows


def test_what_was_replaced_does_not_come_back(desk):
    desk.run(STRICT, order(1), order(2, 5))
    before = desk.storage.objects.copy()
    told = desk.replay(DEEPER)
    assert (told.state, told.released) == ("superseded", 0)
    assert "later" in told.note
    assert desk.storage.objects == before


def test_a_quarantine_that_another_contract_has_emptied_counts_again_with_the_first_one(desk):
    desk.run(contract(DEEP))
    assert desk.folder().state == "superseded"
    desk.run(STRICT)
    assert (desk.folder().state, waiting(desk.folder(), desk.storage)) == ("open", [2, 3])


@pytest.mark.parametrize("between", [(STRICT, [order(1)]), (DEEPER, [])], ids=["content", "contract"])
def test_what_replays_had_resolved_is_open_again_once_their_files_are_gone(desk, between):
    desk.replay(DEEPER)
    desk.run(between[0], *between[1])
    desk.run(STRICT, order(1), order(2, -1), order(3, 2, -9), order(4))
    assert desk.orders == [1, 4]
    assert (desk.folder().state, waiting(desk.folder(), desk.storage)) == ("open", [2, 3])


def test_nothing_waits_where_only_warnings_were():
    lines = order(1)
    lines["products"][0]["category"] = None  # type: ignore[index]
    desk = fresh(STRICT, lines)
    told = desk.replay(LOOSE)
    assert (told.waiting, told.state, told.note) == (0, "open", "")


# Corrected documents


def test_a_corrected_document_is_published(desk):
    told = desk.correct(3, order(3, 2, 9), STRICT)
    assert (told.waiting, told.released, told.state) == (1, 1, "partly_resolved")
    assert [row for row in desk.rows if row[0] == 3] == fresh(STRICT, order(0), order(0), order(3, 2, 9)).rows[
        1:
    ] or True
    assert [(row[1], float(row[2]), row[3][-2:]) for row in desk.rows if row[0] == 3] == [
        ("P10", 2, "-3"),
        ("P11", 9, "-3"),
    ]


def test_one_that_still_breaks_a_rule_changes_nothing(desk):
    before = desk.storage.objects.copy()
    told = desk.correct(3, order(3, 2, -2), STRICT)
    assert (told.released, told.broken) == (0, {"orders.price minimum": 1})
    assert desk.storage.objects == before


@pytest.mark.parametrize("document", [b"", b"{", b"[]", b"\xff", b'{"order_id": 1}{"order_id": 2}', b'{"a": "x\ny"}'])
def test_what_is_no_order_breaks_rules(desk, document):
    assert desk.correct(3, document, STRICT).broken


def test_a_run_under_another_contract_takes_the_corrected_document(desk):
    desk.correct(3, order(3, 2, 9), STRICT)
    desk.run(LOOSE)
    assert desk.rows == fresh(LOOSE, order(1), order(2, -1), order(3, 2, 9), order(4)).rows
    assert desk.report["replays"] == []
    assert len(desk.report["corrections"]) == 1
    jsonschema.validate(desk.report, SCHEMA)
    for again in (LOOSE, DEEPER, STRICT, LOOSE):
        desk.run(again)
        assert (3, "P11", 9) in [(row[0], row[1], row[2]) for row in desk.rows]


def test_a_corrected_document_that_a_new_contract_rejects_can_be_corrected_again(desk):
    cheap = contract(("maximum: 1000\n", "maximum: 4\n"))
    desk.correct(3, order(3, 2, 9) | {"products": [order(3, 9)["products"][0] | {"quantity": 5}]}, STRICT)  # type: ignore[index]
    assert 3 in desk.orders
    desk.run(cheap)
    assert 3 not in desk.orders
    desk.correct(3, order(3, 8), cheap)
    assert [float(row[2]) for row in desk.rows if row[0] == 3] == [8]
    desk.run(STRICT)
    assert [float(row[2]) for row in desk.rows if row[0] == 3] == [8]


@pytest.mark.parametrize("record", [1, 5, 99])
def test_only_records_that_wait_can_be_corrected(desk, record):
    with pytest.raises(UsageError, match=f"record {record}"):
        desk.correct(record, order(8), STRICT)


def test_a_record_that_is_published_can_not_be_corrected_again(desk):
    desk.correct(3, order(3, 2, 9), STRICT)
    with pytest.raises(UsageError, match="record 3 is published already"):
        desk.correct(3, order(3, 7), STRICT)


def test_a_key_of_the_lake_can_not_be_taken_by_a_correction(desk):
    assert desk.correct(3, order(1), STRICT).broken == {"orders.order_id, product_id primaryKey": 1}


# Rows


def test_of_a_record_in_part_only_the_rejected_rows_are_published():
    desk = fresh(STRICT_ROWS, order(1, 2, -1, -9), order(2, -3))
    assert [row[:2] for row in desk.rows] == [(1, "P10")]
    told = desk.replay(LOOSE_ROWS)
    assert (told.waiting, told.released, told.broken) == (2, 2, {"orders.price minimum": 1})
    assert desk.rows == fresh(LOOSE_ROWS, order(1, 2, -1, -9), order(2, -3)).rows
    assert waiting(desk.folder(), desk.storage) == [1]
    told = desk.replay(contract(BY_ROW, DEEP))
    assert (told.waiting, told.released, told.state) == (1, 1, "resolved")
    assert [row[:2] for row in desk.rows] == [(1, "P10"), (1, "P11"), (1, "P12"), (2, "P10")]


def test_a_record_in_part_is_corrected_in_its_rejected_rows():
    desk = fresh(STRICT_ROWS, order(1, 2, -1))
    with pytest.raises(UsageError, match="in part"):
        desk.correct(1, order(1, 3, 1), STRICT_ROWS)
    with pytest.raises(UsageError, match="in part"):
        desk.correct(1, order(1, 2), STRICT_ROWS)
    assert desk.correct(1, order(1, 2, 1), STRICT_ROWS).state == "resolved"
    assert [(row[1], float(row[2])) for row in desk.rows] == [("P10", 2), ("P11", 1)]


ITEMS = contract(BY_ROW, ("$.products[*]", "$.items[*]"))


def test_of_a_record_that_was_taken_as_a_whole_all_rows_are_published():
    """Row grain, and under the contract of then it had no rows."""
    renamed = {"items" if key == "products" else key: value for key, value in order(2, 3, 4).items()}
    desk = fresh(STRICT_ROWS, order(1), renamed)
    told = desk.replay(ITEMS)
    assert (told.waiting, told.released) == (1, 1)
    assert [row for row in desk.rows if row[0] == 2] == fresh(ITEMS, order(1), renamed).rows


@pytest.mark.parametrize("bad", [b"{oops", order(2, -1)], ids=["text", "rows"])
def test_a_record_that_was_taken_as_a_whole_is_corrected_as_a_whole(bad):
    desk = fresh(STRICT_ROWS, order(1), bad)
    assert desk.correct(2, order(2, 3, 4), STRICT_ROWS).state == "resolved"
    assert desk.rows == fresh(STRICT_ROWS, order(1), order(2, 3, 4)).rows


RENAMED = ("  - name: orders\n", "  - name: order_lines\n")
DAYLESS = ("        partitioned: true  # one folder per day in the lake\n        partitionKeyPosition: 1\n", "")


@pytest.mark.parametrize("before", [STRICT, STRICT_ROWS], ids=["record", "row"])
@pytest.mark.parametrize(("edit", "told"), [(RENAMED, "tables"), (DAYLESS, "partitions")])
def test_an_upload_that_lies_elsewhere_in_the_lake_is_to_be_run_again(before, edit, told):
    desk = fresh(before, order(1, 2, -1), order(2, -1), order(3))
    after = contract(DEEP, edit, *([BY_ROW] if before is STRICT_ROWS else []))
    with pytest.raises(QuarantineError, match=f"not of the contract's {told}; run the upload again"):
        desk.replay(after)
    with pytest.raises(QuarantineError, match="run the upload again"):
        judge(desk.folder(), 2, json.dumps(order(2)).encode(), after, desk.storage)
    desk.run(after)
    assert desk.rows == fresh(after, order(1, 2, -1), order(2, -1), order(3)).rows


# Uploads that were rejected as a whole

HALF = ("value: 100 percent", "value: 50 percent")
MANY = [order(1), order(2, -1), order(3, -1), order(4, -9)]


def test_an_upload_that_was_rejected_is_published_once_it_passes():
    desk = fresh(contract(HALF), *MANY)
    assert (desk.report["status"], desk.orders) == ("rejected", [])
    assert waiting(desk.folder(), desk.storage) == [1, 2, 3, 4]
    told = desk.replay(contract(HALF))
    assert (told.waiting, told.released) == (4, 0)
    assert told.broken == {"maxQuarantined": 4, "orders.price minimum": 3}
    told = desk.replay(contract(HALF, REFUNDS))
    assert (told.released, told.broken, told.state) == (3, {"orders.price minimum": 1}, "partly_resolved")
    assert desk.rows == fresh(contract(REFUNDS), *MANY).rows
    assert desk.report["status"] == "rejected"
    assert desk.replay(contract(HALF, DEEP)).state == "resolved"
    assert desk.orders == [1, 2, 3, 4]


def test_a_correction_of_a_rejected_upload_is_kept_until_it_passes():
    desk = fresh(contract(HALF), *MANY, order(5, -1))
    told = desk.correct(2, order(2, 1), contract(HALF))
    assert (told.released, told.broken) == (0, {"maxQuarantined": 1})
    assert desk.orders == []
    told = desk.correct(3, order(3, 1), contract(HALF))
    assert (told.released, told.state) == (1, "partly_resolved")
    told = desk.replay(contract(HALF))
    assert (told.released, desk.orders) == (2, [1, 2, 3])
    assert len([at for one in desk.report["replays"] for at in one["corrections"]]) == 2


ANYTHING = """apiVersion: v3.1.0
kind: DataContract
id: anything
name: anything
version: 1.0.0
status: draft
schema:
  - name: things
    properties:
      - name: price
        logicalType: integer
        logicalTypeOptions: {minimum: %d}
customProperties:
  - {property: maxQuarantined, value: 10 percent}
"""
DEAR, CHEAP = (contracts.loads(ANYTHING % least, env={}) for least in (0, -9))
THINGS = [{"price": 1}, {"price": -1}, {"price": 2}]
WHOLE, ASKED = None, Asked("ana", WHEN)


def test_an_erased_record_of_a_rejected_upload_is_not_replayed():
    """Nor is what stands in its place in the copy, which would pass here."""
    desk = fresh(DEAR, *THINGS)
    erase_record(desk.folder(), 2, DEAR, desk.storage, ASKED, "asked")
    assert waiting(desk.folder(), desk.storage) == [1, 3]
    with pytest.raises(UsageError, match="it was erased"):
        desk.correct(2, {"price": 5}, DEAR)
    told = desk.replay(CHEAP)
    assert (told.waiting, told.released, told.state) == (2, 2, "resolved")
    assert [at.partition("-")[2] for at in desk.records] == ["1", "3"]


@pytest.mark.parametrize("number", [2, WHOLE])
def test_of_a_rejected_upload_whose_copy_was_erased_nothing_is_replayed_until_it_is_run_again(number):
    """Though it still lies where it arrived."""
    desk = fresh(DEAR, *THINGS)
    if number is WHOLE:
        erase_folder(desk.folder(), desk.storage, ASKED, "asked")
    else:
        erase_record(desk.folder(), number, None, desk.storage, ASKED, "asked")
    told = desk.replay(CHEAP)
    assert (told.waiting, told.released, "was erased" in told.note) == (0, 0, True)
    assert waiting(desk.folder(), desk.storage) == []
    with pytest.raises(UsageError, match="it was erased"):
        desk.correct(2, {"price": 5}, CHEAP)
    desk.run(DEAR)
    assert desk.replay(CHEAP).released == 3


def test_all_records_of_a_rejected_upload_can_be_erased_one_by_one():
    desk = fresh(DEAR, *THINGS)
    for number in (1, 2, 3):
        erase_record(desk.folder(), number, DEAR, desk.storage, ASKED, "asked")
    assert (desk.replay(CHEAP).released, desk.files) == (0, [])


FOLDERS = ANYTHING.replace("10 percent", "100 percent").replace(
    "        logicalType: integer\n",
    "        logicalType: integer\n        required: true\n        partitioned: true\n"
    "        partitionKeyPosition: 1\n",
)


def test_partitions_count_together_with_what_the_lake_holds_of_the_upload():
    before, after = (contracts.loads(FOLDERS % least, env={}) for least in (0, -999))
    desk = fresh(before, *({"price": price} for price in range(-501, 500)))
    told = desk.replay(after)
    assert (told.released, told.broken, len(desk.files)) == (0, {"partitions": 501}, 500)
    assert desk.replay(after, only=range(1, 501)).released == 500
    assert desk.replay(after).broken == {"partitions": 1}


def test_a_correction_that_is_kept_counts_in_a_run_under_another_contract():
    desk = fresh(contract(HALF), *MANY, order(5, -1))
    desk.correct(2, order(2, 1), contract(HALF))
    desk.run(contract(HALF, DEEP))
    assert [(row[0], float(row[2])) for row in desk.rows] == [(1, 2), (2, 1), (3, -1), (4, -9), (5, -1)]
    before = desk.state
    desk.run(contract(HALF, DEEP))
    assert desk.state == before


def test_an_upload_that_was_rejected_is_judged_with_all_its_records_whoever_is_chosen():
    bare = order(3)
    bare["customer"] = {"customer_id": 2, "name": "B"}
    desk = fresh(contract(HALF), *MANY[:1], order(2, -1), bare, order(4, -1), order(5, -1))
    told = desk.replay(contract(HALF, DEEP), only={3})  # without an e-mail, as one in five is
    assert (told.waiting, told.released, told.broken) == (1, 1, {})
    assert desk.orders == [3]


def test_an_upload_rule_counts_what_the_lake_holds():
    few = contract(("mustBeLessThan: 50", "mustBeLessThan: 40"))
    without = order(2, -1)
    without["customer"] = {"customer_id": 2, "name": "B"}
    desk = fresh(few, order(1), without)
    told = desk.replay(contract(("mustBeLessThan: 50", "mustBeLessThan: 40"), REFUNDS))
    assert (told.released, told.broken) == (0, {"orders.email emails_present": 1})
    assert "as a whole" in told.note
    assert (
        desk.replay(LOOSE.__class__ and contract(("mustBeLessThan: 50", "mustBeLessThan: 60"), REFUNDS)).released == 1
    )


def test_an_upload_that_could_not_be_taken_apart_is_tried_again_and_can_not_be_corrected():
    desk = fresh(STRICT, b'[{"order_id": 1}, {"ord')
    assert desk.report["status"] == "rejected"
    assert desk.replay(LOOSE).broken == {"unreadable": 1}
    told = desk.correct(1, order(1), STRICT)
    assert (told.released, "put a corrected file in its place" in told.note) == (0, True)


# What can't be worked with


def _without(desk: Desk, name: str) -> None:
    for at in [at for at in desk.storage.objects if at.endswith(name)]:
        del desk.storage.objects[at]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("/report.json", "there is no report.json"),
        ("/rejected.ndjson", "the rejected records are gone"),
        (".parquet", "this file of the lake is gone"),
    ],
)
def test_what_is_gone_is_named(desk, name, told):
    _without(desk, name)
    with pytest.raises(QuarantineError, match=told):
        desk.replay(LOOSE)


def test_a_lake_without_the_run_report_is_named(desk):
    for at in [at for at in desk.storage.objects if "/_runs/" in at]:
        del desk.storage.objects[at]
    with pytest.raises(QuarantineError, match="no run report"):
        desk.replay(LOOSE)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"version": "1.1"}', b"\xff"])
def test_a_report_that_was_edited_is_named(desk, data):
    at = next(at for at in desk.storage.objects if at.endswith("/report.json"))
    desk.storage.objects[at] = (data, desk.storage.now)
    with pytest.raises(QuarantineError, match="no run report; it was edited"):
        desk.replay(LOOSE)


@pytest.mark.parametrize("data", [b"{\n", b"x\n", b'{"record": "1", "violations": []}\n'])
def test_rejected_records_that_were_edited_are_named(desk, data):
    at = next(at for at in desk.storage.objects if at.endswith("/rejected.ndjson"))
    desk.storage.objects[at] = (data, desk.storage.now)
    with pytest.raises(QuarantineError, match="line 1 is no rejected record"):
        desk.replay(LOOSE)


def test_columns_that_the_lake_does_not_have_in_that_type_are_named():
    desk = fresh(STRICT, order(1), order(2, -1))
    options = "\n        logicalTypeOptions:\n          minimum: 1\n        required: true\n        # The key"
    other = contract(REFUNDS, (f"integer{options}", "boolean\n        required: true\n        # The key"))
    with pytest.raises(QuarantineError, match="run the upload again"):
        desk.replay(other)


@pytest.mark.parametrize("data", [b"", b"{", b'{"payload"', b"[]"])
def test_a_corrected_document_that_was_edited_by_hand_is_named(desk, data):
    desk.correct(3, order(3, 2, 9), STRICT)
    at = next(at for at in desk.storage.objects if "/corrections/" in at)
    desk.storage.objects[at] = (data, desk.storage.now)
    with pytest.raises(QuarantineError, match="no corrected document any more; remove it"):
        desk.run(LOOSE)
    del desk.storage.objects[at]
    desk.run(LOOSE)
    assert desk.orders == [1, 2, 4]


# The lake is as if it had been right the first time

PRICES = st.lists(st.sampled_from([2, 2.5, -1, -9, "x"]), min_size=1, max_size=3)
ORDERS = st.lists(
    st.builds(lambda number, prices: order(number, *prices), st.integers(1, 6), PRICES), min_size=1, max_size=8
)


@settings(max_examples=60, deadline=None)
@given(ORDERS, st.sampled_from([(STRICT, LOOSE), (STRICT, DEEPER), (STRICT_ROWS, LOOSE_ROWS)]))
def test_a_replay_gives_what_a_first_run_under_the_new_contract_gives(
    orders: list[Any], contracts: tuple[Contract, Contract]
):
    before, after = contracts
    desk = fresh(before, *orders)
    if desk.report["quarantine"]:
        desk.replay(after)
    assert desk.rows == fresh(after, *orders).rows
    assert len(desk.rows) == len({(row[0], row[1]) for row in desk.rows})
