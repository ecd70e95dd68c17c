"""How large an upload may be: what goes beyond is broken, and nothing more of it is read into memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from etl.contract.model import Policies
from etl.contract.words import size
from etl.read.broken import Broken
from etl.read.stored import Stored

_FREE = 64 << 20  # uncompressed bytes, up to which no ratio is suspicious


@dataclass(frozen=True, slots=True)
class Limits:
    """In bytes: `upload` as a whole, uncompressed; `document`, which is held as a whole: a line, an array, a document.

    `compression` is the most that the stored bytes may be outgrown by, as a factor.
    """

    upload: int
    document: int
    compression: int

    @classmethod
    def of(cls, policies: Policies) -> Limits:
        return cls(policies.max_upload_size, policies.max_document_size, policies.max_compression)

    def inflated(self, chunks: Iterator[bytes], stored: Stored) -> Iterator[bytes]:
        """The uncompressed chunks, which come out of `stored`. Raises `Broken` once there are too many."""
        passed = 0
        for chunk in chunks:
            passed += len(chunk)
            if passed > self.upload:
                raise Broken(f"the upload is larger than {size(self.upload)} uncompressed (policy maxUploadSize)")
            if passed > max(_FREE, stored.size * self.compression):
                raise Broken(f"the upload is compressed by more than {self.compression:,} to 1 (policy maxCompression)")
            yield chunk

    def held(self, chunks: Iterator[bytes], line: int, offset: int) -> Iterator[bytes]:
        """Chunks of what is held as a whole, and begins at `line` and `offset`. Raises `Broken` likewise."""
        passed = 0
        for chunk in chunks:
            passed += len(chunk)
            if passed > self.document:
                raise self.too_long(line, offset)
            yield chunk

    def too_long(self, line: int, offset: int) -> Broken:
        """A line, an array or a document is."""
        words = f"a line, an array or a document is larger than {size(self.document)} (policy maxDocumentSize)"
        return Broken(words, line, offset)


USUAL = Limits.of(Policies())
