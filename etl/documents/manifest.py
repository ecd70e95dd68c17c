"""The account of an upload: what a run over it must come to, and of each broken record where and by which rule."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from etl.documents.breaking import Broken
from etl.documents.uploads import Upload
from etl.records import Rule


def texts(upload: Upload, manifest: BinaryIO) -> Iterator[bytes]:
    """The records of the upload; as they are taken, the account of them is written, one JSON object in all."""
    manifest.write(_opening(upload))
    between = "\n    "
    for number, record in enumerate(upload.records(), start=1):
        if record.broken:
            manifest.write((between + _json(_account(number, record.broken))).encode())
            between = ",\n    "
        yield record.text
    unbroken = _json([_named(rule) for rule in upload.unbroken])
    manifest.write(f'\n  ],\n  "notBroken": {unbroken}\n}}\n'.encode())


def _opening(upload: Upload) -> bytes:
    head = {
        "contract": {"name": upload.contract.name, "version": upload.contract.version},
        "seed": upload.seed,
        "records": upload.count,
        "quarantined": upload.quarantined,
    }
    return (json.dumps(head, ensure_ascii=False, indent=2).removesuffix("\n}") + ',\n  "bad": [').encode()


def _account(number: int, broken: Broken) -> dict[str, Any]:
    return {
        "record": number,
        **_named(broken.violation.rule),
        "path": broken.violation.path,
        "also": sorted((_named(rule) for rule in broken.also), key=str),
    }


def _named(rule: Rule) -> dict[str, Any]:
    return {"table": rule.table, "column": rule.column, "rule": rule.name, "expected": rule.expected}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
