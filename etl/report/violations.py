"""A violation as one sentence: where it is, what was found there as far as it may be shown, and what was expected.

The words that the stages give as details are known here, so that the sentence can go on with them; others stand in it
as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from etl.report.pieces import QUOTED, SAID, Piece, Sentence, number, plain, quoted, text
from etl.report.rules import BOUND, COUNTS, METRIC, MOMENT, asked, is_prose, type_words
from etl.report.texts import sentence, shortened

_COUNT = re.compile(r"at (least|most) (.+)")
_FIRST = re.compile(r"first in record (\d{1,18})")
_SHAPE = re.compile(r"found (.+), expected (.+)", re.DOTALL)
_BEYOND = {">=": "less than {}, the least that is allowed", ">": "not more than {}"} | {
    "<=": "more than {}, the most that is allowed",
    "<": "not less than {}",
}
_OUTSIDE = {">=": "before {}, the earliest that is allowed", ">": "not after {}"} | {
    "<=": "after {}, the latest that is allowed",
    "<": "not before {}",
}
_ONE_BY_ONE = {
    "nullValues": "is no value",
    "missingValues": "counts as missing",
    "invalidValues": "is not among the valid values",
}
_MISFITS = (  # how the details of `type` begin, and how they go on after the value
    ("found ", "is "),
    ("no such ", "does not exist: there is no such "),
    ("written otherwise", "is written in another way"),
    ("more ", "has more "),
    ("beyond what ", "is beyond what "),
    ("beyond the ", "is beyond the "),
    ("beyond ", "is beyond the range of "),
    ("not ", "is not "),
    ("no ", "has no "),
    ("the number is ", "is "),
    ("an ", "is an "),
)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A violation, with what is not known as None."""

    rule: Mapping[str, Any]
    name: str
    expected: str
    path: str | None
    value: str | None
    detail: str | None
    record: int | None
    is_brief: bool

    @property
    def is_about_record(self) -> bool:
        return text(self.rule, "table") is None

    @property
    def place(self) -> Sentence:
        """The value and its path, as far as they are known: the beginning of a sentence."""
        if self.value is None and self.path is None:
            return (Piece("The record" if self.record else "The upload"),)
        if self.value is None:
            return Piece("What is at "), quoted(self.path or "")
        if self.path is None:
            return (quoted(self.value),)
        return quoted(self.value), Piece(" at "), quoted(self.path)


def broken(violation: Mapping[str, Any], *, brief: bool = False) -> Sentence:
    """A violation as one sentence: where, what was found there as far as it may be shown, and what was expected.

    A `brief` one leaves out what was expected, to stand below `rules.asked`.
    """
    seen = _seen(violation, brief)
    say = _SAYINGS.get(seen.name)
    return (say(seen) if say else None) or _repeated(seen) or _misses(seen) or _of_upload(seen) or _otherwise(seen)


def _seen(violation: Mapping[str, Any], brief: bool) -> _Seen:
    texts = {name: text(violation, name) for name in ("path", "value", "detail")}
    record = number(violation, "record") or None
    return _Seen(
        violation,
        text(violation, "rule") or "",
        text(violation, "expected") or "",
        **texts,
        record=record,
        is_brief=brief,
    )


def _type(seen: _Seen) -> Sentence | None:
    if seen.detail is None or seen.detail == "the condition could not be computed":
        return None
    if (shape := _SHAPE.fullmatch(seen.detail)) and seen.path:
        return Piece(f"There is {shape[1]} at "), quoted(seen.path), Piece(f", where {shape[2]} is expected.")
    expected = "" if seen.is_brief else f"; expected: {type_words(seen.expected)}"
    return *seen.place, Piece(f" {_misfit(seen.detail)}{expected}.")


def _misfit(detail: str) -> str:
    told = shortened(detail, SAID)
    for start, words in _MISFITS:
        if told.startswith(start):
            return words + told.removeprefix(start)
    return f"does not fit ({told})"


def _required(seen: _Seen) -> Sentence | None:
    if seen.expected != "a value" or seen.path is None:
        return None
    return Piece("There is no value at "), quoted(seen.path), Piece(", and there has to be one.")


def _encoding(seen: _Seen) -> Sentence | None:
    return _of_record(seen, "The record is not text in UTF-8", "; save the upload as UTF-8")


def _json(seen: _Seen) -> Sentence | None:
    return _of_record(seen, "The record is not one JSON object")


def _twice(seen: _Seen) -> Sentence | None:
    where = shortened(seen.detail or "", SAID).removeprefix("a key that its object already has").strip()
    said = f"An object has the same key twice{', ' if where else ''}{where}."
    return (Piece(said),) if seen.is_about_record else None


def _unknown(seen: _Seen) -> Sentence | None:
    if not seen.is_about_record or seen.path is None:
        return None
    return Piece("No column reads "), quoted(seen.path), Piece(", and the contract allows no other fields.")


def _empty(seen: _Seen) -> Sentence | None:
    if not seen.is_about_record or seen.path is None:
        return None
    return Piece("There is nothing at "), quoted(seen.path), Piece(", so the record gives no row in any table.")


def _expansion(seen: _Seen) -> Sentence | None:
    if not seen.expected.startswith("at most "):
        return None
    at: Sentence = (Piece(" at "), quoted(seen.path)) if seen.path else ()
    return Piece("The record has too many rows or too much text"), *at, Piece(f"; expected: {seen.expected}.")


def _too_many(seen: _Seen) -> Sentence | None:
    if not seen.is_about_record or not seen.detail:
        return None
    return (Piece(f"{seen.detail} would be in quarantine; the contract allows {seen.expected}."),)


def _partitions(seen: _Seen) -> Sentence | None:
    if not seen.is_about_record:
        return None
    asking = f": {shortened(seen.detail, SAID)}" if seen.detail else "."
    return (Piece(f"The upload has too many partitions; expected: {seen.expected}{asking}"),)


def _unreadable(seen: _Seen) -> Sentence | None:
    return _of_record(seen, "The upload can't be taken apart into records")


def _of_record(seen: _Seen, words: str, after: str = "") -> Sentence | None:
    """What a rule without a table says of the record or upload, with the reader's own reason."""
    if not seen.is_about_record:
        return None
    reason = f": {shortened(seen.detail, SAID)}" if seen.detail else ""
    return (Piece(f"{words}{reason}{after}."),)


def _repeated(seen: _Seen) -> Sentence | None:
    """Keys, and metrics of what comes twice."""
    first = _FIRST.fullmatch(seen.detail or "")
    if first is None:
        return None
    itself = seen.record is not None and str(seen.record) == first[1]
    where = "in the same record" if itself else f"in record {int(first[1]):,}"
    columns = shortened(text(seen.rule, "column") or "value", QUOTED).replace(", ", " with ")
    return *seen.place, Piece(f" has come before, {where}; each {columns} may come once in an upload.")


def _misses(seen: _Seen) -> Sentence | None:
    """Rules that ask something of one value."""
    predicate = _predicate(seen.name, seen.expected)
    if seen.is_brief and seen.name == "enum" and predicate:
        predicate = (Piece("is none of these"),)
    if predicate is None or seen.path is None or seen.detail is not None:
        return None
    return (*seen.place, Piece(" "), *predicate, Piece("."))


def _predicate(name: str, expected: str) -> Sentence | None:
    """What is to be said of a value that does not fulfil a rule; None where the words are the contract's own."""
    bound, counted = BOUND.fullmatch(expected), _COUNT.fullmatch(expected)
    if name.lower().endswith(("minimum", "maximum")) and bound:
        words = _OUTSIDE if MOMENT.match(bound[2]) else _BEYOND
        return (Piece(f"is {words[bound[1]].format(bound[2])}"),)
    if name in COUNTS and counted:
        return (Piece(f"has {'fewer' if counted[1] == 'least' else 'more'} than {counted[2]}"),)
    if name == "pattern" and expected.startswith("matches "):
        return Piece("does not match "), quoted(expected.removeprefix("matches "))
    if (name, expected[:14]) == ("multipleOf", "a multiple of ") or (name, expected[:7]) == ("enum", "one of "):
        return (Piece(f"is not {shortened(expected, SAID)}"),)
    if name == "uniqueItems" and expected == "no item twice":
        return (Piece("has an item twice"),)
    if name == "partitioned" and counted:
        return (Piece(f"is too long for the name of a folder in the lake: {expected} are allowed"),)
    if name == "format" and expected:
        return (Piece(f"is not {shortened(expected, SAID)}"),)
    metric = METRIC.fullmatch(expected)
    if metric and metric[1] in _ONE_BY_ONE:
        return (Piece(_ONE_BY_ONE[metric[1]]),)
    return None


def _of_upload(seen: _Seen) -> Sentence | None:
    """Rules on the upload as a whole: they have no path."""
    if seen.path is not None or seen.record is not None:
        return None
    found, detail = seen.value, shortened(seen.detail, SAID) if seen.detail else None
    if found is None:
        said: Sentence = (Piece(sentence(detail or "the rule is broken")),)
    elif detail and detail.startswith(found):
        said = (Piece(f"The upload comes to {detail}"),)
    else:
        said = Piece("The upload comes to "), quoted(found), Piece(f" ({detail})" if detail else "")
    return *said, *_expectation(seen)


def _otherwise(seen: _Seen) -> Sentence:
    reason = f" ({shortened(seen.detail, SAID)})" if seen.detail else ""
    rule = (Piece(" breaks the rule "), quoted(seen.name)) if seen.name else (Piece(" is not right"),)
    return *seen.place, *rule, Piece(reason), *_expectation(seen)


def _expectation(seen: _Seen) -> Sentence:
    """`; expected: ...` where the report says what, and the sentence's end."""
    words = asked(seen.rule)
    if seen.is_brief or not plain(words).strip():
        return (Piece("."),)
    last = "" if is_prose(plain(words)) else "."
    return Piece(". " if is_prose(plain(words)) else "; expected: "), *words, Piece(last)


_SAYINGS: dict[str, Callable[[_Seen], Sentence | None]] = {
    "type": _type,
    "required": _required,
    "encoding": _encoding,
    "json": _json,
    "duplicateKeys": _twice,
    "unknownFields": _unknown,
    "emptyRecords": _empty,
    "expansion": _expansion,
    "maxQuarantined": _too_many,
    "partitions": _partitions,
    "unreadable": _unreadable,
}
