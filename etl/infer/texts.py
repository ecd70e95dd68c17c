"""What texts look like: the forms that all texts at one place may have in common.

A form is what a column's type and options can ask for, and is told by what the engine itself would say of the text:
by the formats of the contract, and by the conversions of the flattener.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial

from etl.contract.formats import STRING_FORMATS
from etl.flatten import temporal

Form = str

DATES = ("dd.MM.yyyy", "yyyy/MM/dd", "dd/MM/yyyy", "MM/dd/yyyy")
MOMENTS = (  # with an offset that RFC 3339 does not know
    "yyyy-MM-dd'T'HH:mm:ssxx",
    "yyyy-MM-dd'T'HH:mm:ss.SSSxx",
    "yyyy-MM-dd HH:mm:ss xx",
    "yyyy-MM-dd'T'HH:mmXXX",
)
LOCALS = tuple(f"{date} {time}" for date in DATES for time in ("HH:mm", "HH:mm:ss"))  # without an offset
_EITHER = ("dd/MM/yyyy", "MM/dd/yyyy")
AMBIGUOUS = [{first + time for first in _EITHER} for time in ("", " HH:mm", " HH:mm:ss")]

_LONGEST = {"email": 320, "uuid": 36, "ipv4": 15, "ipv6": 45, "uri": 4000}
_URI = re.compile(r"[a-z][a-z0-9+.-]*://|urn:|mailto:", re.IGNORECASE)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,24})(?:\.[0-9]{1,12})?")  # RFC 8259 without exponents
_EMAIL = re.compile(r"[^@\s]@[^@\s.]+\.[^@\s]")
# A telephone number, or what is written like one; but no date.
_PHONE = re.compile(r"(?!\d{4}-\d\d-\d\d|\d{2}[./-]\d{2}[./-]\d{4})\+?\(?(?:\d[ ()./-]{0,3}){7,20}", re.ASCII)
_DAY = 86_400 * 10**6  # microseconds
_MOMENT = 40  # characters of the longest date or time


def _is_format(name: str) -> Callable[[str], bool]:
    expression = re.compile(STRING_FORMATS[name].pattern or "")
    longest = _LONGEST[name]
    return lambda text: len(text) <= longest and bool(expression.fullmatch(text))


def _is_uri(text: str) -> bool:
    return bool(_URI.match(text)) and _is_format_uri(text)


_is_format_uri = _is_format("uri")


def _reads(read: Callable[[str], int], text: str) -> bool:
    """Whether the flattener would read it."""
    if len(text) > _MOMENT:
        return False
    try:
        read(text)
    except temporal.Unfit:
        return False
    return True


def _temporal(read: Callable[[str], int]) -> Callable[[str], bool]:
    return partial(_reads, read)


def _instant(pattern: str | None, unit: str, timezone: str | None = None) -> Callable[[str], int]:
    return lambda text: temporal.instant(text, pattern, timezone, unit)


def _local(text: str) -> int:
    """A time without an offset: what reads with a zone, and not without."""
    if _reads(_instant(None, "us"), text):
        raise temporal.Unfit("it has an offset")
    return temporal.instant(text, None, "UTC", "us")


def _day(text: str) -> int:
    return temporal.days(text, None)


def _day_of_instant(text: str) -> int:
    return temporal.instant(text, None, None, "us") // _DAY


FORMS: dict[Form, Callable[[str], bool]] = {  # the first that all texts have is what they are
    "uuid": _is_format("uuid"),
    "email": _is_format("email"),
    "uri": _is_uri,
    "ipv4": _is_format("ipv4"),
    "ipv6": _is_format("ipv6"),
    "date": _temporal(_day),
    "timestamp": _temporal(_instant(None, "us")),
    "timestamp(ns)": _temporal(_instant(None, "ns")),
    "local": _temporal(_local),
    "time": _temporal(lambda text: temporal.microseconds(text, None)),
    **{pattern: _temporal(_instant(pattern, "us")) for pattern in MOMENTS},
    **{pattern: _temporal(partial(temporal.days, pattern=pattern)) for pattern in DATES},
    **{pattern: _temporal(_instant(pattern, "us", "UTC")) for pattern in LOCALS},
    "number": lambda text: bool(_NUMBER.fullmatch(text)),
    "boolean": lambda text: text in ("true", "false"),
}


def forms(text: str, among: Iterable[Form] = FORMS) -> tuple[Form, ...]:
    """Which of these forms a text has."""
    return tuple(form for form in among if FORMS[form](text))


def identifies(text: str) -> bool:
    """Whether a text is, or holds, what is somebody's: an e-mail or network address, a telephone number, a uuid.

    Such a key of an object is data, and no field's name.
    """
    return bool(_EMAIL.search(text) or _PHONE.fullmatch(text) or forms(text.strip(), ("uuid", "ipv4", "ipv6")))


def day(text: str) -> int | None:
    """The day of a date, or of a timestamp in UTC, counted from 1970; None of anything else."""
    for read in (_day, _day_of_instant):
        try:
            return read(text)
        except temporal.Unfit:
            continue
    return None
