"""What became of a folder, as its files under `states/` say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from etl.commit import states
from etl.review import folder
from etl.review.history import history
from etl.storage import MemoryStorage
from tests.review.quarantines import MORNING, example, only, ran


@pytest.fixture
def storage() -> MemoryStorage:
    storage = MemoryStorage()
    ran(storage, example("wrong-type"))
    return storage


def test_erasures_are_accounts_and_no_states(storage):
    at = only(storage).location
    states.append(at, "erased", "ana", MORNING, storage, {"why": "asked"})
    assert only(storage).state == "open"
    states.append(at, "dismissed", "bob", MORNING + timedelta(minutes=1), storage)
    states.append(at, "erased", "eve", MORNING + timedelta(minutes=2), storage)
    states.append(at, "partly_resolved", "bob", MORNING + timedelta(minutes=3), storage)
    states.append(at, "erased", "eve", MORNING + timedelta(minutes=4), storage)
    assert only(storage).state == "partly_resolved"
    assert [(one.state, one.who) for one in history(only(storage), storage)] == [
        ("erased", "ana"), ("dismissed", "bob"), ("erased", "eve"), ("partly_resolved", "bob"), ("erased", "eve"),
    ]  # fmt: skip
    names = [name for name in only(storage).files if name.startswith("states/")]
    assert names == [
        "states/0001-erased.json",
        "states/0002-dismissed.json",
        "states/0003-erased.json",
        "states/0004-partly_resolved.json",
        "states/0005-erased.json",
    ]


def test_what_led_to_it_is_told(storage):
    states.append(only(storage).location, "dismissed", "ana", MORNING, storage, {"why": "a test", "ticket": 7})
    (one,) = history(only(storage), storage)
    assert (one.when, one.details) == ("2024-01-10T08:00:00Z", {"why": "a test", "ticket": 7})


def test_without_a_clock_the_file_tells(storage):
    storage.now = MORNING + timedelta(hours=1)
    states.append(only(storage).location, "open", "etl run", None, storage)
    assert [one.when for one in history(only(storage), storage)] == ["2024-01-10T09:00:00Z"]


def test_being_superseded_is_told(storage):
    old = only(storage).location
    ran(storage, example("bad-email"), arrival=MORNING + timedelta(hours=1))
    (one,) = history(folder(old, storage), storage)
    assert (one.state, one.who, one.when) == ("superseded", "etl run", "2024-01-10T09:00:00Z")


@pytest.mark.parametrize("data", [b"", b"[]", b"7", b'{"state": "dismissed"}', b"[" * 100_000, b"\xff"])
def test_a_file_that_was_edited_is_said_in_its_place(storage, data):
    at = only(storage).location
    states.append(at, "dismissed", "ana", MORNING, storage)
    storage.objects[f"{at}states/0002-partly_resolved.json"] = (data, MORNING)
    edited, whole = history(only(storage), storage)
    assert (
        edited.fault == f"{at}states/0002-partly_resolved.json: this says neither who nor when; it was edited by hand"
    )
    assert (whole.who, only(storage).state) == ("ana", "partly_resolved")
