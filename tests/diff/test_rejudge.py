"""What a new contract makes of orders that were judged before."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from etl import contract as contracts
from etl import pipeline
from etl.contract.model import Contract
from etl.errors import StorageError, UsageError
from etl.pipeline import Outputs
from etl.rejudge import Evidence, evidence, judging
from etl.rejudge.past import Rejected, Rejections
from etl.storage import MemoryStorage

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "contracts/orders.odcs.yaml").read_text(encoding="utf-8")
OUTPUTS = Outputs("lake/", "bad/")
HALF = ("20 percent", "60 percent")


def contract(*edits: tuple[str, str]) -> Contract:
    text = TEXT
    for before, after in edits:
        assert before in text
        text = text.replace(before, after)
    return contracts.loads(text, env={})


def order(number: int, quantity: object = 1, **more: object) -> dict[str, object]:
    customer = {"customer_id": 1, "name": "A", "email": "a@b.example"}
    product = {"product_id": "P10", "name": "Cup", "category": "home", "price": 2, "quantity": quantity}
    return {
        "order_id": number, "order_date": "2024-01-10", "total_amount": 9, "customer": customer, "products": [product],
        **more,
    }  # fmt: skip


class Bucket:
    """A storage that uploads have been run in, one minute after the other."""

    def __init__(self) -> None:
        self.storage = MemoryStorage()

    def upload(self, name: str, data: bytes, agreed: Contract | None = None) -> None:
        self.storage.now += timedelta(minutes=1)
        self.storage.objects[name] = (data, self.storage.now)
        pipeline.run(name, agreed or contract(HALF), self.storage, OUTPUTS)

    def orders(self, name: str, *orders: object, lines: bool = False) -> None:
        data = "\n".join(map(json.dumps, orders)) if lines else json.dumps(orders)
        self.upload(name, data.encode())

    def evidence(self, *edits: tuple[str, str], most: int = 10_000) -> Evidence:
        before = dict(self.storage.objects)
        found = evidence("lake/", "orders", contract(HALF, *edits), self.storage, most)
        assert self.storage.objects == before  # nothing is written
        return found


@pytest.fixture
def bucket() -> Bucket:
    made = Bucket()
    made.orders("in/a.json", order(1, 5), order(2, 50), order(3, 2000), order(4, "x"), order(5))
    return made


STRICTER, LOOSER = ("maximum: 1000", "maximum: 10"), ("maximum: 1000", "maximum: 5000")


def test_the_same_contract_changes_nothing(bucket: Bucket) -> None:
    assert bucket.evidence() == Evidence(uploads=1, records=5, quarantined=2)


def test_records_are_compared_one_by_one(bucket: Bucket) -> None:
    assert bucket.evidence(LOOSER) == Evidence(uploads=1, records=5, quarantined=2, passing=1)
    found = bucket.evidence(STRICTER)
    assert (found.newly, found.quarantined, found.passing) == (1, 2, 0)
    assert found.broken == {"orders.quantity maximum": 1}


def test_swapped_records_are_not_taken_for_each_other(bucket: Bucket) -> None:
    """One that would pass and one that would be quarantined do not cancel out."""
    found = bucket.evidence(("minimum: 1\n          maximum: 1000", "minimum: 5\n          maximum: 5000"))
    assert (found.newly, found.passing) == (1, 1)


@pytest.mark.parametrize("form", [gzip.compress, bytes])
def test_any_form_of_upload(form: Callable[[bytes], bytes]) -> None:
    bucket = Bucket()
    bucket.upload("in/a", form("\n".join(map(json.dumps, (order(1, 50), order(2, "x")))).encode()))
    found = bucket.evidence(STRICTER)
    assert (found.records, found.newly, found.quarantined) == (2, 1, 1)


def test_of_an_upload_that_is_gone_only_the_rejected_records_are_known(bucket: Bucket) -> None:
    del bucket.storage.objects["in/a.json"]
    assert bucket.evidence(LOOSER) == Evidence(uploads=1, records=5, quarantined=2, passing=1, unknown=3)


def test_an_upload_that_has_changed_is_as_good_as_gone(bucket: Bucket) -> None:
    old = bucket.storage.objects["in/a.json"][0]
    for changed in (old.replace(b'"order_id": 5', b'"order_id": 6'), old + b" "):
        bucket.storage.objects["in/a.json"] = (changed, bucket.storage.now)
        assert bucket.evidence(LOOSER).unknown == 3


def test_without_rejected_records_nothing_of_a_gone_upload_is_known(bucket: Bucket) -> None:
    for name in [name for name in bucket.storage.objects if name.endswith(("rejected.ndjson", "in/a.json"))]:
        del bucket.storage.objects[name]
    assert bucket.evidence(LOOSER) == Evidence(uploads=1, records=5, unknown=5)


def test_what_repeated_a_key_does_not_pass_alone() -> None:
    bucket = Bucket()
    bucket.orders("in/a.json", order(1), order(1), order(2), order(3, 2000))
    assert bucket.evidence(LOOSER).passing == 1
    del bucket.storage.objects["in/a.json"]
    assert bucket.evidence(LOOSER).passing == 1
    no_key = [
        ("        primaryKey: true\n        primaryKeyPosition: 1\n", ""),
        ("        primaryKey: true\n        primaryKeyPosition: 2\n", ""),
    ]
    assert bucket.evidence(*no_key).passing == 1


def test_an_upload_that_was_rejected_is_kept_whole() -> None:
    bucket = Bucket()
    bucket.upload("in/a.json", json.dumps([order(1), order(2, 2000)]).encode(), contract())
    del bucket.storage.objects["in/a.json"]
    found = bucket.evidence(("60 percent", "20 percent"))
    assert found == Evidence(uploads=1, records=2, quarantined=2)
    assert bucket.evidence() == Evidence(uploads=1, records=2, quarantined=2, passing=1)
    assert bucket.evidence(LOOSER).passing == 2


def test_an_upload_may_newly_be_rejected_as_a_whole(bucket: Bucket) -> None:
    found = evidence("lake/", "orders", contract(("20 percent", "30 percent")), bucket.storage, 100)
    assert (found.newly, found.rejected, found.passing) == (3, 1, 0)
    assert found.broken == {"maxQuarantined": 3}


def test_an_upload_that_could_not_be_taken_apart() -> None:
    bucket = Bucket()
    bucket.upload("in/a.json", json.dumps({"orders": [order(1), order(2)]}).encode())
    whole = ("customProperties:", "customProperties:\n  - {property: records, value: '$.orders[*]'}")
    assert bucket.evidence() == Evidence(uploads=1, records=1, quarantined=1)
    assert bucket.evidence(whole).passing == 1
    bucket.upload("in/b.json", b"[" + json.dumps(order(1)).encode())
    assert bucket.evidence(most=1) == Evidence(uploads=1, records=1, quarantined=1)


def test_records_with_other_numbers_are_not_known(bucket: Bucket) -> None:
    parts = ("customProperties:", "customProperties:\n  - {property: records, value: '$.products[*]'}")
    for number, lines in enumerate((True, False)):
        bucket.orders(f"in/{number}.json", order(1), {**order(2), "products": []}, order(3), lines=lines)
    for most in (3, 2):
        found = bucket.evidence(parts, ("60 percent", "100 percent"), most=most)
        assert (found.unknown, found.quarantined) == (most - 1, 1)


def test_the_newest_come_first_and_no_more_than_asked(bucket: Bucket) -> None:
    bucket.orders("in/0.json", order(1, 50))
    bucket.orders("in/z.json", order(1), order(2, 50))
    assert bucket.evidence(STRICTER, most=2) == Evidence(1, 2, 1, broken={"orders.quantity maximum": 1})
    assert bucket.evidence(STRICTER, most=3).newly == 2
    found = bucket.evidence(STRICTER, most=5)
    assert (found.uploads, found.records, found.newly, found.quarantined) == (3, 5, 3, 0)
    assert bucket.evidence(STRICTER, most=6).quarantined == 1  # the fourth of in/a.json is not looked at


def test_of_a_part_of_an_upload_no_rule_on_the_whole_is_asked(bucket: Bucket) -> None:
    none = [("60 percent", "0 percent"), STRICTER]
    assert bucket.evidence(*none).rejected == 1
    assert bucket.evidence(*none, most=3).rejected == 0


def test_the_upload_of_standard_input_has_no_place(bucket: Bucket, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_text(json.dumps([order(1), order(2, 2000)]))
    upload = replace(bucket.storage.stat("in/a.json"), location=pipeline.STDIN, arrival=bucket.storage.now)
    bucket.storage.now += timedelta(minutes=1)
    pipeline.run_file(upload, path, contract(HALF), bucket.storage, OUTPUTS)
    assert bucket.evidence(LOOSER, most=2) == Evidence(uploads=1, records=2, quarantined=1, passing=1, unknown=1)


def test_an_empty_upload_is_no_evidence() -> None:
    bucket = Bucket()
    bucket.upload("in/a.json", b"")
    assert bucket.evidence() == Evidence(uploads=1)


def test_records_split_by_row_count_as_quarantined() -> None:
    bucket = Bucket()
    by_row = ("value: record ", "value: row ")
    two = order(1)
    two["products"] = [*order(1)["products"], {**order(1, 2000)["products"][0], "product_id": "P11"}]  # type: ignore[misc,index]
    bucket.upload("in/a.json", json.dumps([two, order(2)]).encode(), contract(HALF, by_row))
    assert bucket.evidence(by_row) == Evidence(uploads=1, records=2, quarantined=1)
    assert bucket.evidence(by_row, LOOSER).passing == 1


def test_what_is_not_json_passes_under_no_contract() -> None:
    """Not even where a line break inside a text becomes a blank."""
    bucket = Bucket()
    every = ("20 percent", "100 percent")
    broken = json.dumps(order(3)).replace("Cup", "C\u2028\tp")
    lines = [json.dumps(order(1, 2000)), "{", broken, '"a\0"', json.dumps({"a": "x"}).replace("x", "\udcff")]
    bucket.upload("in/a.json", "\n".join(lines).encode("utf-8", "surrogateescape"), contract(every))
    del bucket.storage.objects["in/a.json"]
    found = evidence("lake/", "orders", contract(every, LOOSER), bucket.storage, 10)
    assert found == Evidence(uploads=1, records=5, quarantined=5, passing=1)


def test_a_line_break_inside_a_text_is_not_mended() -> None:
    """As a blank it would make a JSON text of what is none."""
    whole = json.dumps(order(1))
    for text, passing in ((whole, 1), (whole.replace("Cup", "C\np"), 0)):
        assert judging.alone([Rejected(1, (), text.encode())], contract(HALF)) == passing


def test_rejected_records_are_not_held_in_memory(tmp_path: Path) -> None:
    size, count = 1 << 20, 96
    violation = '{"rule": "type", "severity": "error"}'
    path = tmp_path / "rejected.ndjson"
    with path.open("w") as file:
        for at in range(1, count + 1):
            file.write(f'{{"record": {at}, "violations": [{violation}], "payload": "{"x" * size}"}}\n')
    rejections = Rejections(path, "rejected.ndjson", count)
    tracemalloc.start()
    try:
        broken = judging.rules_by_record(rejections)
        passing = judging.alone(rejections, contract(HALF))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (list(broken), passing) == (list(range(1, count + 1)), 0)
    assert peak < count * size / 2


def test_where_there_are_no_run_reports(bucket: Bucket) -> None:
    with pytest.raises(UsageError, match="_runs/orders/"):
        evidence("elsewhere/", "orders", contract(), bucket.storage, 10)
    bucket.storage.objects["lake/_runs/orders/0.json"] = (b"[]", bucket.storage.now)
    with pytest.raises(StorageError, match=r"0\.json"):
        bucket.evidence()
