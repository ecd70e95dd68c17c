"""A lake on a real S3 server: read as one on a disk, with the S3 that boto3 would ask."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from etl.errors import StorageError
from etl.query import catalogue, lying
from etl.query.database import asked
from etl.storage import arrow_files, open_storage
from tests.query.lakes import DAY, NUMBER, PRICE, ask, contract, publish
from tests.seaweed import ADMIN, BUCKET, READER, UNKNOWN, WRONG_SECRET, Identity, Seaweed

ROOT = Path(__file__).parents[2]
LAKE = f"s3://{BUCKET}/a lake/50% ü/"
PLACE = {"name": "p", "logicalType": "string", "required": True, "partitioned": True, "partitionKeyPosition": 2}
AGREED = contract(feed=[NUMBER, PRICE, {**DAY, "partitionKeyPosition": 1}, PLACE])
VALUES = ["01", "a b", "x=y", "50%", "%41", "ü/日本", "+", ""]
ROWS = [{"n": at, "price": f"{at}.50", "day": "2024-01-10", "p": value} for at, value in enumerate(VALUES)]


@pytest.fixture
def lake(seaweed: Seaweed, tmp_path: Path) -> str:
    publish(LAKE, AGREED, "a", *ROWS, source=tmp_path)
    return LAKE


def etl(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from etl.cli import main; main()", "lake", *arguments]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(command, env=kept | environment, capture_output=True, text=True, cwd=ROOT)


def test_what_is_read_is_what_was_sent(lake, tmp_path):
    assert ask("SELECT n, price, day, p FROM feed ORDER BY n", lake, tmp_path) == ROWS
    for value in VALUES:
        assert [row["p"] for row in ask(f"SELECT p FROM feed WHERE p = '{value}'", lake, tmp_path)] == [value]


def test_a_partition_opens_its_files_only(lake, seaweed, tmp_path):
    for key in seaweed.listed():
        if key.endswith(".parquet") and "p=01/" not in key:
            seaweed.admin.put_object(Bucket=BUCKET, Key=key, Body=b"broken")
    assert ask("SELECT n FROM feed WHERE p = '01'", lake, tmp_path) == [{"n": 0}]
    with pytest.raises(StorageError, match="feed: its files can't be read"):
        ask("SELECT n FROM feed", lake, tmp_path)


def test_what_lies_there(lake, seaweed):
    (table,) = catalogue([lake], open_storage()).tables
    there = lying(table, open_storage())
    assert (there.gone, there.others, there.size > 0) == ([], [], True)


@pytest.mark.parametrize("identity", [ADMIN, READER], ids=["admin", "reader"])
def test_who_may_read_reads(lake, seaweed, identity: Identity, tmp_path):
    done = etl(
        seaweed.environment(identity) | {"XDG_CACHE_HOME": str(tmp_path)},
        "query",
        "SELECT sum(price) AS s FROM feed",
        "--json",
        "--lake",
        lake,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, '{"s":32.00}\n', "")


def test_a_profile_says_all_of_it(lake, seaweed, tmp_path):
    """Endpoint, keys and region as a configuration file has them: pyarrow alone would not look there."""
    file = tmp_path / "config"
    file.write_text(
        f"[profile shop]\nregion = eu-central-1\nendpoint_url = {seaweed.endpoint}\n"
        f"aws_access_key_id = {ADMIN.key}\naws_secret_access_key = {ADMIN.secret}\n"
    )
    environment = {
        "AWS_PROFILE": "shop",
        "AWS_CONFIG_FILE": str(file),
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "XDG_CACHE_HOME": str(tmp_path),
    }
    done = etl(environment, "query", "SELECT count(*) AS c FROM feed", "--json", "--lake", lake.rstrip("/"))
    assert (done.returncode, done.stdout, done.stderr) == (0, '{"c":8}\n', "")


@pytest.mark.parametrize(
    ("identity", "more", "root", "code", "said"),
    [
        (WRONG_SECRET, {}, LAKE, 3, "the credentials are not accepted"),
        (UNKNOWN, {}, LAKE, 3, "the credentials are not accepted"),
        (ADMIN, {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, LAKE, 3, "S3 can't be reached"),
        (ADMIN, {}, "s3://nowhere/lake/", 3, "there is no such bucket"),
        (ADMIN, {}, f"s3://{BUCKET}/mistyped", 2, "there is no lake here"),
    ],
)
def test_what_is_wrong_is_said(lake, seaweed, identity: Identity, more, root, code, said, tmp_path):
    environment = seaweed.environment(identity) | more | {"XDG_CACHE_HOME": str(tmp_path)}
    done = etl(environment, "query", "SELECT 1", "--lake", root)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_that_goes_in_the_middle(lake, seaweed, monkeypatch):
    """Not for ever, and no traceback: pyarrow tries again, a few times."""
    (table,) = catalogue([lake], open_storage()).tables
    dataset = table.dataset()
    seaweed.kill()
    with (
        pytest.raises(StorageError, match="feed: its files can't be read"),
        asked("FROM feed", {"feed": dataset}) as rows,
    ):
        list(rows.batches)


def test_files_of_pyarrow_are_those_of_the_storage(lake, seaweed):
    files, root = arrow_files(lake)
    for one in open_storage().list(f"{lake}_runs/"):
        with files.open_input_stream(root + one.location.removeprefix(lake)) as stream:
            assert stream.read() == open_storage().read(one.location)[0]
