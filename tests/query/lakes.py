"""Small lakes, made by the pipeline, and what is asked of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from etl import contract as contracts
from etl import pipeline
from etl.contract.model import Contract
from etl.pipeline import Outputs
from etl.query import asked, catalogue
from etl.query.values import document, rows
from etl.review.memory import Memory
from etl.storage import open_storage

Columns = Sequence[Mapping[str, Any]]
NUMBER = {"name": "n", "logicalType": "integer", "required": True}
DAY = {"name": "day", "logicalType": "date", "required": True, "partitioned": True}
PRICE = {"name": "price", "logicalType": "number", "physicalType": "decimal(12,2)"}


def contract(version: str = "1.0.0", /, name: str = "feed", **tables: Columns) -> Contract:
    """A contract of these tables by their columns."""
    document = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": name,
        "name": name,
        "version": version,
        "status": "active",
        "customProperties": [{"property": "unknownFields", "value": "ignore"}],
        "schema": [{"name": table, "properties": list(columns)} for table, columns in tables.items()],
    }
    return contracts.loads(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), f"{name}.odcs.yaml", {})


def publish(root: str, agreed: Contract, name: str, *documents: object, source: Path) -> dict[str, Any]:
    """Run an upload of these documents into the lake at `root` (ends with `/`). All of them are to be published."""
    upload = source / f"{name}.ndjson"
    upload.write_text("\n".join(map(json.dumps, documents)), encoding="utf-8")
    outputs = Outputs(root, f"{source}/quarantine/")
    report = pipeline.run(str(upload), agreed, open_storage(), outputs)
    assert report["status"] == "published", report
    return report


def ask(statement: str, root: str, memory: Path) -> list[Any]:
    """The rows as JSON documents say them; floats are not made of numbers."""
    found = catalogue([root], open_storage(), Memory(memory / "memory.sqlite"))
    with asked(statement, {table.name: table.dataset() for table in found.tables}) as result:
        texts = [document(result.names, row) for row in rows(result)]
    return [json.loads(text, parse_float=str) for text in texts]
