"""Whole processes, measured by pyperf: wall seconds, and the most memory held."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PYTHON = Path(__file__).parent.parent / ".venv-bench" / "bin" / "python"  # `make bench` sets it up
PYPERF = (PYTHON, "-m", "pyperf", "command", "--copy-env", "--processes=1", "--values=1", "--warmups=0", "--loops=1")


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of a command. `peak` is in MB, of the largest process."""

    wall: float
    peak: float


def measure(command: Sequence[str | Path], folder: Path) -> Measured:
    """Run it to its end, once. Ends this program, with what the command said, if it fails."""
    found = folder / "pyperf.json"
    found.unlink(missing_ok=True)  # pyperf does not write over it
    done = subprocess.run([*PYPERF, "-o", found, "--", *command], capture_output=True, text=True, errors="replace")
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{(done.stdout + done.stderr)[-2000:]}")
    told = json.loads(found.read_text(encoding="utf-8"))
    (wall,) = told["benchmarks"][0]["runs"][0]["values"]
    return Measured(wall, told["metadata"]["command_max_rss"] / 1e6)


def median(runs: Sequence[Measured]) -> Measured:
    """Of each figure by itself."""
    return Measured(*(statistics.median(getattr(run, name) for run in runs) for name in Measured.__slots__))
