"""Runs to tell of: contracts and uploads, and the events that come of them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from openlineage.client.serde import Serde

from etl import contract as contracts
from etl import pipeline
from etl.contract.model import Contract
from etl.lineage.events import ToldRun
from etl.storage import AnyStorage

ROOT = Path(__file__).parents[2]
ID = "01890a5d-ac96-774b-bcce-b302099a8057"
WHEN = datetime(2024, 1, 31, 12, 0, tzinfo=UTC)
CUSTOMER = {"customer_id": 1, "name": "Ana Lima", "email": "ana.lima@example.com", "address": "Rua da Aurora 1"}
PRODUCT = {"product_id": "P01", "name": "Mouse", "category": "Electronics", "price": 25.00, "quantity": 2}
ORDER = {"order_id": 1, "order_date": "2024-01-10", "total_amount": 50.0, "customer": CUSTOMER, "products": [PRODUCT]}


def of_shop(incoming: Path | None = None) -> Contract:
    """The shop's contract; with an incoming server at a folder, if one is given."""
    path = ROOT / "contracts" / "orders.odcs.yaml"
    if incoming is None:
        return contracts.load(path)
    text = path.read_text(encoding="utf-8")
    place = "    type: s3\n    location: s3://${ORDERS_BUCKET}/orders_json_incoming/"
    assert place in text
    return contracts.loads(text.replace(place, f"    type: local\n    path: {incoming}/"), str(path))


def order(number: int, **changes: Any) -> dict[str, Any]:
    return ORDER | {"order_id": number} | changes


def lines(*records: Any) -> bytes:
    return b"".join((each if isinstance(each, bytes) else json.dumps(each).encode()) + b"\n" for each in records)


def processed(data: bytes, contract: Contract, folder: Path, name: str = "upload.json") -> dict[str, Any]:
    """The run report of an upload, by a real run."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    outputs = pipeline.Outputs(f"{folder}/lake/", f"{folder}/quarantine/")
    return pipeline.run(str(path), contract, AnyStorage(), outputs)


def told(report: Mapping[str, Any], contract: Contract) -> dict[str, Any]:
    """The event that completes a run, as it is sent."""
    event = ToldRun(ID, "shop", contract, report["upload"]["location"]).completed(report, WHEN + timedelta(seconds=1))
    return dict(json.loads(Serde.to_json(event)))


def asserted(event: Mapping[str, Any]) -> dict[str, bool]:
    """What is told of each rule: whether it held."""
    facet = event["inputs"][0]["inputFacets"].get("dataQualityAssertions", {"assertions": []})
    return {each["name"]: each["success"] for each in facet["assertions"]}
