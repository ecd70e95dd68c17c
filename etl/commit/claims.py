"""What runs say of themselves: the publication at hand, intents, and what the protocol reads of a run report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from etl.errors import StorageError
from etl.records import Upload, digest

INTENT_VERSION = "1.1"
STATE_VERSION = "1.0"
SUPERSEDED = "-superseded.json"


@dataclass(frozen=True, slots=True)
class Claim:
    """Where the runs of an upload leave word. `runs` is the folder of run reports and intents, `name` that of the
    claim's own intent: the content id, with that of the replay if it is one.
    """

    runs: str
    upload_id: str
    name: str

    @property
    def report_location(self) -> str:
        return f"{self.runs}{self.upload_id}.json"

    @property
    def intent_location(self) -> str:
        return self.intent_of(self.name)

    @property
    def intents(self) -> str:
        """The folder of the intents."""
        return f"{self.runs}{self.upload_id}.intents/"

    def intent_of(self, name: str) -> str:
        """Where another run of this upload has its intent."""
        return f"{self.intents}{name}.json"


@dataclass(frozen=True, slots=True)
class Publication:
    """All that one run is about to publish.

    `runs` is the folder of run reports and intents (ends with `/`). `files` are staged files by the location they go
    to, in lake and quarantine alike; `copies` are locations that get a copy of the upload itself. `report` is the
    complete run report as `dump` writes it; of it the protocol reads `contract.digest`, `upload.contentId`,
    `upload.arrival`, `corrections` (locations of the documents that were judged in place of those received),
    `files[].location`, `quarantine.location` (a folder, ends with `/`), `quarantine.files` (names in it) and `replays`.
    """

    upload: Upload
    upload_id: str
    content_id: str
    runs: str
    files: Mapping[str, Path]
    copies: tuple[str, ...]
    report: bytes

    @property
    def claim(self) -> Claim:
        return Claim(self.runs, self.upload_id, self.content_id)

    @property
    def report_location(self) -> str:
        return self.claim.report_location


def dump(body: Mapping[str, Any]) -> bytes:
    """JSON as this project writes it: the same data gives the same bytes."""
    return json.dumps(body, indent=2, ensure_ascii=False).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Intent:
    """What a run of some content may have published: `files`, of which some lie in its quarantine `folders`.

    Of a committed predecessor: the files it `replaces`, and the quarantine folders that it `supersedes`. `replay` is
    the id of the replay that it is of, `basis` the digest of the run report that this was judged against: it can't
    commit once there is another. Both are None where it is of a run.
    """

    upload: str
    content_id: str
    arrival: datetime
    files: frozenset[str]
    folders: frozenset[str]
    replaces: frozenset[str] = frozenset()
    supersedes: frozenset[str] = frozenset()
    replay: str | None = None
    basis: str | None = None

    @property
    def name(self) -> str:
        """That of its file."""
        return self.content_id if self.replay is None else f"{self.content_id}-{self.replay}"

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
            self.replay,
            self.basis,
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
                "replay": self.replay,
                "basis": self.basis,
            }
        )


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay has published, as the run report has it: lake `files`; the file in quarantine that names the
    `released` records; the `corrections` among their documents.
    """

    id: str
    files: frozenset[str]
    released: str
    corrections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A run report, as far as the protocol reads it. `tag` is that of the stored one, `contract` a digest."""

    data: bytes
    tag: str | None
    contract: str
    content_id: str
    arrival: datetime
    corrections: tuple[str, ...]
    own: frozenset[str]
    replays: tuple[Replay, ...]
    folder: str | None
    quarantine: frozenset[str]

    @property
    def lake(self) -> frozenset[str]:
        """Its files in the lake, those of replays too."""
        return self.own.union(*(replay.files for replay in self.replays))

    @property
    def files(self) -> frozenset[str]:
        """Everything it answers for."""
        return self.lake | self.quarantine | frozenset(replay.released for replay in self.replays)

    @property
    def digest(self) -> str:
        return digest(self.data)

    def after(self, before: Report) -> Report:
        """This report of a later run of the same content: under the same contract, the replays since then stay.

        Another contract judges all records again, those that had been released too.
        """
        if self.contract != before.contract or not before.replays:
            return self
        return report(dump(json.loads(self.data) | {"replays": json.loads(before.data)["replays"]}), self.tag, "")

    def adding(self, entry: Mapping[str, Any]) -> bytes:
        """The report with one more replay."""
        body = json.loads(self.data)
        return dump(body | {"replays": [*body["replays"], entry]})


def report(data: bytes, tag: str | None, location: str) -> Report:
    """Read a run report. Raises `StorageError` if `location` holds something else."""
    try:
        body = json.loads(data)
        quarantine = body["quarantine"] or {"location": None, "files": []}
        folder = quarantine["location"]
        return Report(
            data,
            tag,
            body["contract"]["digest"],
            body["upload"]["contentId"],
            datetime.fromisoformat(body["upload"]["arrival"]),
            tuple(body.get("corrections", ())),  # since 1.1
            frozenset(file["location"] for file in body["files"]),
            tuple(map(_replay, body["replays"])),
            folder,
            frozenset(folder + name for name in quarantine["files"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError(f"{location}: this is not a run report; move it away, then run it again") from error


def _replay(entry: Mapping[str, Any]) -> Replay:
    files = frozenset(file["location"] for file in entry["files"])
    return Replay(entry["id"], files, entry["released"], tuple(entry["corrections"]))


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
            body.get("replay"),  # since 1.1
            body.get("basis"),
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
