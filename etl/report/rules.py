"""Rules in words: what a rule is about, and what it asks for. By the report alone: the contract may be gone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from etl.report.pieces import QUOTED, SAID, Piece, Sentence, count, quoted, text
from etl.report.texts import shortened

BOUND = re.compile(r"(>=|<=|>|<) (.+)", re.DOTALL)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d|\d\d:\d\d")
METRIC = re.compile(r"(\w+) (must(?:Not)?Be)(\w*) (.+)", re.DOTALL)
COUNTS = frozenset({"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"})
BOUNDS = frozenset({"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"})

_STATED = COUNTS | BOUNDS | {"required", "multipleOf", "format", "uniqueItems", "enum", "partitioned", "primaryKey"}
_STATED |= {"unique", "expansion", "type"}
_WHOLE = ("maxQuarantined", "partitions", "unreadable")  # rules without a table that are about the upload
_AT = {">=": "at least", ">": "more than", "<=": "at most", "<": "less than"}
_WHEN = {">=": "not before", ">": "after", "<=": "not after", "<": "before"}
_COUNTED = {
    "nullValues": "rows without a value",
    "missingValues": "rows whose value is missing",
    "invalidValues": "rows whose value is not valid",
    "duplicateValues": "rows that repeat another",
    "rowCount": "rows of the upload",
    "query": "what the query gives",
}
_COMPARED = {
    "": "",
    "GreaterThan": "more than ",
    "GreaterOrEqualTo": "at least ",
    "LessThan": "less than ",
    "LessOrEqualTo": "at most ",
    "Between": "between ",
}
_TYPES = {
    "integer": "a whole number",
    "number": "a number",
    "string": "a text",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
}
_SIZED = re.compile(r"integer \((i|u)(8|16|32|64)\)")
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
_WRITTEN = re.compile(r"(date|time|timestamp) \((.+)\)", re.DOTALL)


def subject(rule: Mapping[str, Any]) -> str:
    """What it is a rule of: `orders.price`, `orders`; the upload, or the record, where no table is named."""
    named = ".".join(part for name in ("table", "column") if (part := text(rule, name)))
    whole = "the upload" if text(rule, "rule") in _WHOLE else "the record"
    return shortened(named, QUOTED) or whole


def asked(rule: Mapping[str, Any]) -> Sentence:
    """What a rule asks for, to follow a colon: `at least 0`, `there has to be a value`, or what the contract says."""
    name, expected = text(rule, "rule") or "", text(rule, "expected") or ""
    bound, metric = BOUND.fullmatch(expected), METRIC.fullmatch(expected)
    if name == "type":
        return (Piece(type_words(expected)),)
    if name == "maxQuarantined" and text(rule, "table") is None:
        return (Piece(f"{shortened(expected, SAID)} in quarantine"),)
    if name == "required" and expected == "a value":
        return (Piece("there has to be a value"),)
    if name == "pattern" and expected.startswith("matches "):
        return Piece("it matches "), quoted(expected.removeprefix("matches "))
    if bound and name in BOUNDS:
        return (Piece(f"{(_WHEN if MOMENT.match(bound[2]) else _AT)[bound[1]]} {bound[2]}"),)
    if metric and metric[1] in _COUNTED and metric[3] in _COMPARED:
        must = "must not be" if "Not" in metric[2] else "must be"
        return (Piece(f"{_COUNTED[metric[1]]} {must} {_COMPARED[metric[3]]}{metric[4]}"),)
    return (Piece(shortened(expected, SAID), code=_is_own(rule, expected)),)


def _is_own(rule: Mapping[str, Any], expected: str) -> bool:
    """Whether it is a condition in SQL: the contract gave no description, which would be a sentence."""
    if text(rule, "table") is None or text(rule, "rule") in _STATED:
        return False
    return bool(re.search(r"[=<>()]|\bIS\b|\bIN\b|\bLIKE\b", expected, re.IGNORECASE)) and not is_prose(expected)


def is_prose(words: str) -> bool:
    """Whether it is a sentence of its own, as a description in a contract is."""
    return words.rstrip().endswith((".", "!"))


def type_words(expected: str) -> str:
    """A type as reports have it, in words: `an exact number, up to 10 digits before and 2 after the point`."""
    if expected.startswith("list of "):
        return f"a list, each item {type_words(expected.removeprefix('list of '))}"
    if found := _SIZED.fullmatch(expected):
        bits, signed = int(found[2]), found[1] == "i"
        low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
        return f"a whole number from {low:,} to {high:,}"
    if (found := _DECIMAL.fullmatch(expected)) and len(found[1]) < 4:
        before, after = int(found[1]) - int(found[2]), int(found[2])
        return f"an exact number, up to {count(before, 'digit')} before and {after} after the point"
    if found := _WRITTEN.fullmatch(expected):
        return _moment(found[1], found[2])
    return _TYPES.get(expected, shortened(expected, QUOTED))


def _moment(kind: str, written: str) -> str:
    what = {"date": "a date", "time": "a time of day", "timestamp": "a moment"}[kind]
    numbers = {"epochSeconds": "a number of seconds since 1970", "epochMillis": "a number of milliseconds since 1970"}
    if written in numbers:
        return f"{what}, as {numbers[written]}"
    return f"{what}, written {'as 2024-01-31T23:59:59Z' if written == 'RFC 3339' else shortened(written, QUOTED)}"
