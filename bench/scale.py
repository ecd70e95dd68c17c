"""At scale, on paper: a million uploads a day and 10 TB of backfill, what they take and where they break first.

    python bench/scale.py

Reads what bench/base.py has measured (results/scale.json), puts it through the models (engines.py, waiting.py), which
stand on what AWS asks and allows (aws.py), and writes results/scale.md.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import aws
import engines
import uploads
from bill import LINES
from engines import Plan
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from uploads import Base, Shape
from waiting import EVEN, NIGHT, SHOP, arrivals, needed, wait

FOLDER = Path(__file__).parent
PAGE = FOLDER / "results" / "scale.md"
A_DAY = 1_000_000
SLOW, FAST = 0.7, 1.3  # what a processor of AWS's may be to the one that was measured
DEFAULT = 10  # MaximumConcurrency, as template.yaml has it
DEPLOYED = (300, 2048)  # Timeout and EphemeralStorage, likewise
LARGE = 256  # processors of a large cluster
MORE = 100  # processes of a machine, where they wait
OPENED = 2  # GETs of a Parquet file that a query reads; assumed
REPORT = 10 / 2000  # s to read a run report, as README has it of the quarantine's
ARRAY = 1.2  # GB: 2048 MiB without what a process holds otherwise, and some to spare

TINY, MEDIUM = Shape("10 orders, 6 KB", 0.006, 0.006), Shape("1 MB", 1, 1)
MONTH = Shape("1 MB over 30 days", 1, 1, 30)
LIVE = (TINY, Shape("100 KB", 0.1, 0.1), MEDIUM, MONTH)
SMALL, MIDDLE, LARGEST = MIXES = (  # of 10 TB
    (10_000_000, MEDIUM),
    (1_000_000, Shape("10 MB", 10, 10)),
    (10_000, Shape("1 GB over 30 days", 1000, 1000, 30)),
)
PACKED = (10_000, Shape("1 GB over 30 days, as 0.1 GB of gzip", 102, 1000, 30))


def plans(base: Base, number: int, shape: Shape) -> list[Plan]:
    """Each engine, as the table has them."""
    return [
        engines.mapped(base, shape, number, DEFAULT),
        engines.mapped(base, shape, number, aws.CONCURRENCY),
        engines.local(base, shape, number),
        engines.spark(base, shape, number, engines.PROCESSORS, "EMR"),
        engines.spark(base, shape, number, engines.PROCESSORS, "Glue"),
        engines.spark(base, shape, number, LARGE, "EMR"),
    ]


# --- how figures are written ------------------------------------------------------------------------------------------


def money(dollars: float) -> str:
    if dollars == 0:
        return "0"
    return f"${dollars:,.0f}" if dollars >= 10 else f"${dollars:.2f}"


def span(seconds: float) -> str:
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}" if seconds < 10 * size else f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.2f} s"


def many(number: float) -> str:
    """Two digits or three: nothing here is known better."""
    if number >= 1e6:
        return f"{number / 1e6:.0f} million" if number >= 1e7 else f"{number / 1e6:.1f} million".replace(".0", "")
    return f"{number / 1000:.0f},000" if number >= 1e4 else f"{number:,.0f}"


def table(head: str, rows: Iterable[Sequence[object]]) -> str:
    """`head`: the columns between bars; those that begin with `>` are numbers."""
    names = head.split("|")
    line = "|".join("--:" if name.startswith(">") else "---" for name in names)
    shown = ([name.lstrip(">") for name in names], *rows)
    first, *others = (f"| {' | '.join(map(str, row))} |" for row in shown)
    return "\n".join([first, f"|{line}|", *others, ""])


def bill(plan: Plan) -> list[str]:
    return [money(plan.dollars(kind)) for kind in ("computing", "requests", "others", None)]


# --- the tables -------------------------------------------------------------------------------------------------------


def a_day(base: Base) -> str:
    def row(shape: Shape) -> list[str]:
        plan = engines.queued(base, shape, A_DAY, DEFAULT)
        functions = [f"{needed(day, A_DAY, plan.one):.0f}" for day in (EVEN, SHOP, NIGHT)]
        waits = (wait(day, A_DAY, plan.one, DEFAULT) for day in (SHOP, NIGHT))
        longest = ["never done" if found.left > 1 else span(found.longest) for found in waits]
        return [shape.name, span(plan.one), *functions, *longest, *bill(plan)]

    head = "an upload|>takes|>even|>shop's day|>in one hour|>waits: shop's day|>in one hour|>computing|>S3|>rest|>a day"
    return table(head, map(row, LIVE))


def until(base: Base) -> str:
    a_second = max(arrivals(SHOP, 1)) / 60  # in the busiest hour, for each upload of a day
    columns = [engines.queued(base, shape, A_DAY, DEFAULT).limits for shape in LIVE]
    rows = ([one[0].name, *(many(limit.rate / a_second) for limit in one)] for one in zip(*columns, strict=True))
    return table("limit|>" + "|>".join(shape.name for shape in LIVE), rows)


def backfill(base: Base) -> str:
    def rows() -> Iterator[list[str]]:
        for number, shape in (*MIXES, PACKED):
            mix = f"{many(number)} of {shape.name}"
            for plan in plans(base, number, shape):
                met = f"{plan.first.name}, at {many(plan.reached())}"
                yield [mix, f"{plan.engine}, {plan.at_once:,}", span(plan.seconds), *bill(plan), met]
                mix = ""

    return table("uploads|engine, at once|>time|>computing|>S3|>rest|>together|met first", rows())


def largest(base: Base) -> str:
    """By time and by room; everything grows with size."""

    def row(name: str, most: tuple[int, int], form: str, packed: float) -> list[str]:
        room = most[1] * 1.048576
        in_time = _most(lambda size: base.seconds(Shape("", size * packed, size)), most[0])
        in_room = _most(lambda size: size * packed + base.output(Shape("", 0, size)), room)
        sizes = [f"{size / 1000:.1f} GB" for size in (in_time, in_room)]
        return [f"{name}: {most[0]} s, {most[1]:,} MiB", form, *sizes, "time" if in_time < in_room else "room"]

    settings = (("as deployed", DEPLOYED), ("at most", (aws.TIMEOUT, aws.TEMPORARY)))
    forms = (("NDJSON", 1.0), ("gzip", PACKED[1].stored / PACKED[1].plain))
    rows = (row(name, most, form, packed) for name, most in settings for form, packed in forms)
    return table("function|form|>in time|>in /tmp|first", rows)


def _most(grown: Callable[[float], float], most: float) -> float:
    """The MB at which it is as much as that."""
    low, high = 0.0, 1e6
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if grown(middle) <= most else (low, middle)
    return low


def reading(base: Base) -> str:
    def row(days: int, after: str) -> list[str]:
        reports = days * A_DAY
        kept = 3 * reports * base.touched(TINY)
        sizes = [[many(names), span(_listing(base, names)), _held(base, names)] for names in (reports, kept)]
        return [after, *sizes[0], *sizes[1]]

    head = "after|>run reports|>`stats` lists for|>holding|>files in quarantine|>`list` lists for|>holding"
    return table(head, (row(1, "a day"), row(30, "30 days"), row(365, "a year")))


def _listing(base: Base, names: float) -> float:
    """Seconds, page by page."""
    return names / aws.S3_LISTED * (aws.LISTING + base.listing)


def _held(base: Base, names: float) -> str:
    return f"{names * base.name / 1000:,.1f} GB"


def summary(base: Base) -> str:
    """README's table."""

    def rows() -> Iterator[list[str]]:
        for shape in (TINY, MEDIUM):
            plan = engines.queued(base, shape, A_DAY, DEFAULT)
            functions = f"{needed(SHOP, A_DAY, plan.one):.0f} functions in the busiest hour"
            yield [f"1 million a day of {shape.name}", "the deployment", functions, *_dollars(plan)]
        for number, shape in MIXES:
            mix = f"10 TB: {many(number)} of {shape.name}"
            for plan in (
                engines.mapped(base, shape, number, aws.CONCURRENCY),
                engines.local(base, shape, number),
                engines.spark(base, shape, number, LARGE, "EMR"),
            ):
                yield [mix, f"{plan.engine}, {plan.at_once:,} at once", span(plan.seconds), *_dollars(plan)]
                mix = ""

    return table("uploads|by|>time|>dollars|>of which S3's requests", rows())


def _dollars(plan: Plan) -> list[str]:
    return [money(plan.dollars()), money(plan.dollars("requests"))]


# --- the page ---------------------------------------------------------------------------------------------------------


def page(base: Base, measured: dict[str, Any]) -> str:
    """results/scale.md."""
    environment = Environment(loader=FileSystemLoader(FOLDER), undefined=StrictUndefined, keep_trailing_newline=True)
    parts = (_base(base, measured), _inputs(), _live(base), _backfills(base), _afterwards(base))
    tables = {f.__name__: f(base) for f in (a_day, until, backfill, largest, reading)}
    values = {name: value for part in parts for name, value in part.items()}
    return environment.get_template("scale.md.jinja").render(**values, **tables)


def _base(base: Base, measured: dict[str, Any]) -> dict[str, object]:
    asked, again = base.requests(TINY), base.requests(TINY, backfill=True)
    off = [abs(uploads.line(base, run) / run["seconds"] - 1) for run in measured["runs"]]
    return {
        "machine": measured["machine"],
        "upload": f"{1000 * base.upload:.0f}",
        "file": f"{1000 * base.file:.0f}",
        "megabyte": f"{1000 * base.megabyte:.0f}",
        "quarantine": f"{1000 * base.quarantine:.0f}",
        "rejected": f"{1000 * base.rejected:.1f}",
        "memory": f"{base.memory:.0f}",
        "starting": f"{base.starting:.1f}",
        "reads": f"{asked.reads:.0f}",
        "lists": f"{asked.lists:.0f}",
        "puts": f"{asked.puts - 3 * base.touched(TINY):.0f}",
        "deletes": f"{asked.deletes:.0f}",
        "heads": f"{again.reads - asked.reads:.0f}",
        "looks": f"{again.lists - asked.lists:.0f}",
        "typical": f"{statistics.median(off):.0%}",
        "worst": f"{max(off):.0%}",
    }


def _inputs() -> dict[str, object]:
    return {
        "latency": f"{1000 * aws.LATENCY:.0f}",
        "transfer": aws.TRANSFER,
        "broken": f"{uploads.BROKEN:.0%}",
        "slow": SLOW,
        "fast": FAST,
        "spark": engines.SPARK_TO_LOCAL,
        "busy": f"{max(SHOP) * 24 / sum(SHOP):.1f}",
        "default": DEFAULT,
        "retention": aws.RETENTION,
        "in_flight": f"{aws.IN_FLIGHT:,}",
        "concurrency": f"{aws.CONCURRENCY:,}",
        "ramp": f"{(aws.CONCURRENCY - aws.POLLED) / aws.POLLED_MORE:.1f}",
        "array": ARRAY,
        "mails": aws.MAILS,
        "started": aws.STARTED_STANDARD,
        "started_express": f"{aws.STARTED_EXPRESS:,}",
        "express_minutes": aws.EXPRESS_SECONDS // 60,
        "emr": aws.EMR_PROCESSORS,
        "disk": aws.MACHINE_DISK,
        "traced": f"{aws.TRACED:.0%}",
    }


def _live(base: Base) -> dict[str, object]:
    together = round(MEDIUM.plain / TINY.plain)
    tiny, collected = engines.queued(base, TINY, A_DAY, 10), engines.queued(base, MEDIUM, A_DAY // together, 10)
    writes = next(limit for limit in tiny.limits if "writes" in limit.name)
    return {
        "tiny": TINY.name,
        "tiny_mails": f"{A_DAY * base.touched(TINY) / 86_400:.1f}",
        "medium_mails": f"{A_DAY * base.touched(MEDIUM) / 86_400:.1f}",
        "tiny_money": money(tiny.dollars()),
        "collected": together,
        "collected_money": money(collected.dollars()),
        "s3_share": f"{max(arrivals(SHOP, A_DAY)) / 60 / writes.rate:.0%}",
        "logs": f"{A_DAY * LINES / 1e9:g}",
        "logs_money": money(A_DAY * LINES * aws.LOGGED),
    }


def _backfills(base: Base) -> dict[str, object]:
    (number, shape), (middle, ten) = SMALL, MIDDLE
    standard = engines.mapped(base, shape, number, aws.CONCURRENCY)
    express = engines.mapped(base, shape, number, aws.CONCURRENCY, express=True)
    local, crowded = engines.local(base, shape, number), engines.local(base, shape, number, MORE)
    days = engines.local(base, MONTH, number)
    slow, fast = (engines.local(replace(base, speed=speed), ten, middle) for speed in (SLOW, FAST))
    mails = [aws.MAILS / base.touched(each) * base.seconds(each, backfill=True) for _, each in MIXES]
    asked, kept = base.requests(shape, backfill=True), base.output(ten) * middle / 1e6
    return {
        **dict(zip(("mails_small", "mails_medium", "mails_large"), (f"{math.ceil(x)}" for x in mails), strict=True)),
        "express_time": span(express.seconds),
        "express_money": money(express.dollars()),
        "standard_time": span(standard.seconds),
        "standard_money": money(standard.dollars()),
        "waiting": f"{base.waiting(shape, backfill=True) / local.one:.0%}",
        "more": MORE,
        "more_time": span(crowded.seconds),
        "days_time": span(days.seconds),
        "days_money": money(days.dollars()),
        "slow_time": span(slow.seconds),
        "fast_time": span(fast.seconds),
        "slow_money": money(slow.dollars()),
        "fast_money": money(fast.dollars()),
        "kept": f"{kept:.1f}",
        "kept_money": money(1000 * kept * aws.STORED),
        "load": f"{asked.load:.0f}",
        "s3_pace": f"{aws.S3_WRITES / asked.load:.0f}",
        "listing_time": span(_listing(base, number)),
        "listing_size": f"{number * base.name / 1000:.1f}",
    }


def _afterwards(base: Base) -> dict[str, object]:
    pieces = A_DAY * OPENED
    return {
        "size": f"{1000 * (base.output(TINY) - base.report):.0f}",
        "pieces": many(pieces),
        "query_time": span(pieces / aws.S3_READS),
        "query_money": money(pieces * aws.READ),
        "readable": many(10 * aws.S3_READS / OPENED),
        "report_time": span(A_DAY * REPORT),
        "markers": many(30 * A_DAY),
        "month_time": span(_listing(base, 30 * A_DAY)),
        "month_size": f"{30 * A_DAY * base.name / 1000:.0f}",
    }


def main() -> None:
    measured = uploads.measured()
    written = page(uploads.fitted(measured), measured)
    PAGE.write_text(written, encoding="utf-8")
    print(f"{written}\nREADME's table:\n\n{summary(uploads.fitted(measured))}")


if __name__ == "__main__":
    main()
