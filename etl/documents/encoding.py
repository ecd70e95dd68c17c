"""Documents as JSON text: one line, decimals by their digits."""

from __future__ import annotations

from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def encoded(value: Any) -> bytes:
    """JSON text of plain data, in which numbers may be `Decimal`."""
    return _ENCODER.encode(value)


def indented(value: Any) -> bytes:
    """The same, to be read by people."""
    return msgspec.json.format(encoded(value), indent=2)
