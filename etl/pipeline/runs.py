"""The runs: an upload is fetched and judged; `run` publishes what came of it, `check` does not."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from etl import commit, report
from etl.contract.model import Contract
from etl.errors import Conflict, NotFound, UsageError
from etl.pipeline import snapshot
from etl.pipeline.corrections import documents
from etl.pipeline.judgement import STDIN, Progress, judged
from etl.pipeline.publication import Outputs, document, publication
from etl.records import Upload
from etl.storage import Storage

_TRIES = 5  # how often an upload that changes while it is copied is read anew


def run(
    location: str, contract: Contract, storage: Storage, outputs: Outputs, progress: Progress | None = None
) -> dict[str, Any]:
    """Process one upload and publish what became of it. Returns the run report.

    Raises `StorageError` (`NotFound` if the upload is not there) when nothing was committed: run it again; and
    `UsageError` for what lies among the outputs.
    """
    for output in (outputs.lake, outputs.quarantine):
        if location.startswith(output):
            raise UsageError(f"{location}: this lies under {output}, where results go, so it is no upload")
    for _ in range(_TRIES):
        try:
            with storage.fetch(location) as (upload, path):
                return run_file(upload, path, contract, storage, outputs, progress)
        except Conflict:
            continue  # the object changed between reading and copying it: what counts is what it is now
    raise Conflict(f"{location}: it changes faster than it can be read; run it again when it has come to rest")


def run_file(
    upload: Upload,
    path: Path,
    contract: Contract,
    storage: Storage,
    outputs: Outputs,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """`run` for an upload that lies at `path` already (standard input has no other place).

    Raises `ContractError` where the lake knows the contract's version with another meaning. Where a newer version of
    the upload has been published meanwhile, nothing changes, and its report is returned; `UsageError` where it has not
    been since: an older file was put in its place. Documents that a review has corrected count in place of those
    received.
    """
    corrections: tuple[str, ...] = ()
    for _ in range(_TRIES):
        with judged(upload, path, contract, progress, documents(corrections, storage)) as verdict:
            snapshot.keep(contract, storage, outputs.lake)
            account = document(verdict, outputs, corrections)
            published = publication(verdict, account, upload, path, outputs)
            outcome = commit.publish(published, storage)
        if outcome == "superseded":
            account = dict(json.loads(storage.read(published.report_location)[0]))
            if account["upload"]["contentId"] != published.content_id:
                _demand_newer(upload, account["upload"]["arrival"], storage)
            return account
        if outcome == "committed":
            return account
        corrections = commit.corrections(published.claim, published.content_id, contract.digest, storage)
    raise Conflict(f"{upload.location}: it is corrected faster than it can be read; run it again")


def _demand_newer(upload: Upload, published: str, storage: Storage) -> None:
    """Raises `UsageError` where the upload still is what lost to a version that was `published`, by its time."""
    with suppress(NotFound):
        if upload.location != STDIN and storage.stat(upload.location) == upload:
            raise UsageError(
                f"{upload.location}: this is older than what the lake holds of it (of {published}), so it was not "
                "published; to put it in its place, give it the time of now (`touch`), then run it again"
            )


def check(location: str, contract: Contract, storage: Storage, progress: Progress | None = None) -> dict[str, Any]:
    """The same judgement; nothing is written. Returns the run report, which names no files."""
    with storage.fetch(location) as (upload, path):
        return check_file(upload, path, contract, progress)


def check_file(upload: Upload, path: Path, contract: Contract, progress: Progress | None = None) -> dict[str, Any]:
    """`check` for an upload that lies at `path` already."""
    with judged(upload, path, contract, progress) as verdict:
        return report.document(
            verdict.account, verdict.status, verdict.upload, (), None, None, suggestions=verdict.suggestions
        )
