"""Whether an upload has been through already, so that who runs very many of them passes it over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from etl import commit
from etl.contract.model import Contract
from etl.errors import NotFound
from etl.pipeline.publication import Outputs, folder_of, runs_of
from etl.records import Upload, digest
from etl.storage import Storage


def standing(location: str, contract: Contract, storage: Storage, outputs: Outputs) -> dict[str, Any] | None:
    """The run report of what lies at `location` now; None where it is to be run.

    A report stands if it is of this very upload (size, arrival, and ETag where there is one), by a contract that means
    the same, with this lake and quarantine, and if no run or replay has left an intent: then nothing of a predecessor
    is left, either. Costs a GET where there is no report, else a LIST and a HEAD more; nothing is written.

    Raises `StorageError`, and `NotFound` where what had been through is gone.
    """
    claim = commit.Claim(runs_of(contract, outputs.lake), digest(location.encode()), "")
    try:
        data, tag = storage.read(claim.report_location)
    except NotFound:
        return None
    commit.report(data, tag, claim.report_location)  # what is no report is said
    report: dict[str, Any] = json.loads(data)
    fits = _is_by(report, contract, outputs) and commit.is_settled(claim, storage)
    return report if fits and _is_of(report, storage.stat(location)) else None


def _is_by(report: Mapping[str, Any], contract: Contract, outputs: Outputs) -> bool:
    kept = report["quarantine"]
    is_here: bool = kept is None or kept["location"] == folder_of(contract, report["upload"], outputs.quarantine)
    return is_here and bool(report["contract"]["digest"] == contract.digest)


def _is_of(report: Mapping[str, Any], upload: Upload) -> bool:
    then = report["upload"]
    now = (upload.etag, upload.size, commit.instant(upload.arrival))
    return (then["etag"], then["size"], then["arrival"]) == now
