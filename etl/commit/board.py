"""Intents and the run report where they lie: written, added to, looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from etl.commit.claims import Claim, Intent, Report, intent, report
from etl.errors import Conflict, NotFound
from etl.storage.base import Storage

_ATTEMPTS = 20  # at an intent that runs of the same content keep writing


@dataclass(frozen=True, slots=True)
class Sight:
    """The report, and intents, as they were at one moment."""

    report: Report | None
    intents: tuple[Intent, ...]


class Board:
    """What the runs of one upload tell each other."""

    def __init__(self, claim: Claim, storage: Storage) -> None:
        self.claim = claim
        self.storage = storage

    def announce(self, new: Intent) -> Intent:
        """Write the own intent, or add to the one that is there. Gives what then is there."""
        at, merged, tag = self.claim.intent_location, new, None
        for _ in range(_ATTEMPTS):
            try:
                self.storage.write(at, merged.dump(), expect=tag)
            except Conflict:
                merged, tag, complete = self._added(new)
                if complete:
                    return merged
            else:
                return merged
        raise Conflict(f"{at}: other runs keep writing it; run it again")

    def _added(self, new: Intent) -> tuple[Intent, str | None, bool]:
        """The stored intent with the new one added, its tag, and whether that changes nothing."""
        at = self.claim.intent_location
        try:
            data, tag = self.storage.read(at)
        except NotFound:
            return new, None, False
        merged = new.merged(intent(data, at))
        return merged, tag, merged.dump() == data

    def look(self, *, all_intents: bool = False) -> Sight:
        """The report and the intents of others; with `all_intents`, the own one too."""
        found = {upload.location for upload in self.storage.list(self.claim.runs + self.claim.upload_id)}
        known = {self.claim.report_location} | (set() if all_intents else {self.claim.intent_location})
        stored = self._report() if self.claim.report_location in found else None
        return Sight(stored, tuple(self._intents(sorted(found - known))))

    def _report(self) -> Report | None:
        at = self.claim.report_location
        try:
            data, tag = self.storage.read(at)
        except NotFound:  # gone since it was listed
            return None
        return report(data, tag, at)

    def _intents(self, locations: Iterable[str]) -> Iterator[Intent]:
        for at in locations:
            with suppress(NotFound):
                yield intent(self.storage.read(at)[0], at)

    def commit(self, mine: Report, before: Report | None) -> bool:
        """Write the report over the one that was seen, be it the same: is it still there? False if it is not."""
        try:
            self.storage.write(self.claim.report_location, mine.data, expect=before.tag if before else None)
        except Conflict:
            return False
        return True

    def forget(self, intents: Iterable[Intent]) -> None:
        """Remove intents."""
        self.storage.delete([self.claim.intent_of(one.name) for one in intents])
