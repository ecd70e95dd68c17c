"""A bucket with uploads that were run, and replays of what came into quarantine."""

from __future__ import annotations

import io
import json
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from etl import contract as contracts
from etl import pipeline, replay
from etl.contract.model import Contract
from etl.pipeline import Outputs
from etl.replay import Replayed
from etl.review import Folder, folders
from etl.storage import MemoryStorage

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "contracts/orders.odcs.yaml").read_text(encoding="utf-8")
OUTPUTS = Outputs("s3://shop/lake/", "s3://shop/quarantine/")
AT = "s3://shop/in/orders.ndjson"
WHEN = datetime(2024, 3, 1, 9, tzinfo=UTC)
DRAFT = ("status: active", "status: draft")
ANY = ("value: 20 percent", "value: 100 percent")
BY_ROW = ("value: record  #", "value: row  #")
REFUNDS = ("          minimum: 0\n        required", "          minimum: -5\n        required")  # prices from -5
DEEP = ("          minimum: 0\n        required", "          minimum: -50\n        required")


def contract(*edits: tuple[str, str]) -> Contract:
    """The orders' contract as a draft that rejects no upload for many bad orders, with these edits."""
    text = TEXT
    for before, after in (DRAFT, ANY, *edits):
        assert before in text, before
        text = text.replace(before, after)
    return contracts.loads(text, env={})


def order(number: int, *prices: float, **more: object) -> dict[str, object]:
    customer = {"customer_id": 1, "name": "A", "email": "a@b.example"}
    products = [
        {"product_id": f"P{at}", "name": "Cup", "category": "home", "price": price, "quantity": 1}
        for at, price in enumerate(prices or (2,), 10)
    ]
    return {
        "order_id": number, "order_date": "2024-01-10", "total_amount": 9, "customer": customer, "products": products,
        **more,
    }  # fmt: skip


class Desk:
    """Runs and replays; `state` is all that they have left, but for what runs tell each other."""

    def __init__(self, objects: dict[str, tuple[bytes, datetime]] | None = None) -> None:
        self.storage = MemoryStorage()
        self.storage.objects = dict(objects or {})
        self.minute = len(self.storage.objects)

    def copy(self) -> Desk:
        return Desk(self.storage.objects)

    def run(self, agreed: Contract, *orders: object, storage: Any = None) -> dict[str, Any]:
        """An upload of these orders, a line each (a text or bytes: as it is); without any, the last one again."""
        if orders:
            data = b"\n".join(each if isinstance(each, bytes) else json.dumps(each).encode() for each in orders)
            self.storage.now = WHEN - timedelta(days=30) + timedelta(minutes=self.minute)
            self.storage.objects[AT] = (data, self.storage.now)
            self.minute += 1
        return pipeline.run(AT, agreed, storage or self.storage, OUTPUTS)

    def folder(self, at: int = 0) -> Folder:
        """The newest folder, or one before it."""
        return folders(OUTPUTS.quarantine, self.storage)[at]

    def replay(
        self,
        agreed: Contract,
        at: int = 0,
        *,
        dry: bool = False,
        only: Collection[int] | None = None,
        storage: Any = None,
    ) -> Replayed:
        return replay.replay(self.folder(at), agreed, storage or self.storage, who="ana", when=WHEN, dry=dry, only=only)

    def correct(self, record: int, document: object, agreed: Contract, storage: Any = None) -> Replayed:
        data = document if isinstance(document, bytes) else json.dumps(document, indent=2).encode()
        return replay.correct(self.folder(), record, data, agreed, storage or self.storage, who="ana", when=WHEN)

    @property
    def state(self) -> dict[str, bytes]:
        found = self.storage.objects.items()
        return {at: data for at, (data, _) in found if at != AT and ".intents/" not in at and "/_contracts/" not in at}

    @property
    def intents(self) -> list[str]:
        return [at for at in self.storage.objects if ".intents/" in at]

    @property
    def report(self) -> dict[str, Any]:
        [data] = [data for at, data in self.state.items() if "/_runs/" in at]
        return dict(json.loads(data))

    @property
    def files(self) -> list[str]:
        return sorted(at for at in self.state if at.endswith(".parquet"))

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """The lake: order, product, price, and the record that it comes from."""
        found = []
        for at in self.files:
            table = pq.read_table(io.BytesIO(self.state[at]))
            found += [
                tuple(row[name] for name in ("order_id", "product_id", "price", "_record_id"))
                for row in table.to_pylist()
            ]
        return sorted(found)

    @property
    def records(self) -> list[str]:
        """The record that each row of the lake comes from."""
        tables = [pq.read_table(io.BytesIO(self.state[at])) for at in self.files]
        return sorted(one for table in tables for one in table["_record_id"].to_pylist())

    @property
    def orders(self) -> list[int]:
        return sorted({row[0] for row in self.rows})
