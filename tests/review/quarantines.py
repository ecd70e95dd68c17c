"""Quarantines as runs leave them, in memory; and storages that count."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from etl import contract as contracts
from etl import pipeline
from etl.records import Upload, digest
from etl.review import Folder, folders
from etl.storage import MemoryStorage

ROOT = Path(__file__).parents[2]
ORDERS = contracts.load(ROOT / "contracts" / "orders.odcs.yaml", {})
EXAMPLES = ROOT / "quarantine_examples"
OUTPUTS = pipeline.Outputs("/lake/", "/quarantine/")
MORNING = datetime(2024, 1, 10, 8, tzinfo=UTC)


def example(name: str) -> bytes:
    return (EXAMPLES / name / "upload.json").read_bytes()


def ran(
    storage: MemoryStorage, data: bytes, location: str = "/in/orders.json", arrival: datetime = MORNING
) -> dict[str, Any]:
    """Upload this and run it: gives the run report."""
    storage.now = arrival
    storage.objects[location] = (data, arrival)
    return pipeline.run(location, ORDERS, storage, OUTPUTS)


def only(storage: MemoryStorage) -> Folder:
    """The one folder of the quarantine."""
    (found,) = folders(OUTPUTS.quarantine, storage)
    return found


def many(count: int, storage: MemoryStorage, report: dict[str, Any], lake: str = "/lake/", bad: str = "/q/") -> None:
    """So many reports like this one, each of an upload of its own: in the lake, and in the quarantine."""
    for number in range(count):
        for location, data in files(number, report, lake, bad):
            storage.objects[location] = (data, MORNING + timedelta(minutes=number))


def files(number: int, report: dict[str, Any], lake: str, bad: str) -> Sequence[tuple[str, bytes]]:
    at, arrival = f"/in/{number}.json", MORNING + timedelta(hours=number % 5000)
    upload_id, content_id = digest(at.encode()), digest(str(number).encode())
    folder = f"{bad}orders/{arrival:%Y-%m-%d}/{upload_id}-{content_id}/"
    upload = {"id": upload_id, "location": at, "contentId": content_id, "arrival": arrival.isoformat()}
    body = report | {
        "upload": report["upload"] | upload,
        "quarantine": {"location": folder, "files": ["report.json", "rejected.ndjson"]},
    }
    data = json.dumps(body, indent=2).encode()
    return (
        (f"{lake}_runs/orders/{upload_id}.json", data),
        (f"{folder}report.json", data),
        (f"{folder}rejected.ndjson", b""),
    )


@dataclass
class Counting(MemoryStorage):
    """Counts what is asked of it."""

    calls: Counter[str] = field(default_factory=Counter)

    def __init__(self) -> None:
        super().__init__()
        self.calls = Counter()

    def list(self, prefix: str) -> Sequence[Upload]:
        self.calls["list"] += 1
        return super().list(prefix)

    def read(self, location: str) -> tuple[bytes, str]:
        self.calls["read"] += 1
        return super().read(location)
