"""What a contract says to people and no stage needs: titles, limits of its use, examples, where things lie."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from etl.contract.servers import NAMES
from etl.contract.source import read
from etl.pages.model import Place

_WHAT = {"incoming": "Uploads arrive at", "datalake": "The lake lies at", "quarantine": "Bad records go to"}


@dataclass(frozen=True, slots=True)
class Remark:
    """Of one table or column: its business name, and examples of its values as JSON texts."""

    title: str | None = None
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Remarks:
    """Of a contract. `tables` by name, `columns` by table and name."""

    title: str | None
    purpose: str | None
    usage: str | None
    limitations: str | None
    places: tuple[Place, ...]
    tables: Mapping[str, Remark] = field(default_factory=dict)
    columns: Mapping[tuple[str, str], Remark] = field(default_factory=dict)


NONE = Remark()


def remarks(text: str) -> Remarks:
    """The remarks of a contract that loads without faults."""
    data = read(text, "").data
    description = data.get("description") or {}
    nodes: Sequence[Mapping[str, Any]] = data.get("schema") or ()
    return Remarks(
        title=data.get("dataProduct"),
        purpose=description.get("purpose"),
        usage=description.get("usage"),
        limitations=description.get("limitations"),
        places=tuple(_places(data.get("servers") or ())),
        tables={node["name"]: _remark(node) for node in nodes},
        columns={(node["name"], column["name"]): _remark(column) for node in nodes for column in node["properties"]},
    )


def _remark(node: Mapping[str, Any]) -> Remark:
    return Remark(node.get("businessName"), tuple(map(_json, node.get("examples") or ())))


def _json(value: Any) -> str:
    """An example as it would stand in a document; numbers by their digits as written."""
    match value:
        case Decimal():
            return str(value)
        case list():
            return f"[{', '.join(map(_json, value))}]"
        case dict():
            return f"{{{', '.join(f'{_json(name)}: {_json(each)}' for name, each in value.items())}}}"
        case _:
            return json.dumps(value, ensure_ascii=False)


def _places(servers: Sequence[Mapping[str, Any]]) -> list[Place]:
    """Locations as they are written: `${ORDERS_BUCKET}` is nobody's to fill in here."""
    found = ((server.get("server"), server.get("location") or server.get("path")) for server in servers)
    return [Place(_WHAT[name], location) for name, location in found if name in NAMES and location]
