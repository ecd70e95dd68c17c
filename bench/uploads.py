"""What one upload costs: seconds, requests and bytes, by its size, its days and its form. Lines through what
bench/base.py has measured (bench/results/scale.json), and through nothing else.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import aws
import numpy as np

RESULTS = Path(__file__).parent / "results" / "scale.json"
BROKEN = 0.01  # of the orders; assumed
_MULTIPART, _PART = 64 * 1.048576, 16 * 1.048576  # MB; as etl.storage.s3 sends files


@dataclass(frozen=True, slots=True)
class Shape:
    """Uploads of one size: MB as stored and unpacked, the days that the orders of one fall on, each a file."""

    name: str
    stored: float
    plain: float
    days: int = 1


class Requests(NamedTuple):
    """To S3, for one upload. May be fractions: of some uploads nothing is quarantined."""

    reads: float
    lists: float
    puts: float
    deletes: float

    @property
    def billed(self) -> float:
        """As writes: DELETE is free."""
        return self.lists + self.puts

    @property
    def load(self) -> float:
        """What counts against S3's limit on writes."""
        return self.billed + self.deletes


@dataclass(frozen=True, slots=True)
class Base:
    """The lines. Processor seconds, and MB written."""

    upload: float  # s of any upload
    file: float  # s of each file
    megabyte: float  # s of each MB, unpacked
    quarantine: float  # s more where any order is broken
    rejected: float  # s of each broken order
    orders: float  # in a MB
    report: float  # MB written of any upload
    written_file: float  # MB written of each file
    written: float  # MB written of each MB, unpacked
    starting: float  # s of a process
    memory: float  # MB of a process at most
    listing: float  # s of a thousand names
    name: float  # MB of memory that a name takes
    speed: float = 1.0  # of AWS's virtual processors, to the one that was measured; assumed

    def touched(self, shape: Shape) -> float:
        """The share of uploads with at least one broken order."""
        return 1 - float((1 - BROKEN) ** (shape.plain * self.orders))

    def requests(self, shape: Shape, *, backfill: bool = False) -> Requests:
        """A backfill first asks whether the upload has been through: a GET, if it has not."""
        size = self.output(shape) / shape.days
        puts = 1 if size <= _MULTIPART else 2 + math.ceil(size / _PART)
        asked = Requests(1, 1, 2 + shape.days * puts + 3 * self.touched(shape), 1)
        return asked._replace(reads=2) if backfill else asked

    def computing(self, shape: Shape) -> float:
        """Processor seconds."""
        broken = shape.plain * self.orders * BROKEN
        clean = self.upload + shape.days * self.file + shape.plain * self.megabyte
        return (clean + self.quarantine * self.touched(shape) + self.rejected * broken) / self.speed

    def output(self, shape: Shape) -> float:
        """MB written to the lake."""
        return self.report + shape.days * self.written_file + shape.plain * self.written

    def waiting(self, shape: Shape, *, backfill: bool = False) -> float:
        """Seconds for S3."""
        asked = sum(self.requests(shape, backfill=backfill))
        return asked * aws.LATENCY + (shape.stored + self.output(shape)) / aws.TRANSFER

    def seconds(self, shape: Shape, *, backfill: bool = False) -> float:
        """From its beginning to its end, in a warm process that has a processor for itself."""
        return self.computing(shape) + self.waiting(shape, backfill=backfill)


def measured(path: Path = RESULTS) -> dict[str, Any]:
    """What bench/base.py has found."""
    return dict(json.loads(path.read_text(encoding="utf-8")))


def fitted(found: dict[str, Any]) -> Base:
    """Least squares of what each run is off its line, in percent of itself: small uploads count as large ones do."""
    runs = found["runs"]
    seconds = _least([_terms(run) for run in runs], runs, _seconds)
    clean = [run for run in runs if not run["bad"]]
    written = _least([[1, run["days"], _plain(run)] for run in clean], clean, _written)
    orders = sum(run["orders"] for run in clean) / sum(map(_plain, clean))
    starting, listing = found["starting"], found["listing"]
    memory = max(starting["small"], starting["large"])
    return Base(*seconds, orders, *written, starting["seconds"], memory, listing["seconds"], listing["bytes"] / 1e6)


def line(base: Base, run: dict[str, Any]) -> float:
    """Processor seconds of a run, as the lines have it."""
    slopes = (base.upload, base.file, base.megabyte, base.quarantine, base.rejected)
    return sum(slope * term for slope, term in zip(slopes, _terms(run), strict=True))


def _terms(run: dict[str, Any]) -> list[float]:
    return [1, run["days"], _plain(run), bool(run["bad"]), run["bad"]]


def _plain(run: dict[str, Any]) -> float:
    return float(run["plain"] / 1e6)


def _seconds(run: dict[str, Any]) -> float:
    return float(run["seconds"])


def _written(run: dict[str, Any]) -> float:
    return float(run["written"]["lake"] / 1e6)


def _least(
    rows: Sequence[Sequence[float]], runs: Sequence[dict[str, Any]], value: Callable[[dict[str, Any]], float]
) -> list[float]:
    values = np.array([value(run) for run in runs])
    solved = np.linalg.lstsq(np.array(rows, float) / values[:, None], np.ones(len(runs)), rcond=None)
    return [float(one) for one in solved[0]]
