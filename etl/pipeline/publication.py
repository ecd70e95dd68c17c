"""What a judged upload writes, and where: its run report, and the files for `commit`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etl import commit, report
from etl.contract.model import Contract
from etl.errors import UsageError
from etl.lake import StagedFile
from etl.pipeline.judgement import STDIN, Judged
from etl.records import Upload
from etl.storage import normal


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where an upload's results go: folder locations that end with `/`."""

    lake: str
    quarantine: str


def outputs_of(contract: Contract, lake: str | None, quarantine: str | None) -> Outputs:
    """Where the contract's servers say, unless told otherwise. Raises `UsageError` where neither does."""
    outputs = Outputs(_output(contract, "datalake", lake), _output(contract, "quarantine", quarantine))
    tables = tuple(f"{outputs.lake}{table.name}/" for table in contract.tables)
    if outputs.quarantine == outputs.lake or outputs.quarantine.startswith(tables):
        raise UsageError(f"the quarantine {outputs.quarantine} lies in the lake {outputs.lake}: give it its own folder")
    return outputs


def _output(contract: Contract, server: str, given: str | None) -> str:
    option = "--lake" if server == "datalake" else "--quarantine"
    if given is not None and not given.strip():
        raise UsageError(f"{option}: a folder or s3://bucket/prefix/ is expected, found nothing")
    if given is not None:
        return normal(f"{given.rstrip('/')}/")
    if server not in contract.servers:
        raise UsageError(
            f"{contract.file}: no server '{server}' says where to write (or its ${{ORDERS_...}} variable is not set): "
            f"set it, or give {option}"
        )
    return normal(contract.servers[server].location)


def document(judged: Judged, outputs: Outputs, corrections: Sequence[str] = ()) -> dict[str, Any]:
    """The run report, with where its files will lie, and where the documents are that were judged as corrected."""
    name = f"{judged.upload['id']}-{judged.upload['contentId']}"
    files = [
        {"table": file.table, "location": lake_location(file, outputs.lake, name), "rows": file.rows}
        for file in judged.files
    ]
    quarantine = _quarantine(judged, outputs)
    return report.document(
        judged.account,
        judged.status,
        judged.upload,
        files,
        quarantine,
        outputs.lake,
        suggestions=judged.suggestions,
        corrections=corrections,
    )


def lake_location(file: StagedFile, lake: str, name: str) -> str:
    """Where a staged file goes in a lake."""
    folder = f"{file.partition}/" if file.partition else ""
    return f"{lake}{file.table}/{folder}{name}.parquet"


def _quarantine(judged: Judged, outputs: Outputs) -> dict[str, Any] | None:
    if not judged.account.warned:
        return None
    files = ["report.html", "report.json", "rejected.ndjson", *(["upload"] if judged.status == "rejected" else [])]
    return {"location": folder_of(judged.account.contract, judged.upload, outputs.quarantine), "files": files}


def folder_of(contract: Contract, upload: Mapping[str, Any], quarantine: str) -> str:
    """Where a quarantine has the folder of an upload, by the upload's part of its report."""
    return f"{quarantine}{contract.name}/{upload['arrival'][:10]}/{upload['id']}-{upload['contentId']}/"


def publication(
    judged: Judged, document: dict[str, Any], upload: Upload, path: Path, outputs: Outputs
) -> commit.Publication:
    """What is to be published: lake files, quarantine files, the copy of an upload that was rejected as a whole."""
    written = commit.dump(document)
    files = {entry["location"]: file.path for entry, file in zip(document["files"], judged.files, strict=True)}
    copies: tuple[str, ...] = ()
    if folder := (document["quarantine"] or {}).get("location"):
        reports = {"report.html": _page(document), "report.json": written}
        for name, data in reports.items():
            files[f"{folder}{name}"] = judged.rejected.with_name(name)
            files[f"{folder}{name}"].write_bytes(data)
        files[f"{folder}rejected.ndjson"] = judged.rejected
        if judged.status == "rejected" and upload.location == STDIN:
            files[f"{folder}upload"] = path
        elif judged.status == "rejected":
            copies = (f"{folder}upload",)
    runs = runs_of(judged.account.contract, outputs.lake)
    return commit.Publication(upload, judged.upload["id"], judged.upload["contentId"], runs, files, copies, written)


def runs_of(contract: Contract, lake: str) -> str:
    """Where a lake keeps the run reports of a contract."""
    return f"{lake}_runs/{contract.name}/"


def _page(document: dict[str, Any]) -> bytes:
    """The report for people. Jinja is imported where there is something to show: most uploads do without."""
    from etl.report.page import page

    return page(document)
