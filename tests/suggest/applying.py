"""A patch put into a text that may have changed since, as `patch` would; and refused where it does not fit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_NO_NEWLINE = "\\ No newline at end of file\n"
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@\n")


class Refused(Exception):
    """The patch does not fit."""


def _lines(text: str) -> list[str]:
    return [line for line in re.split(r"(?<=\n)", text) if line]


@dataclass(frozen=True, slots=True)
class _Hunk:
    start: int  # the line, from 0, where `old` begins
    old: str
    new: str


def apply(patched: str, text: str) -> str:
    """The text with the patch in it. Raises `Refused` where the text has changed at these lines."""
    for hunk in reversed(list(_hunks(patched))):
        lines = _lines(text)
        here = len("".join(lines[: hunk.start]))
        if not text.startswith(hunk.old, here):
            here = text.find(hunk.old) if text.count(hunk.old) == 1 else -1
        if here < 0:
            raise Refused(
                f"line {hunk.start + 1}: the contract has changed there since the suggestion was made; "
                "make the edit by hand, or run the upload again for a new suggestion"
            )
        text = text[:here] + hunk.new + text[here + len(hunk.old) :]
    return text


def _hunks(patched: str) -> Iterator[_Hunk]:
    lines = _lines(patched)
    starts = [at for at, line in enumerate(lines) if _HUNK.fullmatch(line)]
    if not starts:
        raise Refused("this is no patch of a contract: a unified diff is expected")
    for at, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        found = _HUNK.fullmatch(lines[at])
        start = int(found[1]) if found else 1
        yield _Hunk(max(start - 1, 0), _side(lines[at + 1 : end], "-"), _side(lines[at + 1 : end], "+"))


def _side(lines: Sequence[str], sign: str) -> str:
    kept: list[str] = []
    for before, line in zip(["", *lines], lines, strict=False):
        if line == _NO_NEWLINE and before[:1] in (" ", sign) and kept:
            kept[-1] = kept[-1].removesuffix("\n")
        elif line[:1] in (" ", sign):
            kept.append(line[1:])
    return "".join(kept)
