"""The steps of the protocol that `etl.commit` writes down."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from etl.commit import cleaning
from etl.commit.board import Board, Sight
from etl.commit.claims import Claim, Intent, Publication, Report, report
from etl.errors import Conflict, NotFound
from etl.records import file_digest
from etl.storage.base import Storage

Outcome = Literal["committed", "superseded", "outdated"]

_ATTEMPTS = 20  # at a report that others keep writing


def publish(publication: Publication, storage: Storage) -> Outcome:
    """Publish one upload's files and its report, or step back behind newer content; `outdated`: documents have been
    corrected that this run judged as received, and it is to judge again with `corrections`.

    Raises `StorageError` where the storage fails and `Conflict` where others were at it all the time, or the upload has
    changed since it was read. In each case run it again: the lake ends as if nothing had happened.
    """
    run = _Run(publication, storage)
    for _ in range(_ATTEMPTS):
        outcome = run.attempt()
        if outcome is not None:
            return outcome
    raise Conflict(f"{publication.report_location}: other runs keep writing it; run it again")


def corrections(claim: Claim, content_id: str, contract: str, storage: Storage) -> tuple[str, ...]:
    """Where the documents are that a run of this content under this contract (its digest) judges in place of those
    received, as they are now; the later of a record counts.
    """
    before = Board(claim, storage).look().report
    return _due(before, contract, storage) if before and before.content_id == content_id else ()


def is_settled(claim: Claim, storage: Storage) -> bool:
    """Whether no run or replay of this upload has left an intent: none is at work, and none was cut short."""
    return not storage.list(claim.intents)


def _due(before: Report, contract: str, storage: Storage) -> tuple[str, ...]:
    """Under the same contract those that the last run took, since replays since then stay; under another all."""
    if contract == before.contract:
        return before.corrections
    released = [at for replay in before.replays for at in replay.corrections]
    kept = [found.location for found in storage.list(f"{before.folder}corrections/")] if before.folder else []
    found = [*before.corrections, *released, *sorted(kept, key=lambda at: (len(at), at))]  # by number, within a record
    return tuple(reversed(dict.fromkeys(reversed(found))))


class _Run:
    """One publication at its storage."""

    def __init__(self, publication: Publication, storage: Storage) -> None:
        self._publication = publication
        self._storage = storage
        self._board = Board(publication.claim, storage)
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
        if self._is_of(sight.report) and self._is_judged_otherwise(sight.report):
            return "outdated"
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
        return self._is_of(other) or self._is_there_now()

    def _is_judged_otherwise(self, before: Report) -> bool:
        """Whether documents have been corrected that this run has judged as received."""
        return _due(before, self._report.contract, self._storage) != self._report.corrections

    def _is_of(self, other: Report | Intent) -> bool:
        """Whether it is of the same content."""
        return other.content_id == self._publication.content_id

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
        own = next((one for one in sight.intents if one.name == before.content_id), None)
        if own is None or own.arrival > before.arrival:
            return sight
        older = [one for one in sight.intents if one.arrival < before.arrival and one is not own]
        newer = [one for one in sight.intents if one not in (own, *older)]
        cleaning.settle(self._board, before, own, older, [*newer, mine])
        return Sight(before, tuple(newer))

    def _replace(self, before: Report, sight: Sight) -> Outcome | None:
        """Publish over a predecessor. What is to become of it goes into the intent, since its report is about to go."""
        mine = self._report.after(before) if self._is_of(before) else self._report
        moved = before.folder is not None and before.folder != mine.folder
        replaced = before.lake if moved else before.lake | before.quarantine
        own = self._announce(replaced - mine.files, {before.folder} if moved and before.folder else ())
        if mine.folder != before.folder or mine.contract != before.contract:
            cleaning.reopen(self._board, mine)
        return self._publish(mine, own, sight)

    def _publish(self, mine: Report, own: Intent, sight: Sight) -> Outcome | None:
        """Put the files, commit, clean up."""
        self._put()
        if not self._board.commit(mine, sight.report):
            return None
        if sight.report is not None:
            cleaning.unmark(self._board, mine, came_back=_has_replaced(own, sight.report))
        older = [one for one in sight.intents if self._follows(one) and one.basis != mine.digest]
        newer = [one for one in sight.intents if one not in older]
        cleaning.settle(self._board, mine, own, older, newer)
        gone = [one for one in older if one.replay is None or not self._is_of(one)]  # else its files may come once more
        self._board.forget((own, *gone) if self._repeats(sight.report) else (own,))
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
