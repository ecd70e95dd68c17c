"""All uploads in short: each folder in quarantine, and each other upload that the lakes know; kept for a moment.

To list ten thousand takes seconds. What was listed is taken again for a few times as long as that took: a small
quarantine is listed for every page.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC

from etl.errors import EtlError, StorageError
from etl.review import folders
from etl.review.summaries import Summary, run_summaries, runs, summaries
from etl.web.desk import Desk

_KEPT = 5  # times as long as the listing took

Listed = tuple[Sequence[Summary], tuple[str, ...]]
"""The newest first; and what can't be read."""


@dataclass(frozen=True, slots=True)
class _Kept:
    listed: Listed
    until: float


class Index:
    """The uploads of a desk. Several threads may ask at the same time."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._lock = threading.Lock()
        self._kept: _Kept | None = None

    def listed(self) -> Listed:
        """All of them, as they are or were a moment ago."""
        with self._lock:
            if self._kept is None or time.monotonic() > self._kept.until:
                start = time.monotonic()
                listed = _listed(self.desk)
                end = time.monotonic()
                self._kept = _Kept(listed, end + _KEPT * (end - start))
            return self._kept.listed

    def renew(self, keys: Iterable[str]) -> None:
        """Take these folders as they are now: something was done about them."""
        changed = {one.location: one for key in keys for one in self._read(key)}
        with self._lock:
            if self._kept is not None:
                every, faults = self._kept.listed
                self._kept = _Kept(([changed.get(one.location, one) for one in every], faults), self._kept.until)

    def _read(self, key: str) -> Sequence[Summary]:
        try:
            return list(summaries([self.desk.folder(key)], self.desk.storage))
        except EtlError:  # gone, or not to be had: so says its own page
            return ()


def _listed(desk: Desk) -> Listed:
    every: list[Summary] = []
    faults: list[str] = []
    for root in desk.quarantines:
        try:
            every += summaries(folders(root, desk.storage), desk.storage)
        except StorageError as error:
            faults.append(str(error))
    known = {_tail(one.location) for one in every}
    for lake in desk.lakes:
        try:
            found = run_summaries(runs(lake, desk.storage), desk.storage)
            every += (one for one in found if not (one.account and _tail(one.account.folder or "") in known))
        except StorageError as error:
            faults.append(str(error))
    return sorted(every, key=_newest, reverse=True), tuple(faults)


def _tail(location: str) -> str:
    """A folder's place in its quarantine, which may have been moved as a whole."""
    return "/".join(location.split("/")[-4:])


def _newest(one: Summary) -> tuple[str, str, str]:
    arrival = one.account.arrival.astimezone(UTC).isoformat() if one.account else ""
    return one.day or "", arrival, one.location
