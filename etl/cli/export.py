"""A contract as others read it."""

from __future__ import annotations

from pathlib import Path

from etl import contract as contracts
from etl.cli.files import apart
from etl.cli.generate import replacing
from etl.documents import json_schema
from etl.documents.encoding import indented


def export(contract: Path, path: Path | None) -> bytes:
    """The JSON Schema of the contract's documents; written to a file, if one is given, and then nothing is returned.

    Raises `ContractError`, `UsageError` where it is the contract itself, and `StorageError` where it can't be written.
    """
    loaded = contracts.load(contract)
    apart(contract, path)
    text = indented(json_schema(loaded)) + b"\n"
    if path is None:
        return text
    with replacing(path) as file:
        file.write(text)
    return b""
