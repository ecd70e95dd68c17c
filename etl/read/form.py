"""What an upload is: NDJSON, an array or one document, by what the contract says or by its first characters."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Literal

import msgspec

from etl.read.broken import Broken
from etl.read.chunks import peek
from etl.read.limits import Limits

Delimiter = Literal["new_line", "array", "none"]
Form = Literal["ndjson", "array", "document", "empty"]

BLANKS = b" \t\r\n"  # insignificant whitespace (RFC 8259, 2)

_STATED: dict[Delimiter, Form] = {"new_line": "ndjson", "array": "array", "none": "document"}
_FOREIGN = {  # in this order: a UTF-32 mark begins with a UTF-16 one
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


@dataclass(frozen=True, slots=True)
class Text:
    """An upload from its first character that is not blank: its chunks, and where in the upload they begin."""

    form: Form
    chunks: Iterator[bytes]
    line: int
    offset: int


def begin(chunks: Iterator[bytes], delimiter: Delimiter | None, limits: Limits) -> Text:
    """Tell the form of an uncompressed upload. Reads ahead as far as it must. Raises `Broken`."""
    chunks, mark = _after_mark(chunks)
    chunks, line, blanks = _after_blanks(chunks)
    head, chunks = peek(chunks, 1)
    form, chunks = _form(head, chunks, delimiter, limits, limits.too_long(line, mark + blanks))
    return Text(form, chunks, line, mark + blanks)


def _after_mark(chunks: Iterator[bytes]) -> tuple[Iterator[bytes], int]:
    """The upload without its byte order mark, and that mark's length."""
    head, chunks = peek(chunks, 4)
    for mark, name in _FOREIGN.items():
        if head.startswith(mark):
            raise Broken(f"the upload is {name}, expected UTF-8; save it as UTF-8 and upload it again", 1, 0)
    if not head.startswith(codecs.BOM_UTF8):
        return chunks, 0
    next(chunks)  # the head
    rest = head.removeprefix(codecs.BOM_UTF8)
    return chain([rest] if rest else [], chunks), len(codecs.BOM_UTF8)


def _after_blanks(chunks: Iterator[bytes]) -> tuple[Iterator[bytes], int, int]:
    """The upload without the blanks it begins with; the line (from 1) and position of what is left."""
    line, skipped = 1, 0
    for chunk in chunks:
        rest = chunk.lstrip(BLANKS)
        blanks = len(chunk) - len(rest)
        line += chunk.count(b"\n", 0, blanks)
        skipped += blanks
        if rest:
            return chain([rest], chunks), line, skipped
    return iter(()), line, skipped


def _form(
    head: bytes, chunks: Iterator[bytes], delimiter: Delimiter | None, limits: Limits, too_long: Broken
) -> tuple[Form, Iterator[bytes]]:
    if not head:
        return "empty", chunks
    if delimiter is not None:
        return _STATED[delimiter], chunks
    if head.startswith(b"["):
        return "array", chunks
    if head.startswith(b"{"):
        return _lines_or_document(chunks, limits.document, too_long)
    return "ndjson", chunks  # not an order in any form: each line says so for itself


def _lines_or_document(chunks: Iterator[bytes], most: int, too_long: Broken) -> tuple[Form, Iterator[bytes]]:
    """NDJSON if the first object ends on its line or any later line begins with `{`, else one document."""
    held = [_until_newline(chunks, most)]
    first = held[0].partition(b"\n")[0]
    if len(first) > most:
        raise too_long
    if _is_whole(first) or b"\n{" in held[0]:
        return "ndjson", chain(held, chunks)
    length = len(held[0])
    for chunk in chunks:
        begins = chunk.startswith(b"{") and held[-1].endswith(b"\n")
        held.append(chunk)
        if begins or b"\n{" in chunk:
            return "ndjson", chain(held, chunks)
        length += len(chunk)
        if length > most:
            raise too_long
    return "document", iter(held)


def _until_newline(chunks: Iterator[bytes], most: int) -> bytes:
    """Whole chunks up to the one with the first line feed, or until there are more than `most` bytes."""
    held: list[bytes] = []
    length = 0
    for chunk in chunks:
        held.append(chunk)
        length += len(chunk)
        if b"\n" in chunk or length > most:
            break
    return b"".join(held)


def _is_whole(line: bytes) -> bool:
    """A JSON value ends on this line, whatever follows it there."""
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except msgspec.DecodeError as error:
        return "trailing characters" in str(error)
    except RecursionError:
        return False  # too deep to tell: the other lines decide
    return True
