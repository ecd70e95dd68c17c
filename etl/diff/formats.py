"""Two formats of dates and times: whether a text that fits both would mean another time.

`01/02/2024` is a day in January to one who reads months first. To find out, one text of each format is written and read
by the other.
"""

from __future__ import annotations

import re

from etl.contract.model import Type
from etl.contract.patterns import EPOCHS, compiled

_ISO = {"date": "yyyy-MM-dd", "time": "HH:mm:ss", "timestamp": "yyyy-MM-dd'T'HH:mm:ssXXX"}  # or nearly so
_PART = re.compile(r"\(\?P<(\w+)>((?:[^()]|\([^()]*\))*)\)")
_WRITTEN = {
    "year": ["2003"],
    "month": ["02"],
    "day": ["01"],
    "hour": ["04"],
    "minute": ["05"],
    "second": ["06"],
    "fraction": ["7" * digits for digits in range(1, 10)],
    "offset": ["Z", "+00:00", "+0000"],
}


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
        return any(_text(_pattern(type_)).isdigit() for type_ in (old, new) if type_.format not in EPOCHS)
    return _misread(_pattern(old), _pattern(new)) or _misread(_pattern(new), _pattern(old))


def _pattern(type_: Type) -> str:
    return type_.format or _ISO[type_.kind]


def _misread(writer: str, reader: str) -> bool:
    text = _text(writer)
    meant, read = compiled(writer).fullmatch(text), compiled(reader).fullmatch(text)
    return bool(meant and read and any(meant[name] != read[name] for name in meant.re.groupindex if _has(read, name)))


def _has(found: re.Match[str], name: str) -> bool:
    return name in found.re.groupindex


def _text(pattern: str) -> str:
    """A text of this pattern."""
    return re.sub(r"\\(.)", r"\1", _PART.sub(_sample, compiled(pattern).pattern))


def _sample(part: re.Match[str]) -> str:
    return next((text for text in _WRITTEN[part[1]] if re.fullmatch(part[2], text)), "")
