"""At scale, on paper: a million uploads a day and 10 TB of backfill, what they take and where they break first.

    python bench/scale.py

Reads what bench/base.py has measured (results/scale.json), puts it through the models (engines.py, waiting.py), which
stand on what AWS asks and allows (aws.py), and writes results/scale.md.
"""

from __future__ import annotations

import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

import aws
import engines
import tables
import uploads
from bill import LINES
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from tables import A_DAY, DEFAULT, MEDIUM, MIDDLE, MONTH, SMALL, TINY, listing, many, money, span
from uploads import Base
from waiting import SHOP, arrivals

FOLDER = Path(__file__).parent
PAGE = FOLDER / "results" / "scale.md"
SLOW, FAST = 0.7, 1.3  # what a processor of AWS's may be to the one that was measured
MORE = 100  # processes of a machine, where they wait
OPENED = 2  # GETs of a Parquet file that a query reads; assumed
REPORT = 10 / 2000  # s to read a run report, as README has it of the quarantine's
ARRAY = 1.2  # GB: 2048 MiB without what a process holds otherwise, and some to spare


def page(base: Base, measured: dict[str, Any]) -> str:
    """results/scale.md."""
    environment = Environment(loader=FileSystemLoader(FOLDER), undefined=StrictUndefined, keep_trailing_newline=True)
    parts = (_base(base, measured), _inputs(), _live(base), _backfills(base), _afterwards(base))
    drawn = {f.__name__: f(base) for f in (tables.a_day, tables.until, tables.backfill, tables.largest, tables.reading)}
    values = {name: value for part in parts for name, value in part.items()}
    return environment.get_template("scale.md.jinja").render(**values, **drawn)


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
        "looks": f"{again.reads - asked.reads:.0f}",
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
    asked, kept = base.requests(shape, backfill=True), base.output(ten) * middle / 1e6
    return {
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
        "listing_time": span(listing(base, number)),
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
        "month_time": span(listing(base, 30 * A_DAY)),
        "month_size": f"{30 * A_DAY * base.name / 1000:.0f}",
    }


def main() -> None:
    measured = uploads.measured()
    written = page(uploads.fitted(measured), measured)
    PAGE.write_text(written, encoding="utf-8")
    print(f"{written}\nREADME's table:\n\n{tables.summary(uploads.fitted(measured))}")


if __name__ == "__main__":
    main()
