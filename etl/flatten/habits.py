"""How a feed writes what its columns read, learned from its first records.

Only the way of reading follows from it, never the result: a record that differs goes record by record.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from etl.contract.expressions import EACH
from etl.flatten.fields import Node
from etl.flatten.schema import Readings, read_as
from etl.flatten.screen import Steps


def habits(documents: Sequence[dict[str, Any]], root: Node) -> Readings:
    """The leaves that are read otherwise than usual: numbers written as texts, integers where a text is stored."""
    learned: Readings = {}
    _habits(documents, root, (), learned)
    return learned


def _habits(values: Sequence[Any], node: Node, steps: Steps, learned: Readings) -> None:
    if node.whole:
        return
    for name, child in node.names.items():
        members = [value.get(name) for value in values if isinstance(value, dict)]
        _habits(members, child, (*steps, name), learned)
    if node.element is not None:
        elements = [element for value in values if isinstance(value, list) for element in value]
        _habits(elements, node.element, (*steps, EACH), learned)
    if node.reads:
        _habit([value for value in values if value is not None], node, steps, learned)


def _habit(values: Sequence[Any], node: Node, steps: Steps, learned: Readings) -> None:
    usual = read_as(steps, node, {})
    if values and not pa.types.is_string(usual) and all(isinstance(value, str) for value in values):
        learned[steps] = pa.string()
    if values and all(type_.kind == "string" for type_ in node.reads) and all(type(value) is int for value in values):
        learned[steps] = pa.int64()
