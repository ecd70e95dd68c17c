"""One upload, read once: blocks of records, and at the end what it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from etl.contract import expressions
from etl.read import lines
from etl.read.broken import Broken
from etl.read.chunks import joined
from etl.read.form import Delimiter, Form, Text, begin
from etl.read.inflate import Compression, compression, inflate
from etl.read.limits import USUAL, Limits
from etl.read.placing import Record, cut, grouped
from etl.read.stored import Stored
from etl.read.values import Fault, Malformed, document, elements
from etl.read.wrapped import inside
from etl.records import Block, Unreadable


def read(
    source: Path,
    *,
    delimiter: Delimiter | None = None,
    records: expressions.Path | None = None,
    limits: Limits = USUAL,
    block_bytes: int = 4 << 20,
) -> Reading:
    """Read a local file.

    `delimiter` states the form where the content should not tell it. `records` leads to the records inside a
    wrapping document: names and indexes, and one `[*]` as the last step. What is beyond `limits` is unreadable. A block
    has about `block_bytes` of text.
    Iterating raises `NotFound` and `StorageError`.
    """
    return Reading(source, delimiter, records, limits, block_bytes)


class Reading:
    """Iterate once: blocks, and `Unreadable` as the last item where the upload can't be taken apart to its end.

    `compression` and `form` are known with the first item (`form` stays None where the upload breaks before it
    shows); `size` and `content_id`, of the stored bytes, when the iteration has ended or given `Unreadable`.
    """

    compression: Compression
    form: Form | None = None
    size: int
    content_id: str

    def __init__(
        self,
        source: Path,
        delimiter: Delimiter | None,
        records: expressions.Path | None,
        limits: Limits,
        block_bytes: int,
    ) -> None:
        self._stored = Stored(source)
        self._delimiter = delimiter
        self._records = records
        self._limits = limits
        self._block_bytes = block_bytes
        self._items = self._read()

    def __iter__(self) -> Iterator[Block | Unreadable]:
        return self._items

    def _read(self) -> Iterator[Block | Unreadable]:
        broken: Unreadable | None = None
        try:
            yield from self._blocks(self._begin())
        except Broken as error:
            broken = error.unreadable
        self._stored.drain()
        self.size, self.content_id = self._stored.size, self._stored.content_id
        if broken:
            yield broken

    def _begin(self) -> Text:
        self.compression, chunks = compression(self._stored.chunks)
        inflated = self._limits.inflated(inflate(chunks, self.compression), self._stored)
        text = begin(inflated, self._delimiter, self._limits)
        self.form = text.form
        return text

    def _blocks(self, text: Text) -> Iterator[Block]:
        if text.form == "empty":
            return iter(())
        if text.form != "ndjson":
            return self._whole(text)
        blocks = lines.blocks(text, self._block_bytes, self._limits)
        return blocks if self._records is None else grouped(self._wrapped(blocks, self._records), self._block_bytes)

    def _whole(self, text: Text) -> Iterator[Block]:
        """The records of an array or a document, which are held as a whole."""
        data = joined(self._limits.held(text.chunks, text.line, text.offset))
        with _placed(data, text.line, text.offset):
            spans = elements(data) if text.form == "array" else document(data)
            if self._records is not None:
                spans = inside(data, spans, self._records)
        return cut(data, spans, text.line, text.offset, self._block_bytes)

    def _wrapped(self, blocks: Iterator[Block], records: expressions.Path) -> Iterator[Record]:
        """The records inside lines. A line that is not JSON is itself the record, for the flattener to explain."""
        for block in blocks:
            for at in range(len(block)):
                text, line, offset = block.text(at), int(block.lines[at]), int(block.offsets[at])
                with _placed(text, line, offset):
                    try:
                        starts, ends = inside(text, document(text), records)
                    except Malformed:
                        starts, ends = np.array([0]), np.array([len(text)])
                for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
                    yield text[start:end], line, offset + start


@contextmanager
def _placed(data: bytes, line: int, offset: int) -> Iterator[None]:
    """A fault in `data`, which begins at `line` and `offset`, as `Broken`."""
    try:
        yield
    except Fault as fault:
        place = offset + fault.position
        where = line + data.count(b"\n", 0, fault.position)
        raise Broken(f"{fault.reason} (byte {place:,})", where, place) from fault
