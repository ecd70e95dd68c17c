"""The run report as a JSON document, in the order in which it is read: `etl/schemas/report.schema.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from etl.records import Upload
from etl.report.account import Account

VERSION = "1.1"

Status = Literal["published", "partial", "rejected", "empty"]


def document(
    account: Account,
    status: Status,
    upload: Mapping[str, Any],
    files: Sequence[Mapping[str, Any]],
    quarantine: Mapping[str, Any] | None,
    lake: str | None,
    *,
    suggestions: Sequence[Mapping[str, Any]] = (),
    corrections: Sequence[str] = (),
) -> dict[str, Any]:
    """The run report as plain data. `lake` is the root of the lake; None where nothing is written.

    `corrections` are the locations of the documents that were judged in place of those received.
    """
    contract = account.contract
    return {
        "version": VERSION,
        "status": status,
        "contract": {
            "id": contract.id,
            "name": contract.name,
            "version": contract.version,
            "digest": contract.digest,
        },
        "upload": dict(upload),
        "records": account.records(),
        "tables": account.tables(),
        "rules": account.rules(),
        "unknownFields": account.unknown_fields(),
        "unknownFieldsOmitted": account.unknown_fields_omitted,
        "suggestions": [dict(suggestion) for suggestion in suggestions],
        "lake": lake,
        "files": [dict(file) for file in files],
        "quarantine": dict(quarantine) if quarantine else None,
        "corrections": list(corrections),
        "replays": [],
    }


def describe(upload: Upload, upload_id: str, content_id: str, form: str, compression: str) -> dict[str, Any]:
    """The upload's part of a report."""
    return {
        "id": upload_id,
        "location": upload.location,
        "contentId": content_id,
        "arrival": upload.arrival.isoformat().replace("+00:00", "Z"),
        "size": upload.size,
        "etag": upload.etag,
        "version": upload.version,
        "form": form,
        "compression": compression,
    }
