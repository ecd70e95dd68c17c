"""What SOURCE may be: a file, a folder, a glob, an `s3://` object or prefix, or `-`."""

from __future__ import annotations

import fnmatch
import glob
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from etl.errors import NotFound, UsageError
from etl.pipeline import STDIN
from etl.records import Upload, hidden
from etl.storage import Storage, normal

Sources = Annotated[
    list[str], typer.Argument(metavar="SOURCE...", help="A file, folder, glob, s3:// object or prefix, or - for stdin.")
]
_WILDCARD = re.compile(r"[*?\[]")


def uploads(sources: Sequence[str], storage: Storage) -> list[str]:
    """The locations of all uploads, in the order given, each once. Raises `StorageError`, `NotFound`, `UsageError`."""
    return list(_all(sources, storage))


def described(sources: Sequence[str], storage: Storage) -> list[Upload]:
    """The same, as they are at the moment; those that a listing names cost nothing more."""
    return [upload or storage.stat(location) for location, upload in _all(sources, storage).items()]


_Found = tuple[str, Upload | None]  # an upload's location, and what a listing has told of it


def _all(sources: Sequence[str], storage: Storage) -> dict[str, Upload | None]:
    found = dict(pair for source in sources for pair in _uploads(source, storage))
    for location in found:
        _check_name(location)
    return found


def _check_name(location: str) -> None:
    """Reports are UTF-8 and name the upload, so its name has to be, too."""
    try:
        location.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{location!r}: the file's name is not UTF-8; rename it") from error


def _uploads(source: str, storage: Storage) -> list[_Found]:
    if source == STDIN:
        return [(STDIN, None)]
    found = _objects(source, storage) if source.startswith("s3://") else _files(source, storage)
    if not found:
        raise NotFound(f"{source}: there is nothing here; give a file, a folder, a pattern, s3://bucket/prefix/ or -")
    return found


def _files(source: str, storage: Storage) -> list[_Found]:
    path = Path(source)
    if path.is_dir():
        return _visible(storage, f"{normal(source)}/", "")
    if path.exists() or not _WILDCARD.search(source):
        return [(normal(source), None)]
    return [(normal(name), None) for name in sorted(glob.glob(source, recursive=True)) if Path(name).is_file()]


def _objects(source: str, storage: Storage) -> list[_Found]:
    bucket_and_prefix = _WILDCARD.split(source)[0]
    if bucket_and_prefix != source:
        listed = _visible(storage, bucket_and_prefix[: bucket_and_prefix.rindex("/") + 1], source)
        return [found for found in listed if fnmatch.fnmatchcase(found[0], source)]
    if source.endswith("/"):
        return _visible(storage, source, "")
    listed = _visible(storage, source, source)
    exact = [found for found in listed if found[0] == source]
    return exact or [found for found in listed if found[0].startswith(f"{source}/")]


def _visible(storage: Storage, prefix: str, named: str) -> list[_Found]:
    """The objects under a prefix but folders' markers and names that readers of data skip (`.x`, `_x`)."""
    listed = ((upload.location, upload) for upload in storage.list(prefix))
    return [found for found in listed if found[0] == named or not hidden(found[0][len(prefix) :])]


@contextmanager
def stdin() -> Iterator[tuple[Upload, Path]]:
    """Standard input as an upload, held in a file within the context."""
    with tempfile.NamedTemporaryFile(prefix="etl-stdin-") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
        file.flush()
        yield Upload(STDIN, datetime.now(UTC), file.tell()), Path(file.name)


def fetched(location: str, storage: Storage) -> AbstractContextManager[tuple[Upload, Path]]:
    """An upload as a local file, wherever it comes from. Raises `NotFound`, `StorageError`."""
    return stdin() if location == STDIN else storage.fetch(location)
