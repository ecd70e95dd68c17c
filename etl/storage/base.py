"""What every storage can do, and what a location is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from etl.records import Upload


class Storage(Protocol):
    """Objects by location. Every method raises `StorageError` where the storage fails, and nothing else of its kind.

    An object is there whole or not at all; readers never see a part of one.
    """

    def stat(self, location: str) -> Upload:
        """The object as it is now, without its content. Raises `NotFound`."""
        ...

    def list(self, prefix: str) -> Sequence[Upload]:
        """Every object whose location begins with `prefix` (a folder ends with `/`), sorted by location."""
        ...

    def folders(self, prefix: str) -> Sequence[str]:
        """The folders directly in a folder, sorted; both end with `/`. None where it is not there."""
        ...

    def fetch(self, location: str) -> AbstractContextManager[tuple[Upload, Path]]:
        """The object as it is now, as a local file to be read within the context. Raises `NotFound`."""
        ...

    def read(self, location: str) -> tuple[bytes, str]:
        """The content, and its tag for a conditional `write`. Raises `NotFound`."""
        ...

    def write(self, location: str, data: bytes, *, expect: str | None) -> None:
        """Write if the object still has the tag `expect` (None: if there is none). Raises `Conflict`."""
        ...

    def put(self, source: Path, location: str) -> None:
        """Publish a staged file, replacing what is there."""
        ...

    def copy(self, upload: Upload, location: str) -> None:
        """Copy an object as it was when it was read. Raises `Conflict` if it has changed since."""
        ...

    def delete(self, locations: Iterable[str]) -> None:
        """Remove objects; those that are gone already count as removed."""
        ...


def is_s3(location: str) -> bool:
    """Whether a location is an S3 object or prefix."""
    return location.startswith("s3://")


def normal(location: str) -> str:
    """The one way to write a location: a local path absolute, resolved, with `/`; a folder keeps its last `/`."""
    if is_s3(location):
        return location
    path = Path(location).resolve().as_posix()
    return path + "/" if location.endswith("/") and path != "/" else path
