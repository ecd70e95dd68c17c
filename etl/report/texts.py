"""Texts of others made fit to be shown: what would be invisible, or turn other text about, is written out."""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters, but for tabs and line feeds
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"  # of direction, and of no width
    "\ud800-\udfff\ufffe\uffff\U000e0000-\U000e007f]"  # halves of pairs, tags, and what is no character
)


def visible(text: str) -> str:
    """`\\u202e` for the character that turns the text behind it round, and the like."""
    return _UNSEEN.sub(lambda found: _escape(found[0]), text.replace("\r\n", "\n"))


def sentence(text: str) -> str:
    """With a capital letter at its beginning."""
    return text[:1].upper() + text[1:]


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shortened(text: str, most: int) -> str:
    """The text if it has no more characters, else its beginning, and how long it is."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"
