"""Iterators of bytes. A chunk is never empty, and where one ends means nothing."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import chain


def peek(chunks: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """The first `size` bytes or more (fewer where there are no more), and all the chunks with these again."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= size:
            break
    return head, chain([head] if head else [], chunks)


def joined(chunks: Iterator[bytes]) -> bytes:
    """All of it, held once: `BytesIO` gives its buffer away, where `b"".join` would hold everything twice."""
    buffer = io.BytesIO()
    buffer.writelines(chunks)
    return buffer.getvalue()


def windows(chunks: Iterator[bytes], size: int) -> Iterator[list[memoryview]]:
    """The same bytes in windows of exactly `size`, but for the last; each in the parts that it comes in, uncopied."""
    window: list[memoryview] = []
    missing = size
    for chunk in chunks:
        rest = memoryview(chunk)
        while len(rest) >= missing:
            yield [*window, rest[:missing]]
            rest = rest[missing:]
            window, missing = [], size
        if rest:
            window.append(rest)
            missing -= len(rest)
    if window:
        yield window
