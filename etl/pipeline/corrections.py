"""Documents that were corrected in a review: `<quarantine folder>corrections/<record>-<number>.json`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress

from etl.errors import NotFound, QuarantineError
from etl.quarantine import original
from etl.storage import Storage

_NAME = re.compile(r"corrections/(\d+)-\d+\.json")


def record_of(location: str) -> int | None:
    """The number of the record that a correction is of; None where that is no correction's location."""
    found = _NAME.search(location)
    return int(found[1]) if found else None


def documents(locations: Iterable[str], storage: Storage) -> dict[int, bytes]:
    """The documents by record number, the later of a record; those that are gone, or erased, are as received.

    Raises `QuarantineError` where one is none, and `StorageError`.
    """
    found = {}
    for at in locations:
        with suppress(NotFound):
            document = _document(storage.read(at)[0], at)
            if (record := record_of(at)) is not None and document:
                found[record] = document
    return found


def _document(data: bytes, location: str) -> bytes | None:
    try:
        return original(data)
    except ValueError as error:
        raise QuarantineError(
            f"{location}: this is no corrected document any more; remove it, then run it again"
        ) from error
