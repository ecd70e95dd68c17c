"""What a million orders cost on AWS: arithmetic with list prices on a measured run.

    python bench/cost.py

Two shapes of the same orders, 1% of them broken: uploads of 1,000 and of 100,000. Computing is timed on one processor
of this machine, warm, on local folders (2048 MiB of Lambda are 1.16 processors). The requests of a run are counted
against an S3 in this process; each is taken to last as long as S3 usually needs. Left out: what the lake occupies, what
does not grow with the orders (metrics, alarms, polling of the queue), and any free tier.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import aws
import boto3
from bill import GIB, bill
from moto import mock_aws

from etl import contract as contracts
from etl import pipeline
from etl.storage import LocalStorage
from etl.storage.s3 import S3Storage

ORDERS = 1_000_000
SHAPES = ((1_000, 20), (100_000, 3))  # orders of an upload, and uploads that are timed

_WRITES = ("PutObject", "CopyObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "ListObjectsV2")
_READS = ("GetObject", "HeadObject")
_ROOT = Path(__file__).parent.parent
_CONTRACT = _ROOT / "contracts" / "orders.odcs.yaml"


@dataclass(frozen=True, slots=True)
class Measured:
    """One upload of a shape: seconds of computing, and how many requests of each kind S3 gets."""

    orders: int
    seconds: float
    requests: Counter[str]

    @property
    def duration(self) -> float:
        return self.seconds + self.requests.total() * aws.LATENCY

    @property
    def reads(self) -> int:
        return sum(self.requests[kind] for kind in _READS)

    @property
    def writes(self) -> int:
        return sum(self.requests[kind] for kind in _WRITES)


def main() -> None:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(f"one processor of: {processor()}; {GIB:g} GiB; {aws.LATENCY * 1000:g} ms for each request to S3")
    for orders, uploads in SHAPES:
        _show(measured(orders, uploads))


def measured(orders: int, uploads: int) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "orders.ndjson")
        command = [sys.executable, str(_ROOT / "bench" / "generate.py"), str(orders), str(source), "--bad", "0.01"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return Measured(orders, _seconds(source, Path(folder), uploads), requests(source))


def _seconds(source: Path, folder: Path, uploads: int) -> float:
    """The median of warm runs; the first warms and is not counted."""
    storage, outputs = LocalStorage(), pipeline.Outputs(f"{folder}/lake/", f"{folder}/quarantine/")
    agreed = contracts.load(_CONTRACT)
    times = []
    for number in range(uploads + 1):
        upload = folder / f"{number}.ndjson"
        shutil.copy(source, upload)
        start = time.perf_counter()
        pipeline.run(str(upload), agreed, storage, outputs)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def requests(source: Path) -> Counter[str]:
    """What S3 is asked for one upload in a warm process."""
    environment = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
    os.environ.update(environment)
    found: Counter[str] = Counter()
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="orders")
        for name in ("first", "orders"):
            boto3.client("s3").upload_file(str(source), "orders", f"in/{name}.ndjson")
        boto3.setup_default_session()
        storage = S3Storage()
        outputs = pipeline.Outputs("s3://orders/lake/", "s3://orders/quarantine/")
        contract = contracts.load(_CONTRACT)
        pipeline.run("s3://orders/in/first.ndjson", contract, storage, outputs)  # this one keeps the contract
        storage._client.meta.events.register("before-call.s3", lambda model, **_: found.update([model.name]))
        pipeline.run("s3://orders/in/orders.ndjson", contract, storage, outputs)
    return found


def _show(one: Measured) -> None:
    uploads = ORDERS // one.orders
    writes, reads = uploads * one.writes, uploads * one.reads
    lines = bill(uploads, one.duration, writes, reads, messages=3 * uploads, notices=uploads, traces=uploads)
    asked = ", ".join(f"{count} {kind}" for kind, count in sorted(one.requests.items()))
    print(f"\n{uploads:,} uploads of {one.orders:,} orders: each {one.seconds:.2f} s of computing, {asked}")
    for line in lines:
        print(f"  {line.what:44}{100 * line.dollars:9.3f} cents")
    print(f"  {'a million orders':44}{100 * sum(line.dollars for line in lines):9.3f} cents")


def processor() -> str:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


if __name__ == "__main__":
    main()
