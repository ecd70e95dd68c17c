"""What became of a folder: its review states and erasures, in the order in which they came."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from etl.errors import NotFound
from etl.records import Upload
from etl.review.folders import Folder
from etl.storage import Storage

_NAME = re.compile(r"states/([0-9A-Za-z]+)-([a-z_]+)\.json")
_HEAD = ("version", "state", "who", "when")


@dataclass(frozen=True, slots=True)
class Event:
    """One file under `states/`. `state` is a review state, or `erased`; `when` is ISO 8601; `details` are what else it
    says. Of a file that can't be read, `fault` says so.
    """

    state: str
    who: str = ""
    when: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    fault: str = ""


def history(folder: Folder, storage: Storage) -> list[Event]:
    """All of them. Raises `StorageError`."""
    return sorted(_events(folder, storage), key=lambda event: event.when.removesuffix("Z"))


def _events(folder: Folder, storage: Storage) -> Iterator[Event]:
    """By name; of equal moments that is the order in which they came."""
    for name in sorted(folder.files):
        if found := _NAME.fullmatch(name):
            try:
                yield _event(found[2], storage.read(folder.location + name)[0], folder.files[name])
            except NotFound:  # gone since it was listed: the content that it was replaced by is replaced itself
                continue


def _event(state: str, data: bytes, file: Upload) -> Event:
    """Where no clock was at hand, the file's own time tells."""
    try:
        body = json.loads(data)
        details = {key: value for key, value in body.items() if key not in _HEAD}
        when = body["when"] or file.arrival.isoformat().replace("+00:00", "Z")
        return Event(state, str(body["who"]), str(when), details)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Event(state, fault=f"{file.location}: this says neither who nor when; it was edited by hand")
