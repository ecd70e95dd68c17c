"""A backfill of mixed uploads by each engine in turn, on the same processors: throughput side by side, results alike.

    python bench/backfill.py

The engines are the local one, Spark on this machine, and Spark as a cluster of two executors of which one is killed
half-way. Each lake and quarantine is compared with what `etl run` gives, byte for byte. 200 uploads are 2 GB.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.backfill.processes import EXECUTOR, below

ROOT = Path(__file__).parent.parent
CORES = len(os.sched_getaffinity(0))
_SIZES = ((0.02, 250_000), (0.08, 60_000), (0.3, 15_000), (0.6, 3_200))  # share of uploads, orders in each: 2 GB of 200
_FORMS = ("ndjson", "ndjson", "ndjson", "array", "gzip", "zstd")


def uploads(folder: Path, amount: int, scale: float) -> int:
    """Write so many uploads of mixed sizes and forms, a third of them with bad orders; how many bytes that is."""
    sizes = [round(orders * scale) for share, orders in _SIZES for _ in range(round(share * amount))]
    for number, orders in enumerate(sizes):
        bad = "0.01" if number % 3 == 0 else "0"
        form = _FORMS[number % len(_FORMS)]
        command = [sys.executable, ROOT / "bench" / "generate.py", str(max(orders, 1)), folder / f"{number:04}"]
        subprocess.run([*command, "--seed", str(number), "--format", form, "--bad", bad], check=True)
    return sum(path.stat().st_size for path in folder.iterdir())


def etl(out: Path, *arguments: object) -> list[str]:
    """A command of `etl` whose results go below a folder."""
    where = ["--contract", ROOT / "contracts" / "orders.odcs.yaml", "--lake", out / "lake", "--quarantine", out / "bad"]
    return [sys.executable, "-c", "from etl.cli import main; main()", *map(str, [*arguments, *where])]


def timed(command: list[str], killed: Path | None = None, half: int = 0) -> float:
    """Seconds of wall clock; with `killed`, an executor dies once the lake there has half of the run reports."""
    started = time.perf_counter()
    environment = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    if killed:
        while len(list((killed / "lake" / "_runs").glob("*/*.json"))) < half:
            time.sleep(0.2)
        os.kill(next(below(process.pid, EXECUTOR)), signal.SIGKILL)
    if process.wait() > 1:
        sys.exit(f"exit code {process.returncode}: {' '.join(command)}")
    return time.perf_counter() - started


def fingerprint(out: Path) -> str:
    """Of every name and byte below a folder, which is then removed."""
    found = hashlib.sha256()
    for path in sorted(path for path in out.rglob("*") if path.is_file()):
        found.update(f"{path.relative_to(out)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    shutil.rmtree(out)
    return found.hexdigest()


def main() -> None:
    """Make the uploads, run each engine, and print what came of it."""
    parser = argparse.ArgumentParser(description="Backfills by each engine, side by side.")
    parser.add_argument("--uploads", type=int, default=200)
    parser.add_argument("--scale", type=float, default=1.0, help="of the uploads' sizes")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--results", type=Path, default=ROOT / "bench" / "results" / "backfill.json")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="etl-bench-") as folder:
        source, out = Path(folder, "uploads"), Path(folder, "out")
        source.mkdir()
        size = uploads(source, arguments.uploads, arguments.scale)
        print(f"{arguments.uploads} uploads, {size / 1e6:,.0f} MB, {CORES} cores")
        spark = ["--engine", "spark", "--master"]
        engines = {
            "local": ["--processes", CORES],
            "spark": [*spark, f"local[{CORES}]"],
            "spark, one of two executors killed": [*spark, f"local-cluster[2,{max(CORES // 2, 1)},1024]"],
        }
        run = timed(etl(out, "run", source))
        expected = fingerprint(out)
        print(f"etl run: {run:.1f} s")
        results = []
        for turn in range(arguments.runs):
            for name, options in engines.items():
                killed = out if "killed" in name else None
                seconds = timed(etl(out, "backfill", source, *options), killed, arguments.uploads // 2)
                same = fingerprint(out) == expected
                results.append({"turn": turn, "engine": name, "seconds": round(seconds, 2), "same": same})
                print(f"{name}: {seconds:.1f} s, {size / 1e6 / seconds / CORES:.1f} MB/s a core, {same=}")
        document = {
            "uploads": arguments.uploads,
            "bytes": size,
            "cores": CORES,
            "etl run": round(run, 2),
            "engines": results,
        }
        arguments.results.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
