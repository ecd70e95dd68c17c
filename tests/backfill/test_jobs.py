"""Spark's jobs, by a context that runs them in the threads that ask: no Java."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event

import pytest

from etl.backfill import Outcome, Task
from etl.backfill import spark as engine


@dataclass
class Context:
    """As much of Spark as the engine asks for. The job of the task `large` ends when that of `third` has begun."""

    master: str = "a test"
    third: Event = field(default_factory=Event)
    tasks: Sequence[Task] = ()
    defaultParallelism: int = 0  # noqa: N815  its name there

    def getConf(self) -> dict[str, str]:  # noqa: N802  its name there
        return {}

    def parallelize(self, tasks: Sequence[Task], _: int) -> "Context":
        return Context(self.master, self.third, tasks)

    def map(self, one: Callable[[Task], Outcome]) -> "Context":
        return self

    def collect(self) -> list[Outcome]:
        for task in self.tasks:
            if task.location == "large":
                assert self.third.wait(10), "the others wait for it"
            if task.location == "third":
                self.third.set()
        return [Outcome(task, "published") for task in self.tasks]


def test_a_large_upload_holds_up_no_other_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_JOB", 1)
    tasks = [Task(name, 1, 0) for name in ("large", "second", "third", "last")]
    found = [one.task.location for one in engine.SparkEngine(Context()).outcomes(None, tasks)]  # type: ignore[arg-type]
    assert sorted(found) == sorted(task.location for task in tasks)
    assert found[0] == "second"


def test_jobs_grow_with_the_cluster() -> None:
    tasks, context = [Task(str(number), 1, 0) for number in range(1000)], Context()
    jobs = engine.SparkEngine(context)._cut(tasks)  # type: ignore[arg-type]
    assert len(next(jobs)) == 100
    context.defaultParallelism = 200
    assert [len(job) for job in jobs] == [800, 100]
