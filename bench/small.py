"""Small uploads, of 10 orders each: milliseconds of one in a warm process, and what S3 is asked for one.

    python bench/small.py [--uploads 1000]

Timed on one processor and local folders, with all 10 orders on one day, so that an upload makes one file. The first
upload warms and is not counted. The requests are counted against an S3 in this process.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from itertools import islice
from pathlib import Path

from cost import Measured as Upload
from cost import requests
from feeds import good_orders

from etl import contract as contracts
from etl import pipeline
from etl.storage import LocalStorage

ORDERS = 10
CONTRACT = Path(__file__).parent.parent / "contracts" / "orders.odcs.yaml"


def write(folder: Path, uploads: int) -> list[Path]:
    """Uploads of one and the same day; no order is in two of them."""
    day = b'"order_date": "2024-01-07"'
    of_day = (order.text for order in good_orders(1) if day in order.text)
    paths = [folder / f"{number}.ndjson" for number in range(uploads)]
    for path in paths:
        path.write_bytes(b"\n".join(islice(of_day, ORDERS)) + b"\n")
    return paths


def times(sources: list[Path], folder: Path) -> list[float]:
    """Milliseconds of each run after the first."""
    storage, outputs = LocalStorage(), pipeline.Outputs(f"{folder}/lake/", f"{folder}/quarantine/")
    agreed, found = contracts.load(CONTRACT), []
    for source in sources:
        start = time.perf_counter()
        pipeline.run(str(source), agreed, storage, outputs)
        found.append(1000 * (time.perf_counter() - start))
    return found[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--uploads", type=int, default=1000)
    uploads = parser.parse_args().uploads
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources = write(folder, uploads + 1)
        found = times(sources, folder)
        asked = Upload(ORDERS, 0, requests(sources[0]))
    last = statistics.quantiles(found, n=100)[98]
    print(f"an upload of {ORDERS} orders, warm, one processor: {statistics.median(found):.1f} ms (of 10)")
    print(f"{uploads:,} of them: {sum(found) / 1000:.1f} s; of a hundred, 99 take at most {last:.1f} ms")
    kinds = dict(sorted(asked.requests.items()))
    print(f"S3 is asked for {asked.reads} reads (of 2) and {asked.writes} writes (of 4): {kinds}")


if __name__ == "__main__":
    main()
