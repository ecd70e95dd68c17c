"""Uploads through the whole pipeline, in memory: what is published, what is quarantined, and that it all adds up."""

import errno
import gzip
import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl import contract as contracts
from etl import pipeline
from etl.contract.model import Contract
from etl.errors import StorageError, UsageError
from etl.pipeline import Outputs, judgement
from etl.storage import MemoryStorage

ORDERS = "s3://shop/in/orders.json"
OUTPUTS = Outputs("s3://shop/lake/", "s3://shop/quarantine/")

FEED = """
apiVersion: v3.1.0
kind: DataContract
id: feed
name: feed
version: 1.2.3
status: active
customProperties:
{policies}
schema:
  - name: lines
    properties:
      - {{name: id, logicalType: integer, required: true, primaryKey: true, primaryKeyPosition: 1}}
      - {{name: day, logicalType: date, required: true, partitioned: true, partitionKeyPosition: 1}}
      - {{name: who, logicalType: string, classification: restricted, logicalTypeOptions: {{format: email}}}}
      - name: sku
        logicalType: string
        transformLogic: $.lines[*].sku
        primaryKey: true
        primaryKeyPosition: 2
      - name: price
        logicalType: number
        physicalType: decimal(8,2)
        required: true
        logicalTypeOptions: {{minimum: 0}}
        transformLogic: $.lines[*].price
    quality:
{quality}
"""


def feed(quality: str = "      []", **policies: Any) -> Contract:
    listed = [f"  - {{property: {name}, value: {json.dumps(value)}}}" for name, value in policies.items()]
    return contracts.loads(FEED.format(policies="\n".join(listed) or "  []", quality=quality), "feed.odcs.yaml", {})


def order(number: int, *prices: object, day: str = "2024-01-10", **more: object) -> dict[str, Any]:
    return {"id": number, "day": day, "lines": [{"sku": f"P{i}", "price": p} for i, p in enumerate(prices)], **more}


def upload(*orders: object) -> bytes:
    return json.dumps(list(orders)).encode()


def run(data: bytes, contract: Contract | None = None, storage: MemoryStorage | None = None) -> dict[str, Any]:
    storage = storage or MemoryStorage()
    storage.objects[ORDERS] = (data, storage.now)
    return pipeline.run(ORDERS, contract or feed(), storage, OUTPUTS)


def lake(storage: MemoryStorage, contract: Contract | None = None) -> pa.Table:
    """Every row of the table, by location and then in file order."""
    files = [
        pq.read_table(io.BytesIO(data))
        for location, (data, _) in sorted(storage.objects.items())
        if location.startswith(f"{OUTPUTS.lake}lines/")
    ]
    return pa.concat_tables(files) if files else pa.table({"id": []})


def rejected(storage: MemoryStorage) -> list[dict[str, Any]]:
    found = [data for at, (data, _) in storage.objects.items() if at.endswith("/rejected.ndjson")]
    return [json.loads(line) for line in b"".join(found).splitlines()]


def broken(report: dict[str, Any]) -> dict[str, int]:
    return {rule["rule"]: rule["records"] for rule in report["rules"]}


def test_good_and_bad_orders_part() -> None:
    storage = MemoryStorage()
    report = run(upload(order(1, 2.5, 3), order(2, -1, 4), order(3, 1)), storage=storage)
    assert report["status"] == "partial"
    assert report["records"] == {"read": 3, "published": 2, "quarantined": 1, "duplicates": 0, "split": 0}
    assert report["tables"] == {"lines": {"read": 5, "published": 3, "quarantined": 2}}
    rows = lake(storage)
    assert rows["id"].to_pylist() == [1, 1, 3]
    assert rows["price"].to_pylist() == [Decimal("2.50"), Decimal("3.00"), Decimal("1.00")]
    assert [record["record"] for record in rejected(storage)] == [2]
    assert rejected(storage)[0]["payload"] == order(2, -1, 4)
    assert rejected(storage)[0]["violations"][0]["path"] == "$.lines[0].price"


def test_rows_close_with_their_lineage_and_files_know_their_contract() -> None:
    storage = MemoryStorage()
    report = run(upload(order(1, 2)), storage=storage)
    row = lake(storage).to_pylist()[0]
    assert row["_record_id"] == f"{report['upload']['id']}-1"
    assert (row["_upload"], row["_contract_version"]) == (ORDERS, "1.2.3")
    assert "_upload" not in _lake_of(feed(lineageColumns=False)).column_names
    metadata = pq.read_schema(io.BytesIO(storage.objects[report["files"][0]["location"]][0])).metadata
    assert b"1.2.3" in b" ".join(metadata.values())


def _lake_of(contract: Contract) -> pa.Table:
    storage = MemoryStorage()
    run(upload(order(1, 2)), contract, storage)
    return lake(storage)


def test_row_grain_takes_only_the_bad_rows() -> None:
    storage = MemoryStorage()
    contract = feed(quarantineGrain="row")
    report = run(upload(order(1, -1, 2), order(2, -1), order(3, 1), order("x", 1, 2)), contract, storage)
    assert report["records"] == {"read": 4, "published": 1, "quarantined": 2, "duplicates": 0, "split": 1}
    assert report["tables"]["lines"] == {"read": 6, "published": 2, "quarantined": 4}
    assert lake(storage)["price"].to_pylist() == [Decimal(2), Decimal(1)]
    assert [(each["record"], each.get("rows")) for each in rejected(storage)] == [
        (1, {"lines": [0]}),
        (2, None),
        (4, None),
    ]


@pytest.mark.parametrize(("policy", "status", "published"), [("reject", "partial", 1), ("allow", "published", 2)])
def test_records_without_rows(policy: str, status: str, published: int) -> None:
    report = run(upload(order(1), order(2, 1)), feed(emptyRecords=policy))
    assert (report["status"], report["records"]["published"]) == (status, published)


@pytest.mark.parametrize(
    ("policy", "listed", "rules"),
    [("ignore", [], {}), ("warn", ["$.extra"], {}), ("reject", ["$.extra"], {"unknownFields": 1})],
)
def test_unknown_fields(policy: str, listed: list[str], rules: dict[str, int]) -> None:
    report = run(upload(order(1, 1), order(2, 1, extra={"a": 1})), feed(unknownFields=policy))
    assert [field["path"] for field in report["unknownFields"]] == listed
    assert broken(report) == rules


@pytest.mark.parametrize(
    ("limit", "status"),
    [("1 records", "partial"), ("0 records", "rejected"), ("25 percent", "partial"), ("24.9 percent", "rejected")],
)
def test_too_many_bad_records_reject_the_upload(limit: str, status: str) -> None:
    report = run(upload(order(1, -1), order(2, 1), order(3, 1), order(4, 1)), feed(maxQuarantined=limit))
    assert report["status"] == status
    assert ("maxQuarantined" in broken(report)) == (status == "rejected")


def test_a_rejected_upload_publishes_nothing_and_is_kept() -> None:
    storage = MemoryStorage()
    data = upload(order(1, -1), order(2, 1))
    report = run(data, feed(maxQuarantined="0 records"), storage)
    assert report["records"]["quarantined"] == report["records"]["read"] == 2
    assert lake(storage).num_rows == 0
    folder = report["quarantine"]["location"]
    assert storage.objects[f"{folder}upload"][0] == data
    assert [each["record"] for each in rejected(storage)] == [1]


def test_an_upload_rule_rejects_or_warns() -> None:
    rule = "      - {{name: few, metric: rowCount, mustBeLessThan: 2{severity}}}"
    assert run(upload(order(1, 1, 2)), feed(rule.format(severity="")))["status"] == "rejected"
    warned = run(upload(order(1, 1, 2)), feed(rule.format(severity=", severity: warning")))
    assert (warned["status"], broken(warned)) == ("published", {"few": 0})


def test_more_than_a_thousand_partitions_reject_the_upload() -> None:
    days = (datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=i) for i in range(1001))
    storage = MemoryStorage()
    report = run(upload(*(order(i, 1, day=day.date().isoformat()) for i, day in enumerate(days))), storage=storage)
    assert (report["status"], broken(report)) == ("rejected", {"partitions": 0})
    assert lake(storage).num_rows == 0


@pytest.mark.parametrize("data", [b"", b"  \n\n", gzip.compress(b"", mtime=0)])
def test_an_empty_upload_is_reported_not_failed(data: bytes) -> None:
    report = run(data)
    assert (report["status"], report["records"]["read"], report["quarantine"]) == ("empty", 0, None)


@pytest.mark.parametrize("data", [b"", b"[]"])
def test_an_empty_upload_breaks_a_rule_that_demands_rows(data: bytes) -> None:
    rule = "      - {{name: few, metric: rowCount, mustBeGreaterThan: 2{severity}}}"
    report = run(data, feed(rule.format(severity="")))
    assert (report["status"], broken(report)) == ("rejected", {"few": 0})
    warned = run(data, feed(rule.format(severity=", severity: warning")))
    assert (warned["status"], broken(warned)) == ("empty", {"few": 0})


@pytest.mark.parametrize(
    "data", [upload(order(1, 1))[:-3], gzip.compress(upload(order(1, 1)), mtime=0)[:-9], b'{"id": 1,\n "day"']
)
def test_what_cannot_be_taken_apart_is_one_record(data: bytes) -> None:
    storage = MemoryStorage()
    report = run(data, storage=storage)
    assert report["status"] == "rejected"
    assert report["records"]["read"] == report["records"]["quarantined"] == 1
    assert broken(report) == {"unreadable": 1}
    assert len(rejected(storage)) == 1


def test_records_inside_a_wrapping_document() -> None:
    wrapped = json.dumps({"page": 1, "data": {"orders": [order(1, 1), order(2, 2)]}}, indent=1).encode()
    report = run(wrapped, feed(records="$.data.orders[*]"))
    assert (report["status"], report["records"]["published"]) == ("published", 2)


def test_the_same_upload_gives_the_same_lake() -> None:
    storage = MemoryStorage()
    data = upload(order(1, 1), order(2, -1), order(3, 3, day="2024-01-11"))
    run(data, storage=storage)
    first = dict(storage.objects)
    run(data, storage=storage)
    assert storage.objects == first


def test_a_corrected_upload_replaces_its_predecessor() -> None:
    storage = MemoryStorage()
    old = run(upload(order(1, 1), order(2, -1, day="2024-01-12")), storage=storage)
    storage.now += timedelta(hours=1)
    new = run(upload(order(1, 5), order(2, 2)), storage=storage)
    assert lake(storage)["price"].to_pylist() == [Decimal(5), Decimal(2)]
    assert new["status"] == "published"
    folder = old["quarantine"]["location"]
    assert f"{folder}report.json" in storage.objects
    assert [at for at in storage.objects if at.startswith(f"{folder}states/") and at.endswith("-superseded.json")]


def test_an_older_version_that_comes_late_changes_nothing_and_says_so() -> None:
    """As when a file is put in place of a newer one with its old time."""
    storage = MemoryStorage()
    storage.now += timedelta(hours=1)
    newest = run(upload(order(1, 5)), storage=storage)
    lake_then = {at: data for at, data in storage.objects.items() if at != ORDERS}
    storage.now -= timedelta(hours=1)
    with pytest.raises(UsageError, match="older than what the lake holds of it"):
        run(upload(order(1, 1), order(2, -1)), storage=storage)
    assert {at: data for at, data in storage.objects.items() if at != ORDERS} == lake_then
    assert run(upload(order(1, 5)), storage=storage) == newest


def test_an_upload_that_changes_while_it_is_read_counts_as_it_is_now() -> None:
    data = [upload(order(1, -1)), upload(order(1, 1))]

    class Changing(MemoryStorage):
        def copy(self, upload: Any, location: str) -> None:
            if data:
                self.objects[ORDERS] = (data.pop(), self.now + timedelta(seconds=1))
            super().copy(upload, location)

    storage = Changing()
    report = run(data.pop(0), feed(maxQuarantined="0 records"), storage)
    assert report["status"] == "published"
    assert lake(storage)["price"].to_pylist() == [Decimal(1)]


def test_check_judges_alike_and_writes_nothing() -> None:
    storage = MemoryStorage({ORDERS: upload(order(1, -1), order(2, 1))})
    report = pipeline.check(ORDERS, feed(), storage)
    assert list(storage.objects) == [ORDERS]
    assert broken(report) == {"minimum": 1}
    assert (report["files"], report["quarantine"]) == ([], None)


@pytest.mark.parametrize("staged", ["etl.lake.file._Sink.spill", "etl.pipeline.judgement.envelope"])
def test_a_full_disk_is_broken_infrastructure(staged: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(staged, full)
    storage = MemoryStorage()
    with pytest.raises(StorageError, match=r"orders\.json: .*staged.*No space left on device.*EphemeralStorage"):
        run(upload(order(1, 2), order(2, -1)), storage=storage)
    assert list(storage.objects) == [ORDERS]


def test_keys_hold_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    read = judgement.read
    monkeypatch.setattr(judgement, "read", lambda *args, **named: read(*args, block_bytes=64, **named))
    report = run(upload(*(order(i, 1) for i in range(50)), order(7, 1)))
    assert broken(report) == {"primaryKey": 1}
    assert report["rules"][0]["examples"][0]["detail"] == "first in record 8"


prices = st.sampled_from([1, 2.5, "3.25", 0, -1, 1.005, "x", None, 10**9])
numbers = st.integers(1, 6) | st.sampled_from(["7", "x", None, 2**63])
days = st.sampled_from(["2024-01-10", "2024-01-11", "2024-02-30"])
people = st.sampled_from([None, "ana@example.com", "nobody", 5])
records = st.builds(
    lambda number, day, who, some: json.dumps(order(number, *some, day=day, who=who)).encode(),
    numbers, days, people, st.lists(prices, max_size=3),
) | st.sampled_from([b"nonsense", b"[1]", b'{"id": 1, "id": 2}', b"\xff", b"{}"])  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(records, max_size=8), st.sampled_from(["record", "row"]), st.sampled_from(["reject", "allow"]))
def test_nothing_is_lost_and_what_is_published_passes(texts: list[bytes], grain: str, empty: str) -> None:
    """Conservation; and published rows, read back from Parquet, pass the contract as an upload of their own."""
    storage = MemoryStorage()
    contract = feed(quarantineGrain=grain, emptyRecords=empty)
    texts = [json.dumps(order(100, 1)).encode(), *texts]  # the first line tells that the upload is NDJSON
    report = run(b"\n".join(texts), contract, storage)
    counts = report["records"]
    assert counts["read"] == len(texts) == counts["published"] + counts["quarantined"] + counts["split"]
    assert len(rejected(storage)) == counts["quarantined"] + counts["split"]
    rows = lake(storage).to_pylist()
    assert len(rows) == report["tables"]["lines"]["published"] == sum(file["rows"] for file in report["files"])
    again = [_document(row) for row in rows]
    assert pipeline.check(ORDERS, contract, MemoryStorage({ORDERS: json.dumps(again).encode()}))["rules"] == []


def _document(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the order that gives it. Its day is in its file's path, not in the row."""
    line = {"sku": row["sku"], "price": str(row["price"])}
    return {"id": row["id"], "day": "2024-01-10", "who": row["who"], "lines": [line]}


def test_what_is_taken_whole_names_no_rows() -> None:
    """Row grain: one table's shape is broken, so the record goes as a whole, with the other table's good rows."""
    payments = """  - name: payments
    properties:
      - {name: cents, logicalType: integer, transformLogic: "$.paid[*].cents"}
"""
    text = FEED.format(policies="  - {property: quarantineGrain, value: row}", quality="      []") + payments
    contract = contracts.loads(text, "feed.odcs.yaml", {})
    storage = MemoryStorage()
    run(upload(order(1, 1, -1, 3, paid="cash"), order(2, 1, paid=[{"cents": 5}])), contract, storage)
    (envelope,) = rejected(storage)
    assert "rows" not in envelope


def test_personal_parts_of_a_column_are_masked_in_every_rule() -> None:
    contract = contracts.loads(
        FEED.format(
            policies="  []",
            quality="""      - {name: far, type: custom, engine: duckdb, implementation: addr.zip > '5'}
      - {name: all, type: sql, query: SELECT max(addr.zip) FROM lines, mustBe: '0', severity: warning}
""",
        ).replace(
            "      - name: sku",
            "      - name: addr\n        logicalType: object\n        properties:\n"
            "          - {name: zip, logicalType: string, classification: restricted}\n"
            "          - {name: city, logicalType: string}\n      - name: sku",
        ),
        "feed.odcs.yaml",
        {},
    )
    addresses = [{"zip": "123-SECRET"}, {"zip": True, "city": "x"}, "SECRET street", {"zip": "9-SECRET"}]
    report = run(upload(*(order(at, 1, addr=address) for at, address in enumerate(addresses, 1))), contract)
    assert broken(report) == {"type": 2, "far": 1, "all": 0}
    assert "SECRET" not in json.dumps(report)


def test_a_row_that_duckdb_cannot_compute_is_broken_and_no_other() -> None:
    quality = """      - name: zone
        type: custom
        engine: duckdb
        implementation: timezone(who, TIMESTAMPTZ '2024-01-01') IS NOT NULL
"""
    contract = contracts.loads(
        FEED.format(policies="  []", quality=quality).replace(", logicalTypeOptions: {format: email}", ""), "f.yaml", {}
    )
    report = run(upload(order(1, 1, who="UTC"), order(2, 1, who="Nowhere"), order(3, 1, who="UTC")), contract)
    assert broken(report) == {"zone": 1}
    assert report["rules"][0]["examples"][0]["record"] == 2
    assert "Nowhere" not in json.dumps(report)


def test_what_lies_among_the_outputs_is_no_upload() -> None:
    with pytest.raises(UsageError, match="is no upload"):
        pipeline.run(f"{OUTPUTS.lake}lines/a.parquet", feed(), MemoryStorage(), OUTPUTS)


@pytest.mark.parametrize("data", [{"error": "no such shop"}, {"orders": None}, [order(1, 1)]])
def test_an_upload_without_the_wrapped_records_is_not_an_empty_one(data: object) -> None:
    storage = MemoryStorage()
    contract = feed(records="$.orders[*]")
    run(json.dumps({"orders": [order(1, 1)]}).encode(), contract, storage)
    assert run(json.dumps(data).encode(), contract, storage)["status"] == "rejected"


def test_a_query_without_a_value_breaks_its_rule() -> None:
    rule = "      - {name: sold, type: sql, query: SELECT sum(price) FROM lines WHERE id > 99, mustBeGreaterThan: 5}"
    assert broken(run(upload(order(1, 1)), feed(rule))) == {"sold": 0}


@pytest.mark.parametrize("places", [("l", ""), ("", "q"), ("l", "l/"), ("l", "l/lines/q")])
def test_outputs_that_are_in_each_others_way_are_refused(places: tuple[str, str]) -> None:
    with pytest.raises(UsageError):
        pipeline.outputs_of(feed(), *places)
