"""What runs say of themselves: the publication at hand, intents, and what the protocol reads of a run report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from etl.errors import StorageError
from etl.records import Upload

INTENT_VERSION = "1.0"
STATE_VERSION = "1.0"
SUPERSEDED = "-superseded.json"


@dataclass(frozen=True, slots=True)
class Publication:
    """All that one run is about to publish.

    `runs` is the folder of run reports and intents (ends with `/`). `files` are staged files by the location they go
    to, in lake and quarantine alike; `copies` are locations that get a copy of the upload itself. `report` is the
    complete run report as `dump` writes it; of it the protocol reads `upload.contentId`, `upload.arrival`,
    `files[].location`, `quarantine.location` (a folder, ends with `/`), `quarantine.files` (names in it) and `replays`
    (locations).
    """

    upload: Upload
    upload_id: str
    content_id: str
    runs: str
    files: Mapping[str, Path]
    copies: tuple[str, ...]
    report: bytes

    @property
    def report_location(self) -> str:
        return f"{self.runs}{self.upload_id}.json"

    @property
    def intent_location(self) -> str:
        return self.intent_of(self.content_id)

    def intent_of(self, content_id: str) -> str:
        """Where a run of other content of this upload has its intent."""
        return f"{self.runs}{self.upload_id}.intents/{content_id}.json"


def dump(body: Mapping[str, Any]) -> bytes:
    """JSON as this project writes it: the same data gives the same bytes."""
    return json.dumps(body, indent=2, ensure_ascii=False).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Intent:
    """What a run of some content may have published: `files`, of which some lie in its quarantine `folders`.

    Of a committed predecessor: the files it `replaces`, and the quarantine folders that it `supersedes`.
    """

    upload: str
    content_id: str
    arrival: datetime
    files: frozenset[str]
    folders: frozenset[str]
    replaces: frozenset[str] = frozenset()
    supersedes: frozenset[str] = frozenset()

    def merged(self, other: Intent) -> Intent:
        """Both in one: two runs of the same content, of which one may have died."""
        return Intent(
            self.upload,
            self.content_id,
            max(self.arrival, other.arrival),
            self.files | other.files,
            self.folders | other.folders,
            self.replaces | other.replaces,
            self.supersedes | other.supersedes,
        )

    def dump(self) -> bytes:
        return dump(
            {
                "version": INTENT_VERSION,
                "upload": self.upload,
                "contentId": self.content_id,
                "arrival": instant(self.arrival),
                "files": sorted(self.files),
                "quarantine": sorted(self.folders),
                "replaces": sorted(self.replaces),
                "supersedes": sorted(self.supersedes),
            }
        )


@dataclass(frozen=True, slots=True)
class Report:
    """A run report, as far as the protocol reads it. `tag` is that of the stored one."""

    data: bytes
    tag: str | None
    content_id: str
    arrival: datetime
    lake: frozenset[str]
    replays: tuple[str, ...]
    folder: str | None
    quarantine: frozenset[str]

    @property
    def files(self) -> frozenset[str]:
        """Everything it answers for."""
        return self.lake | self.quarantine | frozenset(self.replays)

    def keeping(self, replays: tuple[str, ...]) -> Report:
        """The same report, with a predecessor's replays of the same content."""
        if set(replays) <= set(self.replays):
            return self
        body = json.loads(self.data)
        body["replays"] = sorted({*self.replays, *replays})
        return report(dump(body), self.tag, "the report of this run")


def report(data: bytes, tag: str | None, location: str) -> Report:
    """Read a run report. Raises `StorageError` if `location` holds something else."""
    try:
        body = json.loads(data)
        quarantine = body["quarantine"] or {"location": None, "files": []}
        folder = quarantine["location"]
        return Report(
            data,
            tag,
            body["upload"]["contentId"],
            datetime.fromisoformat(body["upload"]["arrival"]),
            frozenset(file["location"] for file in body["files"]),
            tuple(file["location"] for replay in body["replays"] for file in replay["files"]),
            folder,
            frozenset(folder + name for name in quarantine["files"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError(f"{location}: this is not a run report; move it away, then run it again") from error


def intent(data: bytes, location: str) -> Intent:
    """Read an intent. Raises `StorageError` if `location` holds something else."""
    try:
        body = json.loads(data)
        return Intent(
            body["upload"],
            body["contentId"],
            datetime.fromisoformat(body["arrival"]),
            frozenset(body["files"]),
            frozenset(body["quarantine"]),
            frozenset(body["replaces"]),
            frozenset(body["supersedes"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError(f"{location}: this is not an intent; move it away, then run it again") from error


def superseded(folder: str, successor: Report) -> tuple[str, bytes]:
    """The review state that says so: where it goes, and its content."""
    state = {
        "version": STATE_VERSION,
        "state": "superseded",
        "by": successor.content_id,
        "who": "etl run",
        "when": instant(successor.arrival),
    }
    return f"{states(folder)}{successor.arrival:%Y%m%dT%H%M%SZ}{SUPERSEDED}", dump(state)


def states(folder: str) -> str:
    """Where the review states of a quarantine folder lie."""
    return folder + "states/"


def instant(moment: datetime) -> str:
    """A moment in UTC as ISO 8601."""
    return moment.isoformat().replace("+00:00", "Z")
