"""Whole runs on a real S3 server: the same lake and quarantine as anywhere, byte for byte, however it is disturbed."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import awswrangler
import pytest

from etl import pipeline
from etl.errors import StorageError
from etl.storage.s3 import S3Storage
from tests import orders_on_s3 as orders
from tests.breaking_proxy import Break, BreakingProxy, breaking_proxy
from tests.seaweed import BUCKET, Seaweed

UPLOADS = {
    "published": orders.SAMPLE,
    "partial": orders.PARTIAL,
    "rejected": orders.REJECTED,
    "unreadable": orders.UNREADABLE,
}


@pytest.mark.parametrize("name", UPLOADS)
def test_a_run_leaves_what_it_leaves_on_moto(seaweed: Seaweed, request: pytest.FixtureRequest, name: str) -> None:
    orders.upload(seaweed, UPLOADS[name])
    storage = S3Storage()
    with storage.fetch(orders.LOCATION) as (upload, path):
        report, found = orders.run(storage), orders.results(seaweed)
        twin = request.getfixturevalue("s3")
        twin.put_object(Bucket=BUCKET, Key=orders.KEY, Body=UPLOADS[name])
        assert pipeline.run_file(upload, path, orders.CONTRACT, S3Storage(), orders.OUTPUTS) == report
    keys = [entry["Key"] for entry in twin.list_objects_v2(Bucket=BUCKET)["Contents"] if entry["Key"] != orders.KEY]
    assert found == {key: twin.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}
    assert report["status"] == ("rejected" if name == "unreadable" else name)


def test_awswrangler_reads_the_lake(seaweed: Seaweed) -> None:
    orders.upload(seaweed, orders.SAMPLE)
    published = orders.run(S3Storage())["tables"]["orders"]["published"]
    lake = awswrangler.s3.read_parquet(f"s3://{BUCKET}/orders_parquet_datalake/orders/", dataset=True)
    assert len(lake) == published == 18
    assert set(lake["_upload"]) == {orders.LOCATION}


def test_an_upload_that_is_replaced_while_it_is_copied_is_read_anew(seaweed: Seaweed) -> None:
    orders.upload(seaweed, orders.REJECTED)
    storage = S3Storage()
    on(storage, "CopyObject", "", lambda: orders.upload(seaweed, orders.SAMPLE))
    assert orders.run(storage)["status"] == "published"
    assert not [key for key in seaweed.listed() if key.startswith("orders_quarantine/")]
    orders.run(storage)  # the replacement's own event
    assert not [key for key in seaweed.listed() if ".intents/" in key]


def replaced(seaweed: Seaweed, storage: S3Storage, successor: bytes = orders.OTHER_PARTIAL) -> dict[str, bytes]:
    """Process a partial upload and replace it by another, to be processed next. Gives what is due to be there then."""
    orders.upload(seaweed, orders.PARTIAL)
    orders.run(storage)
    before = orders.results(seaweed)
    orders.upload(seaweed, successor)
    orders.run(storage)
    due = orders.results(seaweed)
    orders.restore(seaweed, before)
    return due


def on(storage: S3Storage, operation: str, key: str, act: Callable[[], None]) -> None:
    """Do something right before the first request of this kind to such a key (a regular expression)."""
    to_come = [act]

    def before(model: Any, params: Any, **_: object) -> None:
        if to_come and model.name == operation and re.search(key, params["url_path"]):
            to_come.pop()()

    storage._client.meta.events.register("before-call.s3", before)


@pytest.mark.parametrize(
    ("successor", "operation", "key"),
    [
        (orders.OTHER_PARTIAL, "PutObject", r"\.intents/"),
        (orders.OTHER_PARTIAL, "PutObject", r"\.parquet$"),
        (orders.OTHER_PARTIAL, "PutObject", r"_runs/orders/\w+\.json$"),
        (orders.OTHER_PARTIAL, "PutObject", r"/states/"),
        (orders.OTHER_PARTIAL, "DeleteObjects", ""),
        (orders.REJECTED, "CopyObject", ""),
    ],
)
def test_a_server_that_dies_in_mid_run_and_comes_back_ends_with_what_was_due(
    seaweed: Seaweed, successor: bytes, operation: str, key: str
) -> None:
    storage, doomed = S3Storage(), orders.hasty(1)
    due = replaced(seaweed, storage, successor)
    on(doomed, operation, key, seaweed.kill)
    with pytest.raises(StorageError, match="can't be reached; check the network and AWS_ENDPOINT_URL, then run it ag"):
        orders.run(doomed)
    seaweed.start()
    orders.run(storage)
    assert orders.results(seaweed) == due


@pytest.fixture
def proxy(seaweed: Seaweed, monkeypatch: pytest.MonkeyPatch) -> Iterator[BreakingProxy]:
    """All but the admin of SeaweedFS reach it through this."""
    with breaking_proxy(seaweed.port) as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL", running.endpoint)
        yield running


@pytest.mark.parametrize(
    "mark",
    [
        rb"PUT /orders/\S+\.intents/",
        rb"PUT /orders/\S+\.parquet",
        rb"PUT /orders/\S+_runs/orders/\w+\.json ",
        rb"POST /orders\?delete",
    ],
)
def test_an_answer_that_is_lost_changes_nothing(seaweed: Seaweed, proxy: BreakingProxy, mark: bytes) -> None:
    storage, lost = S3Storage(), Break(mark, "answer", 0)
    due = replaced(seaweed, storage)
    proxy.breaks.append(lost)
    orders.run(storage)
    assert orders.results(seaweed) == due
    assert lost.times == 0


def test_an_upload_that_breaks_off_is_not_taken_as_whole(seaweed: Seaweed, proxy: BreakingProxy) -> None:
    orders.upload(seaweed, b'{"order_id": 1}\n' * 10_000)
    storage = S3Storage()
    proxy.breaks.append(Break(rb"GET /orders/orders_json_incoming/", "answer", 1 << 16))
    with pytest.raises(StorageError, match=r"sample\.json: the connection broke off; run it again"):
        orders.run(storage)
    assert seaweed.listed() == [orders.KEY]
    assert orders.run(storage)["records"]["read"] == 10_000


@pytest.mark.parametrize("name", [".parquet", "/report.json"])
def test_a_request_that_breaks_off_leaves_no_part_of_an_object(
    seaweed: Seaweed, proxy: BreakingProxy, name: str
) -> None:
    storage = orders.hasty(2)
    due = replaced(seaweed, storage)
    before = seaweed.listed()
    mark = rb"PUT /orders/\S+" + re.escape(name).encode()
    proxy.breaks.append(Break(mark, "request", 1500, times=2))  # in the body: the head has fewer
    with pytest.raises(StorageError, match="can't be reached"):
        orders.run(storage)
    assert not [key for key in set(seaweed.listed()).difference(before) if key.endswith(name)]
    orders.run(storage)
    assert orders.results(seaweed) == due


def test_the_same_upload_many_times_at_once_is_there_once(seaweed: Seaweed) -> None:
    storage = S3Storage()
    due = replaced(seaweed, storage)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(orders.run, [storage] * 4))
    assert orders.results(seaweed) == due
