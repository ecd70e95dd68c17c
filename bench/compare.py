"""Times the main job beside DuckDB's unchecked conversion of the same orders: whole processes, in turn, medians.

    python bench/compare.py [--orders 200000] [--bad 0.01] [--runs 5]

DuckDB reads the clean file and writes the same partitioned Parquet without checking anything. `etl run` is timed on
the clean file, and on one in which a share of the orders is broken, each in one of the ways that the generator knows.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
_UNCHECKED = """
import duckdb, sys
duckdb.execute('''
COPY (
    SELECT order_id, order_date, total_amount, customer.customer_id AS customer_id, customer.name AS customer_name,
           customer.email AS email, customer.address AS address, product.product_id, product.name AS product_name,
           product.category, product.price, product.quantity
    FROM (SELECT *, unnest(products) AS product FROM read_json($source, format = 'newline_delimited', columns = {
        order_id: 'BIGINT', order_date: 'DATE', total_amount: 'DECIMAL(12,2)',
        customer: 'STRUCT(customer_id BIGINT, name VARCHAR, email VARCHAR, address VARCHAR)',
        products: 'STRUCT(product_id VARCHAR, name VARCHAR, category VARCHAR, price DECIMAL(12,2), quantity BIGINT)[]'
    }))
) TO '%s' (FORMAT parquet, PARTITION_BY (order_date), COMPRESSION zstd)
''' % sys.argv[2], {'source': sys.argv[1]})
"""


@dataclass(frozen=True, slots=True)
class Timed:
    """One whole process: wall and CPU seconds, and the exit code."""

    wall: float
    cpu: float
    code: int


def timed(command: list[str]) -> Timed:
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    code = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Timed(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, code)


def unchecked(source: Path, out: Path) -> list[str]:
    return [sys.executable, "-c", _UNCHECKED, str(source), str(out)]


def checked(source: Path, out: Path) -> list[str]:
    contract = ["--contract", str(ROOT / "contracts" / "orders.odcs.yaml")]
    places = ["--lake", str(out / "lake"), "--quarantine", str(out / "quarantine")]
    return [sys.executable, "-c", "from etl.cli import main; main()", "run", str(source), *contract, *places]


def generated(folder: Path, name: str, orders: int, bad: float) -> Path:
    path = folder / name
    command = [sys.executable, str(ROOT / "bench" / "generate.py"), str(orders), str(path), "--bad", str(bad)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return path


def compare(orders: int, bad: float, runs: int, folder: Path) -> None:
    clean = generated(folder, "clean.ndjson", orders, 0)
    dirty = generated(folder, "dirty.ndjson", orders, bad)
    jobs = {
        "DuckDB, unchecked": lambda out: unchecked(clean, out),
        "etl run, clean": lambda out: checked(clean, out),
        f"etl run, {bad:.0%} bad": lambda out: checked(dirty, out),
    }
    times: dict[str, list[Timed]] = {name: [] for name in jobs}
    for turn in range(runs + 1):  # the first turn warms the caches and is not counted
        for name, job in jobs.items():
            with tempfile.TemporaryDirectory(dir=folder) as out:
                measured = timed(job(Path(out, "out")))
            if measured.code:
                sys.exit(f"{name}: exit code {measured.code}")
            times[name] += [measured] if turn else []
    show(times, orders, clean.stat().st_size)


def show(times: dict[str, list[Timed]], orders: int, size: int) -> None:
    base = times["DuckDB, unchecked"]
    print(f"{orders:,} orders, {size / 1e6:.0f} MB of NDJSON; medians of {len(base)} runs, whole processes")
    print(f"{'':24}{'wall s':>8}{'CPU s':>8}{'ratio':>8}")
    for name, runs in times.items():
        wall, cpu = (statistics.median(getattr(run, field) for run in runs) for field in ("wall", "cpu"))
        ratio = statistics.median(run.wall / other.wall for run, other in zip(runs, base, strict=True))
        print(f"{name:24}{wall:8.2f}{cpu:8.2f}{ratio:8.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=200_000)
    parser.add_argument("--bad", type=float, default=0.01)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        compare(given.orders, given.bad, given.runs, Path(folder))


if __name__ == "__main__":
    main()
