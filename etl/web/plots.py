"""Two plots as boxes, in pixels: the rejected share by day, and the rules that most records break."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

_DAYS, _LEAST = 30, 14
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 560, 176, 52, 24, 12, 26
_TICKS = 4
_STEPS = (1, 2, 5, 10, 20, 25, 50, 100)


@dataclass(frozen=True, slots=True)
class Day:
    """The uploads of one day: records read, and of those rejected."""

    day: str
    read: int
    rejected: int

    @property
    def percent(self) -> float:
        return 100 * self.rejected / self.read if self.read else 0.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A day's bar, or where it would stand: with uploads and nothing rejected it has no height."""

    day: Day | None
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis: where, and its words."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class DayPlot:
    """All of it, and where its lines are."""

    width: int
    height: int
    left: int
    base: float
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    labels: tuple[Tick, ...]
    table: tuple[Day, ...]


@dataclass(frozen=True, slots=True)
class RuleBar:
    """A rule, the records that break it, and how long its bar is, in percent of the longest."""

    name: str
    records: int
    percent: float


def by_day(days: Mapping[str, Day]) -> DayPlot | None:
    """The last thirty days with uploads, up to the newest; None where there were none."""
    known = sorted(day for day in days if _is_day(day))
    if not known:
        return None
    last = date.fromisoformat(known[-1])
    count = min(max((last - date.fromisoformat(known[0])).days + 1, _LEAST), _DAYS)
    every = [(last - timedelta(days=count - 1 - at)).isoformat() for at in range(count)]
    top = _top(max((days[day].percent for day in every if day in days), default=0))
    room, base = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _BOTTOM
    each = room / count
    bars = tuple(_bar(days.get(day), _LEFT + each * at, each, top, base) for at, day in enumerate(every))
    ticks = tuple(Tick(base - (base - _TOP) * at / _TICKS, f"{top * at / _TICKS:g}%") for at in range(_TICKS + 1))
    shown = tuple(days[day] for day in reversed(every) if day in days)
    return DayPlot(_WIDTH, _HEIGHT, _LEFT, base, bars, ticks, _labels(every, each), shown)


def _is_day(day: str) -> bool:
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    return True


def _top(percent: float) -> int:
    """The end of the axis: the first round number above."""
    return next((4 * step for step in _STEPS if 4 * step >= percent and 4 * step <= 100), 100)


def _bar(day: Day | None, x: float, width: float, top: int, base: float) -> Bar:
    height = (base - _TOP) * min(day.percent / top, 1) if day else 0
    if day and day.rejected:
        height = max(height, 2)
    gap = min(width * 0.2, 4)
    return Bar(day, round(x + gap, 2), round(base - height, 2), round(width - 2 * gap, 2), round(height, 2))


def _labels(days: Sequence[str], width: float) -> tuple[Tick, ...]:
    """Every so many days its day and month; the last one always."""
    step = max(round(105 / width), 1)
    return tuple(
        Tick(round(_LEFT + width * (at + 0.5), 2), f"{date.fromisoformat(day):%d %b}".lstrip("0"))
        for at, day in enumerate(days)
        if (len(days) - 1 - at) % step == 0
    )


def by_rule(records: Mapping[str, int], most: int = 8) -> tuple[RuleBar, ...]:
    """The rules that most records break, the first of them at full length."""
    order = sorted(records.items(), key=lambda each: (-each[1], each[0]))[:most]
    longest = max((count for _, count in order), default=0)
    return tuple(RuleBar(name, count, round(100 * count / longest, 1) if longest else 0) for name, count in order)


def total(days: Iterable[Day]) -> Day:
    """Their sums."""
    some = list(days)
    return Day("", sum(day.read for day in some), sum(day.rejected for day in some))
