"""The lines of `rejected.ndjson`, one by one: a file may be larger than memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from etl.errors import QuarantineError
from etl.quarantine import original


class _Envelope(msgspec.Struct):
    record: int
    violations: list[dict[str, Any]]
    line: int | None = None
    offset: int | None = None
    rows: dict[str, list[int]] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A rejected record. `violations` are as in the envelope, values not masked; `rows` are the rejected rows by table,
    None where the whole record is; `document` are the record's bytes, None where they were erased.
    """

    record: int
    line: int | None
    offset: int | None
    violations: Sequence[Mapping[str, Any]]
    rows: Mapping[str, Sequence[int]] | None
    document: bytes | None


def lines(path: Path, location: str) -> Iterator[Line]:
    """The rejected records of a file, in record order; `location` is named in faults.

    Raises `QuarantineError` where a line is none.
    """
    decoder = msgspec.json.Decoder(_Envelope)
    with path.open("rb") as file:
        for number, data in enumerate(file, 1):
            try:
                found = decoder.decode(data)
                rows = found.rows or None  # once {} said: the whole record, which has none
                yield Line(found.record, found.line, found.offset, found.violations, rows, original(data))
            except (msgspec.MsgspecError, ValueError) as error:
                raise QuarantineError(
                    f"{location}: line {number} is no rejected record; it was edited or cut off: run the upload again"
                ) from error
