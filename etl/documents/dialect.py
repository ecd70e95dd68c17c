r"""A pattern of a contract (RE2) in the dialect of JSON Schema (ECMA-262), matching the same texts.

Classes such as `\d` and `.` mean something else in nearly every engine, so sets are written out.
"""

from __future__ import annotations

from etl.documents.regexes import (
    ANY,
    LAST,
    WORD,
    Chars,
    Choice,
    Edge,
    Ranges,
    Regex,
    Repeat,
    Sequence,
    UnknownSyntax,
    others,
    parse,
)

_SYNTAX = "^$\\.*+?()[]{}|/"
_IN_CLASS = "^\\]-["
_TIMES = {(0, None): "*", (1, None): "+", (0, 1): "?"}


def ecma(regex: str) -> str:
    """The pattern as ECMA-262 says it. Raises `UnknownSyntax`."""
    return _text(parse(regex))


def _text(regex: Regex) -> str:
    match regex:
        case Chars(ranges):
            return _chars(ranges)
        case Edge(kind):
            return _edge(kind)
        case Sequence(parts):
            return "".join(_grouped(part, Choice) for part in parts)
        case Choice(parts):
            return "|".join(map(_text, parts))
        case Repeat(part, least, most):
            return _repeated(part, least, most)


def _grouped(part: Regex, *kinds: type[Regex]) -> str:
    return f"(?:{_text(part)})" if isinstance(part, kinds) else _text(part)


def _repeated(part: Regex, least: int, most: int | None) -> str:
    times = _TIMES.get((least, most))
    if times is None:
        times = f"{{{least}}}" if least == most else f"{{{least},{'' if most is None else most}}}"
    return _grouped(part, Choice, Sequence, Repeat, Edge) + times


def _edge(kind: str) -> str:
    if kind in ("^", "$"):
        return kind
    word = _chars(WORD)
    if kind in ("b", "B"):
        inside, outside = (f"(?<={word})(?={word})", f"(?<!{word})(?!{word})")
        begin, end = f"(?<!{word})(?={word})", f"(?<={word})(?!{word})"
        return f"(?:{begin}|{end})" if kind == "b" else f"(?:{inside}|{outside})"
    raise UnknownSyntax("edges of lines are not said in JSON Schema")


def _chars(ranges: Ranges) -> str:
    if ranges == ANY:
        return r"[\s\S]"
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return _char(ranges[0][0], _SYNTAX)
    if ranges and ranges[-1][1] == LAST:
        return f"[^{_members(others(ranges))}]"
    return f"[{_members(ranges)}]" if ranges else r"[^\s\S]"


def _members(ranges: Ranges) -> str:
    return "".join(_span(low, high) for low, high in ranges)


def _span(low: int, high: int) -> str:
    first, last = _char(low, _IN_CLASS), _char(high, _IN_CLASS)
    return first if low == high else f"{first}{last}" if high == low + 1 else f"{first}-{last}"


def _char(code: int, escaped: str) -> str:
    char = chr(code)
    if char in escaped:
        return f"\\{char}"
    return char if char.isprintable() or code > 0xFFFF else f"\\u{code:04X}"
