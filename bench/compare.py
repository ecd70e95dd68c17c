"""This project beside others: the same orders, whole processes, in turn, medians.

    python bench/compare.py [--orders 100000 300000 1000000] [--full 300000] [--runs 5]

At each size: DuckDB, which converts the file and checks nothing, and `etl run`. At the size `--full` also the plain
pandas way, Polars with dataframely, and `etl run` on broken orders, on other forms of the same upload, and on the same
number of orders of other feeds. What each contestant does not do stands at its head, in bench/contestants. Ratios are
to DuckDB and to `etl run`, each on the clean NDJSON of as many orders, run by run. pyperf times the processes. Writes
table.md and results.json.
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

from measure import PYTHON, Measured, measure, median

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "bench" / "results"
CONTESTANTS = ROOT / "bench" / "contestants"
ORDERS = ROOT / "contracts" / "orders.odcs.yaml"
MARKETPLACE = ROOT / "contracts" / "marketplace.odcs.yaml"
CONVERTING = ROOT / "bench" / "converting.odcs.yaml"
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
        Job(f"{OURS}, converting", _etl(CONVERTING), ("--feed", "converting")),
        Job(f"{OURS}, marketplace", _etl(MARKETPLACE), ("--feed", "marketplace")),
        Job("Polars, dataframely", _contestant(PYTHON, "polars_.py")),
        Job("json.loads, pandas", _contestant(sys.executable, "pandas_.py")),
    ]


def compared(jobs: Sequence[Job], orders: int, runs: int, folder: Path) -> list[dict[str, object]]:
    """The jobs at one size, each in its turn, so that a slow moment of the machine meets all of them."""
    sources = {job.made: _generated(folder, orders, job.made) for job in jobs}
    times: dict[str, list[Measured]] = {job.name: [] for job in jobs}
    for turn in range(runs + 1):  # the first turn warms the caches and is not counted
        for job in jobs:
            with tempfile.TemporaryDirectory(dir=folder) as out:
                measured = measure(job.command(sources[job.made], Path(out, "out")), folder)
            times[job.name] += [measured] if turn else []
            print(f"{orders:>9,} {job.name:24}{measured.wall:8.2f} s", file=sys.stderr)
    sizes = {made: source.stat().st_size for made, source in sources.items()}
    for source in sources.values():
        source.unlink()
    entries = [_entry(name, found, times, orders) for name, found in times.items()]
    return [{**entry, "bytes": sizes[job.made]} for job, entry in zip(jobs, entries, strict=True)]


def _entry(name: str, found: list[Measured], times: dict[str, list[Measured]], orders: int) -> dict[str, object]:
    ratios = {"to_duckdb": _ratio(found, times[BASE]), "to_clean": _ratio(found, times[OURS])}
    return {"name": name, "orders": orders, **ratios, **asdict(median(found))}


def _ratio(found: list[Measured], base: list[Measured]) -> float:
    return statistics.median(one.wall / other.wall for one, other in zip(found, base, strict=True))


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
    lines = [
        f"{_machine()}.\n",
        "| | orders | to DuckDB | to `etl run`, clean | time | memory | upload |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {one['name']} | {one['orders']:,} | {one['to_duckdb']:.2f} | {one['to_clean']:.2f} | {one['wall']:.2f} s "
        f"| {one['peak']:.0f} MB | {one['bytes'] / 1e6:.0f} MB |"
        for one in results
    ]
    return "\n".join(lines) + "\n"


def _machine() -> str:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores of {found[1] if found else platform.machine()}, Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, nargs="+", default=[100_000, 300_000, 1_000_000])
    parser.add_argument("--full", type=int, default=300_000, help="the size at which everything runs")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder to write to")
    given = parser.parse_args()
    given.results.mkdir(parents=True, exist_ok=True)
    results = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lenient = _lenient(folder)
        for orders in sorted({*given.orders, given.full}):
            jobs = scaling(lenient) + (variants(lenient) if orders == given.full else [])
            results += compared(jobs, orders, given.runs, folder)
    (given.results / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (given.results / "table.md").write_text(table(results), encoding="utf-8")
    print(table(results))


if __name__ == "__main__":
    main()
