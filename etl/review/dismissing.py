"""A folder set aside, with a reason: nothing is removed, and it can still be replayed."""

from __future__ import annotations

from datetime import datetime

from etl.commit import states
from etl.errors import UsageError
from etl.review.folders import Folder
from etl.review.reports import report
from etl.storage import Storage

_DONE = {"resolved": "its records are published", "superseded": "a later upload has replaced it"}


def dismiss(folder: Folder, why: str, who: str, when: datetime, storage: Storage) -> bool:
    """Append the state; False where it is dismissed already, and nothing changes.

    Raises `UsageError` where nothing waits there any more, `QuarantineError` for a folder without a report, whose run
    is to be finished first, and `StorageError`.
    """
    if folder.state in _DONE:
        raise UsageError(f"it is {folder.state}: {_DONE[folder.state]}, so there is nothing to dismiss")
    if folder.state == "dismissed":
        return False
    report(folder, storage)
    states.append(folder.location, "dismissed", who, when, storage, {"why": why})
    return True
