"""NDJSON: one record a line. No line is judged here, and none of them costs a step of Python."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from etl.read.chunks import windows
from etl.read.form import BLANKS, Text
from etl.read.limits import Limits
from etl.read.placing import MOST_RECORDS, line_feeds
from etl.records import Block

_IS_BLANK = np.isin(np.arange(256), list(BLANKS))
_RETURN = ord("\r")


def blocks(text: Text, size: int, limits: Limits) -> Iterator[Block]:
    """Blocks of about `size` bytes of whole lines; a longer line makes its own block longer. Raises `Broken`."""
    first, line, offset = 1, text.line, text.offset
    for piece in _pieces(text.chunks, size, limits.document):
        if piece is None:
            raise limits.too_long(line, offset)
        if not piece[:1].strip(BLANKS) and not piece.strip(BLANKS):  # only empty lines, which may be very many
            line += piece.count(b"\n")
            offset += len(piece)
            continue
        starts, ends = _lines(piece)
        for at in np.flatnonzero(ends - starts > limits.document).tolist():
            raise limits.too_long(line + at, offset + int(starts[at]))
        for block in _blocks(piece, *_trimmed(piece, starts, ends), line, offset):
            yield replace(block, first=first)
            first += len(block)
        line += len(ends)
        offset += len(piece)


def _pieces(chunks: Iterator[bytes], size: int, longest: int) -> Iterator[bytes | None]:
    """Whole lines, cut at the last line feed before every multiple of `size`: it depends on the bytes alone.

    None where a line has grown longer than `longest` and has not ended yet.
    """
    held: list[memoryview] = []  # what was not cut off yet
    length = 0
    for window in windows(chunks, size):
        at, end = _last_line_feed(window)
        if end:
            yield b"".join((*held, *window[:at], window[at][:end]))
            held, length = [], 0
            window = [window[at][end:], *window[at + 1 :]]
        held += window
        length += sum(map(len, window))
        if length > longest:
            yield None
    if length:
        yield b"".join(held)


def _last_line_feed(window: list[memoryview]) -> tuple[int, int]:
    """The part that holds it, and where in that it ends; 0 for nowhere."""
    for at in range(len(window) - 1, -1, -1):
        if end := bytes(window[at]).rfind(b"\n") + 1:
            return at, end
    return 0, 0


def _lines(piece: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Where each line begins, and where it ends (before its line feed)."""
    ends = line_feeds(np.frombuffer(piece, np.uint8))
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
