"""Two formats of dates and times: whether a text that fits both would mean another time.

`01/02/2024` is a day in January to one who reads months first; `04:05:06Z` is four o'clock elsewhere to one who takes
the Z for a mere letter. To find out, texts of each format are written and read by both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from etl.contract.model import Type
from etl.contract.patterns import EPOCHS, compiled, expression

_ISO = {"date": "yyyy-MM-dd", "time": "HH:mm:ss", "timestamp": "yyyy-MM-dd'T'HH:mm:ssXXX"}  # one way to write it
_PART = re.compile(r"\(\?P<(\w+)>((?:[^()]|\([^()]*\))*)\)")
_MONTHS = ("02", "08")  # clocks show summer time in one of them
_WRITTEN = {
    "year": ["2003"],
    "day": ["01"],
    "hour": ["04"],
    "minute": ["05"],
    "second": ["06"],
    "fraction": ["7" * digits for digits in range(1, 10)],
    "offset": ["Z", "+00:00", "+0000"],
}
_NUMBERS = {"year": 1970, "month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0}  # and what they are if left out


def spelt(type_: Type) -> str:
    """The format of a type in words; the same for equal ones."""
    iso = _ISO["date"] if type_.kind == "date" else "RFC 3339"
    return type_.format or iso


def confusing(old: Type, new: Type) -> bool:
    """Whether what is written under the old type may be read as another time under the new one."""
    formats = {old.format, new.format}
    if formats <= EPOCHS.keys():
        return old.format != new.format
    if formats & EPOCHS.keys():
        return any(next(_texts(type_)).isdigit() for type_ in (old, new) if type_.format not in EPOCHS)
    return any(_misread(text, old, new) for writer in (old, new) for text in _texts(writer))


def _misread(text: str, old: Type, new: Type) -> bool:
    meant, read = _time(text, old), _time(text, new)
    return meant is not None and read is not None and meant != read


def _time(text: str, type_: Type) -> tuple[object, ...] | None:
    """The time that a text is, with its fraction of a second; None where it is none of this type."""
    found = expression(type_.kind, type_.format).fullmatch(text)
    if found is None:
        return None
    parts = found.groupdict()
    numbers = [int(parts.get(name) or usual) for name, usual in _NUMBERS.items()]
    fraction = (parts.get("fraction") or "").rstrip("0")
    if type_.kind != "timestamp":
        return *numbers, fraction
    if not (parts.get("offset") or type_.timezone):
        return None
    return *_instant(numbers, parts.get("offset") or "", type_.timezone), fraction


def _instant(numbers: list[int], offset: str, timezone: str | None) -> tuple[object, ...]:
    """The numbers as a clock in UTC has them; as they are where the calendar has no such time."""
    try:
        local = datetime.fromisoformat("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}".format(*numbers) + offset.upper())
        moment = local if offset else local.replace(tzinfo=ZoneInfo(timezone or "UTC"))
        return tuple(moment.utctimetuple())
    except (ValueError, OverflowError):
        return *numbers, offset


def _texts(type_: Type) -> Iterator[str]:
    """Texts of this type."""
    pattern = compiled(type_.format or _ISO[type_.kind]).pattern
    for month in _MONTHS:
        yield re.sub(r"\\(.)", r"\1", _PART.sub(lambda part, month=month: _sample(part, month), pattern))  # type: ignore[misc]


def _sample(part: re.Match[str], month: str) -> str:
    return next((text for text in _WRITTEN.get(part[1], [month]) if re.fullmatch(part[2], text)), "")
