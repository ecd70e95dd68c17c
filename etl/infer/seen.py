"""What was seen at each place of the documents: counts, and a little more. Never the documents.

A `Seen` mirrors the documents: an object's members by name, all elements of an array under one. How much is kept of
each place has a limit, and so has the number of places.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from math import isinf
from typing import Any

import numpy as np
from jiter import LosslessFloat

from etl.infer.texts import FORMS, Form, day, forms

MOST_PLACES = 1_000
MOST_MEMBERS = 250  # of one object
DEEPEST = 16  # names and elements from the record's root
_MOST_DISTINCT = 24
_MOST_DAYS = 1_001
_MOST_KEYS = 4_000_000  # 8 bytes each
_HELD = 1 << 16
_EXACT = 2**53
_PROSE = 6  # words of a sentence
_MANY = 50  # digits after the point, or who knows how many
_BLANKS = " \t\r\n"


@dataclass(slots=True)
class Numbers:
    """Of numbers: the bounds of integers, how many digits, and whether doubles hold them."""

    low: int | None = None
    high: int | None = None
    whole: int = 0  # most digits before the point
    decimals: int = 0  # most digits after it, without idle zeros
    written: set[int] = field(default_factory=set)  # how many digits stood after the point
    is_double: bool = True
    is_decimal: bool = True  # also: no exponent so large that nobody counts its digits

    def integer(self, value: int) -> None:
        self.low = value if self.low is None else min(self.low, value)
        self.high = value if self.high is None else max(self.high, value)
        self.is_double = self.is_double and (abs(value) <= _EXACT or _is_double(value))

    def fraction(self, token: str) -> None:
        """A number with a point or an exponent."""
        self.is_double = self.is_double and not isinf(float(token))
        whole, _, decimals = token.removeprefix("-").partition(".")
        if "e" in token or "E" in token:
            self._scientific(token)
        else:
            self.whole = max(self.whole, len(whole) if whole != "0" else 0)
            self.decimals = max(self.decimals, len(decimals.rstrip("0")))
            self.written.add(min(len(decimals), _MANY))

    def _scientific(self, token: str) -> None:
        self.written.add(_MANY)
        try:
            number = Decimal(token)
        except InvalidOperation:
            self.is_decimal = False
            return
        _, digits, exponent = number.as_tuple()
        used = len("".join(map(str, digits)).rstrip("0"))
        if used:
            self.whole = max(self.whole, number.adjusted() + 1)
            self.decimals = max(self.decimals, used - len(digits) - int(exponent))

    @property
    def digits(self) -> int:
        """The most digits before the point, of integers too."""
        bounds = (len(str(abs(bound))) for bound in (self.low, self.high) if bound is not None)
        return max(self.whole, *bounds, 0)


def _is_double(value: int) -> bool:
    try:
        return int(float(value)) == value
    except OverflowError:
        return False


class Texts:
    """Of texts: the forms that all have, how many are empty or have blanks round them, and which there are.

    `values` are those that are not empty.
    """

    __slots__ = ("broke", "counts", "empty", "forms", "is_prose", "longest", "numbers", "padded", "values")

    def __init__(self) -> None:
        self.forms: tuple[Form, ...] = tuple(FORMS)
        self.counts: Counter[str] | None = Counter()  # None: too many
        self.broke: tuple[Form, int] | None = None  # the form that all had but the last of so many
        self.is_prose = False  # some are sentences, so that anybody and anything may be in them
        self.values = self.empty = self.padded = self.longest = 0
        self.numbers = Numbers()

    def note(self, text: str) -> None:
        self.longest = max(self.longest, len(text))
        bare = text.strip(_BLANKS)
        self.padded += len(bare) < len(text)
        if not bare:
            self.empty += 1
            return
        self.is_prose = self.is_prose or len(bare.split(maxsplit=_PROSE)) >= _PROSE
        self._form(bare)
        if "number" in self.forms:
            self._number(bare)
        self._count(text)

    def _form(self, text: str) -> None:
        """`text` is not empty."""
        left = forms(text, self.forms)
        if self.forms and not left and self.values:
            self.broke = self.forms[0], self.values
        self.values += 1
        self.forms = left

    def _number(self, text: str) -> None:
        if "." in text:
            self.numbers.fraction(text)
        else:
            self.numbers.integer(int(text))

    def _count(self, text: str) -> None:
        if self.counts is None:
            return
        self.counts[text] += 1
        if len(self.counts) > _MOST_DISTINCT or len(text) > 60:
            self.counts = None


class Keys:
    """Whether values are all different, by their 64-bit hashes. Where two agree by chance, or there are too many to
    tell, they are not."""

    __slots__ = ("_held", "_sorted", "are_unique")

    def __init__(self) -> None:
        self.are_unique = True
        self._held: list[int] = []
        self._sorted = np.array([], np.uint64)

    def note(self, value: str | int) -> None:
        if self.are_unique:
            self._held.append(_hash(value))
            if len(self._held) >= _HELD:
                self.settle()

    def settle(self) -> bool:
        """Look at what is held back; whether all so far are different."""
        if self.are_unique and self._held:
            every = np.concatenate([self._sorted, np.array(self._held, np.uint64)])
            every.sort()
            self.are_unique = len(every) <= _MOST_KEYS and not bool((every[1:] == every[:-1]).any())
            self._held, self._sorted = [], every if self.are_unique else every[:0]
        return self.are_unique


def _hash(value: str | int) -> int:
    return int.from_bytes(blake2b(str(value).encode(), digest_size=8).digest())


class Seen:
    """One place. `kinds` counts the values by kind, null among them; an absent member counts nothing."""

    __slots__ = (
        "crowded", "days", "element", "keys", "kinds", "longest", "members", "numbers", "repeated", "texts",
    )  # fmt: skip

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.numbers = Numbers()
        self.texts = Texts()
        self.members: dict[str, Seen] = {}
        self.element: Seen | None = None
        self.crowded = False  # it has more below it than is kept
        self.longest = 0  # the most elements of an array
        self.keys: Keys | None = None  # of what may be a record's key
        self.days: set[int] | None = None  # of what may be an event's day; None: not looked at, or no days
        self.repeated: set[str] = set()  # of an array's elements: ids that come twice in one array

    @property
    def values(self) -> int:
        """How many values there are, without nulls."""
        return self.kinds.total() - self.kinds["null"]

    @property
    def only(self) -> frozenset[str]:
        """The kinds of values, without null."""
        return frozenset(kind for kind, count in self.kinds.items() if count and kind != "null")

    def scalar(self, value: Any) -> None:
        """A value that is neither an array nor an object."""
        kind = _KINDS[type(value)]
        self.kinds[kind] += 1
        if kind == "text":
            self.texts.note(value)
        elif kind == "integer":
            self.numbers.integer(value)
        elif kind == "number":
            self.numbers.fraction(str(value))
        if value is not None:
            self._moment_or_key(value, kind)

    def _moment_or_key(self, value: Any, kind: str) -> None:
        if self.keys is not None and kind in ("text", "integer"):
            self.keys.note(value)
        if self.days is not None:
            found = _day(value, kind)
            if found is None or len(self.days) >= _MOST_DAYS:
                self.days = None
            else:
                self.days.add(found)


_KINDS = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    LosslessFloat: "number",
    str: "text",
    list: "array",
    dict: "object",
}


def _day(value: Any, kind: str) -> int | None:
    if kind == "text":
        return day(value)
    per_day = epoch_units(value, value) * 86_400 if kind == "integer" else 0
    return value // per_day if per_day else None


def epoch_units(low: int, high: int) -> int:
    """How many units a second has, if numbers between these are moments from 2000 to 2100: 1, 1000, or 0 for none."""
    return next((units for units in (1, 1000) if 946_684_800 * units <= low and high < 4_102_444_800 * units), 0)
