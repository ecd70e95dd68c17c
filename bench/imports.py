"""Times what a cold start imports: `handler` beside the libraries under it. Whole processes, in turn, medians.

    python bench/imports.py [--runs 7]

If `handler` takes longer, the dearest of what it imports beyond those libraries is listed, as `-X importtime` has it:
third-party and standard modules that our own import, each with all that it brings in.
"""

from __future__ import annotations

import argparse
import math
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
LIBRARIES = "import pandas, pyarrow, pandera, awswrangler"
HANDLER = "import handler"
_LISTED = 8
_LINE = re.compile(r"import time: +\d+ \| +(?P<microseconds>\d+) \| (?P<indent> *)(?P<name>\S+)")
_OURS = re.compile(r"(etl|handler)(\.|$)")


def python(*arguments: str) -> str:
    """What a Python process, started beside `handler`, prints as errors."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, stderr=subprocess.PIPE, text=True).stderr


def seconds(code: str) -> float:
    start = time.perf_counter()
    python("-c", code)
    return time.perf_counter() - start


def medians(runs: int) -> tuple[float, float]:
    """Seconds of the libraries and of `handler`."""
    times = [(seconds(LIBRARIES), seconds(HANDLER)) for _ in range(runs + 1)][1:]  # the first turn warms the caches
    libraries, handler = zip(*times, strict=True)
    return statistics.median(libraries), statistics.median(handler)


def extras() -> list[tuple[float, str]]:
    """Milliseconds and name of each foreign module that one of ours is the first to import, the dearest first."""
    lines = _LINE.finditer(python("-X", "importtime", "-c", f"{LIBRARIES}; {HANDLER}"))
    found, foreign = [], math.inf  # how deep the module lies whose own imports are being passed over
    for line in reversed(list(lines)):  # so that a module comes before what it imports
        depth = len(line["indent"])
        if depth == 0 and line["name"] != "handler":
            break  # the libraries
        if depth > foreign:
            continue
        ours = _OURS.match(line["name"])
        foreign = math.inf if ours else depth
        found += [] if ours else [(int(line["microseconds"]) / 1000, line["name"])]
    return sorted(found, reverse=True)


def show(libraries: float, handler: float) -> None:
    print(f"{LIBRARIES:50}{libraries:8.2f} s")
    print(f"{HANDLER:50}{handler:8.2f} s")
    print(f"{'ratio, at most 1.2':50}{handler / libraries:8.2f}")
    if handler > libraries:
        print("what handler imports beyond them:")
        for milliseconds, name in extras()[:_LISTED]:
            print(f"  {name:48}{milliseconds:8.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7)
    show(*medians(parser.parse_args().runs))


if __name__ == "__main__":
    main()
