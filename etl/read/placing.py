"""Values with positions become blocks of records with lines and offsets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from etl.read.values import Spans
from etl.records import Block

MOST_RECORDS = 1 << 15  # of a block, however short they are: each costs more than its bytes

Record = tuple[bytes, int, int]
"""Text, line and offset, as in `Block`."""

_LINE_FEED, _RETURN, _BLANK = b"\n\r "
_SHORT_GAP = 64
_WINDOW = 64 << 10  # bytes


def cut(data: bytes, spans: Spans, line: int, offset: int, size: int) -> Iterator[Block]:
    """Blocks of values of `data`, which begins at `line` and `offset`; each ends with the record that fills `size`
    bytes, or is the last of too many. Valid JSON has line breaks between its tokens only."""
    counted = 0
    for some in _groups(spans[1] - spans[0], size):
        starts, ends = spans[0][some], spans[1][some]
        begin = int(starts[0])
        line += data.count(b"\n", counted, begin)
        counted = begin
        text = np.frombuffer(data, np.uint8, int(ends[-1]) - begin, begin)
        lines = line + np.searchsorted(line_feeds(text), starts - begin)
        on_lines = _on_lines(text, starts - begin, ends - begin)
        yield Block(some.start + 1, on_lines, starts - begin, ends - begin, lines, offset + starts)


def line_feeds(text: np.ndarray) -> np.ndarray:
    """Where they are. Looked for window by window, which stays in the processor's cache."""
    windows = range(0, len(text), _WINDOW)
    return np.concatenate([at + np.flatnonzero(text[at : at + _WINDOW] == _LINE_FEED) for at in windows])


def _groups(lengths: np.ndarray, size: int) -> Iterator[slice]:
    ends = np.cumsum(lengths)
    at, passed = 0, 0
    while at < len(lengths):
        to = min(int(np.searchsorted(ends, passed + size)) + 1, at + MOST_RECORDS, len(lengths))
        yield slice(at, to)
        at, passed = to, int(ends[to - 1])


def _on_lines(text: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> bytes:
    """The same bytes, but a line feed and blanks between two values, and blanks for line breaks within."""
    text = text.copy()
    text[(text == _LINE_FEED) | (text == _RETURN)] = _BLANK
    gaps = starts[1:] - ends[:-1]
    for at in range(min(int(gaps.max(initial=0)), _SHORT_GAP)):
        text[ends[:-1][gaps > at] + at] = _BLANK if at else _LINE_FEED
    for at in np.flatnonzero(gaps > _SHORT_GAP).tolist():
        text[ends[at] + _SHORT_GAP : starts[at + 1]] = _BLANK
    return text.tobytes()


def grouped(records: Iterable[Record], size: int) -> Iterator[Block]:
    """Blocks of records that come one by one, and hold no line break; likewise in size."""
    first, length = 1, 0
    held: list[Record] = []
    for record in records:
        held.append(record)
        length += len(record[0])
        if length >= size or len(held) >= MOST_RECORDS:
            yield block(first, held)
            first, length = first + len(held), 0
            held = []
    if held:
        yield block(first, held)


def block(first: int, records: list[Record]) -> Block:
    """A block of these records."""
    texts, lines, offsets = zip(*records, strict=True)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    ends = np.cumsum(lengths + 1) - 1
    return Block(first, b"\n".join(texts), ends - lengths, ends, np.array(lines), np.array(offsets))
