"""NDJSON: one record a line. No line is judged here, and none of them costs a step of Python."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from etl.read.chunks import regular
from etl.read.form import BLANKS, Text
from etl.read.limits import Limits
from etl.read.placing import MOST_RECORDS
from etl.records import Block

_IS_BLANK = np.isin(np.arange(256), list(BLANKS))
_LINE_FEED, _RETURN = b"\n\r"


def blocks(text: Text, size: int, limits: Limits) -> Iterator[Block]:
    """Blocks of about `size` bytes of whole lines; a longer line makes its own block longer. Raises `Broken`."""
    first, line, offset = 1, text.line, text.offset
    for piece in _pieces(text.chunks, size, limits.document):
        if piece is None:
            raise limits.too_long(line, offset)
        if piece[:1].strip(BLANKS) or piece.strip(BLANKS):  # else only empty lines, which may be very many
            starts, ends = _lines(piece)
            for at in np.flatnonzero(ends - starts > limits.document).tolist():
                raise limits.too_long(line + at, offset + int(starts[at]))
            for block in _blocks(piece, *_trimmed(piece, starts, ends), line, offset):
                yield replace(block, first=first)
                first += len(block)
        line += piece.count(b"\n")
        offset += len(piece)


def _pieces(chunks: Iterator[bytes], size: int, longest: int) -> Iterator[bytes | None]:
    """Whole lines, cut at the last line feed before every multiple of `size`: it depends on the bytes alone.

    None where a line has grown longer than `longest` and has not ended yet.
    """
    held: list[bytes] = []
    length = 0
    for chunk in regular(chunks, size):
        cut = chunk.rfind(b"\n") + 1
        if cut:
            yield b"".join((*held, memoryview(chunk)[:cut]))
            held.clear()
            length = 0
        if cut < len(chunk):
            held.append(chunk[cut:])
            length += len(held[-1])
        if length > longest:
            yield None
    if held:
        yield b"".join(held)


def _lines(piece: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Where each line begins, and where it ends (before its line feed)."""
    ends = np.flatnonzero(np.frombuffer(piece, np.uint8) == _LINE_FEED)
    if not piece.endswith(b"\n"):
        ends = np.append(ends, len(piece))
    return np.append(0, ends[:-1] + 1), ends


def _trimmed(piece: bytes, starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The lines that hold anything (indexes), and where this begins and ends."""
    characters = np.frombuffer(piece, np.uint8)
    ends = ends - ((characters[ends - 1] == _RETURN) & (ends > starts))  # CRLF
    held = np.flatnonzero(ends > starts)
    starts, ends = starts[held], ends[held]
    for at in np.flatnonzero(_IS_BLANK[characters[starts]] | _IS_BLANK[characters[ends - 1]]).tolist():
        text = piece[starts[at] : ends[at]]
        ends[at] = starts[at] + len(text.rstrip(BLANKS))
        starts[at] += len(text) - len(text.lstrip(BLANKS))
    kept = ends > starts
    return held[kept], starts[kept], ends[kept]


def _blocks(
    piece: bytes, held: np.ndarray, starts: np.ndarray, ends: np.ndarray, line: int, offset: int
) -> Iterator[Block]:
    """The records of a piece that begins at `line` and `offset`: one block, or several where they are very many."""
    for at in range(0, len(starts), MOST_RECORDS):
        some = slice(at, at + MOST_RECORDS)
        yield Block(0, piece, starts[some], ends[some], line + held[some], offset + starts[some])
