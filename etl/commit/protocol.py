"""The steps of the protocol that `etl.commit` writes down."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from etl.commit import cleaning
from etl.commit.board import Board, Sight
from etl.commit.claims import Intent, Publication, Report, report
from etl.errors import Conflict, NotFound
from etl.records import file_digest
from etl.storage.base import Storage

Outcome = Literal["committed", "superseded"]

_ATTEMPTS = 20  # at a report that others keep writing


def publish(publication: Publication, storage: Storage) -> Outcome:
    """Publish one upload's files and its report, or step back behind newer content.

    Raises `StorageError` where the storage fails and `Conflict` where others were at it all the time, or the upload has
    changed since it was read. In each case run it again: the lake ends as if nothing had happened.
    """
    run = _Run(publication, storage)
    for _ in range(_ATTEMPTS):
        outcome = run.attempt()
        if outcome is not None:
            return outcome
    raise Conflict(f"{publication.report_location}: other runs keep writing it; run it again")


class _Run:
    """One publication at its storage."""

    def __init__(self, publication: Publication, storage: Storage) -> None:
        self._publication = publication
        self._storage = storage
        self._board = Board(publication, storage)
        self._report = report(publication.report, None, "the report of this run")

    def attempt(self) -> Outcome | None:
        """All steps; None where another run has committed in between."""
        own = self._announce()
        sight = self._board.look()
        if sight.report is None:
            return self._publish(self._report, own, sight)
        if not self._follows(sight.report):
            self._withdraw(own, sight.report, sight)
            return "superseded"
        return self._replace(sight.report, self._finish(sight.report, own, sight))

    def _announce(self, replaces: Collection[str] = (), supersedes: Collection[str] = ()) -> Intent:
        publication, folder = self._publication, self._report.folder
        return self._board.announce(
            Intent(
                publication.upload.location,
                publication.content_id,
                self._report.arrival,
                frozenset(publication.files) | frozenset(publication.copies),
                frozenset({folder} if folder else ()),
                frozenset(replaces),
                frozenset(supersedes),
            )
        )

    def _follows(self, other: Report | Intent) -> bool:
        """Whether this run's content comes after the other's, or is the same."""
        if other.arrival != self._report.arrival:
            return other.arrival < self._report.arrival
        return other.content_id == self._publication.content_id or self._is_there_now()

    def _is_there_now(self) -> bool:
        """Whether the source holds what this run has read: by ETag, or by content where there is none."""
        upload = self._publication.upload
        try:
            now = self._storage.stat(upload.location)
            if now.etag is not None:
                return (now.etag, now.size) == (upload.etag, upload.size)
            with self._storage.fetch(upload.location) as (_, path):
                return file_digest(path) == self._publication.content_id
        except NotFound:
            return False

    def _withdraw(self, own: Intent, winner: Report, sight: Sight) -> None:
        """Step back; not where the same content has come back, and a newer run of it uses the same intent and names."""
        if own.arrival <= self._report.arrival:
            cleaning.withdraw(self._board, own, winner, sight.intents)

    def _finish(self, before: Report, mine: Intent, sight: Sight) -> Sight:
        """Clean up in the stead of a run that has committed and not got there: its intent is still there."""
        own = next((one for one in sight.intents if one.content_id == before.content_id), None)
        if own is None or own.arrival > before.arrival:
            return sight
        older = [one for one in sight.intents if one.arrival < before.arrival and one is not own]
        newer = [one for one in sight.intents if one not in (own, *older)]
        cleaning.settle(self._board, before, own, older, [*newer, mine])
        return Sight(before, tuple(newer))

    def _replace(self, before: Report, sight: Sight) -> Outcome | None:
        """Publish over a predecessor. What is to become of it goes into the intent, since its report is about to go."""
        again = before.content_id == self._publication.content_id
        mine = self._report.keeping(before.replays if again else ())
        moved = before.folder is not None and before.folder != mine.folder
        replaced = before.files - before.quarantine if moved else before.files
        own = self._announce(replaced - mine.files, {before.folder} if moved and before.folder else ())
        return self._publish(mine, own, sight)

    def _publish(self, mine: Report, own: Intent, sight: Sight) -> Outcome | None:
        """Put the files, commit, clean up."""
        self._put()
        if not self._board.commit(mine, sight.report):
            return None
        if sight.report is not None:
            cleaning.unmark(self._board, mine, came_back=_has_replaced(own, sight.report))
        older = [one for one in sight.intents if self._follows(one)]
        newer = [one for one in sight.intents if one not in older]
        cleaning.settle(self._board, mine, own, older, newer)
        self._board.forget((own, *older) if self._repeats(sight.report) else (own,))
        return "committed"

    def _repeats(self, before: Report | None) -> bool:
        """Whether this upload, as it arrived, had been published already."""
        mine = (self._publication.content_id, self._report.arrival)
        return before is not None and (before.content_id, before.arrival) == mine

    def _put(self) -> None:
        for location, path in self._publication.files.items():
            self._storage.put(path, location)
        for location in self._publication.copies:
            self._storage.copy(self._publication.upload, location)


def _has_replaced(own: Intent, before: Report) -> bool:
    """Whether this run, or one of the same content that was cut short, has taken the place of other content."""
    return before.content_id != own.content_id or bool(own.replaces or own.supersedes)
