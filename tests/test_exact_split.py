"""Orders broken in every way that the generator knows are split exactly: each by the rule it breaks, no other one."""

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pyarrow.dataset as ds
import pytest

from etl import contract as contracts
from etl import pipeline
from etl.pipeline import Outputs
from etl.storage import LocalStorage

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("form", ["ndjson", "zstd"])
def test_every_kind_of_bad_order_is_found(form: str, tmp_path: Path) -> None:
    upload, manifest = tmp_path / "orders", tmp_path / "manifest.json"
    command = [sys.executable, ROOT / "bench/generate.py", "12000", upload, "--bad", "0.02", "--manifest", manifest]
    subprocess.run([*map(str, command), "--format", form], check=True)
    expected = json.loads(manifest.read_bytes())
    outputs = Outputs(f"{tmp_path}/lake/", f"{tmp_path}/quarantine/")
    agreed = contracts.load(ROOT / "contracts/orders.odcs.yaml")
    report = pipeline.run(str(upload), agreed, LocalStorage(), outputs)

    assert report["records"]["published"] == expected["published"]["records"]
    assert report["tables"]["orders"]["published"] == expected["published"]["rows"]
    assert rejected(tmp_path) == {bad["record"]: {bad["rule"]} for bad in expected["bad"]}
    lake = ds.dataset(f"{tmp_path}/lake/orders", partitioning="hive").to_table()
    published = {int(each.rsplit("-", 1)[1]) for each in lake["_record_id"].to_pylist()}
    assert published == set(range(1, 12001)) - set(rejected(tmp_path))
    assert lake.num_rows == expected["published"]["rows"]


def rejected(folder: Path) -> dict[int, set[str]]:
    """The rules that each rejected record broke."""
    found = defaultdict(set)
    with next(folder.rglob("rejected.ndjson")).open(encoding="utf-8") as lines:
        for line in lines:
            envelope = json.loads(line)
            found[envelope["record"]] |= {each["rule"] for each in envelope["violations"]}
    return dict(found)
