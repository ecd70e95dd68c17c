"""The temporary folder where everything lies that an upload becomes, until it is published."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

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
