"""One upload, read once: blocks of records, and at the end what it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from etl.contract import expressions
from etl.read import lines
from etl.read.broken import Broken
from etl.read.chunks import joined
from etl.read.form import Delimiter, Form, Text, begin
from etl.read.inflate import Compression, compression, inflate
from etl.read.limits import USUAL, Limits
from etl.read.placing import Record, grouped, placed
from etl.read.stored import Stored
from etl.read.values import document, elements
from etl.read.wrapped import inside, inside_line
from etl.records import Block, Unreadable


def read(
    source: Path,
    *,
    delimiter: Delimiter | None = None,
    records: expressions.Path | None = None,
    limits: Limits = USUAL,
    block_bytes: int = 8 << 20,
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
            return grouped(self._whole(text), self._block_bytes)
        blocks = lines.blocks(text, self._block_bytes, self._limits)
        return blocks if self._records is None else grouped(self._wrapped(blocks, self._records), self._block_bytes)

    def _whole(self, text: Text) -> Iterator[Record]:
        """The records of an array or a document, which are held as a whole."""
        data = joined(self._limits.held(text.chunks, text.line, text.offset))
        found = elements(data) if text.form == "array" else document(data)
        if self._records is not None:
            found = inside(found, self._records)
        return placed(found, data, text.line, text.offset)

    def _wrapped(self, blocks: Iterator[Block], records: expressions.Path) -> Iterator[Record]:
        for block in blocks:
            for text, line, offset in zip(block.texts, block.lines, block.offsets, strict=True):
                yield from placed(inside_line(text, records), text, line, offset)
