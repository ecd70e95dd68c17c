"""Uploads made from a contract, for those who test against it before real orders come."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from etl import contract as contracts
from etl.cli.files import apart
from etl.documents import Upload, texts
from etl.errors import StorageError, UsageError

_SHARE = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?%")


def share(text: str) -> Fraction:
    """`5%`, exactly. Raises `UsageError`."""
    found = Fraction(text.removesuffix("%")) / 100 if _SHARE.fullmatch(text) else None
    if found is None or found > 1:
        raise UsageError(f"--bad {text}: a share of the records is expected, such as 5% or 0.5%")
    return found


def generate(contract: Path, count: int, bad: str | None, seed: int, path: Path | None) -> str:
    """Write an upload to a file (None: standard output). Returns what is to be said of it.

    What was broken is written beside the file, in `<file>.manifest.json`, or to standard error. Raises
    `ContractError`, `UsageError`, and `StorageError` where a file can't be written; then files are as they were.
    """
    upload = Upload(contracts.load(contract), count, share(bad) if bad else Fraction(0), seed)
    apart(contract, path)
    if path is None:
        with TemporaryFile() as manifest:
            sys.stdout.buffer.writelines(upload.written(texts(upload, manifest)))
            if bad:
                manifest.seek(0)
                shutil.copyfileobj(manifest, sys.stderr.buffer)
        return ""
    beside = path.with_name(f"{path.name}.manifest.json")
    with replacing(path) as file, replacing(beside) if bad else TemporaryFile() as manifest:
        file.writelines(upload.written(texts(upload, manifest)))
    if not bad:
        return f"{path}: {count:,} records"
    return f"{path}: {count:,} records, {upload.quarantined:,} of them broken; {beside} says which and by what rule"


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write, that takes the path's place once it is whole. Raises `StorageError`."""
    path = path.resolve()
    is_device = path.exists() and not path.is_file()
    part = path if is_device else path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        if not is_device:
            part.replace(path)
    except OSError as error:
        raise StorageError(f"{path}: it can't be written ({error.strerror}); give another path with -o") from error
    finally:
        if not is_device:
            part.unlink(missing_ok=True)
