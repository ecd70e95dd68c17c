"""Words for faults: near misses, and values as they are spoken of."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

_SHOWN = 12


class Unfit(ValueError):
    """A value in the contract that can't be what it should be; the text says what is expected."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'required'?`, or nothing where no known word is near. Case does not count."""
    spelt = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), spelt, n=1, cutoff=0.7)
    return f"; did you mean '{spelt[near[0]]}'?" if near else ""


def listed(words: Iterable[Any]) -> str:
    """`a, b, c`; a long list is cut and says so."""
    every = [str(word) for word in words]
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return ", ".join(every[:_SHOWN]) + more


def number(value: Decimal | float) -> str:
    """A number without exponent and idle zeros: `0.10` is `0.1`, `1E+2` is `100`."""
    if not isinstance(value, Decimal):
        return str(value)
    text = f"{value:f}" if abs(value.adjusted()) < 40 else str(value)
    return text.rstrip("0").rstrip(".") if "." in text and "E" not in text else text


def spoken(value: Any) -> str:
    """What was found, in words: `text 'yes'`, `the number 1.0`, `nothing`, `a list`, `a mapping`."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            return f"text '{value[:60]}'"
        case int() | float() | Decimal():
            return f"the number {value}"
        case list():
            return "a list"
        case _:
            return "a mapping"
