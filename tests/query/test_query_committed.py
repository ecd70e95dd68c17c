"""What is read is what is committed, whatever else lies in the folders; and no more files are opened than it takes."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from etl import pipeline
from etl.errors import QuarantineError, StorageError, UsageError
from etl.pipeline import Outputs
from etl.query import LakeTable, asked, catalogue, lying
from etl.review.memory import Memory
from etl.storage import open_storage
from tests.query.lakes import DAY, NUMBER, ask, contract, publish
from tests.replay import desk

AGREED = contract(feed=[NUMBER, DAY])
COUNT = "SELECT count(*) AS c, sum(n)::BIGINT AS s FROM feed"


@pytest.fixture
def lake(tmp_path: Path) -> str:
    root = f"{tmp_path}/lake/"
    for name, n in (("a", 1), ("b", 2)):
        rows = [{"n": n, "day": f"2024-01-{day}"} for day in (10, 11, 12)]
        publish(root, AGREED, name, *rows, source=tmp_path)
    return root


def only(lake: str, folder: Path) -> LakeTable:
    (table,) = catalogue([lake], open_storage(), Memory(folder / "memory.sqlite")).tables
    return table


def test_files_that_no_run_has_committed_are_left_out(lake, tmp_path):
    file = next(Path(lake, "feed/day=2024-01-10").iterdir())
    stray = file.with_name("0123456789abcdef-0123456789abcdef.parquet")
    size = sum(path.stat().st_size for path in Path(lake, "feed").rglob("*.parquet"))
    shutil.copy(file, stray)
    assert ask(COUNT, lake, tmp_path) == [{"c": 6, "s": 9}]
    there = lying(only(lake, tmp_path), open_storage())
    assert (list(there.others), there.gone, there.size) == ([str(stray)], [], size)


def test_a_replaced_upload_is_seen_once(lake, tmp_path):
    ask(COUNT, lake, tmp_path)  # the memory knows the report that is replaced
    stale = next(Path(lake, "feed/day=2024-01-10").iterdir())
    data = stale.read_bytes()
    publish(lake, AGREED, "a", {"n": 10, "day": "2024-01-10"}, source=tmp_path)
    stale.write_bytes(data)  # as before its run has cleaned up
    publish(lake, AGREED, "b", {"n": 20, "day": "2024-01-10"}, source=tmp_path)
    assert ask(COUNT, lake, tmp_path) == [{"c": 2, "s": 30}]


def test_a_file_that_is_gone_is_named(lake, tmp_path):
    file = next(Path(lake, "feed/day=2024-01-10").iterdir())
    file.unlink()
    assert lying(only(lake, tmp_path), open_storage()).gone == [str(file)]
    with pytest.raises(StorageError, match=f"feed: its files can't be read .*{file.name}"):
        ask(COUNT, lake, tmp_path)


def test_a_file_that_is_broken_is_said_to_be(lake, tmp_path):
    next(Path(lake, "feed/day=2024-01-10").iterdir()).write_bytes(b"PAR1 no footer")
    with pytest.raises(StorageError, match="feed: its files can't be read"):
        ask(COUNT, lake, tmp_path)


def test_a_lake_that_was_copied_is_read_where_it_is(lake, tmp_path):
    shutil.copytree(lake, tmp_path / "copy" / "feed")  # a folder called like the table above it
    shutil.rmtree(lake)
    assert ask(COUNT, f"{tmp_path}/copy/feed/", tmp_path) == [{"c": 6, "s": 9}]


def test_what_replays_have_published_counts(tmp_path):
    """The orders' contract, with an order of the example released by a wider rule."""
    upload = desk.ROOT / "quarantine_examples/negative-price/upload.json"
    outputs = Outputs(f"{tmp_path}/lake/", f"{tmp_path}/quarantine/")
    storage = open_storage()
    pipeline.run(str(upload), desk.contract(), storage, outputs)
    asked = "SELECT count(*) AS c, count(DISTINCT _record_id) AS r FROM orders WHERE price < 0"
    assert ask(asked, outputs.lake, tmp_path) == [{"c": 0, "r": 0}]
    report = json.loads(next(Path(outputs.lake, "_runs/orders").glob("*.json")).read_text())
    released = {**report, "replays": [{"contract": report["contract"], "files": report["files"][:1]}]}
    at = next(Path(outputs.lake, "_runs/orders").glob("*.json"))
    at.write_text(json.dumps(released))
    (table,) = catalogue([outputs.lake], storage, Memory(tmp_path / "other.sqlite")).tables
    assert len(table.files) == len(report["files"]) + 1


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda report: b"no JSON",
        lambda report: json.dumps({**report, "files": [{"table": "feed", "location": "/x", "rows": "1"}]}).encode(),
        lambda report: json.dumps(
            {**report, "files": [{"table": "feed", "location": "/lake/feed/../../etc/x.parquet", "rows": 1}]}
        ).encode(),
        lambda report: json.dumps(
            {**report, "files": [{"table": "../feed", "location": "/lake/../feed/x.parquet", "rows": 1}]}
        ).encode(),
        lambda report: json.dumps({**report, "version": "2.0"}).encode(),
    ],
)
def test_a_run_report_that_cannot_be_read_is_an_error_and_no_gap(lake, tmp_path, spoilt):
    at = next(Path(lake, "_runs/feed").glob("*.json"))
    at.write_bytes(spoilt(json.loads(at.read_text())))
    with pytest.raises(QuarantineError, match=at.name):
        ask(COUNT, lake, tmp_path)


def test_lakes_below_are_found_and_what_is_none_is_said(lake, tmp_path):
    publish(f"{lake}shop/", contract(name="shop", orders=[NUMBER]), "s", {"n": 1}, source=tmp_path)
    names = [table.name for table in catalogue([lake, f"{lake}shop/"], open_storage()).tables]
    assert names == ["feed", "shop_orders"]
    for nothing in (f"{tmp_path}/mistyped/", f"{lake}feed/"):
        with pytest.raises(UsageError, match=f"{nothing}: there is no lake here: "):
            catalogue([nothing], open_storage())


# What is opened.


@pytest.mark.parametrize(
    ("condition", "opened"),
    [
        ("day = DATE '2024-01-10'", {"10"}),
        ("day = '2024-01-10'", {"10"}),
        ("day >= DATE '2024-01-11' AND n > 0", {"11", "12"}),
        ("day BETWEEN DATE '2024-01-10' AND DATE '2024-01-11'", {"10", "11"}),
        ("day IN (DATE '2024-01-10', DATE '2024-01-12')", {"10", "12"}),
        ("day = DATE '2024-02-01'", set()),
        ("n = 1", {"10", "11", "12"}),
    ],
)
def test_a_condition_on_the_partition_opens_its_files_only(lake, tmp_path, condition, opened):
    """All other files are broken, so that to open one would fail."""
    for file in Path(lake, "feed").rglob("*.parquet"):
        if file.parent.name.removeprefix("day=2024-01-") not in opened:
            file.write_bytes(b"broken")
    found = ask(f"SELECT count(*) AS c FROM feed WHERE {condition}", lake, tmp_path)
    assert found == [{"c": len(opened) if condition == "n = 1" else 2 * len(opened)}]


def test_rows_come_as_they_are_computed(lake, tmp_path):
    table = only(lake, tmp_path)
    with asked("SELECT i FROM range(10000000000) t(i), feed", {"feed": table.dataset()}) as result:
        assert isinstance(next(result.batches), pa.RecordBatch)
