"""The in-memory twin, for tests and the golden examples."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from etl.errors import Conflict, NotFound
from etl.records import Upload


class MemoryStorage:
    """Objects in a dictionary; any text is a location. What is written arrives at `now`, which the test sets."""

    def __init__(
        self, objects: Mapping[str, bytes] | None = None, now: datetime = datetime(2024, 1, 10, tzinfo=UTC)
    ) -> None:
        self.now = now
        self.objects: dict[str, tuple[bytes, datetime]] = {at: (data, now) for at, data in (objects or {}).items()}

    def stat(self, location: str) -> Upload:
        data, arrival = self._at(location)
        return Upload(location, arrival, len(data), etag=_tag(data))

    def list(self, prefix: str) -> Sequence[Upload]:
        return [self.stat(location) for location in sorted(self.objects) if location.startswith(prefix)]

    def folders(self, prefix: str) -> Sequence[str]:
        below = (at.removeprefix(prefix) for at in self.objects if at.startswith(prefix))
        return sorted({f"{prefix}{rest.partition('/')[0]}/" for rest in below if "/" in rest})

    @contextmanager
    def fetch(self, location: str) -> Iterator[tuple[Upload, Path]]:
        upload, (data, _) = self.stat(location), self._at(location)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "upload")
            path.write_bytes(data)
            yield upload, path

    def read(self, location: str) -> tuple[bytes, str]:
        data, _ = self._at(location)
        return data, _tag(data)

    def write(self, location: str, data: bytes, *, expect: str | None) -> None:
        found = self.objects.get(location)
        if expect != (_tag(found[0]) if found else None):
            raise Conflict(f"{location}: another version is here than the one expected; run it again")
        self.objects[location] = (data, self.now)

    def put(self, source: Path, location: str) -> None:
        self.objects[location] = (source.read_bytes(), self.now)

    def copy(self, upload: Upload, location: str) -> None:
        if self.stat(upload.location) != upload:
            raise Conflict(f"{upload.location}: it has changed since it was read; run it again")
        self.objects[location] = (self._at(upload.location)[0], self.now)

    def delete(self, locations: Iterable[str]) -> None:
        for location in locations:
            self.objects.pop(location, None)

    def _at(self, location: str) -> tuple[bytes, datetime]:
        if location not in self.objects:
            raise NotFound(f"{location}: there is no such object")
        return self.objects[location]


def _tag(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
