"""What reports came to, remembered on this machine: files of SQLite in the user's cache folder.

It may be gone, broken or locked at any time, and then nothing is remembered. It holds no values of documents.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path

from etl.records import Upload

_TABLE = "CREATE TABLE IF NOT EXISTS known (location TEXT PRIMARY KEY, tag TEXT, summary BLOB) WITHOUT ROWID"
_PATIENCE = 2.0  # seconds that another process may hold it
_AT_ONCE = 500  # locations asked for in one query


def usual(name: str) -> Memory:
    """That of this user, under a name: in `$XDG_CACHE_HOME`, else in `~/.cache`. The name ends with the number of the
    form: another etl has a file of its own.
    """
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser(), "etl")
    return Memory(folder / f"{name}.sqlite")


class Memory:
    """What is known of objects as they were when they were read: known no more once one has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def known(self, objects: Sequence[Upload]) -> Mapping[str, bytes]:
        """What was remembered of these objects, by location."""
        tags = {one.location: _tag(one) for one in objects}
        found: dict[str, bytes] = {}

        def ask(database: sqlite3.Connection) -> None:
            for some in _pieces(list(tags)):
                marks = ",".join("?" * len(some))
                query = f"SELECT location, tag, summary FROM known WHERE location IN ({marks})"  # noqa: S608  marks
                rows = database.execute(query, some)
                found.update((at, data) for at, tag, data in rows if tag == tags[at] and isinstance(data, bytes))

        self._tried(ask)
        return found

    def remember(self, objects: Iterable[tuple[Upload, bytes]]) -> None:
        """Remember this of each object."""
        rows = [(one.location, _tag(one), data) for one, data in objects]

        def put(database: sqlite3.Connection) -> None:
            with database:
                database.executemany("INSERT OR REPLACE INTO known VALUES (?, ?, ?)", rows)

        if rows:
            self._tried(put)

    def _tried(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Let `work` have the database, as far as it gets; one that is broken is removed."""
        with suppress(OSError, sqlite3.OperationalError, UnicodeError):  # no room, no right, locked
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with closing(sqlite3.connect(self._path, timeout=_PATIENCE)) as database:
                    database.execute(_TABLE)
                    work(database)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                self._path.unlink(missing_ok=True)


def _tag(one: Upload) -> str:
    return f"{one.etag or ''} {one.size} {one.arrival.isoformat()}"


def _pieces(locations: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(locations), _AT_ONCE):
        yield locations[start : start + _AT_ONCE]
