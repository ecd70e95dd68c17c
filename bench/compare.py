"""This project beside others: the same orders, whole processes, in turn, medians.

    python bench/compare.py [--orders 50000 150000 500000] [--runs 3]

At each size: DuckDB, which converts the file and checks nothing, and `etl run`. At the middle size also the plain
pandas way, Polars with dataframely, and `etl run` on broken orders and on other forms of the same upload. What each
contestant does not do stands at its head, in bench/contestants. Ratios are to DuckDB on the clean NDJSON of the same
size, run by run. Writes bench/results/table.md and results.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from measure import Measured, measure, median

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "bench" / "results"
CONTESTANTS = ROOT / "bench" / "contestants"
OTHERS = ROOT / ".venv-bench" / "bin" / "python"  # `make bench` sets it up
ORDERS = ROOT / "contracts" / "orders.odcs.yaml"
BASE, OURS = "DuckDB, unchecked", "etl run"

Command = list[str | Path]


@dataclass(frozen=True, slots=True)
class Job:
    """A command to be timed, and the upload it reads: how bench/generate.py is to make that."""

    name: str
    command: Callable[[Path, Path], Command]
    made: tuple[str, ...] = ()


def _contestant(python: str | Path, script: str) -> Callable[[Path, Path], Command]:
    return lambda source, out: [python, CONTESTANTS / script, source, out]


def _etl(contract: Path) -> Callable[[Path, Path], Command]:
    main = "from etl.cli import main; main()"
    return lambda source, out: [
        *(sys.executable, "-c", main, "run", source, "--contract", contract),
        *("--lake", out / "lake", "--quarantine", out / "quarantine"),
    ]


def scaling(lenient: Path) -> list[Job]:
    """What runs at every size."""
    return [Job(BASE, _contestant(sys.executable, "duckdb_.py")), Job(OURS, _etl(lenient))]


def variants(lenient: Path) -> list[Job]:
    """What runs at one size. `lenient` is the contract without a limit to bad orders."""
    ours = _etl(lenient)
    return [
        Job(f"{OURS}, 1% bad", ours, ("--bad", "0.01")),
        Job(f"{OURS}, 30% bad", ours, ("--bad", "0.3")),
        Job(f"{OURS}, JSON array", ours, ("--format", "array")),
        Job(f"{OURS}, gzip", ours, ("--format", "gzip")),
        Job(f"{OURS}, zstd", ours, ("--format", "zstd")),
        Job("Polars, dataframely", _contestant(OTHERS, "polars_.py")),
        Job("json.loads, pandas", _contestant(sys.executable, "pandas_.py")),
    ]


def compared(jobs: Sequence[Job], orders: int, runs: int, folder: Path) -> list[dict[str, object]]:
    """The jobs at one size, each in its turn, so that a slow moment of the machine meets all of them."""
    sources = {job.made: _generated(folder, orders, job.made) for job in jobs}
    times: dict[str, list[Measured]] = {job.name: [] for job in jobs}
    for turn in range(runs + 1):  # the first turn warms the caches and is not counted
        for job in jobs:
            with tempfile.TemporaryDirectory(dir=folder) as out:
                measured = measure(job.command(sources[job.made], Path(out, "out")), folder / "log")
            times[job.name] += [measured] if turn else []
            print(f"{orders:>9,} {job.name:24}{measured.wall:8.2f} s", file=sys.stderr)
    size = sources[()].stat().st_size
    for source in sources.values():
        source.unlink()
    return [_entry(name, found, times[BASE], orders, size) for name, found in times.items()]


def _entry(name: str, found: list[Measured], base: list[Measured], orders: int, size: int) -> dict[str, object]:
    ratio = statistics.median(one.wall / other.wall for one, other in zip(found, base, strict=True))
    return {"name": name, "orders": orders, "bytes": size, "ratio": ratio, **asdict(median(found))}


def _generated(folder: Path, orders: int, made: tuple[str, ...]) -> Path:
    path = folder / f"{'-'.join(made) or 'clean'}.{'json' if 'array' in made else 'ndjson'}"
    command = [sys.executable, ROOT / "bench" / "generate.py", str(orders), path, *made]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return path


def _lenient(folder: Path) -> Path:
    """The orders' contract without `maxQuarantined`: at 30% bad there shall be something to publish."""
    text = ORDERS.read_text(encoding="utf-8")
    path = folder / ORDERS.name
    path.write_text(re.sub(r"  - property: maxQuarantined\n    value:.*\n", "", text), encoding="utf-8")
    return path


def table(results: Sequence[dict[str, object]]) -> str:
    """Markdown, ratios first."""
    lines = [f"{_machine()}.\n", "| | orders | ratio | wall | CPU | memory |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {one['name']} | {one['orders']:,} | {one['ratio']:.2f} | {one['wall']:.2f} s | {one['cpu']:.2f} s "
        f"| {one['peak']:.0f} MB |"
        for one in results
    ]
    return "\n".join(lines) + "\n"


def _machine() -> str:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores of {found[1] if found else platform.machine()}, Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, nargs="+", default=[50_000, 150_000, 500_000])
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    results = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lenient = _lenient(folder)
        for orders in given.orders:
            middle = orders == sorted(given.orders)[len(given.orders) // 2]
            jobs = scaling(lenient) + (variants(lenient) if middle else [])
            results += compared(jobs, orders, given.runs, folder)
    (RESULTS / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "table.md").write_text(table(results), encoding="utf-8")
    print(table(results))


if __name__ == "__main__":
    main()
