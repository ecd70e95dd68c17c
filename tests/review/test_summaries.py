"""Reports in short: one listing, few reads, and none that ends the list."""

from __future__ import annotations

import json
import sqlite3
from itertools import islice
from pathlib import Path

import pytest

from etl.errors import StorageError
from etl.review import folders
from etl.review.memory import Memory, usual
from etl.review.summaries import Broken, run_summaries, runs, summaries
from etl.storage import MemoryStorage, open_storage
from tests.review.quarantines import MORNING, OUTPUTS, Counting, example, files, many, only, ran


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path / "cache" / "summaries.sqlite")


def test_a_folder_and_a_run_say_the_same_of_an_upload(memory):
    storage = MemoryStorage()
    report = ran(storage, example("wrong-type"))
    (one,) = summaries(folders(OUTPUTS.quarantine, storage), storage, memory)
    assert (one.location, one.contract, one.day, one.state) == (only(storage).location, "orders", "2024-01-10", "open")
    assert (one.judged, one.fault) == (MORNING, "")
    account = one.account
    assert account is not None
    assert (account.status, account.version, account.upload) == ("partial", "1.0.0", "/in/orders.json")
    assert (account.upload_id, account.content_id) == (report["upload"]["id"], report["upload"]["contentId"])
    assert (account.read, account.published, account.quarantined, account.released) == (11, 9, 2, 0)
    assert account.rules[0] == Broken("orders", "quantity", "type", "error", 1, 1)
    assert [rule.name for rule in account.rules] == ["orders.quantity type", "orders.price type"]
    (run,) = run_summaries(runs(OUTPUTS.lake, storage), storage, memory)
    assert run.account == account
    assert (run.contract, run.day, run.state, run.location) == (
        "orders",
        "2024-01-10",
        None,
        f"/lake/_runs/orders/{account.upload_id}.json",
    )


def test_of_ten_thousand_only_those_asked_for_are_read(memory):
    storage = Counting()
    report = ran(storage, example("wrong-type"))
    many(10_000, storage, report)
    storage.calls.clear()
    found = folders("/q/", storage)
    assert (len(found), storage.calls) == (10_000, {"list": 1})
    assert [one.day for one in found] == sorted((one.day for one in found), reverse=True)
    first = list(islice(summaries(found, storage, memory), 50))
    assert all(one.account for one in first)
    assert storage.calls["read"] <= 64
    before = storage.calls["read"]
    assert list(islice(summaries(found, storage, memory), 50)) == first
    assert storage.calls["read"] == before


def test_a_report_that_changed_is_read_again(memory):
    storage = MemoryStorage()
    ran(storage, example("wrong-type"))
    found = folders(OUTPUTS.quarantine, storage)
    assert [one.account.read for one in summaries(found, storage, memory)] == [11]
    at = f"{found[0].location}report.json"
    body = json.loads(storage.objects[at][0])
    body["records"]["read"] = 12
    storage.objects[at] = (json.dumps(body).encode(), MORNING)
    assert [one.account.read for one in summaries(folders(OUTPUTS.quarantine, storage), storage, memory)] == [12]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "this is no run report"),
        (b"{", "this is no run report"),
        (b"[1]", "this is no run report"),
        (b"\xff\xfe", "this is no run report"),
        (b"[" * 100_000, "this is no run report"),
        (b'{"version": "1.0"}', "this is no run report"),
        ({"status": "vanished"}, "this is no run report"),
        ({"rules": "\x1b[31m"}, "this is no run report"),
        ({"records": None}, "this is no run report"),
        ({"version": "2.0"}, "a report of version 2.0"),
        (None, "there is no report.json: a run is at work here"),
    ],
)
def test_what_is_no_report_is_said_and_the_others_are_shown(data, words, memory):
    storage = MemoryStorage()
    report = ran(storage, example("wrong-type"))
    many(2, storage, report, bad="/quarantine/")
    (at, body), *_ = files(0, report, "/quarantine/", "/quarantine/")[1:]
    del storage.objects[at]
    if data is not None:
        edited = data if isinstance(data, bytes) else json.dumps({**json.loads(body), **data}).encode()
        storage.objects[at] = (edited, MORNING)
    found = list(summaries(folders("/quarantine/", storage), storage, memory))
    faults = [one for one in found if one.fault]
    assert (len(found), len(faults)) == (3, 1)
    assert words in faults[0].fault
    assert faults[0].account is None
    assert faults[0].location == at.removesuffix("report.json")


def test_a_report_of_version_1_0_is_read(memory):
    storage = MemoryStorage()
    ran(storage, example("wrong-type"))
    at = f"{only(storage).location}report.json"
    body = json.loads(storage.objects[at][0]) | {"version": "1.0"}
    for key in ("suggestions", "lake"):
        del body[key]
    storage.objects[at] = (json.dumps(body).encode(), MORNING)
    (one,) = summaries(folders(OUTPUTS.quarantine, storage), storage, memory)
    assert (one.fault, one.account.quarantined) == ("", 2)


def test_what_replays_released_is_counted(memory):
    storage = MemoryStorage()
    ran(storage, example("wrong-type"))
    at = f"{only(storage).location}report.json"
    replay = {"id": "0" * 16, "records": 1, "corrected": 0, "released": "x", "files": []}
    body = json.loads(storage.objects[at][0]) | {"replays": [replay, replay]}
    storage.objects[at] = (json.dumps(body).encode(), MORNING)
    (one,) = summaries(folders(OUTPUTS.quarantine, storage), storage, memory)
    assert one.account.released == 2


def test_a_storage_that_fails_at_one_report_does_not_end_the_list(memory):
    class Failing(MemoryStorage):
        def read(self, location: str) -> tuple[bytes, str]:
            if location == broken:
                raise StorageError(f"{location}: access is denied")
            return super().read(location)

    storage = Failing()
    broken = ""
    many(3, storage, ran(storage, example("wrong-type")))
    found = folders("/q/", storage)
    broken = f"{found[1].location}report.json"
    faults = [one.fault for one in summaries(found, storage, memory)]
    assert faults == ["", f"{broken}: access is denied", ""]
    assert [one.account is None for one in summaries(found, storage, memory)] == [False, True, False]


def test_runs_are_reports_and_no_intents_the_last_written_first():
    storage = MemoryStorage()
    many(3, storage, ran(MemoryStorage(), example("wrong-type")))
    storage.objects["/lake/_runs/orders/0123456789abcdef.intents/0123456789abcdef.json"] = (b"{}", MORNING)
    storage.objects["/lake/_runs/other/0123456789abcdef.json"] = (b"{}", MORNING)
    found = runs("/lake/", storage)
    assert [one.arrival for one in found] == sorted((one.arrival for one in found), reverse=True)
    assert len(found) == 4
    assert len(runs("/lake/", storage, "orders")) == 3


# The memory.


def test_a_broken_memory_is_put_aside(tmp_path):
    path = tmp_path / "summaries.sqlite"
    path.write_bytes(b"no database, but so long that it is taken for one" * 100)
    storage = MemoryStorage()
    ran(storage, example("wrong-type"))
    found = folders(OUTPUTS.quarantine, storage)
    for _ in range(2):
        assert [one.account.read for one in summaries(found, storage, Memory(path))] == [11]
    assert len(_rows(path)) == 1


def test_what_is_no_summary_in_the_memory_is_read_anew(tmp_path, memory):
    storage = Counting()
    ran(storage, example("wrong-type"))
    found = folders(OUTPUTS.quarantine, storage)
    list(summaries(found, storage, memory))
    with sqlite3.connect(tmp_path / "cache" / "summaries.sqlite") as database:
        database.execute("UPDATE known SET summary = ?", (b'{"status": 1}',))
    database.close()
    assert [one.account.read for one in summaries(found, storage, memory)] == [11]


@pytest.mark.parametrize("taken", ["file", "locked"])
def test_a_memory_that_cannot_be_had_is_done_without(tmp_path, monkeypatch, taken):
    monkeypatch.setattr("etl.review.memory._PATIENCE", 0.01)
    path = tmp_path / "cache" / "summaries.sqlite"
    if taken == "file":
        path.parent.write_text("no folder")
    else:
        path.parent.mkdir()
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
    storage = MemoryStorage()
    ran(storage, example("wrong-type"))
    found = folders(OUTPUTS.quarantine, storage)
    assert [one.account.read for one in summaries(found, storage, Memory(path))] == [11]
    if taken == "locked":
        holder.close()


def test_the_memory_holds_no_value_of_a_document(tmp_path, memory):
    storage = MemoryStorage()
    report = ran(storage, example("bad-email"))
    list(summaries(folders(OUTPUTS.quarantine, storage), storage, memory))
    ((_, _, data),) = _rows(tmp_path / "cache" / "summaries.sqlite")
    values = [each["value"] for rule in report["rules"] for each in rule["examples"] if each["value"]]
    assert values
    assert not any(value.encode() in data for value in values)
    assert b"examples" not in data


def test_the_usual_memory_lies_where_xdg_says(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "mine"))
    storage = open_storage()
    folder = tmp_path / "q" / "orders" / "2024-01-10" / f"{'0' * 16}-{'1' * 16}"
    folder.mkdir(parents=True)
    (folder / "report.json").write_bytes(files(0, ran(MemoryStorage(), example("wrong-type")), "/l/", "/q/")[0][1])
    list(summaries(folders(f"{tmp_path}/q/", storage), storage, usual("summaries-1")))
    assert len(_rows(tmp_path / "mine" / "etl" / "summaries-1.sqlite")) == 1


def _rows(path: Path) -> list[tuple[str, str, bytes]]:
    database = sqlite3.connect(path)
    try:
        return database.execute("SELECT location, tag, summary FROM known").fetchall()
    finally:
        database.close()
