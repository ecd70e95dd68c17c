"""The three storages behave alike, with S3 in this process (moto) and as a server; every lower exception is ours."""

import errno
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from etl.errors import Conflict, NotFound, StorageError
from etl.storage import AnyStorage, LocalStorage, MemoryStorage, Storage, is_s3, normal, open_storage

BUCKET = "s3://orders/"


@pytest.fixture(params=["local", "memory", "s3", "seaweed"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Storage, str]]:
    """A storage, and the location of an empty folder in it."""
    if request.param in ("s3", "seaweed"):
        request.getfixturevalue(request.param)
        from etl.storage.s3 import S3Storage

        yield S3Storage(), BUCKET
    else:
        yield (LocalStorage() if request.param == "local" else MemoryStorage()), f"{tmp_path}/lake/"


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    path = tmp_path / "staged"
    path.write_bytes(b"new")
    return path


def _names(storage: Storage, prefix: str, base: str) -> list[str]:
    return [upload.location.removeprefix(base) for upload in storage.list(prefix)]


def test_a_put_object_is_there_whole(place, staged):
    storage, base = place
    storage.put(staged, base + "orders/order_date=2024-01-10/a.parquet")
    storage.put(staged, base + "orders/order_date=2024-01-10/a.parquet")
    upload = storage.stat(base + "orders/order_date=2024-01-10/a.parquet")
    assert (upload.size, upload.arrival.tzinfo) == (3, UTC)
    with storage.fetch(upload.location) as (fetched, path):
        assert path.read_bytes() == b"new"
        assert (fetched.location, fetched.size, fetched.arrival) == (upload.location, 3, upload.arrival)
        assert fetched.etag == upload.etag
        assert not (fetched.etag or "").startswith('"')


@pytest.mark.parametrize(
    ("prefix", "names"),
    [
        ("", ["a.json", "a/b.json", "a/c/d.json", "ab.json", "b.json"]),
        ("a/", ["a/b.json", "a/c/d.json"]),
        ("a", ["a.json", "a/b.json", "a/c/d.json", "ab.json"]),
        ("a/c/d.json", ["a/c/d.json"]),
        ("nothing/", []),
    ],
)
def test_list_gives_all_that_begins_so(place, prefix, names):
    storage, base = place
    for name in ("b.json", "ab.json", "a/c/d.json", "a.json", "a/b.json"):
        storage.write(base + name, b"{}", expect=None)
    assert _names(storage, base + prefix, base) == names


@pytest.mark.parametrize(
    ("prefix", "names"),
    [
        ("", ["a b/", "a/", "ü=1/"]),
        ("a/", ["a/c/", "a/d=%2F/"]),
        ("a/c/", ["a/c/e/"]),
        ("nothing/", []),
    ],
)
def test_folders_are_those_directly_below(place, prefix, names):
    storage, base = place
    for name in ("b.json", "a/c/e/d.json", "a/b.json", "a/d=%2F/x", "a/c/f", "a b/c", "ü=1/x"):
        storage.write(base + name, b"{}", expect=None)
    assert [at.removeprefix(base) for at in storage.folders(base + prefix)] == names


def test_more_than_a_thousand_are_removed_in_several_requests(s3, monkeypatch):
    from etl.storage import s3 as module

    monkeypatch.setattr(module, "_DELETE", 2)
    storage = open_storage()
    for number in range(5):
        s3.put_object(Bucket="orders", Key=f"n/{number}", Body=b"")
    storage.delete(upload.location for upload in storage.list(BUCKET + "n/"))
    assert storage.list(BUCKET + "n/") == []


def test_list_goes_on_over_all_pages(s3, monkeypatch):
    from etl.storage.s3 import S3Storage

    storage = S3Storage()
    for number in range(5):
        s3.put_object(Bucket="orders", Key=f"n/{number}", Body=b"")
    storage._client.meta.events.register(
        "before-parameter-build.s3.ListObjectsV2", lambda params, **_: params.update(MaxKeys=2)
    )
    assert [upload.location for upload in storage.list(BUCKET + "n/")] == [f"{BUCKET}n/{n}" for n in range(5)]


def test_conditional_writes(place):
    storage, base = place
    at = base + "_runs/orders/report.json"
    storage.write(at, b"1", expect=None)
    with pytest.raises(Conflict, match=r"report\.json: another version is here"):
        storage.write(at, b"2", expect=None)
    data, tag = storage.read(at)
    storage.write(at, data + b"2", expect=tag)
    with pytest.raises(Conflict, match="another version"):
        storage.write(at, b"3", expect=tag)
    assert storage.read(at)[0] == b"12"
    storage.delete([at])
    with pytest.raises(Conflict):
        storage.write(at, b"4", expect=tag)
    assert storage.list(base) == []


def test_nothing_there(place):
    storage, base = place
    for call in (storage.stat, storage.read, lambda at: storage.fetch(at).__enter__()):
        with pytest.raises(NotFound, match="gone"):
            call(base + "gone")
    storage.delete([base + "gone", base + "a/gone"])


def test_copy_is_of_what_was_read(place, staged):
    storage, base = place
    storage.put(staged, base + "upload")
    upload = storage.stat(base + "upload")
    storage.copy(upload, base + "quarantine/x/upload")
    assert storage.read(base + "quarantine/x/upload")[0] == b"new"
    staged.write_bytes(b"corrected")
    storage.put(staged, base + "upload")
    with pytest.raises(Conflict, match="upload"):
        storage.copy(upload, base + "quarantine/y/upload")
    assert storage.list(base + "quarantine/y/") == []


def test_a_versioned_upload_is_copied_as_it_was(s3):
    s3.put_bucket_versioning(Bucket="orders", VersioningConfiguration={"Status": "Enabled"})
    storage = open_storage()
    s3.put_object(Bucket="orders", Key="in/a", Body=b"first")
    with storage.fetch(BUCKET + "in/a") as (upload, _):
        assert upload.version is not None
    storage.copy(upload, BUCKET + "q/upload")
    assert storage.read(BUCKET + "q/upload")[0] == b"first"


@pytest.mark.parametrize("server", ["s3", "seaweed"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("q/report.html", "text/html; charset=utf-8"),
        ("q/report.json", "application/json"),
        ("q/rejected.ndjson", "application/x-ndjson"),
        ("t/n=1.5/a.parquet", "application/vnd.apache.parquet"),
        ("_contracts/orders/1.0.0-ab.odcs.yaml", "application/yaml"),
        ("q.html/upload", None),
    ],
)
def test_an_object_on_s3_says_what_it_is(server, name, said, staged, request):
    """A browser goes by it. What has no name of ours is not vouched for."""
    request.getfixturevalue(server)
    import boto3

    from etl.storage.s3 import S3Storage

    storage = S3Storage()
    for key, write in (
        ("put/", lambda at: storage.put(staged, at)),
        ("new/", lambda at: storage.write(at, b"", expect=None)),
    ):
        write(f"{BUCKET}{key}{name}")
        kind = boto3.client("s3").head_object(Bucket="orders", Key=f"{key}{name}")["ContentType"]
        assert kind == said if said else "html" not in kind


@pytest.mark.parametrize(
    ("size", "threshold", "requests"),
    [
        (1, 64 << 20, ["PutObject"]),
        (6 << 20, 64 << 20, ["PutObject"]),
        (6 << 20, 5 << 20, ["CreateMultipartUpload", "UploadPart", "UploadPart", "CompleteMultipartUpload"]),
    ],
)
def test_s3_takes_a_file_in_one_request_and_a_large_one_in_parts(s3, tmp_path, monkeypatch, size, threshold, requests):
    from boto3.s3.transfer import TransferConfig

    from etl.storage import s3 as module

    monkeypatch.setattr(module, "_UPLOAD", TransferConfig(threshold, multipart_chunksize=5 << 20))
    storage, calls = module.S3Storage(), []
    storage._client.meta.events.register("before-call.s3", lambda model, **_: calls.append(model.name))
    path = tmp_path / "staged"
    path.write_bytes(b"x" * size)
    storage.put(path, BUCKET + "big")
    assert calls == requests
    assert storage.stat(BUCKET + "big").size == size


@pytest.mark.parametrize(("here", "there"), [("local", "s3"), ("s3", "local")])
def test_copy_between_storages(s3, tmp_path, staged, here, there):
    bases = {"local": f"{tmp_path}/", "s3": BUCKET}
    storage = AnyStorage()
    storage.put(staged, bases[here] + "in/a")
    upload = storage.stat(bases[here] + "in/a")
    storage.copy(upload, bases[there] + "q/upload")
    assert storage.read(bases[there] + "q/upload")[0] == b"new"
    staged.write_bytes(b"corrected")
    storage.put(staged, bases[here] + "in/a")
    with pytest.raises(Conflict, match="has changed"):
        storage.copy(upload, bases[there] + "q/upload")
    storage.delete([bases["local"] + "in/a", BUCKET + "in/a"])
    assert storage.list(bases[here] + "in/") == []


def test_a_local_run_imports_no_boto(tmp_path):
    code = f"import sys, etl.storage as s; s.open_storage().list({str(tmp_path)!r}); print('boto3' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


# Local files


def test_one_of_many_concurrent_writers_wins(tmp_path):
    storage, at = LocalStorage(), f"{tmp_path}/lake/report.json"

    def won(number: int) -> bool:
        with suppress(Conflict):
            storage.write(at, b"%d" % number, expect=None)
            return True
        return False

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(won, range(64))) == 1


def test_conditional_writes_of_many_processes_lose_no_update(tmp_path):
    at = f"{tmp_path}/counter"
    LocalStorage().write(at, b"0", expect=None)
    code = f"""
from etl.errors import Conflict
from etl.storage import LocalStorage
storage, done = LocalStorage(), 0
while done < 40:
    data, tag = storage.read({at!r})
    try:
        storage.write({at!r}, b"%d" % (int(data) + 1), expect=tag)
        done += 1
    except Conflict:
        pass
"""
    runs = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [run.wait() for run in runs] == [0, 0, 0]
    assert (LocalStorage().read(at)[0], os.listdir(tmp_path)) == (b"120", ["counter"])


def test_what_is_no_regular_file_is_not_listed_nor_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "a.json").write_bytes(b"{}")
    assert [found.location for found in LocalStorage().list(f"{tmp_path}/")] == [f"{tmp_path}/a.json"]
    with (
        pytest.raises(StorageError, match="this is no regular file"),
        LocalStorage().fetch(f"{tmp_path}/pipe.json"),
    ):
        pass


def test_a_link_to_a_folder_round_it_does_not_double_what_is_there(tmp_path):
    (tmp_path / "in" / "day").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    for name in ("in/a.json", "in/day/b.json", "elsewhere/c.json"):
        (tmp_path / name).write_bytes(b"{}")
    (tmp_path / "in" / "day" / "back").symlink_to(tmp_path / "in", target_is_directory=True)
    (tmp_path / "in" / "more").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    found = [upload.location.removeprefix(f"{tmp_path}/in/") for upload in LocalStorage().list(f"{tmp_path}/in/")]
    assert found == ["a.json", "day/b.json", "more/c.json"]


def test_writers_and_removers_of_one_folder_get_along(tmp_path, staged):
    storage = LocalStorage()

    def turn(number: int) -> None:
        at = f"{tmp_path}/lake/day=1/{number % 3}"
        storage.put(staged, at)
        storage.delete([at])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(turn, range(300)))
    assert not (tmp_path / "lake" / "day=1").exists()


def test_a_killed_write_leaves_nothing_that_counts(tmp_path, staged):
    part = tmp_path / "lake" / "day=1" / ".a.parquet.etl-part"
    part.parent.mkdir(parents=True)
    storage, at = LocalStorage(), f"{part.parent}/a.parquet"
    part.write_bytes(b"half of a longer file")
    assert storage.list(f"{tmp_path}/lake/") == []
    storage.put(staged, at)
    assert (os.listdir(part.parent), storage.read(at)[0]) == (["a.parquet"], b"new")
    part.write_bytes(b"half")
    storage.delete([at])
    assert os.listdir(tmp_path / "lake") == []


def test_what_killed_writers_left_goes_with_the_last_file_and_what_living_ones_write_stays(tmp_path, staged):
    storage, folder = LocalStorage(), tmp_path / "intents"
    storage.put(staged, f"{folder}/a.json")
    dead, living = folder / ".b.json.etl-part", folder / ".c.json.etl-part"
    dead.write_bytes(b"{")
    with living.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        storage.delete([f"{folder}/a.json"])
        assert living.exists()
    storage.delete([f"{folder}/a.json"])
    assert not folder.exists()


def test_delete_takes_empty_partitions_along_and_no_more(tmp_path, staged):
    storage = LocalStorage()
    for name in ("orders/day=1/hour=2/a", "orders/day=2/a", "orders/day=2/b"):
        storage.put(staged, f"{tmp_path}/lake/{name}")
    storage.delete([f"{tmp_path}/lake/orders/day=1/hour=2/a", f"{tmp_path}/lake/orders/day=2/a"])
    assert sorted(str(path.relative_to(tmp_path / "lake")) for path in (tmp_path / "lake").rglob("*")) == [
        "orders",
        "orders/day=2",
        "orders/day=2/b",
    ]


def test_local_arrival_is_the_exact_microsecond(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"")
    os.utime(path, ns=(0, 1_704_888_000_123_456_789))
    expected = datetime(2024, 1, 10, 12, tzinfo=UTC) + timedelta(microseconds=123_456)
    assert LocalStorage().stat(str(path)).arrival == expected


def test_local_faults(tmp_path, staged):
    storage = LocalStorage()
    cases = [
        (NotFound, "this is a folder", lambda: storage.stat(str(tmp_path))),
        (StorageError, "is a file", lambda: storage.read(f"{staged}/under-a-file")),
        (NotFound, "missing: there is no such file", lambda: storage.put(tmp_path / "missing", f"{tmp_path}/x")),
        (StorageError, "a file is expected here", lambda: storage.put(staged, str(tmp_path))),
        (StorageError, "a file is expected here", lambda: storage.write(str(tmp_path), b"", expect=None)),
        (StorageError, "shorter path", lambda: storage.put(staged, f"{tmp_path}/{'x' * 300}")),
    ]
    for kind, text, call in cases:
        with pytest.raises(kind, match=text) as caught:
            call()
        assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path) == ["staged"]


@pytest.mark.parametrize(
    ("number", "kind", "text"),
    [
        (errno.ENOENT, NotFound, "no such file"),
        (errno.ENOTDIR, StorageError, "is a file"),
        (errno.EACCES, StorageError, "allow this user"),
        (errno.EROFS, StorageError, "can be written"),
        (errno.ENOSPC, StorageError, "free some space"),
        (errno.EIO, StorageError, "check the path and the disk"),
    ],
)
def test_every_os_error_is_one_of_ours(tmp_path, monkeypatch, number, kind, text):
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(kind, match=text) as caught:
        LocalStorage().read("/lake/report.json")
    assert type(caught.value) is kind
    assert str(caught.value).startswith("/lake/report.json: ")
    assert isinstance(caught.value.__cause__, OSError)


# S3


def _client_error(code: str) -> Exception:
    from botocore.exceptions import ClientError

    return ClientError({"Error": {"Code": code, "Message": "two\nlines"}}, "PutObject")


@pytest.mark.parametrize(
    ("code", "kind", "text"),
    [
        ("NoSuchKey", NotFound, "no such object"),
        ("404", NotFound, "no such object here, or no such bucket"),
        ("NoSuchVersion", NotFound, "no such object"),
        ("412", Conflict, "another version"),
        ("PreconditionFailed", Conflict, "another version"),
        ("ConditionalRequestConflict", Conflict, "somebody else"),
        ("AccessDenied", StorageError, "allow this role"),
        ("403", StorageError, "log in again, or allow this role"),
        ("NoSuchBucket", StorageError, "no such bucket"),
        ("ExpiredToken", StorageError, "log in"),
        ("SlowDown", StorageError, "slow down"),
        ("InvalidObjectState", StorageError, "archived"),
        ("InternalError", StorageError, r"S3 answered InternalError \(two lines\)"),
    ],
)
def test_every_answer_of_s3_is_one_of_ours(code, kind, text):
    from etl.storage.faults import translated

    with pytest.raises(kind, match=text) as caught, translated("s3://orders/a"):
        raise _client_error(code)
    assert type(caught.value) is kind
    assert str(caught.value).startswith("s3://orders/a: ")
    assert "\n" not in str(caught.value)


def _lower_exceptions() -> list[tuple[Exception, str]]:
    from boto3.exceptions import S3UploadFailedError
    from botocore import exceptions as boto
    from urllib3.exceptions import SSLError

    return [
        (boto.NoCredentialsError(), "no AWS credentials"),
        (boto.PartialCredentialsError(provider="env", cred_var="key"), "incomplete"),
        (boto.CredentialRetrievalError(provider="sso", error_msg="?"), "log in"),
        (boto.ParamValidationError(report="?"), "s3://bucket/key"),
        (boto.EndpointConnectionError(endpoint_url="http://x"), "can't be reached"),
        (boto.ConnectTimeoutError(endpoint_url="http://x"), "can't be reached"),
        (boto.ReadTimeoutError(endpoint_url="http://x"), "can't be reached"),
        (boto.ResponseStreamingError(error="x"), "broke off"),
        (boto.IncompleteReadError(actual_bytes=1, expected_bytes=2), "broke off"),
        (SSLError("decryption failed or bad record mac"), "broke off"),
        (boto.NoRegionError(), "region"),
        (S3UploadFailedError("broke"), "broke"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left"),
    ]


@pytest.mark.parametrize(("error", "text"), _lower_exceptions(), ids=lambda case: type(case).__name__)
def test_every_lower_exception_is_one_of_ours(error, text):
    from etl.storage.faults import translated

    with pytest.raises(StorageError, match=text) as caught, translated("s3://orders/a"):
        raise error
    assert caught.value.__cause__ is error
    assert str(caught.value).startswith("s3://orders/a: ")


def test_a_failed_transfer_says_what_s3_answered(s3, staged):
    with pytest.raises(StorageError, match="s3://elsewhere/a: there is no such bucket"):
        open_storage().put(staged, "s3://elsewhere/a")


def test_a_refused_delete_is_not_silent(s3, monkeypatch):
    from etl.storage.s3 import S3Storage

    storage = S3Storage()
    errors = {"Errors": [{"Key": "a", "Code": "InternalError"}]}
    monkeypatch.setattr(storage._client, "delete_objects", lambda **_: errors)
    with pytest.raises(StorageError, match=r"s3://orders/a: it can't be removed \(InternalError\)"):
        storage.delete([BUCKET + "a"])


@pytest.mark.parametrize(
    ("location", "expected"),
    [("s3://b/a/../c", "s3://b/a/../c"), ("/x/./y/../z", "/x/z"), ("/x/y/", "/x/y/"), ("/", "/"), ("a/", "{cwd}/a/")],
)
def test_normal(location, expected):
    assert normal(location) == expected.format(cwd=Path.cwd().resolve().as_posix())


def test_is_s3():
    assert is_s3("s3://orders/")
    assert not is_s3("/s3/orders")
