"""The measured base of bench/scale.py: what uploads of several sizes cost a warm process, on a real S3 server.

    PYTHONPATH=. python bench/base.py [--most 300000] [--out bench/results/scale.json]

Processor seconds of this process alone (the server, SeaweedFS on loopback, is another), on one processor; requests by
kind; bytes read and written. Uploads differ in size, in the days that their orders fall on (a file each), in form, and
in whether some orders are broken. Then: what it costs to start, to list, and to pass over what is done. No TLS.
Uploads of more than `--most` orders are left out.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from itertools import count, islice
from pathlib import Path
from typing import Any

import boto3
from cost import processor
from feeds import good_orders
from generate import KINDS, Manifest, records

from etl import contract as contracts
from etl import pipeline
from etl.contract.model import Contract
from etl.pipeline import Outputs
from etl.storage.s3 import S3Storage
from tests import seaweed

ROOT = Path(__file__).parent.parent
CONTRACT = ROOT / "contracts" / "orders.odcs.yaml"
OUT = ROOT / "bench" / "results" / "scale.json"
BUCKET = f"s3://{seaweed.BUCKET}/"
OUTPUTS = Outputs(f"{BUCKET}lake/", f"{BUCKET}quarantine/")
LISTED = 3000  # objects; three pages
_DAY = re.compile(rb'(?<="order_date": ")2024-01-[0-3][0-9](?=")')
_STARTED = """
import re, sys
from etl.cli import main
try:
    main()
finally:
    print(re.search("VmHWM:(.*) kB", open("/proc/self/status").read())[1], file=sys.stderr)
"""  # ru_maxrss would have what this process held when it forked


@dataclass(frozen=True, slots=True)
class Case:
    """An upload: how many orders, on how many days, which share of them broken, and how often it is run."""

    orders: int
    days: int
    uploads: int
    bad: Fraction = Fraction(0)
    packed: bool = False


CASES = (
    *(Case(10, 1, 60), Case(1_000, 1, 20), Case(1_000, 30, 12), Case(1_000, 300, 4)),
    *(Case(16_000, 1, 8), Case(16_000, 30, 6), Case(100_000, 1, 3), Case(100_000, 30, 3), Case(300_000, 30, 2)),
    *(Case(10, 1, 40, Fraction(1, 10)), Case(1_000, 1, 12, Fraction(1, 100)), Case(1_000, 30, 8, Fraction(1, 100))),
    *(Case(16_000, 1, 4, Fraction(1, 100)), Case(100_000, 1, 3, Fraction(1, 100))),
    *(Case(16_000, 1, 6, packed=True), Case(100_000, 1, 3, packed=True)),
    Case(1_600_000, 1, 1),
)


@cache
def agreed() -> Contract:
    """One object, so that the process knows that the lake has it."""
    return contracts.load(CONTRACT)


def content(case: Case) -> tuple[bytes, int, int]:
    """An upload, how many bytes it is unpacked, and how many of its orders are broken."""
    first, number, manifest = date(2024, 1, 1), count(), Manifest(case.orders, [])
    days = [str(first + timedelta(day)).encode() for day in range(case.days)]
    texts = records(islice(good_orders(1), case.orders), case.bad, KINDS, manifest)
    plain = b"\n".join(_DAY.sub(lambda found: days[next(number) % case.days], text) for text in texts) + b"\n"
    return gzip.compress(plain, 6, mtime=0) if case.packed else plain, len(plain), len(manifest.bad)


class Counting:
    """An S3 storage whose requests are counted by kind."""

    def __init__(self) -> None:
        self.storage = S3Storage()
        self.found: Counter[str] = Counter()
        self.storage._client.meta.events.register("before-call.s3", lambda model, **_: self.found.update([model.name]))

    def asked(self, ask: Callable[[], object]) -> dict[str, int]:
        self.found.clear()
        ask()
        return dict(sorted(self.found.items()))


def measured(case: Case, counting: Counting, server: seaweed.Seaweed) -> dict[str, Any]:
    """The medians of one case."""
    stored, plain, bad = content(case)
    seconds, asked = [], {}
    for number in range(case.uploads):
        key = f"in/{case.orders}-{case.days}-{bad}-{case.packed}-{number}.ndjson"
        server.admin.put_object(Bucket=seaweed.BUCKET, Key=key, Body=stored)
        start = time.process_time()
        asked = counting.asked(lambda key=key: pipeline.run(BUCKET + key, agreed(), counting.storage, OUTPUTS))
        seconds.append(time.process_time() - start)
    sizes = [one.size for one in counting.storage.list(OUTPUTS.lake) if "/_contracts/" not in one.location]
    kept = [one.size for one in counting.storage.list(OUTPUTS.quarantine)]
    written = {"lake": sum(sizes) / case.uploads, "quarantine": sum(kept) / case.uploads}
    found = {**asdict(case), "bad": bad, "stored": len(stored), "plain": plain, "seconds": statistics.median(seconds)}
    return {**found, "requests": asked, "written": written}


def empty(server: seaweed.Seaweed) -> None:
    """Take everything away, but the contract that the lake keeps: a warm process knows it."""
    for key in server.listed():
        if "/_contracts/" not in key:
            server.admin.delete_object(Bucket=seaweed.BUCKET, Key=key)


def passing(counting: Counting, server: seaweed.Seaweed) -> dict[str, dict[str, int]]:
    """What a backfill asks before it runs an upload, and of one that it passes over."""
    at = f"{BUCKET}in/once.ndjson"
    server.admin.put_object(Bucket=seaweed.BUCKET, Key="in/once.ndjson", Body=content(Case(10, 1, 1))[0])
    new = counting.asked(lambda: pipeline.standing(at, agreed(), counting.storage, OUTPUTS))
    pipeline.run(at, agreed(), counting.storage, OUTPUTS)
    return {"new": new, "passed": counting.asked(lambda: pipeline.standing(at, agreed(), counting.storage, OUTPUTS))}


def listing(counting: Counting, server: seaweed.Seaweed) -> dict[str, float]:
    """Processor seconds of a thousand names that are listed, and bytes of memory that one takes."""
    names = [f"lake/_runs/orders/{number:016x}.json" for number in range(LISTED)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda key: server.admin.put_object(Bucket=seaweed.BUCKET, Key=key, Body=b"{}"), names))
    start = time.process_time()
    asked = counting.asked(lambda: counting.storage.list(f"{OUTPUTS.lake}_runs/orders/"))
    seconds = time.process_time() - start
    tracemalloc.start()
    held = counting.storage.list(f"{OUTPUTS.lake}_runs/orders/")
    size = tracemalloc.get_traced_memory()[0] / len(held)
    tracemalloc.stop()
    return {"seconds": 1000 * seconds / LISTED, "bytes": size, "pages": asked["ListObjectsV2"]}


def starting(folder: Path) -> dict[str, float]:
    """Of a whole process with one small upload: processor seconds, and MB held; and MB held with a large one."""
    found = {}
    for name, orders in (("small", 10), ("large", 100_000)):
        upload = folder / f"{name}.ndjson"
        upload.write_bytes(content(Case(orders, 1, 1))[0])
        places = ["--contract", CONTRACT, "--lake", folder / "lake", "--quarantine", folder / "quarantine"]
        before = _children()
        command = [sys.executable, "-c", _STARTED, "run", upload, *places]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
        found[name] = {"seconds": _children() - before, "peak": int(done.stderr.split()[-1]) * 1024 / 1e6}
    return {"seconds": found["small"]["seconds"], "small": found["small"]["peak"], "large": found["large"]["peak"]}


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def bucket() -> Iterator[tuple[Counting, seaweed.Seaweed]]:
    """A server with a bucket, and a storage that asks it; warm."""
    with seaweed.running() as server:
        os.environ.update(server.environment())
        boto3.setup_default_session()
        server.admin.create_bucket(Bucket=seaweed.BUCKET)
        counting = Counting()
        for _ in range(2):
            measured(Case(1_000, 3, 3, Fraction(1, 100)), counting, server)
        empty(server)
        yield counting, server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=300_000, help="orders of the largest upload")
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    runs = []
    with bucket() as (counting, server), tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            if case.orders <= given.most:
                runs.append(measured(case, counting, server))
                print(json.dumps(runs[-1]), file=sys.stderr)
                empty(server)
        others = {"passing": passing(counting, server), "listing": listing(counting, server)}
        found = {"machine": processor(), "runs": runs, **others, "starting": starting(Path(folder))}
    given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
