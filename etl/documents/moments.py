"""Dates, times and timestamps that a column may take, written as its `format` says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from etl.contract.expressions import Day, Expression
from etl.contract.model import Bound, Column, Type
from etl.contract.patterns import EPOCHS, has_offset, pieces

_FIRST, _LAST = datetime(2024, 1, 1), datetime(2025, 12, 31, 23, 59, 59)
_SHORTEST = timedelta(days=30)  # beyond a limit that leaves nothing of these years
_OFFSETS = (0, 0, 60, -180, 330)  # minutes from UTC
_UNITS = {"s": 1_000_000, "ms": 1000}  # microseconds that a timestamp does not hold


def moments(column: Column, random: Random, count: int) -> Iterator[Any]:
    """Moments that should be right, in UTC by the clock of the column."""
    low, high = _span(column)
    for _ in range(count):
        yield written(_between(low, high, random), column, random)


def plain_moments(column: Column, random: Random) -> list[Any]:
    """The first few."""
    low, high = _span(column)
    step = timedelta(hours=1) if column.type.kind == "time" else timedelta(days=1)
    return [written(min(low + each * step, high), column, random) for each in range(4)]


def wrong_moments(column: Column, random: Random) -> Iterator[Any]:
    """Moments beyond each limit."""
    steps = [timedelta(microseconds=1), timedelta(seconds=1), timedelta(days=1), timedelta(days=2)]
    for bound in _bounds(column):
        for step in (each * sign for each in (timedelta(0), *steps) for sign in (1, -1)):
            try:
                yield written(_wall(bound.limit) + step, column, random)
            except OverflowError:
                continue


def listed_moment(value: Any, column: Column, random: Random) -> Any:
    """A value of an `enum`, as a document has it."""
    return written(_wall(value), column, random)


def _bounds(column: Column) -> list[Bound]:
    return [each.test for each in column.checks if isinstance(each.test, Bound) and not each.within]


def _wall(limit: Any) -> datetime:
    if isinstance(limit, datetime):
        return limit.replace(tzinfo=None)
    if isinstance(limit, time):
        return datetime.combine(_FIRST, limit)
    if isinstance(limit, date):
        return datetime.combine(limit, time())
    raise TypeError(f"{limit!r} is no moment")


def _span(column: Column) -> tuple[datetime, datetime]:
    """From and to; the years that are usual, unless the limits are elsewhere."""
    lows = [_wall(each.limit) for each in _bounds(column) if each.op in (">=", ">")]
    highs = [_wall(each.limit) for each in _bounds(column) if each.op in ("<=", "<")]
    if column.type.kind == "time":
        return max([_FIRST, *lows]), min([_FIRST.replace(hour=23, minute=59, second=59), *highs])
    low, high = max([_FIRST, *lows]), min([_LAST, *highs])
    if low > high:
        low, high = (max(lows), _beyond(max(lows), 1)) if low > _FIRST else (_beyond(min(highs), -1), min(highs))
        low, high = max([low, *lows]), min([high, *highs])
    return low, high


def _beyond(moment: datetime, sign: int) -> datetime:
    try:
        return moment + sign * _SHORTEST
    except OverflowError:
        return moment


def _between(low: datetime, high: datetime, random: Random) -> datetime:
    """Now and then one with a fraction of a second."""
    seconds = max(int((high - low).total_seconds()), 0)
    moment = low + timedelta(seconds=random.randint(0, seconds))
    return moment + timedelta(milliseconds=random.randrange(1000)) if random.random() < 0.2 else moment


def written(moment: datetime, column: Column, random: Random) -> Any:
    """The moment (UTC) as a document of this column has it."""
    type_ = column.type
    if _is_day(column.source):
        return _timestamp(moment, Type("timestamp", type_.arrow, type_.format), 1, random)
    if type_.kind == "timestamp":
        return _timestamp(moment, type_, _UNITS.get(type_.arrow.unit, 1), random)
    if type_.format in EPOCHS:
        return _epoch(moment.replace(hour=0, minute=0, second=0, microsecond=0), str(type_.format))
    if type_.format:
        return _formatted(moment, type_.format, 0)
    return moment.date().isoformat() if type_.kind == "date" else moment.time().isoformat()


def _is_day(source: Expression) -> bool:
    return isinstance(source, Day)


def _timestamp(moment: datetime, type_: Type, held: int, random: Random) -> Any:
    moment = moment.replace(microsecond=moment.microsecond - moment.microsecond % held)
    if type_.format in EPOCHS:
        return _epoch(moment, str(type_.format))
    if type_.timezone and (type_.format is None or not has_offset(type_.format)):
        local = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(type_.timezone)).replace(tzinfo=None)
        return _formatted(local, type_.format, 0) if type_.format else local.isoformat()
    minutes = random.choice(_OFFSETS)
    try:
        local = moment + timedelta(minutes=minutes)
    except OverflowError:
        local, minutes = moment, 0
    return _formatted(local, type_.format, minutes) if type_.format else local.isoformat() + _offset(minutes, ":", "Z")


def _epoch(moment: datetime, format_: str) -> int:
    seconds = round((moment.replace(microsecond=0) - datetime(1970, 1, 1)).total_seconds())
    return seconds * EPOCHS[format_] + (moment.microsecond // 1000 if format_ == "epochMillis" else 0)


def _offset(minutes: int, between: str, zero: str) -> str:
    if minutes == 0 and zero:
        return zero
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}{between}{rest:02}"


def _formatted(moment: datetime, pattern: str, minutes: int) -> str:
    return "".join(_part(piece, moment, minutes) if is_part else piece for piece, is_part in pieces(pattern))


def _part(letters: str, moment: datetime, minutes: int) -> str:
    width, letter = len(letters), letters[0]
    if letter == "S":
        return f"{moment.microsecond:06}000"[:width]
    if letter in "XxZ":
        return _offset(minutes, ":" if width == 3 else "", "Z" if letter == "X" else "")
    number = {"y": moment.year, "u": moment.year, "M": moment.month, "d": moment.day}.get(letter)
    if number is None:
        number = {"H": moment.hour, "m": moment.minute, "s": moment.second}[letter]
    return f"{number:0{width}}"
