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


def regular(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in chunks of exactly `size`, but for the last."""
    held: list[bytes] = []
    missing = size
    for chunk in chunks:
        start = 0
        while len(chunk) - start >= missing:
            yield b"".join((*held, chunk[start : start + missing]))
            start += missing
            held, missing = [], size
        if start < len(chunk):
            held.append(chunk[start:])
            missing -= len(chunk) - start
    if held:
        yield b"".join(held)
