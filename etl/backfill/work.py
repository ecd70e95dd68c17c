"""One upload of a backfill, wherever its process is: it is passed over, or run as ever; either has an outcome.

Everything here travels between processes and machines, so it is small, and equal on both sides.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from traceback import extract_tb
from typing import Literal

import pyarrow as pa

from etl import pipeline
from etl.contract.model import Contract
from etl.errors import ContractError, EtlError, NotFound, StorageError, UsageError
from etl.lineage import Lineage
from etl.pipeline import Outputs
from etl.storage import Storage, open_storage

Status = Literal["published", "partial", "rejected", "empty", "passed over", "failed"]

_COUNTED = ("read", "published", "quarantined", "split")


@dataclass(frozen=True, slots=True)
class Task:
    """An upload of `size` bytes as it is stored; `feed` says by which contract, in the order of the work's feeds."""

    location: str
    size: int
    feed: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has become of an upload: the status of its run report; `passed over`: it had been through before; `failed`.

    `records` counts those that were read, published, quarantined and split in this backfill. `reason` is the error of
    one that failed, as one line for a user; `again`: that may pass by itself, as storage that is overloaded does;
    `usage`: the upload or its contract is in the wrong place.
    """

    task: Task
    status: Status
    records: Mapping[str, int] = field(default_factory=dict)
    reason: str | None = None
    again: bool = False
    usage: bool = False


@dataclass(frozen=True, slots=True)
class Feed:
    """A contract, and where what its uploads become goes."""

    contract: Contract
    outputs: Outputs


Work = Callable[[Task], Outcome]
"""What is to be done with each task, in whatever process; it can be pickled."""


@dataclass(frozen=True, slots=True)
class _Runs:
    """Runs them. The feeds are packed, so that each process unpacks them once."""

    packed: bytes

    def __call__(self, task: Task) -> Outcome:
        """Pass over or run one upload. Raises nothing: whoever asked may be on another machine."""
        try:
            return _outcome(task, _unpacked(self.packed)[task.feed], _storage())
        except EtlError as error:
            return failure(task, error)
        except Exception as error:  # noqa: BLE001  the outermost edge of this process: a bug stops no other upload
            return Outcome(task, "failed", reason=f"{task.location}: {_bug(error)}")


def work(feeds: Sequence[Feed]) -> Work:
    """To pass over or run uploads of these feeds."""
    return _Runs(pickle.dumps(tuple(feeds)))


def failure(task: Task, error: EtlError) -> Outcome:
    """The outcome of an upload that could not be run."""
    passes = isinstance(error, StorageError) and not isinstance(error, NotFound)
    return Outcome(task, "failed", {}, str(error), passes, isinstance(error, ContractError | UsageError))


def _outcome(task: Task, feed: Feed, storage: Storage) -> Outcome:
    if pipeline.standing(task.location, feed.contract, storage, feed.outputs):
        return Outcome(task, "passed over")
    report = _lineage().follow(
        task.location, feed.contract, lambda: pipeline.run(task.location, feed.contract, storage, feed.outputs)
    )
    return Outcome(task, report["status"], {name: report["records"][name] for name in _COUNTED})


def _bug(error: Exception) -> str:
    """Where it arose; not its text, which may hold values of the upload."""
    frame = extract_tb(error.__traceback__)[-1]
    return (
        f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}: this is a bug, please report it"
    )


@lru_cache(maxsize=1)
def _unpacked(packed: bytes) -> tuple[Feed, ...]:
    pa.set_cpu_count(1)  # processes are as many as there are processors
    feeds: tuple[Feed, ...] = pickle.loads(packed)  # noqa: S301  our own: from `work`, by way of the engine
    return feeds


@cache
def _lineage() -> Lineage:
    return Lineage(lambda location, reason: print(f"etl: {location}: {reason}", file=sys.stderr))  # noqa: T201  a warning


@cache
def _storage() -> Storage:
    return open_storage()
