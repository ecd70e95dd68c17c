"""A folder's report, of this version or of an older one."""

from __future__ import annotations

import json
from typing import Any

from etl.errors import NotFound, QuarantineError
from etl.report import VERSION
from etl.review.folders import REPORT, Folder
from etl.storage import Storage

_SINCE_1_1: dict[str, Any] = {"suggestions": [], "lake": None, "corrections": []}


def report(folder: Folder, storage: Storage) -> dict[str, Any]:
    """The report of a folder as `etl/schemas/report.schema.json` has it; what an older version lacked is empty.

    Raises `QuarantineError` where there is none that can be read, and `StorageError`.
    """
    at = folder.location + REPORT
    try:
        data, _ = storage.read(at)
    except NotFound as error:
        raise QuarantineError(half_written(folder.location)) from error
    return parsed(data, at)


def parsed(data: bytes, location: str) -> dict[str, Any]:
    """The bytes of a run report. Raises `QuarantineError`."""
    try:
        body: dict[str, Any] = json.loads(data)
        version = str(body["version"])
        _ = (
            body["status"],
            body["upload"]["location"],
            body["contract"]["name"],
            body["records"]["read"],
            body["rules"],
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise QuarantineError(no_report(location)) from error
    understood(version, location)
    return _SINCE_1_1 | body


def understood(version: str, location: str) -> None:
    """Raises `QuarantineError` where a report's version is not one that can be read here."""
    if version.split(".")[0] != VERSION.split(".")[0]:
        raise QuarantineError(f"{location}: a report of version {version}, this is for {VERSION}: use a newer etl")


# What is wrong with one, in words.


def half_written(folder: str) -> str:
    """There is none."""
    return f"{folder}: there is no report.json: a run is at work here, or was killed; run the upload again"


def no_report(location: str) -> str:
    """There is something else."""
    return f"{location}: this is no run report; it was edited or cut off: run the upload again"
