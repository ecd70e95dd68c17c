"""Sentences in pieces: what is said, and what is quoted from a document or a contract, which pages show as code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from etl.report.texts import shortened

QUOTED = 300  # characters of what is quoted
SAID = 1000  # characters of what a contract says of a rule, or a reader of its failure


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a sentence; `code` is quoted, from the document or the contract."""

    text: str
    code: bool = False


Sentence = tuple[Piece, ...]


def plain(said: Sentence) -> str:
    """A sentence as a text: a piece that is quoted has nothing round it."""
    return "".join(piece.text for piece in said)


def quoted(text: str) -> Piece:
    """A piece of a document or a contract, cut where it is very long."""
    return Piece(shortened(text, QUOTED), code=True)


def text(mapping: Mapping[str, Any], name: str) -> str | None:
    """A text of a report or an envelope; None where there is none, since files are edited by hand."""
    found = mapping.get(name)
    return found if isinstance(found, str) else None


def number(mapping: Any, name: str) -> int:
    """A count of a report; 0 where there is none."""
    found = mapping.get(name) if isinstance(mapping, Mapping) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 record`, `1,200 records`"""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
