"""Who has looked at personal values, and when: a file beside the report for each time, `reveals/record-2-<time>.json`.

It holds no values. What can't be noted is not revealed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from etl.errors import Conflict, StorageError
from etl.review import Folder
from etl.storage import Storage

VERSION = "1.0"
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Reveal:
    """One look at one record."""

    who: str
    when: str


def note(folder: Folder, record: int, who: str, when: datetime, storage: Storage) -> None:
    """Note that a record is revealed. Raises `StorageError` where that is not possible."""
    stamp = when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = {"version": VERSION, "record": record, "who": who, "when": stamp}
    at = f"{folder.location}reveals/record-{record}-{when:%Y%m%dT%H%M%S%fZ}.json"
    with suppress(Conflict):  # the same was noted at the same moment
        storage.write(at, json.dumps(body, ensure_ascii=False).encode(), expect=None)


def past(folder: Folder, record: int, storage: Storage) -> Sequence[Reveal]:
    """The latest looks at a record, the newest first; a note that can't be read says so."""
    names = sorted((name for name in folder.files if name.startswith(f"reveals/record-{record}-")), reverse=True)
    return [_reveal(folder.location + name, storage) for name in names[:_SHOWN]]


def _reveal(location: str, storage: Storage) -> Reveal:
    try:
        body: Any = json.loads(storage.read(location)[0])
        return Reveal(str(body["who"]), str(body["when"])[:19].replace("T", " "))
    except (StorageError, ValueError, KeyError, TypeError, RecursionError):
        return Reveal("somebody", "a time that can't be read")
