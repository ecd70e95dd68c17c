"""Every page, over every example: what it says, what it hides, and what it does when things lie broken."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from etl import contract as contracts
from etl import pipeline
from etl.commit import states
from etl.errors import ContractError, Fault, StorageError
from etl.storage import MemoryStorage
from tests.examples import EXAMPLES, OUTPUTS
from tests.web.desks import NOW, ORDERS, ROOT, Person, desk, folder_of, key_of, text_of

NAMES = [folder.name for folder in EXAMPLES]
TOTALS = contracts.load(ROOT / "quarantine_examples" / "unknown-field" / "contract.odcs.yaml", env={})


def records_of(example: str) -> list[dict[str, Any]]:
    lines = (ROOT / "quarantine_examples" / example / "rejected.ndjson").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture
def person(storage: MemoryStorage) -> Person:
    return Person(desk(storage, (ORDERS, TOTALS)))


# What is there.


def test_the_home_page_lists_every_upload_and_its_verdict(person: Person) -> None:
    page = person.read("/")
    for folder in EXAMPLES:
        assert f"{folder.name}." in text_of(page)
    assert "Of 155 records read, 37 (23.9%) were rejected." in text_of(page)
    assert len(re.findall(r'<input type="checkbox" name="upload"', page)) == len(EXAMPLES)


def test_the_plots_have_a_table_and_names_to_follow(person: Person) -> None:
    page = person.read("/")
    assert '<rect class="bar"' in page
    assert re.search(r'href="/\?day=2024-02-01">2024-02-01</a></th><td>155</td><td>37</td><td>23.9%', page)
    assert 'href="/?rule=orders.price+type"' in page


FILTERS = {
    "rule=orders.email+format": {"bad-email"},
    "status=rejected": {"broken-upload-rule", "too-many-bad-orders", "truncated-array"},
    "status=published": {"warning-only"},
    "contract=order_totals": {"unknown-field"},
    "day=2024-02-01": set(NAMES),
    "day=1999-01-01": set(),
    "state=open": set(NAMES),
    "state=dismissed": set(),
    "state=%22%3E%3Cscript%3E": set(),
    "page=7": set(NAMES),  # the last one there is
    "page=-1": set(NAMES),
    "page=%D9%A1": set(NAMES),
    "page=" + "9" * 5000: set(NAMES),
    "unknown=1": set(NAMES),
}


@pytest.mark.parametrize("query", FILTERS, ids=lambda query: query[:40])
def test_filters(query: str, person: Person, storage: MemoryStorage) -> None:
    page = person.read(f"/?{query}")
    assert {name for name in NAMES if f'value="{key_of(storage, name)}"' in page} == FILTERS[query]
    assert "<script" not in page


def test_a_filter_that_finds_nothing_does_not_say_that_nothing_was_read(person: Person) -> None:
    page = text_of(person.read("/?day=1999-01-01"))
    assert "No record was read by this contract, or on this day." in page
    assert "etl run" not in page


def test_a_long_list_has_pages(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etl.web.home.PAGE", 7)
    seen: list[str] = []
    address: str | None = "/"
    while address:
        page = person.read(address)
        seen += re.findall(r'name="upload" value="([^"]*)"', page)
        found = re.search(r'rel="next" href="([^"#]*)', page)
        address = found[1] if found else None
    assert len(seen) == len(set(seen)) == len(EXAMPLES)


@pytest.mark.parametrize("example", NAMES)
def test_an_upload_says_what_broke_and_links_its_records(example: str, person: Person, storage: MemoryStorage) -> None:
    page = person.read(f"/uploads/{key_of(storage, example)}")
    report = json.loads((ROOT / "quarantine_examples" / example / "report.json").read_text(encoding="utf-8"))
    for rule in report["rules"]:
        assert f"<code>{rule['rule']}</code>" in page
    for field in report["unknownFields"]:
        assert f"<code>{field['path']}</code>" in page
    for record in records_of(example):
        assert f'href="/uploads/{key_of(storage, example)}/records/{record["record"]}"' in page


RECORDS = [(name, record["record"]) for name in NAMES for record in records_of(name)]


@pytest.mark.parametrize(("example", "record"), RECORDS)
def test_a_record_has_each_violation_beside_its_rule_and_in_place(
    example: str, record: int, person: Person, storage: MemoryStorage
) -> None:
    address = f"/uploads/{key_of(storage, example)}/records/{record}"
    masked = person.read(address)
    revealed = person.press(f"{address}/reveal").text
    violations = next(each["violations"] for each in records_of(example) if each["record"] == record)
    for number, violation in enumerate(violations, 1):
        assert f'id="v{number}"' in masked
        if violation["path"] or "byte" in (violation["detail"] or ""):
            assert f'id="at{number}"' in revealed, violation
        if violation["column"]:
            assert "As the contract states it" in masked
            assert "contracts/orders.odcs.yaml:" in masked


def test_the_line_that_states_the_rule_is_marked(person: Person, storage: MemoryStorage) -> None:
    page = person.read(f"/uploads/{key_of(storage, 'wrong-type')}/records/2")
    assert "<mark>  logicalType: integer</mark>" in page
    page = person.read(f"/uploads/{key_of(storage, 'negative-price')}/records/5")
    assert "<mark>  logicalTypeOptions:" not in page
    assert re.search(r"<mark>    minimum: 0</mark>|<mark>  logicalTypeOptions: \{minimum: 0\}</mark>", page)


def test_a_condition_marks_every_column_that_it_names(person: Person, storage: MemoryStorage) -> None:
    page = person.read(f"/uploads/{key_of(storage, 'broken-sql-rule')}/records/1")
    assert re.findall(r'<mark class="plain">([^<]*)</mark>', page) == ["99.90", "149.90"]


def test_what_is_missing_stands_where_it_should_be(person: Person, storage: MemoryStorage) -> None:
    page = person.read(f"/uploads/{key_of(storage, 'missing-field')}/records/3")
    assert re.findall(r'<mark class="missing">([^<]*)</mark>', page) == ["price: not there"]


def test_records_lead_to_each_other(person: Person, storage: MemoryStorage) -> None:
    address = f"/uploads/{key_of(storage, 'missing-field')}/records"
    first, second = (each["record"] for each in records_of("missing-field"))
    assert f'rel="next" accesskey="n" href="{address}/{second}"' in person.read(f"{address}/{first}")
    assert f'rel="prev" accesskey="p" href="{address}/{first}"' in person.read(f"{address}/{second}")


# What is hidden.

PERSONAL = re.compile(r"Conceição|Paulista|joao|@example|Prado|Kayabi|Amaral|Nogueira|\b20[0-9]\b(?!,)")


@pytest.mark.parametrize("example", NAMES)
def test_no_page_shows_what_is_personal_until_it_is_revealed(
    example: str, person: Person, storage: MemoryStorage
) -> None:
    key = key_of(storage, example)
    pages = ["/", f"/uploads/{key}", *(f"/uploads/{key}/records/{each['record']}" for each in records_of(example))]
    for address in pages:
        found = text_of(person.read(address))
        for word in _personal(example):
            assert word not in found, (address, word)


def _personal(example: str) -> set[str]:
    """Names, addresses and e-mails in the payloads of an example."""
    found: set[str] = set()
    for record in records_of(example):
        payload = record.get("payload")
        customer = payload.get("customer") if isinstance(payload, dict) else None
        if isinstance(customer, dict):
            found |= {value for value in customer.values() if isinstance(value, str)}
        elif isinstance(customer, str):
            found.add(customer)
        if "payloadText" in record:
            found.add(record["payloadText"][:40])
    return found


def test_personal_values_are_personal() -> None:
    """The test above looks for something."""
    assert sum(len(_personal(name)) for name in NAMES) > 40


def test_fields_that_no_column_reads_are_hidden_too(storage: MemoryStorage) -> None:
    location = "s3://shop/orders_json_incoming/more.ndjson"
    order = {"order_id": "x", "note": "call 555-1234", "customer": {"secret": "s3cret"}, "products": [{"gift": "card"}]}
    storage.objects[location] = (json.dumps(order).encode(), NOW)
    pipeline.run(location, ORDERS, storage, OUTPUTS)
    folder = json.loads(storage.objects[_run_of(storage, location)][0])["quarantine"]["location"]
    person = Person(desk(storage))
    address = f"/uploads/0/{folder.removeprefix(OUTPUTS.quarantine)}records/1".replace("//", "/")
    page = person.read(address)
    for word in ("555-1234", "s3cret", "card"):
        assert word not in page
        assert word in person.press(f"{address}/reveal").text
        person.press(f"{address}/hide")
        assert word not in person.read(address)


def _run_of(storage: MemoryStorage, location: str) -> str:
    return next(at for at, (data, _) in storage.objects.items() if "/_runs/" in at and at.endswith(".json")
                and "intents" not in at and json.loads(data)["upload"]["location"] == location)  # fmt: skip


def test_to_reveal_is_noted_with_who_and_when_and_no_values(person: Person, storage: MemoryStorage) -> None:
    address = f"/uploads/{key_of(storage, 'bad-email')}/records/2"
    assert "joao.example.com" not in person.read(address)
    page = person.press(f"{address}/reveal").text
    assert "joao.example.com" in page
    assert "Revealed by ana at 2024-02-03 09:15 UTC" in text_of(page)
    notes = [data for at, (data, _) in storage.objects.items() if "/reveals/" in at]
    assert [json.loads(note) for note in notes] == [
        {"version": "1.0", "record": 2, "who": "ana", "when": "2024-02-03T09:15:00.000Z"}
    ]


def test_what_can_not_be_noted_is_not_revealed(storage: MemoryStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    person = Person(desk(storage))
    address = f"/uploads/{key_of(storage, 'bad-email')}/records/2"

    def denied(location: str, data: bytes, *, expect: str | None) -> None:
        raise StorageError(f"{location}: access is denied")

    monkeypatch.setattr(storage, "write", denied)
    assert "access is denied" in person.press(f"{address}/reveal").text
    assert "joao.example.com" not in person.read(address)


def test_one_revealed_record_reveals_no_other_nor_to_others(person: Person, storage: MemoryStorage) -> None:
    key = key_of(storage, "wrong-type")
    person.press(f"/uploads/{key}/records/2/reveal")
    assert "Conceição" in person.read(f"/uploads/{key}/records/2")
    assert "Nogueira" not in person.read(f"/uploads/{key}/records/9")
    assert "Conceição" not in person.read(f"/uploads/{key}")
    assert "Conceição" not in Person(desk(storage)).read(f"/uploads/{key}/records/2")


def test_without_a_contract_every_value_is_hidden(storage: MemoryStorage) -> None:
    for at in [at for at in storage.objects if "/_contracts/" in at]:
        del storage.objects[at]
    person = Person(desk(storage, ()))
    key = key_of(storage, "wrong-type")
    page = person.read(f"/uploads/{key}/records/2")
    assert '"one"' not in text_of(page)
    assert "2002" not in page
    assert "order_id" in page
    assert "There is no contract" in page or "there is no contract" in page
    assert '"one"' not in text_of(person.read(f"/uploads/{key}").split('id="records"')[1])


# What lies broken.


def test_a_contract_that_is_gone_is_stood_in_for_by_the_copy_in_the_lake(storage: MemoryStorage) -> None:
    page = Person(desk(storage, (ORDERS,))).read(f"/uploads/{key_of(storage, 'unknown-field')}")
    assert "There is no contract 'order_totals' any more. Version 1.0.0, of which the lake keeps a copy" in text_of(
        page
    )


def test_contracts_with_faults_stop_replays_and_nothing_else(storage: MemoryStorage) -> None:
    def faulty() -> Any:
        raise ContractError([Fault("contracts/orders.odcs.yaml", 12, 3, "unknown key <b>")])

    person = Person(replace(desk(storage), contracts=faulty))
    key = key_of(storage, "wrong-type")
    page = person.read(f"/uploads/{key}")
    assert "contracts/orders.odcs.yaml:12:3: unknown key <b>" in text_of(page)
    assert "<b>" not in page
    assert "Dry run" not in text_of(page.split('id="records"')[1])
    assert "The contracts have faults" in text_of(person.press("/replay", {"upload": key, "which": "all"}).text)


Breaking = Callable[[MemoryStorage, str], None]


def _gone(name: str) -> Breaking:
    return lambda storage, folder: storage.objects.pop(folder + name) and None  # type: ignore[func-returns-value]


def _written(name: str, data: bytes) -> Breaking:
    def write(storage: MemoryStorage, folder: str) -> None:
        storage.objects[folder + name] = (data, NOW)

    return write


def _edited(name: str, change: Callable[[Any], object]) -> Breaking:
    def edit(storage: MemoryStorage, folder: str) -> None:
        body = json.loads(storage.objects[folder + name][0])
        storage.objects[folder + name] = (json.dumps(change(body) or body).encode(), NOW)

    return edit


def _first_line(change: Callable[[bytes], bytes]) -> Breaking:
    def edit(storage: MemoryStorage, folder: str) -> None:
        first, *others = storage.objects[folder + "rejected.ndjson"][0].splitlines()
        storage.objects[folder + "rejected.ndjson"] = (b"\n".join([change(first), *others]), NOW)

    return edit


NEW = ("lake", "suggestions", "replays", "corrections")  # since version 1.0
DEEP = b"[" * 100_000
BROKEN: dict[str, tuple[Breaking, str]] = {
    "a run was killed": (_gone("report.json"), "there is no report.json"),
    "no rejected records": (_gone("rejected.ndjson"), "rejected"),
    "a report cut off": (_written("report.json", b'{"version": "1.1", "sta'), "this is no run report"),
    "a report that is none": (_written("report.json", b"[]"), "this is no run report"),
    "a report that is deep": (_written("report.json", DEEP), "this is no run report"),
    "a report that is no text": (_written("report.json", b"\xff\xfe"), "this is no run report"),
    "a report of later times": (_edited("report.json", lambda body: body.update(version="2.0")), "of version 2.0"),
    "a report of earlier times": (
        _edited("report.json", lambda body: {k: v for k, v in body.items() if k not in NEW} | {"version": "1.0"}),
        "version",
    ),
    "rules that are none": (_edited("report.json", lambda body: body.update(rules=[1, {"rule": 7}])), ""),
    "records that are none": (_edited("report.json", lambda body: body.update(records={"read": "many"})), ""),
    "suggestions that are none": (_edited("report.json", lambda body: body.update(suggestions=[{}, 3])), ""),
    "unknown fields that are none": (_edited("report.json", lambda body: body.update(unknownFields=5)), ""),
    "an arrival that is none": (_edited("report.json", lambda body: body["upload"].pop("arrival") and None), ""),
    "a line that was edited": (_first_line(lambda line: line.replace(b'"record"', b'"recrod"')), "can't be read"),
    "a line cut off": (_first_line(lambda line: line[:100]), "can't be read"),
    "a line that is deep": (_first_line(lambda _: DEEP), "can't be read"),
    "a line that is no text": (_first_line(lambda _: b"\xff\x00"), "can't be read"),
    "a line without its document": (_first_line(lambda line: line[: line.index(b', "payload"')] + b"}"), "erased"),
    "violations of no kind": (
        _first_line(lambda line: re.sub(rb'"violations": \[.*?\], "pay', b'"violations": [{}], "pay', line)), ""),
    "violations of other kinds": (
        _first_line(lambda line: re.sub(rb'"path": "[^"]*", "value": "[^,]*"', b'"path": 7, "value": [1]', line)), ""),
    "a path that is none": (_first_line(lambda line: line.replace(b'"path": "$.', b'"path": "$..[')), ""),
    "a state that is none": (_written("states/0001-resolved.json", b"{"), ""),
    "a state of no kind": (_written("states/0001-<b>.json", b"{}"), ""),
    "a correction that is none": (_written("corrections/2-1.json", b"{"), ""),
    "a note that is none": (_written("reveals/record-2-x.json", b"["), ""),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN)
def test_what_lies_broken_is_told_and_the_rest_works(case: tuple[Breaking, str], storage: MemoryStorage) -> None:
    breaking, said = case
    breaking(storage, folder_of(storage, "wrong-type"))
    person = Person(desk(storage))
    key = key_of_folder(storage)
    assert "wrong-shape" in person.read("/")
    page = text_of(person.read(f"/uploads/{key}"))
    assert said.lower() in page.lower()
    for record in (2, 9):
        found = person.get(f"/uploads/{key}/records/{record}")
        assert found.status_code in (200, 404, 502), found.text
        assert "There is no such page" not in found.text
    assert "Record 9" in page or "rejected.ndjson" in page
    for form in ({"step": "do", "which": "all"}, {"which": "all"}):
        assert person.press("/replay", {"upload": key, **form}).status_code == 200
    for action in ("reveal", "check", "correct", "hide"):
        found = person.press(f"/uploads/{key}/records/2/{action}", {"document": "{}"})
        assert found.status_code in (200, 404, 422, 502), found.text
    assert "Something went wrong" not in found.text


def key_of_folder(storage: MemoryStorage) -> str:
    """That of the example wrong-type, whatever has become of its report."""
    from etl.records import digest
    from tests.examples import location_of

    name = digest(location_of(ROOT / "quarantine_examples" / "wrong-type").encode())
    at = next(at for at in storage.objects if f"/{name}-" in at and at.startswith(OUTPUTS.quarantine))
    return "0/" + "/".join(at.removeprefix(OUTPUTS.quarantine).split("/")[:3])


def test_a_storage_that_fails_is_told(storage: MemoryStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    person = Person(desk(storage))

    def unreached(prefix: str) -> Any:
        raise StorageError(f"{prefix}: S3 can't be reached; check the network")

    monkeypatch.setattr(storage, "list", unreached)
    assert "S3 can't be reached" in text_of(person.read("/"))
    found = person.get("/uploads/0/orders/2024-02-01/0123456789abcdef-0123456789abcdef")
    assert found.status_code == 502
    assert "S3 can't be reached" in text_of(found.text)


# Hostile text.

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</textarea></pre><h1>owned</h1>",
    "{{ 7 * 7 }}",
    "' onmouseover='x",
    "\u202egnp.exe\x1b[31m\u200b",
)


@pytest.fixture
def hostile(storage: MemoryStorage) -> tuple[Person, str]:
    """An upload with hostile text in its name, keys and values."""
    text = "".join(HOSTILE)
    location = f"s3://shop/orders_json_incoming/{text}.ndjson"
    order = {
        text: text,
        "order_id": text,
        "order_date": text,
        "customer": {"name": text, text: 1},
        "products": [{text: [text]}],
    }
    storage.objects[location] = (json.dumps(order, ensure_ascii=False).encode() + b"\n{" + text.encode(), NOW)
    pipeline.run(location, ORDERS, storage, OUTPUTS)
    folder = json.loads(storage.objects[_run_of(storage, location)][0])["quarantine"]["location"]
    states.append(folder, "dismissed", text, NOW, storage, {"why": text})
    return Person(desk(storage)), f"0/{folder.removeprefix(OUTPUTS.quarantine).rstrip('/')}"


def test_hostile_text_is_text(hostile: tuple[Person, str]) -> None:
    person, key = hostile
    pages = ["/", f"/?state={'%22%3E%3Cscript%3E'}", f"/uploads/{key}"]
    pages += [f"/uploads/{key}/records/{record}" for record in (1, 2)]
    found = [person.read(address) for address in pages]
    found += [person.press(f"/uploads/{key}/records/{record}/reveal").text for record in (1, 2)]
    found.append(person.press(f"/uploads/{key}/records/1/check", {"document": "".join(HOSTILE)}).text)
    found.append(person.press("/replay", {"upload": key, "which": "all"}).text)
    found.append(person.press("/dismiss", {"upload": ["".join(HOSTILE), key], "why": "".join(HOSTILE)}).text)
    for page in found:
        for tag in ("<script", "<img", "<h1>owned", "<textarea></", "\u202e", "\x1b"):
            assert tag not in _outside_of_text_area(page)
        assert page.count("<h1") == 1
        assert "49" not in re.findall(r"\{\{.*?\}\}|\b49\b", page)


def _outside_of_text_area(page: str) -> str:
    return re.sub(r"<textarea[^>]*>[^<]*</textarea>", "", page)


def test_the_text_area_gives_back_what_was_received(hostile: tuple[Person, str]) -> None:
    person, key = hostile
    page = person.press(f"/uploads/{key}/records/1/reveal").text
    from html import unescape

    found = re.search(r"<textarea[^>]*>\n([^<]*)</textarea>", page)
    assert found
    assert json.loads(unescape(found[1]))["order_id"] == "".join(HOSTILE)


def test_pages_of_a_thousand_records(storage: MemoryStorage) -> None:
    location = "s3://shop/orders_json_incoming/many.ndjson"
    storage.objects[location] = (b"\n".join(b'{"order_id": "%d"}' % at for at in range(1000)), NOW)
    contract = replace(ORDERS, policies=replace(ORDERS.policies, max_quarantined=None), upload_rules=())
    pipeline.run(location, contract, storage, OUTPUTS)
    folder = json.loads(storage.objects[_run_of(storage, location)][0])["quarantine"]["location"]
    person = Person(desk(storage))
    address = f"/uploads/0/{folder.removeprefix(OUTPUTS.quarantine).rstrip('/')}"
    first, last = person.read(address), person.read(f"{address}?page=20")
    assert "Page 1 of 20" in text_of(first)
    assert re.findall(r"records/(\d+)\"", last) == [str(at) for at in range(951, 1001)]
    assert "Page 20 of 20" in text_of(person.read(f"{address}?page=21"))


def test_paths_are_not_of_this_machine() -> None:
    """The desk of these tests is in memory: nothing above has touched the disk."""
    assert not Path("s3:").exists()


def test_a_document_that_is_too_large_says_so_before_it_is_revealed(storage: MemoryStorage) -> None:
    location = "s3://shop/orders_json_incoming/large.ndjson"
    order = {"order_id": "x", "products": [{"price": "dear", "product_name": "chair" * 9} for _ in range(20_000)]}
    storage.objects[location] = (json.dumps(order).encode(), NOW)
    pipeline.run(location, ORDERS, storage, OUTPUTS)
    folder = json.loads(storage.objects[_run_of(storage, location)][0])["quarantine"]["location"]
    person = Person(desk(storage))
    page = person.read(f"/uploads/0/{folder.removeprefix(OUTPUTS.quarantine)}records/1")
    assert "It is too large to be edited here (more than 1 MB)" in text_of(page)
    assert "Reveal and edit" not in page
    assert len(page) < 1_000_000
    assert re.search(r"and [\d,]+ more violations of the same rules", text_of(page))


def test_a_record_that_is_not_there_leads_back_to_its_upload(person: Person, storage: MemoryStorage) -> None:
    key = key_of(storage, "wrong-type")
    found = person.get(f"/uploads/{key}/records/999")
    assert found.status_code == 404
    assert f'href="/uploads/{key}"' in found.text
    assert "There is no such record" in found.text


@pytest.mark.parametrize("case", ["no rejected records", "a line cut off", "a report cut off", "a run was killed"])
def test_a_fault_is_told_once(case: str, storage: MemoryStorage) -> None:
    BROKEN[case][0](storage, folder_of(storage, "wrong-type"))
    page = Person(desk(storage)).read(f"/uploads/{key_of_folder(storage)}")
    assert len(re.findall("<p>", page.split('class="callout bad"')[1].split("</div>")[0])) == 1


def test_an_upload_of_which_nothing_waits_says_how_to_close_it(person: Person, storage: MemoryStorage) -> None:
    assert text_of(person.read("/")).count("nothing waits; dismiss it to close it") == 1
    assert "Nothing waits; dismiss it to close it." in text_of(
        person.read(f"/uploads/{key_of(storage, 'warning-only')}")
    )
