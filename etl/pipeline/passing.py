"""Whether an upload has been through already, so that who runs very many of them passes it over."""

from __future__ import annotations

import json
from typing import Any

from etl import commit
from etl.contract.model import Contract
from etl.pipeline.publication import Outputs, runs_of
from etl.records import Upload, digest
from etl.storage import Storage


def standing(location: str, contract: Contract, storage: Storage, outputs: Outputs) -> dict[str, Any] | None:
    """The run report of what lies at `location` now; None where it is to be run.

    A report stands if it is of this very upload (size, arrival, and ETag where there is one), by a contract that means
    the same, with this lake and quarantine, and if no run or replay has left an intent: then nothing of a predecessor
    is left, either. Costs one HEAD, one LIST and one GET; nothing is written.

    Raises `NotFound` where there is no upload, and `StorageError`.
    """
    upload = storage.stat(location)
    found = commit.settled(runs_of(contract, outputs.lake), digest(location.encode()), storage)
    report = json.loads(found.data) if found else None
    return report if report and _is_of(report, upload, contract, outputs) else None


def _is_of(report: dict[str, Any], upload: Upload, contract: Contract, outputs: Outputs) -> bool:
    then, folder = report["upload"], (report["quarantine"] or {}).get("location", outputs.quarantine)
    return (
        (then["etag"], then["size"], then["arrival"]) == (upload.etag, upload.size, commit.instant(upload.arrival))
        and report["contract"]["digest"] == contract.digest
        and folder.startswith(outputs.quarantine)
    )
