"""bench/generate.py: uploads of any size whose exact split is known beforehand."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import zstandard

from etl import contract as contracts
from etl import pipeline
from etl.storage import LocalStorage

ROOT = Path(__file__).parent.parent


def generate(out: Path, *arguments: str, amount: int = 400) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "bench/generate.py"), str(amount), str(out), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def generated(out: Path, *arguments: str, amount: int = 400) -> bytes:
    result = generate(out, *arguments, amount=amount)
    assert result.returncode == 0, result.stderr
    return out.read_bytes()


def shape(value: Any) -> Any:
    """The names of fields, without their values."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    return [shape(value[0])] if isinstance(value, list) else None


def test_clean_orders_have_the_fields_of_the_sample(tmp_path: Path):
    sample = json.loads((ROOT / "contracts/orders.sample.json").read_text(encoding="utf-8"))
    orders = [json.loads(line) for line in generated(tmp_path / "out").splitlines()]
    assert len(orders) == 400
    assert all(shape(order) == shape(sample[0]) for order in orders)


def test_clean_orders_break_no_key(tmp_path: Path):
    orders = [json.loads(line) for line in generated(tmp_path / "out").splitlines()]
    keys = [(order["order_id"], line["product_id"]) for order in orders for line in order["products"]]
    assert len(set(keys)) == len(keys)


def test_size_and_days_are_those_of_the_benchmark(tmp_path: Path):
    text = generated(tmp_path / "out", amount=2000)
    orders = [json.loads(line) for line in text.splitlines()]
    assert 550 < len(text) / 2000 < 750
    assert 2.3 < sum(len(order["products"]) for order in orders) / 2000 < 2.7
    assert {order["order_date"] for order in orders} == {f"2024-01-{day:02d}" for day in range(1, 31)}


def test_equal_arguments_give_equal_bytes(tmp_path: Path):
    first, again, other = (generated(tmp_path / "out", "--bad", "0.1", "--seed", seed) for seed in "113")
    assert first == again != other


@pytest.mark.parametrize(
    ("form", "unpack"),
    [("gzip", gzip.decompress), ("zstd", lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data))],
)
def test_compressed_forms_hold_the_same_lines(tmp_path: Path, form, unpack):
    assert unpack(generated(tmp_path / "out", "--format", form)) == generated(tmp_path / "plain")


def test_an_array_holds_the_same_orders(tmp_path: Path):
    lines = generated(tmp_path / "plain").splitlines()
    assert json.loads(generated(tmp_path / "out", "--format", "array")) == [json.loads(line) for line in lines]


def test_the_manifest_names_every_broken_order(tmp_path: Path):
    broken = generated(tmp_path / "bad", "--bad", "0.1", "--manifest", str(tmp_path / "manifest")).splitlines()
    clean = generated(tmp_path / "clean").splitlines()
    manifest = json.loads((tmp_path / "manifest").read_text(encoding="utf-8"))
    differing = [number for number, pair in enumerate(zip(broken, clean, strict=True), start=1) if len(set(pair)) == 2]
    assert [bad["record"] for bad in manifest["bad"]] == differing
    assert manifest["published"]["records"] + manifest["quarantined"] == manifest["records"] == 400


def test_every_kind_comes_as_often(tmp_path: Path):
    generated(tmp_path / "out", "--bad", "0.1", "--manifest", str(tmp_path / "manifest"), amount=480)
    manifest = json.loads((tmp_path / "manifest").read_text(encoding="utf-8"))
    kinds = Counter(bad["kind"] for bad in manifest["bad"])
    assert len(kinds) == 16
    assert set(kinds.values()) == {3}


def test_published_rows_are_those_of_the_good_orders(tmp_path: Path):
    arguments = ("--bad", "0.25", "--kinds", "bad-email", "--manifest", str(tmp_path / "manifest"))
    orders = [json.loads(line) for line in generated(tmp_path / "out", *arguments).splitlines()]
    manifest = json.loads((tmp_path / "manifest").read_text(encoding="utf-8"))
    good = [order for order in orders if order["customer"]["email"] != "ana.example.com"]
    assert manifest["published"] == {"records": 300, "rows": sum(len(order["products"]) for order in good)}


@pytest.mark.parametrize(
    ("feed", "contract", "line_table"),
    [
        ("orders", "contracts/orders.odcs.yaml", "orders"),
        ("converting", "bench/converting.odcs.yaml", "orders"),
        ("marketplace", "contracts/marketplace.odcs.yaml", "order_items"),
    ],
)
def test_every_feed_is_published_whole(tmp_path: Path, feed, contract, line_table):
    """A benchmark of rejected orders would measure something else."""
    upload = tmp_path / "upload"
    generated(upload, "--feed", feed, "--manifest", str(tmp_path / "manifest"))
    outputs = pipeline.Outputs(f"{tmp_path}/lake/", f"{tmp_path}/quarantine/")
    report = pipeline.run(str(upload), contracts.load(ROOT / contract), LocalStorage(), outputs)
    manifest = json.loads((tmp_path / "manifest").read_text(encoding="utf-8"))
    assert report["records"]["published"] == report["records"]["read"] == 400
    assert report["tables"][line_table]["published"] == manifest["published"]["rows"]
    assert not report["unknownFields"]


def test_nearly_every_value_of_the_converting_feed_is_to_be_converted(tmp_path: Path):
    order = json.loads(generated(tmp_path / "out", "--feed", "converting").splitlines()[0])
    line = order["products"][0]
    found = [order["order_id"], order["customer"]["customer_id"], line["price"], line["quantity"]]
    assert {type(value) for value in found} == {str}
    found = [order["exported_at"], order["total_cents"], line["product_id"]]
    assert {type(value) for value in found} == {int}
    assert order["ordered_at"].endswith("-03:00")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--kinds", "no-such-kind"), "no such kind in ndjson: no-such-kind"),
        (("--kinds", "not-json", "--format", "array"), "no such kind in array: not-json"),
        (("--bad", "0.6"), "argument --bad"),
        (("--bad", "0.1", "--feed", "converting"), "only the feed `orders` can be broken"),
    ],
)
def test_wrong_arguments_are_refused(tmp_path: Path, arguments, message):
    result = generate(tmp_path / "out", *arguments)
    assert result.returncode == 2
    assert message in result.stderr
