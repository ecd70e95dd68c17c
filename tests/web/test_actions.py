"""What is done from the pages, and what the lake and the quarantine hold afterwards."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape

import pytest

from etl import pipeline
from etl.commit import states
from etl.storage import MemoryStorage
from tests.examples import OUTPUTS
from tests.web.desks import NOW, ORDERS, Person, desk, field, folder_of, key_of, text_of

LOOSE = replace(ORDERS, version="1.1.0", digest="0" * 16, tables=tuple(
    replace(table, columns=tuple(replace(column, checks=()) for column in table.columns)) for table in ORDERS.tables
))  # fmt: skip


@pytest.fixture
def person(storage: MemoryStorage) -> Person:
    return Person(desk(storage))


def document_of(page: str) -> str:
    found = re.search(r"<textarea[^>]*>\n([^<]*)</textarea>", page)
    assert found
    return unescape(found[1])


def state_of(storage: MemoryStorage, example: str) -> str:
    folder = folder_of(storage, example)
    return states.current(at.removeprefix(folder) for at in storage.objects if at.startswith(folder))


def published(storage: MemoryStorage) -> set[str]:
    return {at for at in storage.objects if at.endswith(".parquet")}


# To correct a record.


def test_check_says_what_is_wrong_and_keeps_the_text(person: Person, storage: MemoryStorage) -> None:
    address = f"/uploads/{key_of(storage, 'wrong-type')}/records/2"
    text = document_of(person.press(f"{address}/reveal").text).replace('"one"', "0")
    before = dict(storage.objects)
    page = person.press(f"{address}/check", {"document": text.replace("\n", "\r\n")}).text
    assert document_of(page).replace("\r\n", "\n") == text
    assert "0 at $.products[0].quantity is less than 1" in text_of(page)
    assert '<mark class="plain">0</mark>' in page
    assert storage.objects == before


def test_what_still_breaks_a_rule_is_not_published(person: Person, storage: MemoryStorage) -> None:
    address = f"/uploads/{key_of(storage, 'wrong-type')}/records/2"
    person.press(f"{address}/reveal")
    before = dict(storage.objects)
    for text in ("{}", "", "{", "[1]", '{"order_id": 1, "order_id": 1}', "\x00", "🙂" * 10):
        found = person.press(f"{address}/correct", {"document": text})
        assert found.status_code == 422
        assert "It still breaks a rule" in text_of(found.text), text
    assert storage.objects == before


def test_a_corrected_record_is_published_once(person: Person, storage: MemoryStorage) -> None:
    key = key_of(storage, "wrong-type")
    address = f"/uploads/{key}/records/2"
    text = document_of(person.press(f"{address}/reveal").text).replace('"one"', "2")
    before = published(storage)
    page = person.press(f"{address}/correct", {"document": text}).text
    assert "Record 2 is published as corrected." in text_of(page)
    assert "1 record still waits. As it was judged: 2 of 11 records" in text_of(person.read(f"/uploads/{key}"))
    assert "corrected and published" in text_of(page)
    assert "As corrected 2024-02-03 09:15 UTC by ana" in text_of(page)
    assert len(published(storage)) == len(before) + 1
    assert state_of(storage, "wrong-type") == "partly_resolved"
    again = person.press(f"{address}/correct", {"document": text})
    assert "published already" in text_of(again.text)
    assert len(published(storage)) == len(before) + 1
    assert "corrected" in text_of(person.read(f"/uploads/{key}"))


def test_a_key_that_changes_is_told_before_it_is_published(person: Person, storage: MemoryStorage) -> None:
    address = f"/uploads/{key_of(storage, 'wrong-type')}/records/2"
    text = document_of(person.press(f"{address}/reveal").text).replace('"one"', "2").replace("2002", "2999")
    before = dict(storage.objects)
    said = "The key changes: order_id 2002 becomes 2999."
    assert said in text_of(person.press(f"{address}/check", {"document": text}).text)
    found = person.press(f"{address}/correct", {"document": text})
    assert said in text_of(found.text)
    assert found.status_code == 200
    assert storage.objects == before
    fields = {"document": text, "seen": field(found.text, "seen")}
    other = person.press(f"{address}/correct", {**fields, "document": text.replace("2999", "2998")}).text
    assert "order_id 2002 becomes 2998" in text_of(other)
    assert "Record 2 is published as corrected." in text_of(person.press(f"{address}/correct", fields).text)


def test_a_personal_key_that_changes_is_not_shown_to_who_has_not_revealed_it(storage: MemoryStorage) -> None:
    tables = tuple(
        replace(table, keys=tuple(replace(key, rule=replace(key.rule, masked=True)) for key in table.keys))
        for table in ORDERS.tables
    )
    person = Person(desk(storage, (replace(ORDERS, tables=tables),)))
    address = f"/uploads/{key_of(storage, 'wrong-type')}/records/2"
    text = document_of(person.press(f"{address}/reveal").text).replace('"one"', "2").replace("2002", "2999")
    assert "order_id 2002 becomes 2999" in text_of(person.press(f"{address}/check", {"document": text}).text)
    person.press(f"{address}/hide")
    for action in ("check", "correct"):
        page = person.press(f"{address}/{action}", {"document": text}).text
        assert "2002 becomes" not in page
    assert len([at for at in storage.objects if "/corrections/" in at]) == 0


def test_what_was_corrected_is_masked_too(person: Person, storage: MemoryStorage) -> None:
    address = f"/uploads/{key_of(storage, 'wrong-type')}/records/2"
    text = document_of(person.press(f"{address}/reveal").text).replace('"one"', "2").replace("João", "Joaquim")
    assert "Joaquim" in person.press(f"{address}/correct", {"document": text}).text
    assert "Joaquim" not in person.press(f"{address}/hide").text


def test_of_a_rejected_upload_a_correction_is_kept_until_the_whole_passes(
    person: Person, storage: MemoryStorage
) -> None:
    key = key_of(storage, "too-many-bad-orders")
    pages = []
    for record in (1, 3, 5):
        address = f"/uploads/{key}/records/{record}"
        text = re.sub(r'"(\d+),(\d\d)"', r"\1.\2", document_of(person.press(f"{address}/reveal").text))
        pages.append(text_of(person.press(f"{address}/correct", {"document": text}).text))
    assert "The correction of record 1 is kept. The upload waits as a whole" in pages[0]
    assert "corrected, waits with its upload" in pages[0]
    assert "Record 3 is published as corrected." in pages[1]  # one bad record of six is few enough
    assert person.press("/replay", {"upload": key, "which": "all", "step": "do"}).status_code == 200
    assert state_of(storage, "too-many-bad-orders") == "resolved"


def test_an_upload_that_can_not_be_taken_apart_is_not_edited_here(person: Person, storage: MemoryStorage) -> None:
    page = person.press(f"/uploads/{key_of(storage, 'truncated-array')}/records/1/reveal").text
    assert "Correct the file where it comes from" in text_of(page)
    assert "<textarea" not in page


def test_bytes_that_are_no_text_can_be_replaced(person: Person, storage: MemoryStorage) -> None:
    address = f"/uploads/{key_of(storage, 'wrong-encoding')}/records/5"
    text = document_of(person.press(f"{address}/reveal").text)
    assert "\ufffd" in text
    page = person.press(f"{address}/correct", {"document": text.replace("\ufffd", "í")}).text
    assert "Record 5 is published as corrected." in text_of(page)


def test_the_value_after_the_map_is_told_where_it_differs(storage: MemoryStorage) -> None:
    location = "s3://shop/orders_json_incoming/mapped.ndjson"
    text = (storage.objects["s3://shop/orders_json_incoming/bad-email.json"][0]).decode()
    order = json.loads(text)[1]
    order["customer"]["email"] = "  Joao.Example.COM "
    others = [json.dumps(each) for each in json.loads(text) if each["order_id"] != order["order_id"]]
    storage.objects[location] = ("\n".join([json.dumps(order), *others]).encode(), NOW)
    report = pipeline.run(location, ORDERS, storage, OUTPUTS)
    address = f"/uploads/0/{report['quarantine']['location'].removeprefix(OUTPUTS.quarantine)}records/1"
    person = Person(desk(storage))
    assert "Joao.Example" not in person.read(address)
    page = text_of(person.press(f"{address}/reveal").text)
    assert 'In the document: "  Joao.Example.COM ". '.replace("  ", " ") in page
    assert 'What the rule saw, after the contract\'s map: "joao.example.com".' in page


# To replay.


def test_a_dry_run_writes_nothing_and_asks(storage: MemoryStorage) -> None:
    person = Person(desk(storage, (LOOSE,)))
    before = dict(storage.objects)
    page = person.press("/replay", {"upload": key_of(storage, "negative-price"), "which": "all"}).text
    assert "1 of 1 record would pass. Nothing has been published yet." in text_of(page)
    assert "by orders 1.1.0" in text_of(page)
    assert field(page, "step") == "do"
    assert storage.objects == before


def test_a_replay_publishes_what_passes_and_says_what_does_not(storage: MemoryStorage) -> None:
    person = Person(desk(storage, (LOOSE,)))
    key = key_of(storage, "wrong-type")
    before = published(storage)
    page = person.press("/replay", {"upload": key, "which": "all", "step": "do"}).text
    assert "No record published; 2 records still wait." in text_of(page)
    assert "By the contract as it is now, what waits breaks orders.quantity type (1 record)," in text_of(page)
    assert published(storage) == before
    page = person.press("/replay", {"upload": key_of(storage, "out-of-range"), "which": "all", "step": "do"}).text
    assert "2 records published." in text_of(page)
    assert "resolved 2024-02-03 09:15 by ana" in text_of(page)


def test_only_what_is_selected_is_replayed(storage: MemoryStorage) -> None:
    person = Person(desk(storage, (LOOSE,)))
    key = key_of(storage, "out-of-range")
    fields = {"upload": key, "which": "selected", "record": ["7", "x", "-1", "9" * 30]}
    page = person.press("/replay", fields).text
    assert "1 of 1 record would pass" in text_of(page)
    assert re.findall(r'name="record" value="(\d+)"', page)[0] == "7"
    assert "1 record published." in text_of(person.press("/replay", {**fields, "step": "do"}).text)
    assert state_of(storage, "out-of-range") == "partly_resolved"


def test_several_uploads_are_replayed_together(storage: MemoryStorage) -> None:
    person = Person(desk(storage, (LOOSE,)))
    keys = [key_of(storage, name) for name in ("out-of-range", "negative-price", "wrong-type", "unknown-field")]
    page = person.press("/replay", {"upload": [*keys, "0/none", keys[0]], "which": "uploads"}).text
    assert "3 of 6 records would pass" in text_of(page)
    assert "There is no such upload in quarantine." in text_of(page)
    assert re.findall(r'name="upload" value="([^"]*)"', page) == keys[:2]
    page = person.press("/replay", {"upload": keys[:2], "which": "all", "step": "do"}).text
    assert "3 of 3 records were published." in text_of(page)


def test_what_a_filter_shows_is_replayed_up_to_a_limit(
    person: Person, storage: MemoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = person.press("/replay", {"which": "filter", "rule": "orders.price type"}).text
    assert len(re.findall(r'<a class="main"', page)) == 3
    monkeypatch.setattr("etl.web.routes.MOST", 2)
    page = text_of(person.press("/replay", {"which": "filter", "rule": "orders.price type"}).text)
    assert "These are the first 2; 1 more upload waits." in page


@pytest.mark.parametrize("fields", [{"which": "uploads"}, {"which": "selected", "upload": "KEY"}, {}])
def test_nothing_selected_is_told(fields: dict[str, str], person: Person, storage: MemoryStorage) -> None:
    given = {name: value.replace("KEY", key_of(storage, "wrong-type")) for name, value in fields.items()}
    assert "Nothing is selected" in text_of(person.press("/replay", given).text)


# To dismiss.


def test_to_dismiss_needs_a_reason(person: Person, storage: MemoryStorage) -> None:
    key = key_of(storage, "bad-email")
    before = dict(storage.objects)
    found = person.press("/dismiss", {"upload": key, "step": "do", "why": " \n "})
    assert found.status_code == 422
    assert "A reason is needed" in text_of(found.text)
    assert storage.objects == before


def test_what_is_dismissed_says_why_and_who(person: Person, storage: MemoryStorage) -> None:
    keys = [key_of(storage, name) for name in ("bad-email", "bad-date")]
    page = person.press("/dismiss", {"upload": [*keys, "0/none"], "step": "do", "why": "a test"}).text
    assert "2 uploads dismissed: a test" in text_of(page)
    assert "There is no such upload in quarantine." in text_of(page)
    assert state_of(storage, "bad-date") == "dismissed"
    page = text_of(person.read(f"/uploads/{keys[0]}"))
    assert "dismissed 2024-02-03 09:15 by anaa test" in page


def test_what_was_superseded_can_only_be_looked_at(person: Person, storage: MemoryStorage) -> None:
    location = "s3://shop/orders_json_incoming/bad-email.json"
    key = key_of(storage, "bad-email")
    storage.objects[location] = (storage.objects["s3://shop/orders_json_incoming/bad-date.json"][0], NOW)
    pipeline.run(location, ORDERS, storage, OUTPUTS)
    page = text_of(person.read(f"/uploads/{key}"))
    assert "A later upload to the same place has replaced this one." in page
    assert "Dry run" not in page
    assert "there is nothing to dismiss" in text_of(person.press("/dismiss", {"upload": key, "why": "x"}).text)
    assert "Reveal and edit" not in person.read(f"/uploads/{key}/records/2")
    found = person.press(f"/uploads/{key}/records/2/correct", {"document": "{}"})
    assert "is published" not in text_of(found.text)


# What a person is told to do next.


def test_a_dry_run_in_which_nothing_passes_leads_on(person: Person, storage: MemoryStorage) -> None:
    key = key_of(storage, "wrong-type")
    page = person.press("/replay", {"upload": key, "which": "all"}).text
    assert "Correct each record on its own page" in text_of(page)
    assert f'href="/uploads/{key}/records/2"' in page
    page = person.press("/replay", {"upload": key, "which": "selected", "record": "9"}).text
    assert f'href="/uploads/{key}/records/9"' in page
    page = person.press("/replay", {"upload": key_of(storage, "truncated-array"), "which": "all"}).text
    assert "Correct record" not in text_of(page)


def test_of_several_those_that_would_pass_come_first(storage: MemoryStorage) -> None:
    keys = [key_of(storage, name) for name in ("wrong-type", "out-of-range")]
    page = Person(desk(storage, (LOOSE,))).press("/replay", {"upload": keys, "which": "uploads"}).text
    assert page.index(f'"/uploads/{keys[1]}"') < page.index(f'"/uploads/{keys[0]}"')


def test_after_publishing_nothing_is_offered_that_can_not_be_done(person: Person, storage: MemoryStorage) -> None:
    key = key_of(storage, "bad-email")
    address = f"/uploads/{key}/records/2"
    assert "Set it aside" in text_of(person.read(f"/uploads/{key}"))
    text = document_of(person.press(f"{address}/reveal").text)
    page = text_of(person.press(f"{address}/correct", {"document": text.replace("joao.example", "joao@example")}).text)
    assert "Record 2 is published as corrected." in page
    assert "Correct it" not in page
    assert state_of(storage, "bad-email") == "resolved"
    assert "Set it aside" not in text_of(person.read(f"/uploads/{key}"))


def test_what_is_only_kept_is_not_said_to_be_published(person: Person, storage: MemoryStorage) -> None:
    page = person.press(f"/uploads/{key_of(storage, 'too-many-bad-orders')}/records/1/reveal").text
    assert "Keep the correction" in text_of(page)
    assert "Publish as corrected" not in text_of(page)
