"""Contracts and uploads for suggestions, and what comes of an upload before and after an edit."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from etl import contract as contracts
from etl import pipeline
from etl.contract.model import Contract
from etl.storage import MemoryStorage

LOCATION = "s3://shop/in/orders.ndjson"
ARRIVAL = datetime(2024, 2, 1, tzinfo=UTC)

BLOCK = """\
# Orders of a small shop.
apiVersion: v3.1.0
kind: DataContract
id: feed
version: 1.0.0
status: active
customProperties:
  - {property: unknownFields, value: reject}
schema:
  - name: orders
    properties:
      - name: id
        transformLogic: $.id
        logicalType: integer
        required: true
        primaryKey: true

      - name: status  # where the order stands
        transformLogic: lower($.status)
        logicalType: string
        enum:
          - value: open
          - value: "paid"  # by card, mostly
        # what follows is another column

      - name: note
        logicalType: string
        logicalTypeOptions:
          minLength: 3
          maxLength: 10  # as the old system had it
        classification: restricted

      - name: day
        logicalType: date   # of the order
        logicalTypeOptions:
          minimum: "2020-01-01"
        required: true

      - name: paid_at
        logicalType: timestamp

  - name: lines
    properties:
      - {name: order_id, transformLogic: $.id, logicalType: integer, required: true}
      - {name: size, transformLogic: "$.lines[*].size", logicalType: integer, enum: [{value: 36}, {value: 38}]}
      - name: amount
        transformLogic: $.lines[*].amount
        logicalType: number
        physicalType: decimal(8,2)
        required: true
"""

FLOW = json.dumps(
    {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "feed",
        "version": "1.0.0",
        "customProperties": [{"property": "unknownFields", "value": "reject"}],
        "schema": [
            {
                "name": "orders",
                "properties": [
                    {"name": "id", "logicalType": "integer", "required": True, "primaryKey": True},
                    {"name": "status", "transformLogic": "lower($.status)", "logicalType": "string",
                     "enum": [{"value": "open"}, {"value": "paid"}]},
                    {"name": "note", "logicalType": "string", "classification": "restricted",
                     "logicalTypeOptions": {"minLength": 3, "maxLength": 10}},
                    {"name": "day", "logicalType": "date", "logicalTypeOptions": {"minimum": "2020-01-01"},
                     "required": True},
                    {"name": "paid_at", "logicalType": "timestamp"},
                ],
            },
            {
                "name": "lines",
                "properties": [
                    {"name": "order_id", "transformLogic": "$.id", "logicalType": "integer", "required": True},
                    {"name": "size", "transformLogic": "$.lines[*].size", "logicalType": "integer",
                     "enum": [{"value": 36}, {"value": 38}]},
                    {"name": "amount", "transformLogic": "$.lines[*].amount", "logicalType": "number",
                     "physicalType": "decimal(8,2)", "required": True},
                ],
            },
        ],
    },
    indent=1,
)  # fmt: skip

TEXTS = {
    "block": BLOCK,
    "crlf": BLOCK.replace("\n", "\r\n"),
    "no final newline": BLOCK.rstrip("\n"),
    "flow": FLOW,
    "flow on one line": json.dumps(json.loads(FLOW)),
}


def load(text: str) -> Contract:
    return contracts.loads(text, "contracts/feed.odcs.yaml", {})


def order(number: int, **other: Any) -> dict[str, Any]:
    """A good order, but for what is other."""
    good = {"id": number, "status": "open", "note": "call me", "day": "2024-01-10", "paid_at": "2024-01-10T10:11:12Z"}
    return {**good, "lines": [{"size": 36, "amount": 12.5}], **other}


def judged(text: str, orders: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The report on these orders under a contract's text."""
    upload = "\n".join(json.dumps(one, ensure_ascii=False) for one in orders).encode()
    return pipeline.check(LOCATION, load(text), MemoryStorage({LOCATION: upload}, now=ARRIVAL))


def published(text: str, orders: Sequence[Mapping[str, Any]]) -> int:
    return int(judged(text, orders)["records"]["published"])
