r"""RE2 expressions as trees: what a pattern of a contract matches, so that texts can be made for it, and other dialects
can say the same.

RE2 has taken the pattern already, so the parser reads what is right and need not say what is wrong. Flags, classes and
escapes are resolved on the way: a tree holds sets of code points and nothing that a dialect could understand otherwise.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

LAST = 0x10FFFF
Ranges = tuple[tuple[int, int], ...]
"""Code points from, to (both included); ascending, none touching another."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of a set."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Edge:
    """A place between characters: the text's or a line's beginning and end, a word's edge or not one."""

    kind: Literal["^", "$", "(?m)^", "(?m)$", "b", "B"]


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    parts: tuple[Regex, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of these."""

    parts: tuple[Regex, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """So many times; no `most`: without limit."""

    part: Regex
    least: int
    most: int | None


Regex = Chars | Edge | Sequence | Choice | Repeat


class UnknownSyntax(ValueError):
    """A part of RE2's syntax that is not read here: scripts such as `\\p{Greek}`, and what is nested too deep."""


def parse(regex: str) -> Regex:
    """The tree of a pattern that RE2 takes. Raises `UnknownSyntax`."""
    try:
        return _Parser(regex).choice(_Flags())
    except RecursionError as error:
        raise UnknownSyntax("nested too deep") from error


def needs(regex: Regex, some: Ranges) -> bool:
    """Whether every text that matches has one of these characters, as far as can be told from one part alone."""
    match regex:
        case Chars(found):
            return all(any(low <= first and last <= high for low, high in some) for first, last in found)
        case Sequence(parts):
            return any(needs(part, some) for part in parts)
        case Choice(parts):
            return all(needs(part, some) for part in parts)
        case Repeat(part, least, _):
            return least > 0 and needs(part, some)
        case _:
            return False


# Sets of code points.


def ranges(found: Iterable[tuple[int, int]]) -> Ranges:
    """In order, and together where they touch."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(found):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def others(found: Ranges) -> Ranges:
    """All code points that are in none of these."""
    edges = [-1, *(edge for low, high in found for edge in (low, high)), LAST + 1]
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return tuple((before + 1, after - 1) for before, after in pairs if before + 1 <= after - 1)


def _of(text: str) -> Ranges:
    return ranges((ord(low), ord(high)) for low, high in re.findall("(.)-(.)", text, re.DOTALL))


DIGIT, WORD, SPACE = _of("0-9"), _of("0-9A-Z_-_a-z"), _of("\t-\n\f-\r - ")
ANY: Ranges = ((0, LAST),)
_NOT_LINE_FEED = others(((10, 10),))
_ESCAPED = {"d": DIGIT, "w": WORD, "s": SPACE, "D": others(DIGIT), "W": others(WORD), "S": others(SPACE)}
_POSIX = {
    "alnum": _of("0-9A-Za-z"),
    "alpha": _of("A-Za-z"),
    "ascii": ((0, 127),),
    "blank": _of("\t-\t - "),
    "cntrl": ((0, 31), (127, 127)),
    "digit": DIGIT,
    "graph": _of("!-~"),
    "lower": _of("a-z"),
    "print": _of(" -~"),
    "punct": _of("!-/:-@[-`{-~"),
    "space": _of("\t-\r - "),
    "upper": _of("A-Z"),
    "word": WORD,
    "xdigit": _of("0-9A-Fa-f"),
}
_CATEGORIES = {"C": "cfos", "L": "lmotu", "M": "cen", "N": "dlo", "P": "cdefios", "S": "ckmo", "Z": "lps"}
_CONTROLS = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_FOLDS = {"k": "\u212a", "s": "\u017f", "\u00e5": "\u212b", "\u03c9": "\u2126"}  # letters that have a third form
_MOST_FOLDED = 3000  # code points of a set that are folded one by one


@cache
def _category(name: str) -> Ranges:
    """A general category of Unicode: `L`, `Lu`."""
    if name[0] not in _CATEGORIES or name[1:] not in ("", *_CATEGORIES[name[0]]):
        raise UnknownSyntax(f"\\p{{{name}}} is not known here")
    found = [code for code in range(LAST + 1) if unicodedata.category(chr(code)).startswith(name)]
    return ranges((code, code) for code in found)


def _folded(found: Ranges) -> Ranges:
    """With the other case of every letter."""
    if sum(high - low + 1 for low, high in found) > _MOST_FOLDED:
        raise UnknownSyntax("(?i) round so many characters is not read here")
    alike = {form for low, high in found for code in range(low, high + 1) for form in _forms(chr(code))}
    return ranges((ord(form), ord(form)) for form in alike)


def _forms(char: str) -> Iterator[str]:
    for form in (char, char.lower(), char.upper(), char.title(), char.casefold()):
        if len(form) == 1:
            yield form
            if form in _FOLDS:
                yield _FOLDS[form]


# The parser.


@dataclass(frozen=True, slots=True)
class _Flags:
    """Those in force: case folds, `.` takes a line feed, `^` and `$` are of lines."""

    i: bool = False
    s: bool = False
    m: bool = False


_REPEATS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_BRACES = re.compile(r"\{([0-9]+)(,)?([0-9]+)?\}")
_GROUP = re.compile(r"\?(?:P?<\w+>|([imsU]*)(?:-([imsU]+))?([:)]))")
_HEX = re.compile(r"x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))")
_OCTAL = re.compile(r"[0-7]{1,3}")
_CATEGORY = re.compile(r"([pP])(?:\{(\^?)(\w+)\}|(\w))")
_UP_TO = re.compile(r"-(?!\])")
_CLASS_NAME = re.compile(r"\[:(\^?)(\w+):\]")


class _Parser:
    """Recursive descent."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    def take(self, token: str) -> bool:
        found = self.text.startswith(token, self.at)
        self.at += len(token) * found
        return found

    def char(self) -> str:
        self.at += 1
        return self.text[self.at - 1]

    def choice(self, flags: _Flags) -> Regex:
        """Alternatives, up to the `)` that closes their group or to the end. Flags set amid them stay for the rest."""
        parts = []
        while True:
            part, flags = self.sequence(flags)
            parts.append(part)
            if not self.take("|"):
                return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def sequence(self, flags: _Flags) -> tuple[Regex, _Flags]:
        parts: list[Regex] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            found = self.item(flags)
            if isinstance(found, _Flags):
                flags = found
            else:
                parts += found
                parts[-1:] = [self.repeated(part) for part in parts[-1:]]
        return Sequence(tuple(parts)), flags

    def repeated(self, part: Regex) -> Regex:
        while True:
            times = _REPEATS.get(self.text[self.at : self.at + 1])
            if times is not None:
                self.at += 1
            elif found := self.match(_BRACES):
                times = (int(found[1]), int(found[3]) if found[3] else None if found[2] else int(found[1]))
            else:
                return part
            self.take("?")  # lazy: matches the same texts
            part = Repeat(part, *times)

    def item(self, flags: _Flags) -> list[Regex] | _Flags:
        """What can be repeated: the last of those returned; or flags for what follows."""
        if self.take("("):
            return self.group(flags)
        if self.take("["):
            return [Chars(self.klass(flags))]
        if self.take("\\"):
            return self.escape(flags)
        char = self.char()
        if char == ".":
            return [Chars(ANY if flags.s else _NOT_LINE_FEED)]
        if char in "^$":
            return [Edge(f"(?m){char}" if flags.m else char)]  # type: ignore[arg-type]  # one of the kinds
        return [_literal(char, flags)]

    def group(self, flags: _Flags) -> list[Regex] | _Flags:
        inner = flags
        if found := self.match(_GROUP):
            on, off = (found[1] or ""), (found[2] or "")
            inner = replace(flags, **dict.fromkeys(set(on) - {"U"}, True), **dict.fromkeys(set(off) - {"U"}, False))
            if found[3] == ")":
                return inner
        part = self.choice(inner)
        self.take(")")
        return [part]

    def escape(self, flags: _Flags) -> list[Regex]:
        if self.take("Q"):
            end = self.text.find("\\E", self.at)
            quoted = self.text[self.at : end if end >= 0 else None]
            self.at += len(quoted) + 2
            return [_literal(char, flags) for char in quoted]
        char = self.text[self.at]
        if char in "AzbB":
            self.at += 1
            return [Edge({"A": "^", "z": "$"}.get(char, char))]  # type: ignore[arg-type]  # one of the kinds
        return [Chars(self.escaped(flags))]

    def escaped(self, flags: _Flags) -> Ranges:
        """The set after a backslash, within a class or outside of one."""
        if found := self.match(_CATEGORY):
            known = _category(found[3] or found[4])
            return others(known) if (found[1] == "P") != bool(found[2]) else known
        if found := self.match(_HEX):
            code = int(found[1] or found[2], 16)
        elif found := self.match(_OCTAL):
            code = int(found[0], 8)
        else:
            char = self.char()
            if char in _ESCAPED:
                return _ESCAPED[char]
            if char == "C":
                return ANY
            code = _CONTROLS.get(char, ord(char))
        return _folded(((code, code),)) if flags.i else ((code, code),)

    def klass(self, flags: _Flags) -> Ranges:
        negated = self.take("^")
        found: list[tuple[int, int]] = []
        first = True
        while first or not self.take("]"):
            first = False
            found += self.member(flags)
        return others(ranges(found)) if negated else ranges(found)

    def member(self, flags: _Flags) -> Ranges:
        if name := self.match(_CLASS_NAME):
            return others(_POSIX[name[2]]) if name[1] else _POSIX[name[2]]
        plain = replace(flags, i=False)
        low = self.one(plain)
        if len(low) == 1 and low[0][0] == low[0][1] and self.match(_UP_TO):
            low = ((low[0][0], self.one(plain)[0][1]),)
        return _folded(low) if flags.i else low

    def one(self, flags: _Flags) -> Ranges:
        if self.take("\\"):
            return self.escaped(flags)
        code = ord(self.char())
        return ((code, code),)


def _literal(char: str, flags: _Flags) -> Chars:
    one = ((ord(char), ord(char)),)
    return Chars(_folded(one) if flags.i else one)
