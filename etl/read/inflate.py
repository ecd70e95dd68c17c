"""gzip and zstd, told by their first bytes and not by the file's name; streamed, in bounded memory."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Literal

import zstandard

from etl.read.broken import Broken
from etl.read.chunks import peek

Compression = Literal["none", "gzip", "zstd"]

_GZIP = b"\x1f\x8b"  # RFC 1952, 2.3.1
_ZSTD = b"\x28\xb5\x2f\xfd"  # RFC 8878, 3.1.1
_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")  # RFC 8878, 3.1.2

_GZIP_INPUT = 64 << 10  # what follows a member is copied: of small members, small inputs
_GZIP_OUTPUT = 1 << 20
_ZSTD_INPUT = 256  # zstandard has no limit on output: blocks of 4 bytes for 128 KiB make this 8 MiB at most


def compression(chunks: Iterator[bytes]) -> tuple[Compression, Iterator[bytes]]:
    """How the upload is compressed, and its chunks as they were."""
    head, chunks = peek(chunks, 4)
    if head.startswith(_GZIP):
        return "gzip", chunks
    if head.startswith(_ZSTD) or _SKIPPABLE.match(head):
        return "zstd", chunks
    return "none", chunks


def inflate(chunks: Iterator[bytes], how: Compression) -> Iterator[bytes]:
    """The uncompressed upload. Raises `Broken` when it gets to what can't be inflated."""
    if how == "gzip":
        return _gunzip(_slices(chunks, _GZIP_INPUT))
    if how == "zstd":
        return _unzstd(_slices(chunks, _ZSTD_INPUT))
    return chunks


def _slices(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    return (chunk[start : start + size] for chunk in chunks for start in range(0, len(chunk), size))


def _gunzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Members one after the other (RFC 1952, 2.2), zeros between and after them as tape drives pad."""
    member = zlib.decompressobj(wbits=31)
    for chunk in chunks:
        rest = chunk
        while rest:
            if member.eof:
                rest = rest.lstrip(b"\0")
                if not rest:
                    break
                if rest[0] != _GZIP[0]:
                    raise Broken("gzip: something follows the compressed data, expected its end or another gzip member")
                member = zlib.decompressobj(wbits=31)
            yield from _inflated(member, rest)
            rest = member.unused_data
    if not member.eof:
        raise Broken("gzip: the compressed data ends in the middle; upload it again")


def _inflated(member: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    try:
        while data and not member.eof:
            if text := member.decompress(data, _GZIP_OUTPUT):
                yield text
            data = member.unconsumed_tail
    except zlib.error as error:
        raise Broken(f"gzip: the compressed data can't be inflated ({_cause(error)}); upload it again") from error


def _unzstd(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Frames one after the other, skippable ones among them (RFC 8878, 3)."""
    decompressor = zstandard.ZstdDecompressor()
    frame = decompressor.decompressobj()
    for chunk in chunks:
        rest = chunk
        while rest:
            if frame.eof:
                frame = decompressor.decompressobj()
            try:
                text = frame.decompress(rest)
            except zstandard.ZstdError as error:
                raise Broken(
                    f"zstd: the compressed data can't be inflated ({_cause(error)}); upload it again"
                ) from error
            if text:
                yield text
            rest = frame.unused_data
    if not frame.eof:
        raise Broken("zstd: the compressed data ends in the middle; upload it again")


def _cause(error: Exception) -> str:
    """`Error -3 while decompressing data: invalid block type`: what stands after the colon."""
    return str(error).rpartition(": ")[2]
