"""Dates, times and timestamps in a contract: the patterns of `format`, and the ISO texts of bounds."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from etl.contract.model import Kind
from etl.contract.words import Unfit

T = TypeVar("T")

EPOCHS = ("epochSeconds", "epochMillis")
SUPPORTED = "yyyy MM M dd d HH H mm m ss s S..SSSSSSSSS X XX XXX x xx xxx Z 'literal' and punctuation"

Part = Literal["year", "month", "day", "hour", "minute", "second", "fraction", "offset"]
_PARTS: dict[str, Part] = {
    **dict.fromkeys(("yyyy", "uuuu"), "year"),
    **dict.fromkeys(("MM", "M"), "month"),
    **dict.fromkeys(("dd", "d"), "day"),
    **dict.fromkeys(("HH", "H"), "hour"),
    **dict.fromkeys(("mm", "m"), "minute"),
    **dict.fromkeys(("ss", "s"), "second"),
    **dict.fromkeys(("S" * digits for digits in range(1, 10)), "fraction"),
    **dict.fromkeys(("X", "XX", "XXX", "x", "xx", "xxx", "Z"), "offset"),
}
_ALLOWED: dict[Kind, tuple[set[Part], set[Part]]] = {  # by kind: what must be there, and what may be
    "date": ({"year", "month", "day"}, set()),
    "time": ({"hour"}, {"minute", "second", "fraction"}),
    "timestamp": ({"year", "month", "day", "hour"}, {"minute", "second", "fraction", "offset"}),
}
_BEFORE: dict[Part, Part] = {"second": "minute", "minute": "hour", "fraction": "second"}
_TOKEN = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']|'")


def pattern_fault(pattern: str, kind: Kind) -> str | None:
    """What is wrong with a JDK-style pattern (java.time.format.DateTimeFormatter) for this kind; None: nothing."""
    seen: list[Part] = []
    for letters in (found.group() for found in _TOKEN.finditer(pattern)):
        if letters == "'":
            return f"a quote in format '{pattern}' is not closed"
        if letters in "[]{}#":
            return f"'{letters}' is reserved in date patterns; put it in single quotes"
        if not letters[0].isalpha() or not letters[0].isascii():
            continue
        if letters not in _PARTS:
            return f"'{letters}' in format '{pattern}' is not supported; there are {SUPPORTED}"
        seen.append(_PARTS[letters])
    return _composition(pattern, kind, seen)


def _composition(pattern: str, kind: Kind, seen: list[Part]) -> str | None:
    needed, optional = _ALLOWED[kind]
    if twice := next((part for part in seen if seen.count(part) > 1), None):
        return f"format '{pattern}' has the {twice} twice"
    if missing := sorted(needed - set(seen)):
        return f"format '{pattern}' has no {' and no '.join(missing)}: a {kind} needs it"
    if foreign := sorted(set(seen) - needed - optional):
        return f"format '{pattern}' has the {foreign[0]}, which a {kind} does not hold"
    if gap := next((part for part in seen if part in _BEFORE and _BEFORE[part] not in seen), None):
        return f"format '{pattern}' has the {gap} without the {_BEFORE[gap]}"
    return None


def has_offset(pattern: str) -> bool:
    """Whether texts of this pattern carry their offset from UTC."""
    return any(_PARTS.get(found.group()) == "offset" for found in _TOKEN.finditer(pattern))


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
