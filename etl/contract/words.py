"""Words for faults: what was probably meant, and values as they are spoken of."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

UNITS = {"GB": 10**9, "MB": 10**6, "kB": 10**3, "bytes": 1}

_SHOWN = 12
_NEAR = 0.7

_ELSEWHERE = {
    # What other schema languages, databases and intuition call it, folded.
    "properties": "columns fields",
    "schema": "tables models objects",
    "logicalType": "type datatype",
    "transformLogic": "path jsonpath source expression mapping",
    "required": "mandatory notnull",
    "primaryKey": "pk key",
    "partitioned": "partition partitionby partitionkey",
    "classification": "pii sensitivity",
    "quality": "tests checks rules expectations",
    "enum": "values allowedvalues choices oneof",
    "description": "comment doc",
    "minimum": "min atleast",
    "maximum": "max atmost",
    "minLength": "minlen",
    "maxLength": "maxlen length",
    "pattern": "regex regexp",
    "defaultTimezone": "timezone tz",
    "integer": "int bigint smallint long int32 int64",
    "number": "decimal numeric float double money",
    "string": "str text varchar char uuid",
    "boolean": "bool",
    "timestamp": "datetime timestamptz",
    "array": "list",
    "object": "struct record json",
    "nullValues": "missing nulls nullcount",
    "rowCount": "count rows",
    "duplicateValues": "duplicatecount duplicates unique",
    "percent": "% percentage",
    "warning": "warn",
    "mustBe": "mustequal mustbeequal mustbeequalto mustbeequals",
    "mustNotBe": "mustnotequal mustnotbeequal mustnotbeequalto",
    "mustBeGreaterThan": "mustbemorethan mustbeabove mustbeover mustexceed",
    "mustBeGreaterOrEqualTo": "mustbeatleast mustbemin mustbeminimum mustbegreaterthanorequal",
    "mustBeLessThan": "mustbefewerthan mustbebelow mustbeunder",
    "mustBeLessOrEqualTo": "mustbeatmost mustbemax mustbemaximum mustbelessthanorequal",
    "mustBeBetween": "mustbewithin mustbeinrange",
}
_MEANT = {word: name for name, words in _ELSEWHERE.items() for word in words.split()}
_OPPOSITE = ("nullable", "isnullable", "optional", "allownull")  # of `required`


class Unfit(ValueError):
    """A value in the contract that can't be what it should be; the text says what is expected."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'required'?`, or nothing where no known word is near, by meaning or by letters."""
    spelt = {_folded(name): name for name in known}
    if "required" in spelt and _folded(word) in _OPPOSITE:
        return "; did you mean 'required', its opposite?"
    meant = _MEANT.get(_folded(word))
    found = meant if meant in spelt.values() else _nearest(_folded(word), spelt)
    return f"; did you mean '{found}'?" if found else ""


def _folded(word: str) -> str:
    """Neither case nor `_` and `-` count."""
    return re.sub(r"[_\- ]", "", word).lower()


def _nearest(word: str, spelt: dict[str, str]) -> str | None:
    """The nearest by its letters; of operators, by those after `mustBe`, which they all share."""
    shared = next((start for start in ("mustnotbe", "mustbe") if word.startswith(start)), "")
    rest = {name[len(shared) :]: name for name in spelt if name.startswith(shared)}
    near = difflib.get_close_matches(word[len(shared) :], rest, n=1, cutoff=_NEAR)
    return spelt[rest[near[0]]] if near else None


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


def size(count: int) -> str:
    """A number of bytes as a contract has it: `10 GB`, `1500 MB`."""
    unit = next(unit for unit in UNITS if count % UNITS[unit] == 0)
    return f"{count // UNITS[unit]} {unit}"


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
