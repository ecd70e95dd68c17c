"""Whole processes, measured: wall and CPU seconds, and the most memory held."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of a command. `peak` is in MB, of the largest process."""

    wall: float
    cpu: float
    peak: float


def measure(command: Sequence[str | Path], log: Path) -> Measured:
    """Run it to its end. Ends this program, with what the command said, if it fails."""
    with log.open("wb") as out:
        start = time.perf_counter()
        actions = [(os.POSIX_SPAWN_DUP2, out.fileno(), 1), (os.POSIX_SPAWN_DUP2, out.fileno(), 2)]
        child = os.posix_spawn(command[0], list(map(str, command)), os.environ, file_actions=actions)
        _, status, used = os.wait4(child, 0)
        wall = time.perf_counter() - start
    if status:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{log.read_text(errors='replace')[-2000:]}")
    return Measured(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6)


def median(runs: Sequence[Measured]) -> Measured:
    """Of each figure by itself."""
    return Measured(*(statistics.median(getattr(run, name) for run in runs) for name in Measured.__slots__))
