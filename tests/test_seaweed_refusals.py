"""Who is refused is told what to do, by storage, command and function; and that is never taken for bad data."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from etl.errors import StorageError
from etl.storage.s3 import S3Storage
from tests import orders_on_s3 as orders
from tests.handler.test_events import saved
from tests.handler.test_handler import Context
from tests.seaweed import ADMIN, READER, UNKNOWN, WRONG_SECRET, Identity, Seaweed
from tests.test_cli import etl

LOGIN = "the credentials are not accepted; log in again, then run it again"
DENIED = "access is denied; allow this role"
EITHER = "access is denied; log in again, or allow this role"  # an answer to HEAD has no body that would say more


def become(seaweed: Seaweed, identity: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in seaweed.environment(identity).items():
        monkeypatch.setenv(name, value)


CALLS: dict[str, Callable[[S3Storage, str, Path], object]] = {
    "stat": lambda storage, at, _: storage.stat(at),
    "list": lambda storage, at, _: storage.list(at),
    "read": lambda storage, at, _: storage.read(at),
    "fetch": lambda storage, at, _: storage.fetch(at).__enter__(),
    "write": lambda storage, at, _: storage.write(at, b"", expect=None),
    "put": lambda storage, at, staged: storage.put(staged, at),
    "delete": lambda storage, at, _: storage.delete([at]),
}


@pytest.mark.parametrize(
    ("identity", "said"),
    [
        (WRONG_SECRET, {**dict.fromkeys(CALLS, LOGIN), "stat": EITHER}),
        (UNKNOWN, {**dict.fromkeys(CALLS, LOGIN), "stat": EITHER}),
        (READER, {"write": DENIED, "put": DENIED, "delete": r"it can't be removed \(AccessDenied\); allow this role"}),
    ],
    ids=["wrong secret", "unknown key", "no rights to write"],
)
def test_the_storage_says_what_to_do(
    seaweed: Seaweed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, identity: Identity, said: dict[str, str]
) -> None:
    orders.upload(seaweed, b"{}")
    become(seaweed, identity, monkeypatch)
    storage, staged = S3Storage(), tmp_path / "staged"
    staged.write_bytes(b"new")
    for name, text in said.items():
        with pytest.raises(StorageError, match=f"^{orders.LOCATION}: {text}") as caught:
            CALLS[name](storage, orders.LOCATION, staged)
        assert type(caught.value) is StorageError
    assert seaweed.objects() == {orders.KEY: b"{}"}


def test_a_bucket_of_others_and_one_that_is_not_there(seaweed: Seaweed, monkeypatch: pytest.MonkeyPatch) -> None:
    become(seaweed, READER, monkeypatch)
    with pytest.raises(StorageError, match=f"^s3://others/in/: {DENIED}"):
        S3Storage().list("s3://others/in/")
    become(seaweed, ADMIN, monkeypatch)
    with pytest.raises(StorageError, match=r"^s3://others/in/: there is no such bucket; check ORDERS_BUCKET"):
        S3Storage().list("s3://others/in/")


@pytest.mark.parametrize(("identity", "said"), [(WRONG_SECRET, LOGIN), (READER, DENIED)], ids=["secret", "rights"])
def test_the_command_ends_with_3_and_one_line(seaweed: Seaweed, identity: Identity, said: str) -> None:
    orders.upload(seaweed, orders.PARTIAL)
    done = etl("run", orders.LOCATION, ORDERS_BUCKET="orders", **seaweed.environment(identity))
    assert (done.returncode, done.stdout) == (3, "")
    assert (done.stderr.startswith("etl: s3://orders/"), said in done.stderr) == (True, True)
    assert len(done.stderr.splitlines()) == 1
    assert seaweed.listed() == [orders.KEY]


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[dict[str, Any]], dict[str, Any]]]:
    """The function, with the storage that the environment of each call gives."""
    import handler

    monkeypatch.setenv("ORDERS_BUCKET", "orders")

    def invoke(event: dict[str, Any]) -> dict[str, Any]:
        handler._storage.cache_clear()
        return handler.handler(event, Context())

    yield invoke
    handler._storage.cache_clear()


@pytest.mark.parametrize("identity", [WRONG_SECRET, UNKNOWN, READER], ids=["secret", "key", "rights"])
def test_the_function_gives_the_message_back_until_it_may(
    seaweed: Seaweed, function: Any, monkeypatch: pytest.MonkeyPatch, identity: Identity
) -> None:
    orders.upload(seaweed, orders.PARTIAL)
    message = saved("sqs_s3")
    message["Records"] = [message["Records"][0] | {"body": json.dumps(saved("s3_one"))}]
    become(seaweed, identity, monkeypatch)
    assert function(message) == {"batchItemFailures": [{"itemIdentifier": "message-1"}]}
    assert seaweed.listed() == [orders.KEY]
    become(seaweed, ADMIN, monkeypatch)
    assert function(message) == {"batchItemFailures": []}
    assert [key for key in seaweed.listed() if key.startswith("orders_quarantine/")]
