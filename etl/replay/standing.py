"""Where a quarantine folder stands: its report, the run report of its upload by now, what replays have released."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import msgspec

from etl.commit import Claim
from etl.errors import Conflict, NotFound, QuarantineError
from etl.review import Folder, report
from etl.review.reports import parsed
from etl.storage import Storage

T = TypeVar("T")

_TRIES = 5
_CORRECTION = re.compile(r"corrections/(\d+)-(\d+)\.json")

Ordinals = Mapping[str, frozenset[int]]  # rows of one record by table, counted from 0 within the record


class Released(msgspec.Struct, omit_defaults=True):
    """A record of which a replay has published something: all that was left of it, or only these `rows`."""

    version: str
    record: int
    rows: dict[str, list[int]] | None = None
    correction: str | None = None


@dataclass(frozen=True)
class Standing:
    """`report` is the folder's own, `run` that of the upload's latest run (its stored bytes), replays included."""

    folder: Folder
    report: Mapping[str, Any]
    run: bytes
    released: tuple[Released, ...]

    @property
    def whole(self) -> bool:
        """Whether the upload was rejected as a whole."""
        return bool(self.report["status"] == "rejected")

    @cached_property
    def now(self) -> dict[str, Any]:
        """The run report."""
        return parsed(self.run, self.claim.report_location)

    @property
    def claim(self) -> Claim:
        return claim(self.report)

    @cached_property
    def done(self) -> frozenset[int]:
        """Records of which nothing is left to replay."""
        return frozenset(each.record for each in self.released if each.rows is None)

    @cached_property
    def rows(self) -> Mapping[int, Ordinals]:
        """Rows that were released of records that were released in part."""
        found: dict[int, dict[str, set[int]]] = {}
        for each in self.released:
            for table, ordinals in (each.rows or {}).items():
                found.setdefault(each.record, {}).setdefault(table, set()).update(ordinals)
        return {n: {table: frozenset(rows) for table, rows in tables.items()} for n, tables in found.items()}

    @property
    def corrections(self) -> Mapping[int, str]:
        """The latest corrected document of each record: its location."""
        found = (_CORRECTION.fullmatch(name) for name in self.folder.files)
        latest = sorted((int(each[1]), int(each[2]), each[0]) for each in found if each)
        return {record: self.folder.location + name for record, _, name in latest}

    @property
    def files(self) -> list[Mapping[str, Any]]:
        """What the lake holds of the upload: entries with `table`, `location` and `rows`."""
        return [*self.now["files"], *(file for replay in self.now["replays"] for file in replay["files"])]


def claim(report: Mapping[str, Any]) -> Claim:
    """Where the upload's run report lies, by the report of its folder. Raises `QuarantineError` if that is too old."""
    if report["lake"] is None:
        at = report["upload"]["location"]
        raise QuarantineError(f"{at}: its report is of a version that does not name the lake; run the upload again")
    return Claim(f"{report['lake']}_runs/{report['contract']['name']}/", report["upload"]["id"], "")


def standing(folder: Folder, storage: Storage) -> Standing | None:
    """None where the folder is superseded: the lake holds another content of its upload, or another judgement.

    Raises `QuarantineError` where the folder can't be worked with, and `StorageError`.
    """
    own = report(folder, storage)
    at = claim(own).report_location
    try:
        data, _ = storage.read(at)
    except NotFound as error:
        raise QuarantineError(f"{at}: the lake has no run report of this upload any more; run it again") from error
    now = parsed(data, at)
    if now["upload"]["contentId"] != folder.content_id or (now["quarantine"] or {}).get("location") != folder.location:
        return None
    released = tuple(each for replay in now["replays"] for each in _released(replay["released"], storage))
    return Standing(folder, own, data, released)


def _released(location: str, storage: Storage) -> Iterator[Released]:
    try:
        data, _ = storage.read(location)
    except NotFound as error:
        raise QuarantineError(
            f"{location}: it names what a replay has released, and is gone; run the upload again"
        ) from error
    try:
        yield from msgspec.json.Decoder(Released).decode_lines(data)
    except msgspec.MsgspecError as error:
        raise QuarantineError(f"{location}: this does not name released records; run the upload again") from error


def steadily(folder: Folder, storage: Storage, act: Callable[[Standing | None], T | None]) -> T:
    """What `act` makes of where a folder stands. Again, where that gives None, or what it looked for has gone since:
    another run was here meanwhile. Raises `Conflict` where that goes on and on.
    """
    for _ in range(_TRIES):
        at = standing(folder, storage)
        try:
            found = act(at)
        except QuarantineError:
            if standing(folder, storage) == at:
                raise
            continue
        if found is not None:
            return found
    raise Conflict(f"{folder.location}: others are at this upload all the time; try again")
