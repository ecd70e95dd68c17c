"""The model: what an engine takes, in time and money, for so many uploads of a shape; and what limits it.

An engine's pace is that of its tightest limit. The first limit is what was chosen (functions, processes, processors at
a time); the others say where it breaks when more is chosen. A limit that does not slow work down but breaks something
(`breaks`), or that settings move (`moved`), does not count for the time: it is named.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import aws
from bill import Kind, Line, bill, stored
from uploads import Base, Shape

# --- inputs that are not measured here --------------------------------------------------------------------------------

SPARK_TO_LOCAL = 0.86  # throughput of a core under Spark to that of a local process: bench/results/backfill.json
SPARK_TASK = 0.04  # s that Spark adds to each task: an empty one took 32 ms of processor in a worker that was there
SPARK_START = 120  # s until EMR Serverless or Glue has its executors; assumed
SPARK_TASKS = 1000  # that a driver hands out in a second; assumed
STEPS = 1  # transitions of a child of the state machine, which has one state. Its ends may count, too: not confirmed
CHILD = 0.1  # s that a child takes beside the function; assumed
CORE_GB = 4  # of memory to each virtual processor: EMR's workers of 4 and 16, and Glue's G.1X
DRIVER = 4  # virtual processors
PROCESSORS = 32  # virtual, of a c7i.8xlarge

Effect = Literal["slows", "breaks", "moved"]


@dataclass(frozen=True, slots=True)
class Limit:
    """How many uploads a second it lets through."""

    name: str
    rate: float
    effect: Effect = "slows"


@dataclass(frozen=True, slots=True)
class Plan:
    """An engine's work: `seconds` from beginning to end. `one` is the seconds of one upload."""

    engine: str
    shape: Shape
    uploads: int
    at_once: int
    one: float
    seconds: float
    lines: tuple[Line, ...]
    limits: tuple[Limit, ...]

    def dollars(self, kind: Kind | None = None) -> float:
        return sum(line.dollars for line in self.lines if kind in (None, line.kind))

    @property
    def first(self) -> Limit:
        """What is met first if more is chosen."""
        return min(self.limits[1:], key=lambda limit: limit.rate)

    def reached(self) -> float:
        """How much is chosen when that happens."""
        return self.at_once * self.first.rate / self.limits[0].rate


def pace(limits: tuple[Limit, ...]) -> float:
    """Uploads a second."""
    return min(limit.rate for limit in limits if limit.effect == "slows")


def _s3(base: Base, shape: Shape, *, backfill: bool = True) -> tuple[Limit, ...]:
    """Of one partition of the bucket's index: names lie evenly in it, so S3 may split it, but not at once."""
    asked = base.requests(shape, backfill=backfill)
    return (
        Limit("S3: writes a second", aws.S3_WRITES / asked.load),
        Limit("S3: reads a second", aws.S3_READS / asked.reads),
    )


def _mails(base: Base, shape: Shape) -> Limit:
    touched = base.touched(shape)
    return Limit("SNS: e-mails a second", aws.MAILS / touched if touched else math.inf, "breaks")


def traces(uploads: int, seconds: float) -> float:
    """How many X-Ray takes of so many calls in so many seconds."""
    always = min(uploads, aws.TRACES * seconds)
    return always + aws.TRACED * (uploads - always)


def _names(base: Base, uploads: int) -> tuple[Line, float]:
    """One listing of the prefix: what it costs, and seconds, page after page."""
    pages = math.ceil(uploads / aws.S3_LISTED)
    return Line("requests", f"{pages:,} LISTs", pages * aws.WRITE), pages * (aws.LISTING + base.listing)


# --- the engines ------------------------------------------------------------------------------------------------------


def queued(base: Base, shape: Shape, uploads: int, at_once: int, seconds: float = 86_400) -> Plan:
    """S3 -> SQS -> Lambda, for uploads that come evenly over so many seconds. How they wait says bench/waiting.py."""
    one, asked, touched = base.seconds(shape), base.requests(shape), base.touched(shape)
    lines = bill(
        *(uploads, one, uploads * asked.billed, uploads * asked.reads),
        messages=3 * uploads,
        notices=uploads * touched,
        traces=traces(uploads, seconds),
    )
    limits = (
        Limit("MaximumConcurrency", at_once / one),
        Limit("Lambda: functions at a time", aws.CONCURRENCY / one, "moved"),
        *_s3(base, shape, backfill=False),
        _mails(base, shape),
    )
    return Plan("queue", shape, uploads, at_once, one, max(seconds, uploads / pace(limits)), tuple(lines), limits)


def mapped(base: Base, shape: Shape, uploads: int, at_once: int, *, express: bool = False) -> Plan:
    """A Distributed Map over the prefix that calls the function. It sends no messages, to SQS or SNS."""
    one, asked = base.seconds(shape, backfill=True), base.requests(shape, backfill=True)
    started = aws.STARTED_EXPRESS if express else aws.STARTED_STANDARD
    limits = (
        Limit("MaximumConcurrency", at_once / (one + CHILD)),
        Limit("Step Functions: children started a second", started),
        *(() if express else (Limit("Step Functions: transitions a second", aws.TRANSITIONS / STEPS),)),
        Limit("Lambda: functions at a time", aws.CONCURRENCY / (one + CHILD), "moved"),
        *_s3(base, shape),
    )
    seconds = uploads / pace(limits) + aws.COLD
    lines = bill(
        *(uploads, one, uploads * asked.billed, uploads * asked.reads),
        messages=0,
        notices=0,
        traces=traces(uploads, seconds),
    )
    listed, _ = _names(base, uploads)  # by Step Functions, while the first children are at work
    return Plan(
        "Distributed Map",
        shape,
        uploads,
        at_once,
        one,
        seconds,
        (*lines, listed, *_steps(uploads, one, express)),
        limits,
    )


def _steps(uploads: int, one: float, express: bool) -> tuple[Line, ...]:
    if not express:
        return (Line("others", f"{uploads * STEPS:,} transitions", uploads * STEPS * aws.TRANSITION),)
    used = uploads * (one + CHILD) / 16  # of a GiB: 64 MB each
    return (
        Line("others", f"{uploads:,} Express executions", uploads * aws.EXPRESS),
        Line("others", f"{used:,.0f} GB-s of them", used * aws.EXPRESS_GIB_SECOND),
    )


def local(base: Base, shape: Shape, uploads: int, processes: int = PROCESSORS) -> Plan:
    """`etl backfill --engine local` on one c7i.8xlarge, a process to each virtual processor."""
    one, asked = base.seconds(shape, backfill=True), base.requests(shape, backfill=True)
    moved = shape.stored + base.output(shape)
    held_back = processes * moved < aws.MACHINE_DIRTY and one < aws.MACHINE_EXPIRE  # gone before they reach the disk
    limits = (
        Limit("processes", processes / one),
        Limit("the machine's processors", PROCESSORS / base.computing(shape)),
        Limit("the machine's network", aws.MACHINE_NETWORK / moved),
        *(() if held_back else (Limit("disk under the temporary folder", aws.MACHINE_DISK / moved, "moved"),)),
        *_s3(base, shape),
    )
    listed, listing = _names(base, uploads)
    seconds = uploads / pace(limits) + listing + base.starting
    hours = seconds / 3600
    lines = (
        Line("computing", f"{hours:,.1f} hours of a c7i.8xlarge", hours * aws.MACHINE_HOUR),
        *stored(uploads * asked.billed, uploads * asked.reads),
        listed,
    )
    return Plan("local", shape, uploads, processes, one, seconds, lines, limits)


def spark(base: Base, shape: Shape, uploads: int, cores: int, where: Literal["EMR", "Glue"]) -> Plan:
    """`etl backfill --engine spark`: an upload is a task, each virtual processor of an executor a Python worker."""
    asked = base.requests(shape, backfill=True)
    one = base.computing(shape) / SPARK_TO_LOCAL + base.waiting(shape, backfill=True) + SPARK_TASK
    quota = aws.EMR_PROCESSORS if where == "EMR" else 4 * aws.GLUE_UNITS
    limits = (
        Limit("cores", cores / one),
        Limit(f"{where}: processors of an account", (quota - DRIVER) / one, "moved"),
        Limit("Spark's driver: tasks a second", SPARK_TASKS),
        *_s3(base, shape),
    )
    listed, listing = _names(base, uploads)  # by the driver, before the first task
    seconds = uploads / pace(limits) + listing + base.starting + SPARK_START
    used = (cores + DRIVER) * seconds / 3600
    price = aws.EMR_PROCESSOR_HOUR + CORE_GB * aws.EMR_GB_HOUR if where == "EMR" else aws.DPU_HOUR / 4
    lines = (
        Line("computing", f"{used:,.0f} processor hours of {where}", used * price),
        *stored(uploads * asked.billed, uploads * asked.reads),
        listed,
    )
    return Plan(f"Spark on {where}", shape, uploads, cores, one, seconds, lines, limits)
