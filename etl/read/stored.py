"""The stored bytes of an upload, hashed as they pass."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from etl.errors import NotFound, StorageError

_CHUNK = 1 << 20


class Stored:
    """One pass over a file. `size` (bytes) and `content_id` speak of what has passed: of all of it after `drain`."""

    def __init__(self, source: Path) -> None:
        self.size = 0
        self.chunks = self._read(source)
        self._hash = hashlib.sha256()

    @property
    def content_id(self) -> str:
        """As `etl.records.digest` has it."""
        return self._hash.hexdigest()[:16]

    def drain(self) -> None:
        """Let the rest pass."""
        for _ in self.chunks:
            pass

    def _read(self, source: Path) -> Iterator[bytes]:
        try:
            with source.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    self.size += len(chunk)
                    self._hash.update(chunk)
                    yield chunk
        except FileNotFoundError as error:
            raise NotFound(f"{source}: there is no such file") from error
        except OSError as error:
            raise StorageError(f"{source}: can't be read ({error.strerror or error}); run it again") from error
