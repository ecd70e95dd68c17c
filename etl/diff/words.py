"""Values of contracts, as they are written there."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from etl.contract.model import Limit, Type
from etl.contract.types import words as type_words

_LENGTH = 80
NONE = "none"


def typed(type_: Type) -> str:
    """A type, with the unit of a timestamp: `decimal(12,2)`, `integer (u8)`, `timestamp(us)`, `list of string`."""
    if type_.item:
        return f"list of {typed(type_.item)}"
    if type_.kind == "timestamp":
        return f"timestamp({type_.arrow.unit})"
    return type_.kind if pa.types.is_temporal(type_.arrow) else type_words(type_)


def limit(found: Limit | None) -> str:
    return str(found or NONE)


def line(text: str) -> str:
    """A text on one line, cut where it is long."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _LENGTH else f"{flat[: _LENGTH - 1]}…"


def value(found: Any) -> str | None:
    """A scalar of the YAML; None for lists and mappings, which are too much for a line."""
    match found:
        case None:
            return NONE
        case bool():
            return str(found).lower()
        case list() | dict():
            return None
        case _:
            return line(str(found))
