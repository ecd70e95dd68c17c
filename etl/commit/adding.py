"""A replay's files become part of an upload that was published: all or none, and only while it is as it was judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from etl.commit import cleaning
from etl.commit.board import Board, Sight
from etl.commit.claims import Claim, Intent, Report, report
from etl.commit.protocol import Outcome
from etl.errors import Conflict
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
        return Intent(self.upload, self.content_id, self.arrival, files, frozenset(), replay=str(self.entry["id"]))


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
        if mine := _commit(board, addition, sight.report):
            _settle(board, mine, own, sight.intents)
            return "committed"
    raise Conflict(f"{addition.claim.report_location}: other runs keep writing it; replay again")


def tidy(claim: Claim, content_id: str, storage: Storage) -> None:
    """Remove what replays of this content have left that were killed, where other content has replaced it since.

    Of one that is at work at this moment, it starts again and steps back by itself.
    """
    board = Board(claim, storage)
    sight = board.look()
    if sight.report is None or sight.report.content_id == content_id:
        return
    for one in sight.intents:
        if one.replay is not None and one.content_id == content_id:
            _withdraw(Board(Claim(claim.runs, claim.upload_id, one.name), storage), one, sight)


def _commit(board: Board, addition: Addition, before: Report) -> Report | None:
    mine = report(before.adding(addition.entry), before.tag, board.claim.report_location)
    return mine if board.commit(mine, before) else None


def _settle(board: Board, mine: Report, own: Intent, others: Sequence[Intent]) -> None:
    """Remove the files of other replays of this content: the report has changed, so that none of them can commit what
    it has judged. Their intents stay, since their files may come once more; not those of replays that have committed.
    """
    stale = [one for one in others if one.replay is not None and one.content_id == mine.content_id]
    cleaning.remove(board, stale, (), mine, [one for one in others if one not in stale])
    committed = {replay.id for replay in mine.replays}
    board.forget((own, *(one for one in stale if one.replay in committed)))


def _step_back(board: Board, own: Intent, sight: Sight, outcome: Outcome) -> Outcome:
    _withdraw(board, own, sight)
    return outcome


def _withdraw(board: Board, own: Intent, sight: Sight) -> None:
    """Remove what this replay alone has published, and its intent."""
    known = [one.files for one in sight.intents if one is not own]
    named = (sight.report.files if sight.report else frozenset[str]()).union(*known)
    board.storage.delete(sorted(own.files - named))
    board.forget((own,))
