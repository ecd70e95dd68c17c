"""Texts as Markdown (GitHub's): what others wrote stays text, and becomes neither markup nor another table cell."""

from __future__ import annotations

import re

from etl.report.texts import visible


class Raw(str):
    """Markdown that is meant as such."""

    __slots__ = ()


_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_SPECIAL = re.compile(r"[\\`*\[\]|~$&<>]|(?<![^\W_])_|_(?![^\W_])")  # `_` within a word is only itself
_AT_START = re.compile(r"^(?=[-+#=])|^([0-9]{1,9})(?=[.)](?:\s|$))")  # of a line: a list, a heading
_ASCII = re.compile(r"[!-/:-@\[-`{-~]")
_TICKS = re.compile("`+")


def inline(text: str) -> Raw:
    """A text on one line, as it is."""
    words = " ".join(visible(text).split())
    escaped = _SPECIAL.sub(lambda found: _ENTITIES.get(found[0], f"\\{found[0]}"), words)
    return Raw(_AT_START.sub(lambda found: f"{found[1] or ''}\\", escaped))


def code(text: str) -> Raw:
    """A text as code, also in the cell of a table. Where backticks can't hold it, by entities."""
    words = visible(text).replace("\n", " ").replace("\t", " ")
    if words.strip() and words == words.strip() and not set(words) & set("`|"):
        return Raw(f"`{words}`")
    return Raw(f"<code>{_ASCII.sub(lambda found: f'&#{ord(found[0])};', words) or '&nbsp;'}</code>")


def fence(text: str, kind: str = "text") -> Raw:
    """Lines as they are, in a block that none of them ends."""
    longest = max((len(run) for run in _TICKS.findall(text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return Raw(f"{ticks}{kind}\n{visible(text)}\n{ticks}")


def finalize(value: object) -> object:
    """What an expression of a template comes to: texts are escaped unless they are `Raw`."""
    return inline(value) if isinstance(value, str) and not isinstance(value, Raw) else value
