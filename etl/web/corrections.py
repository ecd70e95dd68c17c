"""Documents as they were corrected: `corrections/<record>-<number>.json` beside the report."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from etl.errors import StorageError
from etl.quarantine import original
from etl.review import Folder
from etl.storage import Storage

_NAME = re.compile(r"corrections/(\d{1,18})-(\d{1,18})\.json")


@dataclass(frozen=True, slots=True)
class Correction:
    """The latest of a record. `text` is None where it was erased, or can't be read."""

    who: str
    when: str
    text: str | None


def corrected(folder: Folder) -> frozenset[int]:
    """The records that have any."""
    return frozenset(int(found[1]) for name in folder.files if (found := _NAME.fullmatch(name)))


def latest(folder: Folder, record: int, storage: Storage) -> Correction | None:
    """That of a record, if it has any."""
    found = (_NAME.fullmatch(name) for name in folder.files)
    mine = [(int(each[2]), each[0]) for each in found if each and int(each[1]) == record]
    if not mine:
        return None
    try:
        data, _ = storage.read(folder.location + max(mine)[1])
        head: Any = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        who, when = (msgspec.json.decode(head[name], type=str) for name in ("who", "when"))
        document = original(data)
    except (StorageError, msgspec.MsgspecError, ValueError, KeyError):
        return Correction("somebody", "", None)
    return Correction(who, when, document.decode(errors="replace") if document else None)
