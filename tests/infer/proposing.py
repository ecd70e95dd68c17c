"""Samples to proposed contracts, and those run on the samples."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from etl import contract as contracts
from etl import pipeline
from etl.contract.model import Column, Contract, Table
from etl.infer import Inferred, Sample, infer
from etl.records import Upload

SAMPLES = Path(__file__).parent / "samples"
_ARRIVAL = datetime(2024, 1, 10, tzinfo=UTC)


def proposed(folder: Path, *uploads: bytes, name: str = "orders") -> Inferred:
    """What is proposed for uploads of these bytes, which are written to a folder."""
    paths = [folder / f"{name}-{at}.json" for at in range(len(uploads))]
    for path, upload in zip(paths, uploads, strict=True):
        path.write_bytes(upload)
    return infer([Sample(path.name, path) for path in paths], name)


def contract_of(done: Inferred) -> Contract:
    """The contract as it is loaded. Raises `ContractError` where it has faults.

    The one hint it may give is a date that is not surely the event's: whether to file records under it, people decide.
    """
    hints = [str(hint.message) for hint in contracts.hints(done.text)]
    assert [hint for hint in hints if not hint.startswith("no column is partitioned")] == []
    return contracts.loads(done.text, "proposed", {"ORDERS_BUCKET": "my-orders"})


def report_of(contract: Contract, path: Path) -> Mapping[str, Any]:
    """What becomes of a local upload under a contract."""
    return pipeline.check_file(Upload(path.as_posix(), _ARRIVAL, path.stat().st_size), path, contract)


def columns(table: Table) -> dict[str, Column]:
    return {column.name: column for column in table.columns}
