"""Documents that were corrected in a review, in place of those received. A record keeps its number and its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from etl.records import Block, Unreadable


def corrected(items: Iterable[Block | Unreadable], documents: Mapping[int, bytes]) -> Iterator[Block | Unreadable]:
    """The blocks, with these documents (by record number; each without line breaks) in place of their own."""
    if not documents:
        yield from items
        return
    for item in items:
        yield _corrected(item, documents) if isinstance(item, Block) else item


def _corrected(block: Block, documents: Mapping[int, bytes]) -> Block:
    numbers = range(block.first, block.first + len(block))
    if documents.keys().isdisjoint(numbers):
        return block
    texts = [documents.get(number, block.text(at)) for at, number in enumerate(numbers)]
    return of_texts(block.first, texts, block.lines, block.offsets)


def of_texts(first: int, texts: Sequence[bytes], lines: np.ndarray, offsets: np.ndarray) -> Block:
    """A block of these records."""
    ends = np.cumsum([len(text) + 1 for text in texts], dtype=np.int64) - 1
    starts = np.append(0, ends[:-1] + 1)[: len(texts)]
    return Block(first, b"".join(text + b"\n" for text in texts), starts, ends, lines, offsets)
