"""The ISO texts of bounds in a contract: dates, times and timestamps."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import TypeVar
from zoneinfo import ZoneInfo

from etl.contract.words import Unfit

T = TypeVar("T")

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?")
_TIMESTAMP = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:\.[0-9]{1,6})?)([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)


def parse_date(text: str) -> date:
    """`2024-01-31` (ISO 8601). Raises `Unfit` with what is expected."""
    if not _DATE.fullmatch(text):
        raise Unfit(f"a date such as 2024-01-31 is expected, found '{text}'")
    return _checked(text, lambda: date.fromisoformat(text))


def parse_time(text: str) -> time:
    """`23:59` or `23:59:59.999999`. Raises `Unfit` with what is expected."""
    if not _TIME.fullmatch(text):
        raise Unfit(f"a time such as 23:59:59 is expected, found '{text}'")
    return _checked(text, lambda: time.fromisoformat(text))


def parse_timestamp(text: str, timezone: str | None) -> datetime:
    """`2024-01-31T23:59:59Z` (RFC 3339), in UTC. Raises `Unfit` with what is expected."""
    found = _TIMESTAMP.fullmatch(text)
    if not found:
        raise Unfit(f"a timestamp such as 2024-01-31T23:59:59Z is expected, found '{text}'")
    if not found[3] and timezone is None:
        raise Unfit(f"'{text}' has no offset: write {text}Z, or give defaultTimezone")
    return _checked(text, lambda: _utc(found[1] + "T" + found[2] + (found[3] or "").upper(), timezone))


def _utc(text: str, timezone: str | None) -> datetime:
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        value = value.replace(tzinfo=ZoneInfo(timezone or "UTC"))
    return value.astimezone(UTC)


def _checked(text: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except (ValueError, OverflowError) as error:
        raise Unfit(f"there is no {text} in the calendar") from error
