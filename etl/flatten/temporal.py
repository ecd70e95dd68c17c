"""Text and numbers -> dates, times and instants, exactly.

Results are integers, as Arrow stores them: days since 1970-01-01, microseconds since midnight, and units since the
epoch. Nothing is guessed: a text without an offset needs a time zone, a local time that a zone skips or repeats is
refused, more digits than the unit holds are refused.

Without a `format`, dates are ISO 8601 (`2024-01-10`), times and timestamps RFC 3339, section 5.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from etl.contract.model import Kind
from etl.contract.patterns import expression

UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_FIRST_SECOND = (date.min.toordinal() - _EPOCH_DAY) * 86_400
_LAST_SECOND = (date.max.toordinal() - _EPOCH_DAY + 1) * 86_400 - 1


class Unfit(ValueError):
    """Why a text is not of its type, without the text."""


def days(text: str, pattern: str | None) -> int:
    """Days since 1970-01-01 of a text that is a date. Raises `Unfit`."""
    return _day(_match(text, "date", pattern))


def microseconds(text: str, pattern: str | None) -> int:
    """Microseconds since midnight of a text that is a time of day. Raises `Unfit`."""
    parts = _match(text, "time", pattern)
    return _seconds(parts) * UNITS["us"] + _fraction(parts, "us")


def instant(text: str, pattern: str | None, timezone: str | None, unit: str) -> int:
    """Units since the epoch of a text that is a timestamp. Raises `Unfit`."""
    parts = _match(text, "timestamp", pattern)
    local = _day(parts) * 86_400 + _seconds(parts)
    return within(_to_utc(local, parts.get("offset"), timezone) * UNITS[unit] + _fraction(parts, unit), unit)


def day_in(units: int, unit: str, timezone: str | None) -> int:
    """The day, since 1970-01-01, of an instant in a time zone (UTC unless told). Raises `Unfit`."""
    seconds = units // UNITS[unit]
    if timezone is None:
        return seconds // 86_400
    try:
        moment = datetime.fromtimestamp(seconds, UTC).astimezone(ZoneInfo(timezone))
    except (OverflowError, ValueError, OSError) as error:
        raise Unfit("beyond the years 1 to 9999") from error
    return moment.date().toordinal() - _EPOCH_DAY


def _match(text: str, kind: Kind, pattern: str | None) -> Mapping[str, str | None]:
    found = expression(kind, pattern).fullmatch(text)
    if found is None:
        raise Unfit("written otherwise")
    return found.groupdict()


def _day(parts: Mapping[str, str | None]) -> int:
    try:
        day = date(int(parts.get("year") or 1970), int(parts.get("month") or 1), int(parts.get("day") or 1))
    except ValueError as error:
        raise Unfit("no such day") from error
    return day.toordinal() - _EPOCH_DAY


def _seconds(parts: Mapping[str, str | None]) -> int:
    hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
    if hour > 23 or minute > 59 or second > 59:
        raise Unfit("no such time of day")
    return hour * 3600 + minute * 60 + second


def _fraction(parts: Mapping[str, str | None], unit: str) -> int:
    digits = (parts.get("fraction") or "").rstrip("0")
    width = len(str(UNITS[unit])) - 1
    if len(digits) > width:
        raise Unfit(f"more digits than {unit} hold")
    return int(digits.ljust(width, "0") or 0)


def _to_utc(local: int, offset: str | None, timezone: str | None) -> int:
    if offset is not None:
        return local - _offset_seconds(offset)
    if timezone is None:
        raise Unfit("no offset, and the contract gives no defaultTimezone")
    return local - _zone_seconds(local, ZoneInfo(timezone))


def _offset_seconds(offset: str) -> int:
    if offset in ("Z", "z"):
        return 0
    digits = offset[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 23 or minutes > 59:
        raise Unfit("no such offset")
    return (hours * 3600 + minutes * 60) * (-1 if offset[0] == "-" else 1)


def _zone_seconds(local: int, zone: ZoneInfo) -> int:
    """The zone's offset at a local time that exists there exactly once."""
    wall = datetime(1970, 1, 1) + timedelta(seconds=local)
    first, second = wall.replace(tzinfo=zone).utcoffset(), wall.replace(tzinfo=zone, fold=1).utcoffset()
    if first is None or first != second:
        raise Unfit(f"the clocks change in {zone.key}: this local time occurs twice or never")
    return int(first.total_seconds())


def within(units: int, unit: str) -> int:
    """The units themselves, if they lie in the years 1 to 9999 and in 64 bits. Raises `Unfit`."""
    if not _FIRST_SECOND <= units // UNITS[unit] <= _LAST_SECOND or not -(2**63) < units < 2**63:
        raise Unfit(f"beyond what a timestamp in {unit} holds")
    return units
