"""Values with positions become records with lines and offsets, and these become blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from etl.read.broken import Broken
from etl.read.values import Fault, Value
from etl.records import Block

MOST_RECORDS = 1 << 15  # of a block, however short they are: each costs more than its bytes

Record = tuple[bytes, int, int]
"""Text, line and offset, as in `Block`."""


def placed(found: Iterator[Value], data: bytes, line: int, offset: int) -> Iterator[Record]:
    """Records on one line each, with their places. `data` begins at `line` and `offset`. Raises `Broken`.

    `found` has the values of `data` in their order. Valid JSON has line breaks between its tokens only.
    """
    counted = 0
    try:
        for text, position in found:
            line += data.count(b"\n", counted, position)
            counted = position
            yield text.replace(b"\n", b" ").replace(b"\r", b" "), line, offset + position
    except Fault as fault:
        place = offset + fault.position
        line += data.count(b"\n", counted, fault.position)
        raise Broken(f"{fault.reason} (byte {place:,})", line, place) from fault


def grouped(records: Iterable[Record], size: int) -> Iterator[Block]:
    """Blocks that end with the record that fills `size` bytes, or is the last of too many."""
    first, length = 1, 0
    held: list[Record] = []
    for record in records:
        held.append(record)
        length += len(record[0])
        if length >= size or len(held) >= MOST_RECORDS:
            yield _block(first, held)
            first, length = first + len(held), 0
            held = []
    if held:
        yield _block(first, held)


def _block(first: int, records: list[Record]) -> Block:
    texts, lines, offsets = zip(*records, strict=True)
    return Block(first, texts, lines, offsets)
