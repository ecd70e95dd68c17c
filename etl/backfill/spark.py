"""Apache Spark, which brings the tasks to executors: on EMR, Glue, or a cluster of your own.

Spark places tasks, tries those again whose executor died, and may run a slow one twice. Nothing goes through it but
names and outcomes: each task reads its upload and publishes what becomes of it by itself.
"""

from __future__ import annotations

import gc
import os
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from functools import cache
from itertools import islice

from py4j.protocol import Py4JError
from pyspark import SparkContext, TaskContext
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from etl.backfill.work import Outcome, Task, Work
from etl.errors import EngineError

_JOB = 100  # tasks in one of Spark's jobs, at least: outcomes are known when it ends
_DEEP = 4  # tasks of a job for each processor: enough that few wait for its last
_JOBS = 2  # at a time: the second fills the processors that the first leaves when it ends
_FAILURES = 4  # of a task, after which Spark gives up the whole job, unless `spark.task.maxFailures` says otherwise
_LOCAL = re.compile(r"local(\[(\*|\d+)\])?")


class SparkEngine:
    """A Spark application; within the context `spark`."""

    def __init__(self, context: SparkContext) -> None:
        self._context = context

    @property
    def name(self) -> str:
        return f"Spark {self._context.version} at {self._context.master}"

    def outcomes(self, work: Work, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """Job by job, as they end: a large upload in one of them holds up no other. Raises `EngineError`."""
        one = _task(work, self._failures())
        jobs = self._cut(tasks)
        with ThreadPoolExecutor(_JOBS, "etl-jobs") as threads:
            running = {threads.submit(self._job, one, job) for job in islice(jobs, _JOBS)}
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                outcomes = [outcome for job in done for outcome in job.result()]
                running |= {threads.submit(self._job, one, job) for job in islice(jobs, len(done))}
                yield from outcomes

    def _cut(self, tasks: Sequence[Task]) -> Iterator[Sequence[Task]]:
        """Jobs, by the processors that there are when each begins: clusters grow while they are at work."""
        left = iter(tasks)
        while job := list(islice(left, max(_JOB, _DEEP * self._context.defaultParallelism))):
            yield job

    def _job(self, one: Work, tasks: Sequence[Task]) -> list[Outcome]:
        with _translated():
            return self._context.parallelize(tasks, len(tasks)).map(one).collect()

    def _failures(self) -> int:
        """How often a task may fail before Spark gives all up."""
        if _LOCAL.fullmatch(str(self._context.master)):
            return 1
        local = re.fullmatch(r"local\[[^,]*,(\d+)\]", str(self._context.master))
        told = self._context.getConf().get("spark.task.maxFailures")
        return int(local[1] if local else told or _FAILURES)


@contextmanager
def spark(master: str | None) -> Iterator[SparkEngine]:
    """Spark as `spark-submit` says, or at this master; this machine, if neither says. Raises `EngineError`."""
    with _translated():
        session = _session(master)
    try:
        yield SparkEngine(session.sparkContext)
    finally:
        with suppress(Py4JError, OSError):  # it may be what failed
            session.stop()


def _session(master: str | None) -> SparkSession:
    builder = SparkSession.builder.appName("etl backfill").config("spark.ui.showConsoleProgress", "false")
    if master is None and "PYSPARK_GATEWAY_PORT" not in os.environ:  # which spark-submit sets
        master = "local[*]"
    if local := _LOCAL.fullmatch(master or ""):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")  # nobody else's business
        builder = builder.config("spark.log.level", "ERROR")
        master = _patient(local[2] or "1")
    if master:
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        builder = builder.master(master)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of PySpark about pandas 3, which nothing here hands to it
        return builder.config("spark.executorEnv.PYTHONWARNINGS", "ignore::FutureWarning").getOrCreate()


def _patient(cores: str) -> str:
    """On one machine Spark gives up at the first task that dies, unless it is told how many."""
    return f"local[{cores},{_FAILURES}]"


def _task(work: Work, failures: int) -> Work:
    def one(task: Task) -> Outcome:
        """The last attempt is not made: an upload that ends its executor would end the backfill with it."""
        _freeze()
        attempts = _attempts()
        return work(task) if attempts < failures - 1 or failures == 1 else _given_up(task, attempts)

    return one


@cache
def _freeze() -> None:
    """Spark has a process collect its garbage after each task: a fifth of a second, if modules are looked at, too."""
    gc.freeze()


def _attempts() -> int:
    """How often this task has been begun before."""
    context = TaskContext.get()
    return context.attemptNumber() if context else 0


def _given_up(task: Task, attempts: int) -> Outcome:
    reason = f"its executor died {attempts} times, most likely for want of memory; give executors more, run it again"
    return Outcome(task, "failed", reason=f"{task.location}: {reason}")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (PySparkException, Py4JError, OSError) as error:
        raise EngineError(f"Spark failed: {_words(error)}") from error


def _words(error: BaseException) -> str:
    """The line that says what it was: Spark's own texts are pages."""
    text = str(getattr(error, "java_exception", None) or error)
    if "No module named 'etl'" in text:
        return "its executors have no `etl`: install it on each of them, as README says under Backfill"
    if "JAVA_GATEWAY_EXITED" in text or isinstance(error, FileNotFoundError):
        return "it needs Java, 17 or newer: install it, or set JAVA_HOME"
    return next(filter(None, map(str.strip, text.splitlines())), type(error).__name__)
