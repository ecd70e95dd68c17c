"""The examples of bad uploads, and what the pipeline writes for each. `python -m tests.examples` writes it anew.

They run in memory, as if uploaded to a bucket at a fixed time, so that every byte is the same on every machine.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from etl import contract as contracts
from etl import pipeline
from etl.contract.model import Contract
from etl.pipeline import Outputs
from etl.storage import MemoryStorage

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(path for path in (ROOT / "quarantine_examples").iterdir() if path.is_dir())
OUTPUTS = Outputs("s3://shop/orders_parquet_datalake/", "s3://shop/orders_quarantine/")
ARRIVAL = datetime(2024, 2, 1, 8, 30, tzinfo=UTC)
WRITTEN = ("report.html", "report.json", "rejected.ndjson")


def contract_of(folder: Path) -> Contract:
    """The example's own contract, or that of the orders."""
    own = folder / "contract.odcs.yaml"
    return contracts.load(own if own.exists() else ROOT / "contracts" / "orders.odcs.yaml", env={})


def upload_of(folder: Path) -> Path:
    return next(folder.glob("upload.*"))


def location_of(folder: Path) -> str:
    return f"s3://shop/orders_json_incoming/{folder.name}{upload_of(folder).suffix}"


def run(folder: Path) -> MemoryStorage:
    """The storage after the example was uploaded and processed."""
    storage = MemoryStorage({location_of(folder): upload_of(folder).read_bytes()}, now=ARRIVAL)
    pipeline.run(location_of(folder), contract_of(folder), storage, OUTPUTS)
    return storage


def quarantined(objects: Mapping[str, tuple[bytes, datetime]]) -> Iterator[tuple[str, bytes]]:
    """What lies in quarantine, by file name."""
    for location, (data, _) in objects.items():
        if location.startswith(OUTPUTS.quarantine):
            yield location.rsplit("/", 1)[1], data


def main() -> None:
    for folder in EXAMPLES:
        written = dict(quarantined(run(folder).objects))
        for name in WRITTEN:
            (folder / name).write_bytes(written[name])


if __name__ == "__main__":
    main()
