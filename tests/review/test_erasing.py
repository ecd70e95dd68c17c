"""Payloads go, accounts stay; and no more goes than was asked."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from etl import contract as contracts
from etl import replay
from etl.errors import QuarantineError, StorageError
from etl.quarantine import correction, erased, original
from etl.rejudge.judging import alone
from etl.rejudge.past import Rejections
from etl.report.page import page
from etl.review import folder, folders, lines
from etl.review.erasing import Asked, copies, erase_folder, erase_record
from etl.review.history import history
from etl.storage import MemoryStorage
from tests.replay.desk import AT, DEEP, Desk, contract, order
from tests.review.quarantines import ROOT
from tests.suggest.feeds import BLOCK
from tests.suggest.feeds import order as feed_order

WHEN = datetime(2024, 5, 1, 9, tzinfo=UTC)
ASKED = Asked("ana", WHEN)
DRY = Asked("ana", WHEN, dry=True)
SCHEMA = json.loads((ROOT / "etl/schemas/rejected.schema.json").read_bytes())
STRICT = contract()
WHOLE = contract(("value: 100 percent", "value: 20 percent"))
SECRET = b"secret"


def secret(number: int, *prices: float) -> dict[str, object]:
    return order(number, *prices, note="secret")


@pytest.fixture
def partly() -> Desk:
    """Records 1 and 3 are rejected, 2 is in the lake."""
    desk = Desk()
    desk.run(STRICT, secret(1, -3), order(2), secret(3, -40))
    return desk


@pytest.fixture
def rejected() -> Desk:
    """All three are, as a whole; 1 and 3 broke a rule."""
    desk = Desk()
    desk.run(WHOLE, secret(1, -3), secret(2), secret(3, -40))
    assert desk.report["status"] == "rejected"
    return desk


def objects(desk: Desk) -> dict[str, bytes]:
    return {at: data for at, (data, _) in desk.storage.objects.items()}


def holding(desk: Desk, text: bytes = SECRET) -> list[str]:
    """Objects of the quarantine that still hold this."""
    return [at for at, data in objects(desk).items() if "/quarantine/" in at and text in data]


def rejected_lines(desk: Desk) -> list[dict[str, object]]:
    data, _ = desk.storage.read(f"{desk.folder().location}rejected.ndjson")
    return [json.loads(line) for line in data.splitlines()]


def accounts(desk: Desk) -> list[dict[str, object]]:
    return [dict(each.details) for each in history(desk.folder(), desk.storage) if each.state == "erased"]


# A line.

LINE = {
    "version": "1.0", "upload": {"id": "0" * 16, "location": "in/a"},
    "contract": {"id": "c", "name": "c", "version": "1"},
    "record": 1, "line": 1, "offset": 0,
    "violations": [
        {"table": "t", "column": "c", "rule": "type", "severity": "error", "path": "$.a", "value": '"ana"',
         "expected": "integer", "detail": "found ana"}
    ],
}  # fmt: skip


@pytest.mark.parametrize("payload", [{"payload": {"a": "ana"}}, {"payloadText": "{ana"}, {"payloadBase64": "YW5h"}])
def test_an_erased_line_says_who_and_when_in_place_of_the_record(payload):
    line = json.dumps(LINE | payload).encode()
    jsonschema.validate(json.loads(line), SCHEMA)
    left = erased(line, "bob", "2024-05-01T09:00:00Z")
    body = json.loads(left)
    jsonschema.validate(body, SCHEMA)
    assert (body["version"], body["erased"]) == ("1.1", {"who": "bob", "when": "2024-05-01T09:00:00Z"})
    assert body["violations"][0] == LINE["violations"][0] | {"value": None, "detail": None}
    assert b"ana" not in left
    assert original(left) is None
    assert erased(left, "eve", "2025-01-01T00:00:00Z") is None


@pytest.mark.parametrize("both", [{"payload": 1, "erased": {"who": "a", "when": "b"}}, {}])
def test_a_line_has_a_record_or_was_erased(both):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(LINE | both, SCHEMA)


def test_of_a_correction_the_document_goes():
    left = erased(correction({"id": "0"}, 1, b'{"a": "ana"}', "eve", "2024-05-01"), "bob", "2024-05-02")
    assert original(left) is None
    assert json.loads(left)["who"] == "eve"


# A folder.


def test_all_payloads_of_a_folder_go_and_the_accounts_stay(partly):
    before = partly.folder()
    report = objects(partly)[f"{before.location}report.json"]
    lake = {at: data for at, data in objects(partly).items() if "/lake/" in at}
    found = erase_folder(before, partly.storage, ASKED, "purge --before 2024-06-01")
    assert (found.records, found.corrections, found.copy, found.values) == (2, 0, "", 0)
    assert holding(partly) == []
    assert [line["record"] for line in rejected_lines(partly)] == [1, 3]
    for line in rejected_lines(partly):
        jsonschema.validate(line, SCHEMA)
        assert line["erased"] == {"who": "ana", "when": "2024-05-01T09:00:00Z"}
    now = objects(partly)
    assert now[f"{before.location}report.json"] == report
    assert {at: data for at, data in now.items() if "/lake/" in at} == lake
    assert SECRET in now[AT]
    assert accounts(partly) == [
        {"why": "purge --before 2024-06-01", "records": {"payloads": 2, "corrections": 0, "lost": 0}, "values": 0,
         "upload": None}
    ]  # fmt: skip
    assert partly.folder().state == "open"


def test_a_copy_of_a_rejected_upload_goes_with_its_payloads(rejected):
    found = erase_folder(rejected.folder(), rejected.storage, ASKED, "purge")
    assert (found.records, found.copy) == (2, "removed")
    assert holding(rejected) == []
    assert accounts(rejected)[0]["upload"] == "removed"


def test_again_changes_nothing(partly, rejected):
    for desk in (partly, rejected):
        erase_record(desk.folder(), 1, WHOLE, desk.storage, ASKED, "purge")
        before = objects(desk)
        assert not erase_record(desk.folder(), 1, WHOLE, desk.storage, ASKED, "purge").anything
        assert objects(desk) == before
        erase_folder(desk.folder(), desk.storage, ASKED, "purge")
        before = objects(desk)
        assert not erase_folder(desk.folder(), desk.storage, ASKED, "purge").anything
        assert not erase_record(desk.folder(), 1, WHOLE, desk.storage, ASKED, "purge").anything
        assert objects(desk) == before


def test_a_dry_run_says_the_same_and_writes_nothing(partly, rejected):
    for desk in (partly, rejected):
        before = objects(desk)
        would = erase_folder(desk.folder(), desk.storage, DRY, "purge")
        one = erase_record(desk.folder(), 1, WHOLE, desk.storage, DRY, "purge")
        assert objects(desk) == before
        assert erase_record(desk.copy().folder(), 1, WHOLE, desk.copy().storage, ASKED, "purge") == one
        assert erase_folder(desk.folder(), desk.storage, ASKED, "purge") == would


def test_lines_that_can_not_be_read_go_where_all_go(partly):
    at = f"{partly.folder().location}rejected.ndjson"
    data, when = partly.storage.objects[at]
    partly.storage.objects[at] = (data + b'{"record": 9, secret\n[1]\n"secret"\n', when)
    found = erase_folder(partly.folder(), partly.storage, ASKED, "purge")
    assert (found.records, found.lost) == (2, 3)
    assert holding(partly) == []
    assert len(rejected_lines(partly)) == 2


def test_a_half_written_folder_is_purged_too(partly):
    del partly.storage.objects[f"{partly.folder().location}report.json"]
    assert erase_folder(partly.folder(), partly.storage, ASKED, "purge").records == 2
    assert erase_record(partly.folder(), 1, None, partly.storage, ASKED, "purge").records == 0


def test_a_folder_without_rejected_records_has_nothing_to_erase(partly):
    del partly.storage.objects[f"{partly.folder().location}rejected.ndjson"]
    assert not erase_folder(partly.folder(), partly.storage, ASKED, "purge").anything


# One record.


def test_one_record_goes_and_the_others_stay(partly):
    values = [each for rule in partly.report["rules"] for each in rule["examples"]]
    assert {each["record"]: each["value"] for each in values} == {1: "-3.00", 3: "-40.00"}
    found = erase_record(partly.folder(), 1, STRICT, partly.storage, ASKED, "purge --record x-1")
    assert (found.records, found.values, found.copy) == (1, 2, "")
    first, third = rejected_lines(partly)
    assert ("erased" in first, "payload" in third) == (True, True)
    body = json.loads(objects(partly)[f"{partly.folder().location}report.json"])
    for report in (partly.report, body):
        shown = {each["record"]: each["value"] for rule in report["rules"] for each in rule["examples"]}
        assert shown == {1: None, 3: "-40.00"}
    assert list(replay.waiting(partly.folder(), partly.storage)) == [3]
    assert partly.folder().state == "open"


def test_what_is_left_can_be_replayed(partly):
    erase_record(partly.folder(), 1, STRICT, partly.storage, ASKED, "purge")
    told = partly.replay(contract(DEEP))
    assert (told.waiting, told.released, told.state) == (1, 1, "resolved")
    assert partly.orders == [2, 3]


def test_a_copy_keeps_the_other_records_and_their_numbers(rejected):
    at = rejected.folder().location
    found = erase_record(rejected.folder(), 2, WHOLE, rejected.storage, ASKED, "purge")
    assert (found.records, found.copy) == (0, "rewritten")
    data = objects(rejected)[f"{at}upload"]
    assert data.splitlines()[1] == b"{}"
    assert [json.loads(line).get("order_id") for line in data.splitlines()] == [1, None, 3]
    assert accounts(rejected)[0]["upload"]["form"] == "ndjson"
    assert copies(rejected.folder(), rejected.storage) == {accounts(rejected)[0]["upload"]["contentId"]}
    erase_record(rejected.folder(), 1, WHOLE, rejected.storage, ASKED, "purge")
    data = objects(rejected)[f"{at}upload"]
    assert [json.loads(line).get("order_id") for line in data.splitlines()] == [None, None, 3]
    assert len(copies(rejected.folder(), rejected.storage)) == 2


def test_a_copy_with_an_erased_record_is_replayed_without_it(rejected):
    erase_record(rejected.folder(), 2, WHOLE, rejected.storage, ASKED, "purge")
    del rejected.storage.objects[AT]
    told = rejected.replay(contract(DEEP))
    assert told.released == 2
    assert rejected.orders == [1, 3]


@pytest.mark.parametrize(
    ("agreed", "data"),
    [
        (WHOLE, b'[{"order_id": "secret"}, {"order_id": 2}, {"order_id": 3}]'),
        (WHOLE, b'\n[ {"order_id":\n "secret"},\n{"order_id": 2}]\n'),
        (
            contract(
                ("value: 100 percent", "value: 20 percent"),
                ("customProperties:", "customProperties:\n  - property: records\n    value: $.all[*]"),
            ),
            b'{"all": [{"order_id": "secret"}, {"order_id": 2}]}',
        ),
        (WHOLE, b'{"order_id": "secret"\n{"order_id": 2}\n'),
    ],
)
def test_copies_of_any_form_are_taken_apart(agreed, data):
    desk = Desk()
    desk.run(agreed, data)
    found = erase_record(desk.folder(), 1, agreed, desk.storage, ASKED, "purge")
    assert (desk.report["status"], found.copy) == ("rejected", "rewritten")
    assert holding(desk) == []
    assert erase_record(desk.folder(), 2, agreed, desk.storage, ASKED, "purge").copy == "rewritten"
    lines_left = objects(desk)[f"{desk.folder().location}upload"].splitlines()
    assert lines_left[:2] == [b"{}", b"{}"]
    assert len(lines_left) == desk.report["records"]["read"]


@pytest.mark.parametrize("agreed", [WHOLE, None])
def test_a_copy_that_can_not_be_taken_apart_goes_as_a_whole(agreed, rejected):
    desk = rejected
    if agreed is not None:
        desk = Desk()
        desk.run(agreed, b'[{"order_id": "secret"},')
    found = erase_record(desk.folder(), 1, agreed, desk.storage, ASKED, "purge")
    assert found.copy == "removed"
    assert f"{desk.folder().location}upload" not in objects(desk)


def test_a_copy_that_was_edited_goes_as_a_whole(rejected):
    at = f"{rejected.folder().location}upload"
    rejected.storage.objects[at] = (b"{}\n{}\n{}\n", WHEN)
    assert erase_record(rejected.folder(), 1, WHOLE, rejected.storage, ASKED, "purge").copy == "removed"


def test_corrected_documents_of_the_record_go(partly):
    edited = order(3, 4.0, note="secret and corrected")
    assert partly.correct(3, edited, STRICT).released == 1
    assert len(holding(partly, b"corrected")) >= 1
    before = partly.rows
    found = erase_record(partly.folder(), 3, STRICT, partly.storage, ASKED, "purge")
    assert (found.records, found.corrections) == (1, 1)
    assert [at for at in holding(partly) if "rejected" not in at] == []
    assert partly.rows == before
    assert partly.folder().state == "partly_resolved"
    assert erase_record(partly.folder(), 3, STRICT, partly.storage, ASKED, "purge").corrections == 0


def test_a_correction_that_is_none_goes(partly):
    partly.storage.objects[f"{partly.folder().location}corrections/1-1.json"] = (b"secret", WHEN)
    found = erase_record(partly.folder(), 1, STRICT, partly.storage, ASKED, "purge")
    assert found.corrections == 1
    assert [at for at in holding(partly) if "corrections" in at] == []


def test_where_a_line_can_not_be_read_nothing_is_erased_and_it_is_said(partly):
    at = f"{partly.folder().location}rejected.ndjson"
    data, when = partly.storage.objects[at]
    partly.storage.objects[at] = (b"oops\n" + data, when)
    before = objects(partly)
    with pytest.raises(QuarantineError, match=r"ndjson: line 1 is no rejected record.*remove the line by hand"):
        erase_record(partly.folder(), 1, STRICT, partly.storage, ASKED, "purge")
    assert objects(partly) == before


def test_an_edited_report_does_not_keep_the_payload(partly):
    partly.storage.objects[f"{partly.folder().location}report.json"] = (b"{", WHEN)
    found = erase_record(partly.folder(), 1, STRICT, partly.storage, ASKED, "purge")
    assert found.records == 1
    assert "this is no run report" in found.fault
    assert "was not looked into" in found.fault


def test_a_run_report_of_later_content_is_left_alone(partly):
    old = partly.folder().location
    partly.run(STRICT, secret(1, -5), order(4))
    run = partly.report
    (superseded,) = (each for each in folders("s3://shop/quarantine/", partly.storage) if each.location == old)
    assert superseded.state == "superseded"
    found = erase_record(superseded, 1, STRICT, partly.storage, ASKED, "purge")
    assert (found.records, found.values) == (1, 1)
    assert partly.report == run
    assert folder(old, partly.storage).state == "superseded"


# Cut short.


class Failing(MemoryStorage):
    """Fails at one write, whatever kind it is."""

    left = 0

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise StorageError("s3://shop: it failed")

    def write(self, location: str, data: bytes, *, expect: str | None) -> None:
        self._count()
        super().write(location, data, expect=expect)

    def put(self, source: Path, location: str) -> None:
        self._count()
        super().put(source, location)

    def delete(self, locations: object) -> None:
        self._count()
        super().delete(list(locations))


@pytest.mark.parametrize("which", ["partly", "rejected"])
@pytest.mark.parametrize("number", [None, 1])
def test_cut_short_at_any_write_it_is_finished_by_doing_it_again(which, number, request):
    desk = request.getfixturevalue(which)

    def erase(storage):
        at = folder(desk.folder().location, storage)
        if number is None:
            return erase_folder(at, storage, ASKED, "purge")
        return erase_record(at, number, WHOLE, storage, ASKED, "purge")

    whole = MemoryStorage()
    whole.objects = dict(desk.storage.objects)
    erase(whole)
    for left in range(20):
        storage = Failing()
        storage.objects = dict(desk.storage.objects)
        storage.left = left
        try:
            erase(storage)
        except StorageError:
            storage.left = 100
            erase(storage)
        else:
            break
        apart = {at: data for at, (data, _) in storage.objects.items() if "/states/" not in at}
        assert apart == {at: data for at, (data, _) in whole.objects.items() if "/states/" not in at}
        at = folder(desk.folder().location, storage)
        assert at.state == "open"
        if (copy := storage.objects.get(f"{at.location}upload")) and number:
            assert b'"order_id": 1,' not in copy[0]
    assert left > 2


def test_lines_give_no_document_for_an_erased_record(tmp_path, partly):
    erase_record(partly.folder(), 1, STRICT, partly.storage, ASKED, "purge")
    at = f"{partly.folder().location}rejected.ndjson"
    path = tmp_path / "rejected.ndjson"
    path.write_bytes(objects(partly)[at])
    first, third = lines(path, at)
    assert (first.record, first.document, first.violations[0]["value"]) == (1, None, None)
    assert third.document is not None


def test_a_page_beside_the_report_is_made_anew(partly):
    at = partly.folder().location
    body = json.loads(objects(partly)[f"{at}report.json"])
    partly.storage.objects[f"{at}report.html"] = (page(body), WHEN)
    assert b"-3.00" in objects(partly)[f"{at}report.html"]
    erase_record(partly.folder(), 1, STRICT, partly.storage, ASKED, "purge")
    assert b"-3.00" not in objects(partly)[f"{at}report.html"]
    assert b"-40.00" in objects(partly)[f"{at}report.html"]


FEED = contracts.loads(BLOCK, env={})


def statuses(*names: str) -> Desk:
    """An order for each status, and one whose note is too long; a page beside the report."""
    desk = Desk()
    orders = [feed_order(number, status=name) for number, name in enumerate(names, 1)]
    desk.run(FEED, *orders, feed_order(99, note="a" * 14), feed_order(100))
    desk.storage.objects[f"{desk.folder().location}report.html"] = (page(desk.report), WHEN)
    return desk


def suggested(desk: Desk) -> list[set[str]]:
    """The kinds of suggestions in the folder's report, and in the lake's."""
    body = json.loads(objects(desk)[f"{desk.folder().location}report.json"])
    return [{each["kind"] for each in report["suggestions"]} for report in (body, desk.report)]


def test_suggestions_of_rules_that_the_record_breaks_go_from_every_report():
    desk = statuses("ana-silva", "ana-silva", "gift")
    assert suggested(desk) == [{"enum", "length"}] * 2
    assert len(holding(desk, b"ana-silva")) == 3
    found = erase_record(desk.folder(), 1, FEED, desk.storage, ASKED, "purge")
    assert found.values == 4  # an example and a suggestion, in the folder and in the lake
    assert suggested(desk) == [{"length"}] * 2
    assert not erase_record(desk.folder(), 1, FEED, desk.storage, ASKED, "purge").anything
    erase_record(desk.folder(), 2, FEED, desk.storage, ASKED, "purge")
    assert holding(desk, b"ana-silva") == []
    assert "ana-silva" not in json.dumps(desk.report)


def test_they_go_for_a_record_that_is_no_example_too():
    desk = statuses(*["gift"] * 30, "ana-silva")
    assert "ana-silva" in json.dumps(desk.report["suggestions"])
    assert all(each["record"] != 31 for rule in desk.report["rules"] for each in rule["examples"])
    assert erase_record(desk.folder(), 31, FEED, desk.storage, ASKED, "purge").values == 2
    assert "ana-silva" not in json.dumps(desk.report)
    assert holding(desk, b"ana-silva") == []


def test_of_an_erased_record_a_changed_contract_knows_nothing(partly, tmp_path):
    erase_record(partly.folder(), 1, STRICT, partly.storage, ASKED, "purge")
    path = tmp_path / "rejected.ndjson"
    path.write_bytes(objects(partly)[f"{partly.folder().location}rejected.ndjson"])
    assert alone(Rejections(path, "rejected.ndjson", 10), contract(DEEP)) == 1


def test_to_run_the_upload_again_brings_it_back_and_it_can_be_erased_again(partly):
    erase_record(partly.folder(), 1, STRICT, partly.storage, ASKED, "purge")
    partly.run(STRICT)
    assert "payload" in rejected_lines(partly)[0]
    assert erase_record(partly.folder(), 1, STRICT, partly.storage, ASKED, "purge").records == 1
    assert len(accounts(partly)) == 2
