"""A replay's files become part of an upload that was published: all or none, and only while it is as it was judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from etl.commit import cleaning
from etl.commit.board import Board, Sight
from etl.commit.claims import Claim, Intent, Report, report
from etl.commit.protocol import Outcome
from etl.errors import Conflict
from etl.records import digest
from etl.storage.base import Storage

_ATTEMPTS = 20  # at a report that others keep writing


@dataclass(frozen=True, slots=True)
class Addition:
    """All that one replay is about to publish.

    `upload` is the location of what was uploaded, `arrival` when. `basis` is the run report that the replay was judged
    against, `entry` what is to be added to its `replays` (`id`, and `files`: the lake's), `files` are staged files by
    the location they go to, in lake and quarantine alike.
    """

    upload: str
    arrival: datetime
    upload_id: str
    content_id: str
    runs: str
    basis: bytes
    entry: Mapping[str, Any]
    files: Mapping[str, Path]

    @property
    def claim(self) -> Claim:
        return Claim(self.runs, self.upload_id, self.intent.name)

    @property
    def intent(self) -> Intent:
        files = frozenset(self.files)
        return Intent(
            self.upload,
            self.content_id,
            self.arrival,
            files,
            frozenset(),
            replay=str(self.entry["id"]),
            basis=digest(self.basis),
        )


def add(addition: Addition, storage: Storage) -> Outcome:
    """Publish a replay's files and add it to the run report. Once it is there, nothing is done any more.

    `superseded`: the lake holds other content of the upload, or none. `outdated`: its report is not the one that was
    judged against; judge again. In both cases nothing stays of it. Raises `StorageError`, and `Conflict` where others
    were at it all the time: replay again.
    """
    board = Board(addition.claim, storage)
    for _ in range(_ATTEMPTS):
        own = board.announce(addition.intent)
        sight = board.look()
        if sight.report is None or sight.report.content_id != addition.content_id:
            return _step_back(board, own, sight, "superseded")
        if any(replay.id == addition.entry["id"] for replay in sight.report.replays):
            board.forget((own,))
            return "committed"
        if sight.report.data != addition.basis:
            return _step_back(board, own, sight, "outdated")
        for location, path in addition.files.items():
            storage.put(path, location)
        if _commit(board, addition, sight.report):
            tidy(board.claim, addition.content_id, storage)
            board.forget((own,))
            return "committed"
    raise Conflict(f"{addition.claim.report_location}: other runs keep writing it; replay again")


def tidy(claim: Claim, content_id: str, storage: Storage) -> None:
    """Remove what replays of this content have left that were killed and can't commit any more.

    Of one that is at work at this moment, it finds the report changed and steps back by itself.
    """
    board = Board(claim, storage)
    sight = board.look()
    if sight.report is None:
        return
    mine = [one for one in sight.intents if one.replay is not None and one.content_id == content_id]
    stale = [one for one in mine if one.basis != sight.report.digest]
    cleaning.remove(board, stale, (), sight.report, [one for one in sight.intents if one not in stale])
    committed = {replay.id for replay in sight.report.replays}
    board.forget(one for one in stale if one.replay in committed or sight.report.content_id != content_id)


def _commit(board: Board, addition: Addition, before: Report) -> bool:
    mine = report(before.adding(addition.entry), before.tag, board.claim.report_location)
    return board.commit(mine, before)


def _step_back(board: Board, own: Intent, sight: Sight, outcome: Outcome) -> Outcome:
    _withdraw(board, own, sight)
    return outcome


def _withdraw(board: Board, own: Intent, sight: Sight) -> None:
    """Remove what this replay alone has published, and its intent."""
    known = [one.files for one in sight.intents if one is not own]
    named = (sight.report.files if sight.report else frozenset[str]()).union(*known)
    board.storage.delete(sorted(own.files - named))
    board.forget((own,))
