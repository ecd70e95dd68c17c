"""What was seen at a place -> the type that takes all of it and loses nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from etl.infer.draft import Guess, Shape
from etl.infer.seen import Numbers, Seen, Texts, epoch_units
from etl.infer.texts import AMBIGUOUS, DATES, LOCALS, MOMENTS, Form, identifies
from etl.infer.words import is_code, is_moment, is_money, is_numeric, is_rate, is_reference

JSON = Guess("string", functions=("json",))
TEXT = Guess("string")

_SCALES = (2, 4, 6, 8)
_PRECISIONS = (12, 18, 28, 38)
_ROOM = 3  # digits before the point, more than were seen
_MOST_DIGITS = 38
_INT64 = (-(2**63), 2**63 - 1)
_UINT64 = (0, 2**64 - 1)

_CODE = re.compile(r"[A-Za-z][A-Za-z_.:/+-]*(?: [A-Za-z][A-Za-z_.:/+-]*){0,2}")  # digits count, or number things
_LEAST_VALUES = 20  # before texts that recur are taken for an enumeration
_RECURRING = 5  # how often each of them stands there on average
_MOST_LISTED = 12
_LEAST_ALIKE = 5  # texts, before one of another form is worth a remark

_FORMATS: dict[Form, Guess] = {
    "uuid": Guess("string", options={"format": "uuid"}),
    "email": Guess("string", options={"format": "email"}),
    "uri": Guess("string", options={"format": "uri"}),
    "ipv4": Guess("string", options={"format": "ipv4"}),
    "ipv6": Guess("string", options={"format": "ipv6"}),
    "date": Guess("date"),
    "timestamp": Guess("timestamp"),
    "timestamp(ns)": Guess("timestamp", physical="timestamp(ns)"),
    "time": Guess("time"),
    "boolean": Guess("boolean", remarks=("Written as the texts true and false.",)),
    **{pattern: Guess("timestamp", options={"format": pattern}) for pattern in MOMENTS},
    **{pattern: Guess("date", options={"format": pattern}) for pattern in DATES},
}
_SPOKEN = {"uri": "URI", "uuid": "UUID", "email": "valid e-mail address", "local": "time without an offset"}
_SPOKEN |= dict.fromkeys(("ipv4", "ipv6"), "network address")
_SPOKEN |= dict.fromkeys(DATES, "date") | dict.fromkeys((*MOMENTS, "timestamp(ns)"), "timestamp")
_SPOKEN |= dict.fromkeys(LOCALS, _SPOKEN["local"])
_KINDS = {"integer": "whole numbers", "number": "numbers", "text": "texts", "boolean": "true or false"}
_KINDS |= {"array": "arrays", "object": "objects"}


def guess(seen: Seen, name: str, shape: Shape) -> Guess:
    """The type of a place of this shape. `name` is the field's."""
    if shape == "scalar":
        return scalar(seen, name)
    if shape == "list" and seen.element is not None:
        return Guess("array", item=element(seen.element, name))
    return replace(JSON, remarks=_why_json(seen))


def _why_json(seen: Seen) -> tuple[str, ...]:
    if len(seen.only) > 1:
        what = f"Seen as {mixture(seen)}"
    elif seen.kinds["array"]:
        what = "Elements of several kinds, arrays in arrays, or more than a table takes from one record"
    elif seen.members or seen.crowded:
        what = "Keys that look like data, or more of them or deeper ones than columns should be made of"
    else:
        what = "An empty object wherever it was seen"
    return (f"{what}: kept as JSON text, as written.",)


def scalar(seen: Seen, name: str) -> Guess:
    """The type of a place where there are scalars."""
    match sorted(seen.only):
        case ["boolean"]:
            return Guess("boolean")
        case ["integer"]:
            return integer(seen.numbers, name)
        case ["number"] | ["integer", "number"]:
            return number(seen.numbers, name)
        case ["text"]:
            return _text(seen.texts, name, seen.values)
    return replace(JSON, remarks=_why_json(seen))


def element(seen: Seen, name: str) -> Guess | None:
    """The type of an array's elements, if one holds all of them as they are; None if none does."""
    if len(seen.only) > 1 and seen.only != {"integer", "number"}:
        return None
    guess = scalar(seen, name)
    return replace(guess, enum=(), remarks=()) if not guess.functions else TEXT


def mixture(seen: Seen) -> str:
    """`texts (in 3) and whole numbers (in 4,000)`"""
    kinds = sorted((kind for kind in seen.only), key=lambda kind: -seen.kinds[kind])
    return " and ".join(f"{_KINDS[kind]} (in {seen.kinds[kind]:,})" for kind in kinds)


# Numbers.


def integer(numbers: Numbers, name: str) -> Guess:
    low, high = numbers.low or 0, numbers.high or 0
    units = epoch_units(low, high) if is_moment(name) else 0
    if units:
        return Guess("timestamp", options={"format": "epochSeconds" if units == 1 else "epochMillis"})
    if _INT64[0] <= low and high <= _INT64[1]:
        return Guess("integer")
    if _UINT64[0] <= low and high <= _UINT64[1]:
        return Guess("integer", options={"format": "u64"})
    return _decimal(numbers.digits, 0) or _as_text(numbers)


def number(numbers: Numbers, name: str) -> Guess:
    """Money, and what is always written with as many decimals, is exact; else a double, if it holds them."""
    exactly = is_money(name) or (numbers.written == {2} and not is_rate(name))
    if numbers.is_decimal and exactly and numbers.decimals <= _SCALES[-1]:
        exact = _decimal(numbers.digits, next(scale for scale in _SCALES if numbers.decimals <= scale))
        if exact:
            return exact
    if numbers.is_double:
        return Guess("number")
    return (numbers.is_decimal and _decimal(numbers.digits, max(numbers.decimals, 0))) or _as_text(numbers)


def _decimal(digits: int, scale: int) -> Guess | None:
    """With room for larger numbers; None where they do not fit."""
    if digits + scale > _MOST_DIGITS:
        return None
    roomy = (precision for precision in _PRECISIONS if digits + _ROOM + scale <= precision)
    return Guess("number", physical=f"decimal({next(roomy, _MOST_DIGITS)},{scale})")


def _as_text(numbers: Numbers) -> Guess:
    return replace(TEXT, remarks=("Numbers that no type holds exactly: kept as text, by their digits as written.",))


# Texts.


def _text(texts: Texts, name: str, values: int) -> Guess:
    if texts.empty == values:
        return TEXT
    found = _form(texts, name) or _enumeration(texts, name)
    if found is None:
        return _plain(texts)
    functions = (*(("trim",) if texts.padded else ()), *(("nullif",) if texts.empty else ()))
    return replace(found, functions=functions)


def _form(texts: Texts, name: str) -> Guess | None:
    """The type of texts that all have one form; None where they have none, or none to go by."""
    first = next(iter(texts.forms), None)
    if first is None or first == "local" or first in LOCALS or _is_ambiguous(texts):
        return None
    return _number_as_text(texts.numbers, name) if first == "number" else _FORMATS[first]


def _number_as_text(numbers: Numbers, name: str) -> Guess | None:
    """An exact number, where texts are clearly meant as one: `"199.90"`, and neither `"0042"` nor `"42"`."""
    if not numbers.written or is_code(name) or not (is_numeric(name) or numbers.written == {2}):
        return None
    least = max(*numbers.written, _SCALES[2] if is_rate(name) else 0)
    scale = next((scale for scale in _SCALES if least <= scale), least)
    exact = _decimal(numbers.digits, scale)
    return exact and replace(exact, remarks=("Written as text.",))


def _is_ambiguous(texts: Texts) -> bool:
    return any(set(texts.forms) >= either for either in AMBIGUOUS)


def _local(form: Form) -> tuple[str, ...]:
    """What it takes to have texts of this form as times."""
    format_ = "" if form == "local" else f"format: {form}, "
    return (
        "Times that name no offset from UTC. To have them as such, say whose clock it was:",
        "  logicalType: timestamp",
        f"  logicalTypeOptions: {{{format_}defaultTimezone: America/Sao_Paulo}}",
    )


def _plain(texts: Texts) -> Guess:
    if _is_ambiguous(texts):
        return replace(TEXT, remarks=("Dates of which the samples do not tell whether dd/MM/yyyy or MM/dd/yyyy.",))
    if texts.forms and (texts.forms[0] == "local" or texts.forms[0] in LOCALS):
        return replace(TEXT, remarks=_local(texts.forms[0]))
    if texts.broke and texts.broke[1] >= _LEAST_ALIKE:
        form, alike = texts.broke
        return replace(
            TEXT, remarks=(f"The first {alike:,} texts are each a {_SPOKEN.get(form, form)}, the next is not.",)
        )
    return TEXT


def _is_code(text: str) -> bool:
    """`PAID`, `in transit`; neither `Ana Lima` nor a telephone number: capitals and blanks together are names."""
    return bool(_CODE.fullmatch(text)) and (" " not in text or text.islower()) and not identifies(text)


def _enumeration(texts: Texts, name: str) -> Guess | None:
    """Texts that recur so often that they look like all there are."""
    counts: Mapping[str, int] = texts.counts or {}
    if is_reference(name) or not 2 <= len(counts) <= _MOST_LISTED or not all(map(_is_code, counts)):
        return None
    recur = sum(counts.values()) >= max(_LEAST_VALUES, _RECURRING * len(counts)) and min(counts.values()) > 1
    return replace(TEXT, enum=tuple(sorted(counts))) if recur else None
