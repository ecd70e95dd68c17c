"""Local paths and `s3://` locations behind one face."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from etl.errors import Conflict
from etl.records import Upload
from etl.storage.base import Storage, is_s3
from etl.storage.local import LocalStorage


class AnyStorage:
    """Sends each call to the storage that a location belongs to; copies between the two as well."""

    def __init__(self) -> None:
        self._local = LocalStorage()
        self._s3: Storage | None = None

    def _of(self, location: str) -> Storage:
        if not is_s3(location):
            return self._local
        if self._s3 is None:
            from etl.storage.s3 import S3Storage  # boto3: time that a local run saves

            self._s3 = S3Storage()
        return self._s3

    def stat(self, location: str) -> Upload:
        return self._of(location).stat(location)

    def list(self, prefix: str) -> Sequence[Upload]:
        return self._of(prefix).list(prefix)

    def folders(self, prefix: str) -> Sequence[str]:
        return self._of(prefix).folders(prefix)

    def fetch(self, location: str) -> AbstractContextManager[tuple[Upload, Path]]:
        return self._of(location).fetch(location)

    def read(self, location: str) -> tuple[bytes, str]:
        return self._of(location).read(location)

    def write(self, location: str, data: bytes, *, expect: str | None) -> None:
        self._of(location).write(location, data, expect=expect)

    def put(self, source: Path, location: str) -> None:
        self._of(location).put(source, location)

    def copy(self, upload: Upload, location: str) -> None:
        source, target = self._of(upload.location), self._of(location)
        if source is target:
            return target.copy(upload, location)
        with source.fetch(upload.location) as (now, path):
            if now != upload:
                raise Conflict(f"{upload.location}: it has changed since it was read; run it again")
            return target.put(path, location)

    def delete(self, locations: Iterable[str]) -> None:
        some = tuple(locations)
        for chosen in ([at for at in some if is_s3(at)], [at for at in some if not is_s3(at)]):
            if chosen:
                self._of(chosen[0]).delete(chosen)


def open_storage() -> Storage:
    """The storage that the command and the function use."""
    return AnyStorage()
