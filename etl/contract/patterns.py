"""The `format` of dates, times and timestamps: JDK patterns (java.time.format.DateTimeFormatter) and epochs.

One table says which letters are supported, what each stands for, and what text it takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from etl.contract.model import Kind

EPOCHS = {"epochSeconds": 1, "epochMillis": 10**3}  # units in a second
SUPPORTED = "yyyy MM M dd d HH H mm m ss s S..SSSSSSSSS X XX XXX x xx xxx Z 'literal' and punctuation"

_LETTERS = {  # what they stand for is the group's name
    **dict.fromkeys(("yyyy", "uuuu"), r"(?P<year>[0-9]{4})"),
    "MM": r"(?P<month>[0-9]{2})",
    "M": r"(?P<month>[0-9]{1,2})",
    "dd": r"(?P<day>[0-9]{2})",
    "d": r"(?P<day>[0-9]{1,2})",
    "HH": r"(?P<hour>[0-9]{2})",
    "H": r"(?P<hour>[0-9]{1,2})",
    "mm": r"(?P<minute>[0-9]{2})",
    "m": r"(?P<minute>[0-9]{1,2})",
    "ss": r"(?P<second>[0-9]{2})",
    "s": r"(?P<second>[0-9]{1,2})",
    **{"S" * digits: rf"(?P<fraction>[0-9]{{{digits}}})" for digits in range(1, 10)},
    "X": r"(?P<offset>Z|[+-][0-9]{2}(?:[0-9]{2})?)",
    "XX": r"(?P<offset>Z|[+-][0-9]{4})",
    "XXX": r"(?P<offset>Z|[+-][0-9]{2}:[0-9]{2})",
    "x": r"(?P<offset>[+-][0-9]{2}(?:[0-9]{2})?)",
    **dict.fromkeys(("xx", "Z"), r"(?P<offset>[+-][0-9]{4})"),
    "xxx": r"(?P<offset>[+-][0-9]{2}:[0-9]{2})",
}
_ALLOWED: dict[Kind, tuple[set[str], set[str]]] = {  # by kind: what must be there, and what may be
    "date": ({"year", "month", "day"}, set()),
    "time": ({"hour"}, {"minute", "second", "fraction"}),
    "timestamp": ({"year", "month", "day", "hour"}, {"minute", "second", "fraction", "offset"}),
}
_DATE = r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
_TIME = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?"
_ISO: dict[Kind, re.Pattern[str]] = {  # ISO 8601; RFC 3339, 5.6
    "date": re.compile(_DATE),
    "time": re.compile(_TIME),
    "timestamp": re.compile(rf"{_DATE}[Tt ]{_TIME}(?P<offset>[Zz]|[+-][0-9]{{2}}:[0-9]{{2}})?"),
}
_BEFORE = {"second": "minute", "minute": "hour", "fraction": "second"}
_TOKEN = re.compile(r"'(?P<quoted>(?:[^']|'')*)'|(?P<letters>([A-Za-z])\3*)|(?P<other>.)", re.DOTALL)
_PART = re.compile(r"\(\?P<(\w+)>")


def fault(pattern: str, kind: Kind) -> str | None:
    """What is wrong with a pattern for this kind; None: nothing."""
    for token in _TOKEN.finditer(pattern):
        if token["other"] == "'":
            return f"a quote in format '{pattern}' is not closed"
        if token["other"] and token["other"] in "[]{}#":
            return f"'{token['other']}' is reserved in date patterns; put it in single quotes"
        if token["letters"] and token["letters"] not in _LETTERS:
            return f"'{token['letters']}' in format '{pattern}' is not supported; there are {SUPPORTED}"
    return _composition(pattern, kind, list(_parts(pattern)))


def has_offset(pattern: str) -> bool:
    """Whether texts of this pattern carry their offset from UTC."""
    return "offset" in _parts(pattern)


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The expression that a text of this pattern matches as a whole, with a group for each part. No faults are left."""
    return re.compile("".join(map(_piece, _TOKEN.finditer(pattern))))


def expression(kind: Kind, pattern: str | None) -> re.Pattern[str]:
    """The same for the texts of a kind, which are written as ISO has it where no pattern is given."""
    return _ISO[kind] if pattern is None else compiled(pattern)


def pieces(pattern: str) -> Iterator[tuple[str, bool]]:
    """What a pattern is made of, in order: the letters of a part (true), or text that stands for itself (false)."""
    for token in _TOKEN.finditer(pattern):
        if token["letters"] is not None:
            yield token["letters"], True
        else:
            yield token["other"] or token["quoted"].replace("''", "'") or "'", False


def _parts(pattern: str) -> Iterator[str]:
    for token in _TOKEN.finditer(pattern):
        if found := _PART.match(_LETTERS.get(token["letters"] or "", "")):
            yield found[1]


def _piece(token: re.Match[str]) -> str:
    if token["letters"] is not None:
        return _LETTERS[token["letters"]]
    if token["quoted"] is not None:
        return re.escape(token["quoted"].replace("''", "'") or "'")
    return re.escape(token["other"])


def _composition(pattern: str, kind: Kind, seen: list[str]) -> str | None:
    needed, optional = _ALLOWED[kind]
    if twice := next((part for part in seen if seen.count(part) > 1), None):
        return f"format '{pattern}' has the {twice} twice"
    if missing := sorted(needed - set(seen)):
        return f"format '{pattern}' has no {' and no '.join(missing)}: a {kind} needs it"
    if foreign := sorted(set(seen) - needed - optional):
        return f"format '{pattern}' has the {foreign[0]}, which a {kind} does not hold: use logicalType timestamp"
    if gap := next((part for part in seen if part in _BEFORE and _BEFORE[part] not in seen), None):
        return f"format '{pattern}' has the {gap} without the {_BEFORE[gap]}"
    return None
