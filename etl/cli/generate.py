"""Uploads made from a contract, for those who test against it before real orders come."""

from __future__ import annotations

import json
import re
import sys
from fractions import Fraction
from pathlib import Path

from etl import contract as contracts
from etl.documents import make
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
    `ContractError`, `UsageError`, and `StorageError` where a file can't be written.
    """
    upload = make(contracts.load(contract), count, share(bad) if bad else Fraction(0), seed)
    manifest = (json.dumps(upload.manifest(), ensure_ascii=False, indent=2) + "\n").encode() if bad else None
    if path is None:
        sys.stdout.buffer.write(upload.text())
        return manifest.decode().rstrip() if manifest else ""
    write(path, upload.text())
    if manifest is None:
        return f"{path}: {count:,} records"
    beside = path.with_name(f"{path.name}.manifest.json")
    write(beside, manifest)
    return f"{path}: {count:,} records, {len(upload.broken):,} of them broken; {beside} says which and by what rule"


def write(path: Path, data: bytes) -> None:
    """Write a file. Raises `StorageError`."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise StorageError(f"{path}: it can't be written ({error.strerror}); give another path with -o") from error
