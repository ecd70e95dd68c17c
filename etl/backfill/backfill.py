"""All uploads of a backfill: planned, handed to an engine, and summed up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from etl.backfill.work import Feed, Outcome, Task, Work, failure, work
from etl.contract.model import Contract
from etl.errors import EtlError
from etl.pipeline import Outputs
from etl.records import Upload

_ROUNDS = 3  # for uploads whose storage failed: by the end of a long backfill it may be well again


class Engine(Protocol):
    """What runs tasks, many at a time."""

    @property
    def name(self) -> str:
        """What it is, for people: `4 processes`."""
        ...

    def outcomes(self, work: Work, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """One outcome a task, in any order. Raises `EtlError` where the engine itself fails."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done: the largest uploads first, so that none is begun last; and what can't even be begun."""

    work: Work
    tasks: Sequence[Task]
    failed: Sequence[Outcome]

    @property
    def bytes(self) -> int:
        """Of all uploads, as they are stored."""
        return sum(task.size for task in (*self.tasks, *(outcome.task for outcome in self.failed)))


def plan(
    uploads: Sequence[Upload], contract_of: Callable[[str], Contract], outputs_of: Callable[[Contract], Outputs]
) -> Plan:
    """Find the contract and the outputs of each upload."""
    feeds: dict[str, Feed] = {}
    numbers: dict[str, int] = {}
    tasks: list[Task] = []
    failed: list[Outcome] = []
    for upload in uploads:
        try:
            contract = contract_of(upload.location)
            if contract.name not in feeds:
                feeds[contract.name] = Feed(contract, outputs_of(contract))
        except EtlError as error:
            failed.append(failure(Task(upload.location, upload.size, -1), error))
            continue
        number = numbers.setdefault(contract.name, len(numbers))
        tasks.append(Task(upload.location, upload.size, number))
    tasks.sort(key=lambda task: (-task.size, task.location))
    return Plan(work([*feeds.values()]), tasks, failed)


def outcomes(plan: Plan, engine: Engine) -> Iterator[Outcome]:
    """One outcome of each upload, as it comes. Raises `EtlError` where the engine fails."""
    yield from plan.failed
    tasks = plan.tasks
    for left in reversed(range(_ROUNDS)):
        again: list[Task] = []
        for outcome in engine.outcomes(plan.work, tasks) if tasks else ():
            if outcome.again and left:
                again.append(outcome.task)
            else:
                yield outcome
        tasks = again


@dataclass(slots=True)
class Tally:
    """The sums of a backfill so far."""

    uploads: Counter[str] = field(default_factory=Counter)
    records: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        self.uploads[outcome.status] += 1
        self.records.update(outcome.records)
