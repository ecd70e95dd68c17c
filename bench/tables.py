"""The tables of bench/scale.py: the uploads that it looks at, and what the models say of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import aws
import engines
from engines import Plan
from uploads import Base, Shape
from waiting import EVEN, NIGHT, SHOP, arrivals, needed, wait

A_DAY = 1_000_000
DEFAULT = 10  # MaximumConcurrency, as template.yaml has it
DEPLOYED = (300, 2048)  # Timeout and EphemeralStorage, likewise
LARGE = 256  # processors of a large cluster

TINY, MEDIUM = Shape("10 orders, 6 KB", 0.006, 0.006), Shape("1 MB", 1, 1)
MONTH = Shape("1 MB over 30 days", 1, 1, 30)
LIVE = (TINY, Shape("100 KB", 0.1, 0.1), MEDIUM, MONTH)
SMALL, MIDDLE, _ = MIXES = (  # of 10 TB
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
        longest = [
            "never done" if found.left > 1 else span(found.longest) if found.longest else "no time" for found in waits
        ]
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
        sizes = [[many(names), span(listing(base, names)), _held(base, names)] for names in (reports, kept)]
        return [after, *sizes[0], *sizes[1]]

    head = "after|>run reports|>`stats` lists for|>holding|>files in quarantine|>`list` lists for|>holding"
    return table(head, (row(1, "a day"), row(30, "30 days"), row(365, "a year")))


def listing(base: Base, names: float) -> float:
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
