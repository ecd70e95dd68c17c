"""The folders of a quarantine: `<contract>/<day>/<upload id>-<content id>/`. One listing shows them all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from etl.commit import states
from etl.commit.states import State
from etl.errors import UsageError
from etl.records import Upload
from etl.storage import Storage

REPORT, REJECTED, UPLOAD = "report.json", "rejected.ndjson", "upload"

_FOLDER = re.compile(
    r"(?P<contract>[^/]+)/(?P<day>\d{4}-\d\d-\d\d)/(?P<upload>[0-9a-f]{16})-(?P<content>[0-9a-f]{16})/"
)
_INSIDE = re.compile(rf"(?P<root>.*?)(?:^|(?<=/)){_FOLDER.pattern}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Folder:
    """What quarantine holds of one upload. `location` ends with `/`; `files` are by name: `states/0001-resolved.json`.

    `day` is the day on which the upload arrived, as ISO 8601.
    """

    location: str
    contract: str
    day: str
    upload_id: str
    content_id: str
    files: Mapping[str, Upload]

    @property
    def state(self) -> State:
        """The review state that holds."""
        return states.current(self.files)

    @property
    def judged(self) -> datetime | None:
        """When its report was written; None where it has none: a run is at it, or has been killed."""
        return self.files[REPORT].arrival if REPORT in self.files else None


def folders(quarantine: str, storage: Storage, contract: str | None = None) -> list[Folder]:
    """All folders of a quarantine (its root, with a final `/`), the newest first; or those of one contract.

    Raises `StorageError`.
    """
    below = quarantine if contract is None else f"{quarantine}{contract}/"
    found = _folders(storage.list(below), len(quarantine))
    return sorted(found, key=lambda one: (one.day, str(one.judged or ""), one.location), reverse=True)


def folder(location: str, storage: Storage) -> Folder:
    """One folder, by its own location or by that of a file in it. Raises `UsageError` where there is none."""
    parts = _INSIDE.match(f"{location.rstrip('/')}/")
    at = parts[0] if parts else location
    found = _folders(storage.list(at), len(parts["root"])) if parts else []
    if not found:
        raise UsageError(f"{location}: no report's folder is here; `etl quarantine list` shows those that are")
    return found[0]


def is_inside(location: str) -> bool:
    """Whether a location reads like that of a folder, or of a file in one."""
    return _INSIDE.match(f"{location.rstrip('/')}/") is not None


def _folders(found: Iterable[Upload], start: int) -> list[Folder]:
    """The folders that these objects lie in; `start` is the length of the root. Other objects are passed over."""
    files: dict[re.Match[str], dict[str, Upload]] = {}
    known: dict[str, re.Match[str]] = {}
    for one in found:
        match = _FOLDER.match(one.location, start)
        if match is None:
            continue
        files.setdefault(known.setdefault(match[0], match), {})[one.location[match.end() :]] = one
    return [
        Folder(
            at.string[: at.end()],
            at["contract"],
            at["day"],
            at["upload"],
            at["content"],
            within,
        )
        for at, within in files.items()
    ]
