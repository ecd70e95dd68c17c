"""Which contract judges a folder's records now."""

from __future__ import annotations

import pytest

from etl import contract as contracts
from etl.errors import QuarantineError
from etl.review.contracts import agreed, present
from etl.storage import MemoryStorage
from tests.review.quarantines import ORDERS, example, ran

CHANGED = contracts.loads(ORDERS.text.replace("version: 1.0.0", "version: 1.1.0"), "orders.odcs.yaml", {})
OTHER = contracts.loads(ORDERS.text.replace("name: orders", "name: others", 1), "others.odcs.yaml", {})
SNAPSHOT = f"/lake/_contracts/orders/1.0.0-{ORDERS.digest}.odcs.yaml"


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()


@pytest.fixture
def report(storage):
    return ran(storage, example("wrong-type"))


def test_the_one_of_the_same_name_comes_first(storage, report):
    known = (OTHER, CHANGED)
    found = agreed(report, known, storage)
    assert found is CHANGED
    assert present(found, known)


@pytest.mark.parametrize("known", [(), (OTHER,)])
def test_else_the_one_that_the_lake_keeps(storage, report, known):
    found = agreed(report, known, storage)
    assert (found.digest, found.file) == (ORDERS.digest, SNAPSHOT)
    assert not present(found, known)


def test_a_report_that_names_no_lake_asks_for_one(storage, report):
    report["lake"] = None
    with pytest.raises(QuarantineError, match=r"no contract 'orders' any more.*--lake"):
        agreed(report, (), storage)
    assert agreed(report, (), storage, "/lake/").digest == ORDERS.digest


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "no copy of it at /lake/_contracts/orders/1.0.0-"),
        (b"kind: Data", "it was edited by hand: give --contract PATH"),
        (b"\xff", "is not UTF-8"),
        (CHANGED.text.encode(), "this is not the contract that it was"),
    ],
)
def test_a_snapshot_that_is_gone_or_was_edited_is_said(storage, report, data, words):
    del storage.objects[SNAPSHOT]
    if data is not None:
        storage.objects[SNAPSHOT] = (data, storage.now)
    with pytest.raises(QuarantineError, match=words):
        agreed(report, (), storage)


@pytest.mark.parametrize(
    "edit", [{"name": "../../etc"}, {"digest": "../x"}, {"digest": None}, {"name": "orders\n"}, {"version": None}]
)
def test_a_report_edited_by_hand_leads_nowhere_else(storage, report, edit):
    report["contract"] |= edit
    with pytest.raises(QuarantineError):
        agreed(report, (), storage)
