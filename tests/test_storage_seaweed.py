"""What only a real S3 server shows of the storage: races, parts, versions, pages, names."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig

from etl.errors import Conflict, StorageError
from etl.storage import s3 as module
from etl.storage.s3 import S3Storage
from tests.orders_on_s3 import hasty
from tests.seaweed import Seaweed

AT = "s3://orders/"
PART = 5 << 20  # the least that S3 takes
WRITERS = 16


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file of three parts."""
    path = tmp_path / "large"
    path.write_bytes(os.urandom(2 * PART + 12345))
    return path


def in_parts(monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    """Let uploads or copies be of several parts, however small."""
    monkeypatch.setattr(module, setting, TransferConfig(PART, multipart_chunksize=PART))


def won(storage: S3Storage, location: str, expect: str | None, start: threading.Barrier) -> bool:
    start.wait()
    try:
        storage.write(location, os.urandom(100), expect=expect)
    except Conflict:
        return False
    return True


def kill_at(seaweed: Seaweed, part: int) -> Callable[..., None]:
    """End the server right before this part of an upload is sent."""

    def before(params: Any, **_: object) -> None:
        if params["query_string"]["partNumber"] == part:
            seaweed.kill()

    return before


def test_of_many_conditional_writes_at_once_one_wins(seaweed: Seaweed) -> None:
    storages, start = [S3Storage() for _ in range(WRITERS)], threading.Barrier(WRITERS)
    at = AT + "_runs/report.json"
    with ThreadPoolExecutor(WRITERS) as threads:
        first = list(threads.map(lambda storage: won(storage, at, None, start), storages))
        _, tag = storages[0].read(at)
        then = list(threads.map(lambda storage: won(storage, at, tag, start), storages))
    assert (sum(first), sum(then)) == (1, 1)


def test_conditional_writes_of_many_processes_lose_no_update(seaweed: Seaweed) -> None:
    at = AT + "counter"
    S3Storage().write(at, b"0", expect=None)
    code = f"""
from etl.errors import Conflict, StorageError
from etl.storage.s3 import S3Storage
storage, done = S3Storage(), 0
while done < 15:
    data, tag = storage.read({at!r})
    try:
        storage.write({at!r}, b"%d" % (int(data) + 1), expect=tag)
        done += 1
    except Conflict:
        pass
"""
    runs = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [run.wait(60) for run in runs] == [0, 0, 0]
    assert seaweed.objects() == {"counter": b"45"}


def test_a_tag_that_is_no_longer_true_writes_nothing(seaweed: Seaweed) -> None:
    storage, at = S3Storage(), AT + "report.json"
    storage.write(at, b"1", expect=None)
    _, tag = storage.read(at)
    storage.write(at, b"2", expect=tag)
    for stale in (tag, None):
        with pytest.raises(Conflict, match=r"report\.json: another version is here"):
            storage.write(at, b"3", expect=stale)
    storage.delete([at])
    with pytest.raises(Conflict):
        storage.write(at, b"4", expect=tag)
    assert seaweed.objects() == {}


def test_a_large_file_goes_and_comes_in_parts_and_is_the_same(
    seaweed: Seaweed, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_parts(monkeypatch, "_UPLOAD")
    in_parts(monkeypatch, "_COPY")
    storage = S3Storage()
    storage.put(large, AT + "in/large")
    with storage.fetch(AT + "in/large") as (upload, path):
        assert (upload.size, path.read_bytes()) == (large.stat().st_size, large.read_bytes())
    storage.copy(upload, AT + "q/upload")
    copied = storage.stat(AT + "q/upload")
    assert [(one.etag or "")[-2:] for one in (upload, copied)] == ["-3", "-3"]
    assert storage.read(AT + "q/upload")[0] == large.read_bytes()


def test_a_file_of_which_parts_are_missing_is_not_there(
    seaweed: Seaweed, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_parts(monkeypatch, "_UPLOAD")
    doomed = hasty(1)
    doomed._client.meta.events.register("before-call.s3.UploadPart", kill_at(seaweed, 2))
    with pytest.raises(StorageError, match="s3://orders/large: S3 can't be reached"):
        doomed.put(large, AT + "large")
    seaweed.start()
    assert seaweed.listed() == []
    S3Storage().put(large, AT + "large")
    assert seaweed.objects() == {"large": large.read_bytes()}


@pytest.mark.parametrize("parts", [False, True])
def test_a_copy_is_of_what_was_read_or_it_is_not(
    seaweed: Seaweed, large: Path, monkeypatch: pytest.MonkeyPatch, parts: bool
) -> None:
    if parts:
        in_parts(monkeypatch, "_COPY")
    storage = S3Storage()
    storage.put(large, AT + "in/large")
    upload = storage.stat(AT + "in/large")
    large.write_bytes(os.urandom(upload.size))  # of the same size and perhaps of the same second
    storage.put(large, AT + "in/large")
    with pytest.raises(Conflict, match="in/large: another version"):
        storage.copy(upload, AT + "q/upload")
    assert list(seaweed.objects()) == ["in/large"]
    assert not seaweed.admin.list_multipart_uploads(Bucket="orders").get("Uploads")


def test_a_versioned_upload_is_copied_as_it_was_read(seaweed: Seaweed) -> None:
    seaweed.admin.put_bucket_versioning(Bucket="orders", VersioningConfiguration={"Status": "Enabled"})
    storage = S3Storage()
    storage.write(AT + "in/a", b"first", expect=None)
    with storage.fetch(AT + "in/a") as (upload, _):
        storage.write(AT + "in/a", b"second", expect=storage.read(AT + "in/a")[1])
    storage.copy(upload, AT + "q/first")
    storage.delete([AT + "in/a"])
    storage.copy(upload, AT + "q/removed")
    assert seaweed.objects() == {"q/first": b"first", "q/removed": b"first"}
    storage.write(AT + "in/a", b"third", expect=None)  # a removed object is none, though its versions stay


def test_more_than_a_page_of_objects_is_listed_and_removed(seaweed: Seaweed) -> None:
    for number in range(1001):
        seaweed.admin.put_object(Bucket="orders", Key=f"many/{number:04}", Body=b"")
    storage = S3Storage()
    found = [upload.location for upload in storage.list(AT + "many/")]
    assert found == [f"{AT}many/{number:04}" for number in range(1001)]
    storage.delete(found)
    assert storage.list(AT) == []


@pytest.mark.parametrize(
    "name",
    [
        "pedidos de São João.json",
        "10+11.json",
        "a%2Fb%3D.json",
        '🍵,;".json',
        "d'água & cia?.json#1",
        "order_date=2024-01-10/a%3Ab.parquet",
        "e\u0301.json",
        "\u00e9.json",
    ],
)
def test_names_are_what_they_are(seaweed: Seaweed, tmp_path: Path, name: str) -> None:
    storage, staged = S3Storage(), tmp_path / "staged"
    staged.write_bytes(name.encode())
    storage.put(staged, AT + name)
    [listed] = storage.list(AT)
    with storage.fetch(listed.location) as (upload, path):
        assert (upload, path.read_bytes()) == (storage.stat(AT + name), name.encode())
    storage.copy(upload, f"{AT}q/{name}")
    storage.delete([AT + name])
    assert seaweed.objects() == {f"q/{name}": name.encode()}
