"""Contracts in a few words, and whole runs under them."""

import json
from pathlib import Path
from typing import Any

from etl import contract as contracts
from etl import pipeline
from etl.contract.model import Contract
from etl.pipeline import Outputs
from etl.storage import LocalStorage, MemoryStorage

UPLOAD = "s3://shop/in/orders.json"
OUTPUTS = Outputs("s3://shop/lake/", "s3://shop/quarantine/")
HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: feed\nname: feed\nversion: 1.0.0\nstatus: active\n"
NUMBER = "{name: n, logicalType: integer}"


def document(*columns: str, rules: tuple[str, ...] = (), **policies: object) -> str:
    """The YAML of a contract with one table, `t`."""
    lines = [f"  - {{property: {name}, value: {json.dumps(value)}}}" for name, value in policies.items()]
    lines = [HEAD, *(["customProperties:", *lines] if lines else []), "schema:", "  - name: t", "    properties:"]
    lines += [f"      - {column}" for column in columns]
    return "\n".join([*lines, *(["    quality:"] if rules else []), *(f"      - {rule}" for rule in rules), ""])


def contract(*columns: str, rules: tuple[str, ...] = (), **policies: object) -> Contract:
    return contracts.loads(document(*columns, rules=rules, **policies), "feed.odcs.yaml", {})


def run(data: bytes, feed: Contract, storage: MemoryStorage | None = None, upload: str = UPLOAD) -> dict[str, Any]:
    """The run report of an upload in memory."""
    storage = storage or MemoryStorage()
    storage.objects[upload] = (data, storage.now)
    return pipeline.run(upload, feed, storage, OUTPUTS)


def run_file(path: Path, feed: Contract) -> dict[str, Any]:
    """The run report of a local upload; results go beside it."""
    outputs = Outputs(f"{path.parent}/lake/", f"{path.parent}/quarantine/")
    return pipeline.run(path.as_posix(), feed, LocalStorage(), outputs)


def broken(report: dict[str, Any]) -> dict[str, int]:
    """The broken rules, and in how many records."""
    return {f"{rule['column'] or ''}:{rule['rule']}": rule["records"] for rule in report["rules"]}


def reason(report: dict[str, Any]) -> str:
    """The first words on why."""
    return str(report["rules"][0]["examples"][0]["detail"])
