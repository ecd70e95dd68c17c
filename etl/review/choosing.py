"""WHICH: the folders that a person means, by the words of the command line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property

from etl.errors import UsageError
from etl.records import digest
from etl.review.folders import Folder, folder, folders, is_inside
from etl.storage import Storage, is_s3, normal

ALL = "all"
WAITING = ("open", "partly_resolved")

_STDIN = "-"
_ID = re.compile(r"[0-9a-f]{4,16}|[0-9a-f]{16}-[0-9a-f]{0,16}")
_NAMED = 5  # of several that are meant, so many are named


def chosen(which: Sequence[str], quarantines: Callable[[], Sequence[str]], storage: Storage) -> list[Folder]:
    """The folders meant, each once, in the order given. `quarantines` gives roots with a final `/`, and is asked where
    a folder is not named by its own location.

    WHICH is `all` (those that are open or partly resolved), a folder of the quarantine or a file in it, an upload id or
    a folder's name (or their beginning, where only one begins so), or the location of an upload, which means its folder
    that no later upload has superseded. Raises `UsageError` where there is none, or several, and `StorageError`.
    """
    choice = _Choice(quarantines, storage)
    found = {one.location: one for each in which for one in choice.of(each)}
    return list(found.values())


class _Choice:
    """One choice; quarantines are listed once, if at all."""

    def __init__(self, quarantines: Callable[[], Sequence[str]], storage: Storage) -> None:
        self._quarantines = quarantines
        self._storage = storage

    @cached_property
    def _folders(self) -> list[Folder]:
        return [one for root in self._quarantines() for one in folders(root, self._storage)]

    def of(self, which: str) -> list[Folder]:
        if which == ALL:
            return [one for one in self._folders if one.state in WAITING]
        if not which.strip():
            raise UsageError("WHICH is a report's folder, an upload, an upload id or 'all'; found nothing")
        if which == _STDIN:
            raise UsageError("-: what came by standard input lies nowhere; give its upload id, or the report's folder")
        at = which if is_s3(which) else normal(which)
        if is_inside(at):
            return [folder(at, self._storage)]
        if _ID.fullmatch(which) and (found := self._begin(which)):
            return self._one(which, found)
        return self._upload(which, at)

    def _begin(self, which: str) -> list[Folder]:
        return [one for one in self._folders if f"{one.upload_id}-{one.content_id}".startswith(which)]

    def _one(self, which: str, found: Sequence[Folder]) -> list[Folder]:
        """Of one upload: the folder named, or those that are not superseded."""
        names = sorted({one.upload_id if "-" not in which else one.location for one in found})
        if len(names) > 1:
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            raise UsageError(f"{which}: several begin so: {', '.join(names[:_NAMED])}{more}; give more of the name")
        return list(found) if "-" in which else self._standing(which, found)

    def _upload(self, which: str, at: str) -> list[Folder]:
        upload_id = digest(at.encode(errors="surrogateescape"))
        found = [one for one in self._folders if one.upload_id == upload_id]
        if not found:
            places = ", ".join(self._quarantines()) or "no quarantine"
            raise UsageError(
                f"{which}: neither an upload of this location (its id would be {upload_id}) nor a folder or upload id "
                f"that begins so is in {places}; `etl quarantine list` shows what is"
            )
        return self._standing(which, found)

    def _standing(self, which: str, found: Sequence[Folder]) -> list[Folder]:
        standing = [one for one in found if one.state != "superseded"]
        if not standing:
            raise UsageError(
                f"{which}: a later upload to the same place has replaced it; to look at it, name its folder: "
                f"{found[0].location}"
            )
        return standing
