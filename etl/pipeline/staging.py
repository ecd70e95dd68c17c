"""The temporary folder where everything lies that an upload becomes, until it is published."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory, gettempdir

from etl.errors import StorageError


@contextmanager
def staging(location: str) -> Iterator[Path]:
    """A folder that is gone afterwards. Raises `StorageError` where it can't be written: usually it has no room."""
    try:
        with TemporaryDirectory(prefix="etl-") as folder:
            yield Path(folder)
    except OSError as error:
        raise StorageError(
            f"{location}: what it becomes can't be staged in the temporary folder ({error.strerror or error}); free "
            "some space there (on AWS: raise EphemeralStorage), then run it again"
        ) from error


def sweep() -> None:
    """Remove what runs left in the temporary folder that were killed: it takes room, and holds payloads.

    For where no other run is at work there, as at the start of a Lambda function: its /tmp outlives a timeout.
    """
    for left in Path(gettempdir()).glob("etl-*"):
        rmtree(left, ignore_errors=True)
