"""NDJSON: one record a line. No line is judged here, and none of them costs a step of Python."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from etl.read.chunks import regular
from etl.read.form import BLANKS, Text
from etl.read.limits import Limits
from etl.read.placing import MOST_RECORDS
from etl.records import Block

_IS_BLANK = np.isin(np.arange(256), list(BLANKS))


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
        for part, lines in _parts(piece):
            if (longest := max(map(len, lines))) > limits.document:
                at = next(at for at, each in enumerate(lines) if len(each) == longest)
                raise limits.too_long(line + at, offset + sum(len(each) + 1 for each in lines[:at]))
            block = _block(part, lines, first, line, offset)
            if block.texts:
                yield block
            first += len(block.texts)
            line += len(lines)
            offset += len(part)


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


def _parts(piece: bytes) -> Iterator[tuple[bytes, list[bytes]]]:
    """The piece with its lines; in parts where these are very many."""
    lines = _split(piece)
    if len(lines) <= MOST_RECORDS:
        yield piece, lines
        return
    for at in range(0, len(lines), MOST_RECORDS):
        some = lines[at : at + MOST_RECORDS]
        yield b"\n".join(some) + b"\n", some


def _split(piece: bytes) -> list[bytes]:
    lines = piece.split(b"\n")
    if not lines[-1]:  # after the last line feed
        lines.pop()
    return lines


def _block(piece: bytes, lines: list[bytes], first: int, line: int, offset: int) -> Block:
    """The lines of `piece` that hold anything; the first of them is `line`, at `offset`."""
    lengths = np.fromiter(map(len, lines), np.int64, len(lines))
    starts = np.cumsum(lengths + 1) - lengths - 1
    if _are_bare(piece, starts, lengths):
        return Block(first, lines, range(line, line + len(lines)), (starts + offset).tolist())
    return _stripped(lines, starts + offset, first, line)


def _are_bare(piece: bytes, starts: np.ndarray, lengths: np.ndarray) -> bool:
    """No line is empty, or begins or ends with a blank."""
    if not lengths.all():
        return False
    characters = np.frombuffer(piece, np.uint8)
    return not (_IS_BLANK[characters[starts]].any() or _IS_BLANK[characters[starts + lengths - 1]].any())


def _stripped(lines: list[bytes], offsets: np.ndarray, first: int, line: int) -> Block:
    texts = [text.strip(BLANKS) for text in lines]
    kept = [i for i, text in enumerate(texts) if text]
    return Block(
        first,
        [texts[i] for i in kept],
        [line + i for i in kept],
        [int(offsets[i]) + lines[i].index(texts[i][:1]) for i in kept],
    )
