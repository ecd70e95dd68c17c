"""Names: what partition values and upload keys become in paths, on a local disk, in memory and on S3."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from etl import pipeline
from etl.contract.model import FolderName
from etl.lake.partition import Partition
from etl.pipeline import Outputs
from etl.storage import MemoryStorage, open_storage
from etl.validate.predicates import predicate
from tests.hostile.feeds import NUMBER, OUTPUTS, broken, contract, document, run, run_file

PLACE = "{name: p, logicalType: string, required: true, partitioned: true}"
VALUES = [
    "../../../etc/passwd", "..", ".", "/etc/passwd", "a/b", "a\\b", "=", "n=1", "%2F", "%2e%2e%2f", "%", "~", "$HOME",
    "\0", "\n", "\x1b[31m", "\u202e", "", " ", "CON", "a:b*?", "_runs", ".hidden", "<script>alert(1)</script>",
    "=HYPERLINK(\"http://x\")", "+1", "@SUM(1)", "__HIVE_DEFAULT_PARTITION__", "é" * 126, "x" * 253, "/" * 84,
]  # fmt: skip
OVERLONG = ["x" * 254, "é" * 127, "/" * 85, "\U0001f600" * 64, "x" * 10**6]


def upload(values: list[str]) -> bytes:
    return "\n".join(json.dumps({"n": at, "p": value}) for at, value in enumerate(values)).encode()


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def test_partition_values_stay_in_their_table(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "upload"
    path.parent.mkdir(parents=True)
    path.write_bytes(upload(VALUES))
    assert run_file(path, contract(NUMBER, PLACE))["records"]["published"] == len(VALUES)
    table = path.parent / "lake" / "t"
    found = {}
    accounts = files(path.parent / "lake" / "_runs") | files(path.parent / "lake" / "_contracts")
    for file in files(tmp_path) - {path} - accounts:
        assert file.parent.parent == table
        found[pq.ParquetFile(file).read()["n"][0].as_py()] = file.parent.name
    assert len(set(found.values())) == len(VALUES)
    assert all(name.startswith("p=") for name in found.values())


def test_keys_of_partitions_begin_with_the_lakes_prefix() -> None:
    storage = MemoryStorage()
    run(upload(VALUES), contract(NUMBER, PLACE), storage)
    written = storage.objects.keys() - {"s3://shop/in/orders.json"}
    assert len(written) == len(VALUES) + 2
    for location in written:
        folders = ("t/p=", "_runs/feed/", "_contracts/feed/")
        assert location.startswith(tuple(OUTPUTS.lake + folder for folder in folders))
        assert location.count("/") == 6
        assert not set(location) & set("\0\n\x1b<>\\\"'")


@pytest.mark.parametrize("values", [VALUES + OVERLONG])
def test_a_value_too_long_for_a_folder_breaks_a_rule_of_its_record(values: list[str], tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(upload(values))
    report = run_file(path, contract(NUMBER, PLACE))
    assert (report["status"], report["records"]["published"]) == ("partial", len(VALUES))
    [rule] = report["rules"]
    assert (rule["table"], rule["column"], rule["rule"], rule["records"]) == ("t", "p", "partitioned", len(OVERLONG))
    assert rule["expected"] == "at most 255 bytes as the folder p=..."
    assert (rule["examples"][0]["record"], rule["examples"][0]["path"]) == (len(VALUES) + 1, "$.p")


@pytest.mark.parametrize("value", [*VALUES, *OVERLONG])
def test_the_length_judged_is_that_of_the_folder(value: str) -> None:
    column = pa.array([value])
    length = len(Partition(("p",), (column[0],)).folder.encode())
    length -= 2 * (value == "__HIVE_DEFAULT_PARTITION__")  # escaped, lest it means null
    for most in (length - 1, length):
        assert predicate(FolderName("p", most), column.type)(column).to_pylist() == [length <= most]


def test_several_partition_columns_fit_an_s3_key(s3: Any) -> None:
    """The longest that pass, in a lake at the end of a long prefix."""
    columns = [f"{{name: {name}, logicalType: string, required: true, partitioned: true}}" for name in "abcd"]
    orders = [dict.fromkeys("abcd", "x" * length) | {"n": length} for length in (158, 159)]
    s3.put_object(Bucket="orders", Key="in/x.json", Body="\n".join(map(json.dumps, orders)).encode())
    outputs = Outputs(f"s3://orders/{'l' * 180}/", f"s3://orders/{'q' * 180}/")
    report = pipeline.run("s3://orders/in/x.json", contract(NUMBER, *columns), open_storage(), outputs)
    assert broken(report) == {f"{name}:partitioned": 1 for name in "abcd"}
    [file] = [file["location"].removeprefix("s3://orders/") for file in report["files"]]
    assert 800 < len(file) <= 1024
    assert s3.head_object(Bucket="orders", Key=file)["ContentLength"]


KEYS = [
    "../../../etc/passwd", "../lake/t/x.parquet", "..%2F..%2Fx", "%2e%2e/x", "=cmd|' /C calc'!A0", "n=1/x", "\x01\x02",
    "a\nb", "\x1b[31mred", "<script>alert(1)</script>", "'; DROP TABLE t; --", "k" * 1024, "\U0001f600", " ", "a//b",
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
def test_an_uploads_key_is_in_no_path(key: str) -> None:
    storage, location, agreed = MemoryStorage(), f"s3://shop/in/{key}", contract(NUMBER)
    report = run(b'{"n":1}\n{"n":"x"}\n', agreed, storage, location)
    assert report["upload"]["location"] == location
    name = f"{report['upload']['id']}-{report['upload']['contentId']}"
    folder = f"{OUTPUTS.quarantine}feed/2024-01-10/{name}/"
    assert storage.objects.keys() - {location} == {
        f"{OUTPUTS.lake}t/{name}.parquet",
        f"{OUTPUTS.lake}_runs/feed/{report['upload']['id']}.json",
        f"{OUTPUTS.lake}_contracts/feed/{agreed.version}-{agreed.digest}.odcs.yaml",
        f"{folder}report.html",
        f"{folder}report.json",
        f"{folder}rejected.ndjson",
    }


NAMES = [
    "a\nb.json",
    "%2F..%2Fx.json",
    "=1+1.json",
    "<script>.json",
    "\x1b[31mred.json",
    "[bold].json",
    "-x.json",
]


@pytest.mark.parametrize("name", [*map(str.encode, NAMES), b"\xff\xfe.json"], ids=range(len(NAMES) + 1))
def test_a_local_files_name_is_in_no_path_and_on_no_terminal(name: bytes, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "feed.odcs.yaml").write_text(document(NUMBER))
    Path(os.fsdecode(bytes(tmp_path / "in") + b"/" + name)).write_bytes(b'{"n":1}\n{"n":"x"}\n')
    options = ["--contract", "feed.odcs.yaml", "--lake", "lake", "--quarantine", "quarantine"]
    command = [sys.executable, "-c", "from etl.cli import main; main()", "run", "in", *options]
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, check=False)
    assert done.returncode == (2 if name.startswith(b"\xff") else 0), done.stderr
    assert b"\x1b[31m" not in done.stdout + done.stderr
    assert b"Traceback" not in done.stderr
    assert {path.name for path in tmp_path.iterdir()} <= {"in", "feed.odcs.yaml", "lake", "quarantine"}
    assert [os.fsencode(path.name) for path in (tmp_path / "in").iterdir()] == [name]
    for path in files(tmp_path / "lake") | files(tmp_path / "quarantine"):
        assert path.name.replace("-", "").partition(".")[0].isalnum()
