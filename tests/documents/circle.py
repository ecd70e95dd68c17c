"""What the engine makes of an upload, and whether the exported schema takes a document."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from etl import pipeline
from etl.contract.model import Contract
from etl.documents import Upload, json_schema, texts
from etl.documents.encoding import encoded
from etl.storage import LocalStorage

Named = set[tuple[str | None, str | None, str]]


@dataclass(frozen=True)
class Made:
    """An upload as a whole, and its manifest."""

    contract: Contract
    records: list[bytes]
    text: bytes
    manifest: dict[str, Any]


def make(contract: Contract, count: int, bad: Fraction, seed: int) -> Made:
    upload, account = Upload(contract, count, bad, seed), BytesIO()
    records = list(texts(upload, account))
    return Made(contract, records, b"".join(upload.written(records)), json.loads(account.getvalue()))


def run(upload: Made, folder: Path) -> tuple[dict[str, Any], dict[int, Named]]:
    """The run report, and the rules that each rejected record breaks."""
    source = folder / "upload.ndjson"
    source.write_bytes(upload.text)
    outputs = pipeline.Outputs(f"{folder}/lake/", f"{folder}/quarantine/")
    report = pipeline.run(str(source), upload.contract, LocalStorage(), outputs)
    lines = [line for file in folder.rglob("rejected.ndjson") for line in file.read_text("utf-8").splitlines()]
    return report, {envelope["record"]: _named(envelope["violations"]) for envelope in map(json.loads, lines)}


def promised(upload: Made) -> dict[int, Named]:
    """The same, as the manifest has it."""
    return {bad["record"]: _named([bad, *bad["also"]]) for bad in upload.manifest["bad"]}


def _named(rules: list[dict[str, Any]]) -> Named:
    return {(rule["table"], rule["column"], rule["rule"]) for rule in rules if rule.get("severity") != "warning"}


def validator(contract: Contract) -> Draft202012Validator:
    schema = json.loads(encoded(json_schema(contract)))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker(["date"]))
