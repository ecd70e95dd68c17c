"""The Arrow schema under which documents are read, made from the contract's tree of fields."""

from __future__ import annotations

import pyarrow as pa

from etl.contract.expressions import Coalesce, Each, Expression, Index, Json, Path, Scale
from etl.contract.model import Contract, Type
from etl.flatten import columns
from etl.flatten.fields import Node
from etl.flatten.screen import Steps, unnameable


class UnsupportedError(Exception):
    """This contract reads something that only the per-record path can: it then takes every record."""


Readings = dict[Steps, pa.DataType]


def read_as(steps: Steps, node: Node, learned: Readings) -> pa.DataType:
    """The Arrow type under which a leaf is read: what was learned of the feed, else what its columns say."""
    if steps in learned:
        return learned[steps]
    types = {columns.reading(type_) for type_ in node.reads}
    if len(types) != 1:
        raise UnsupportedError(f"{Path(steps)} is read as {types}")
    return types.pop()


def check_supported(contract: Contract, root: Node) -> None:
    """Raises `UnsupportedError` where a contract needs what the kernels here do not do."""
    if root.whole or root.reads or root.element is not None:
        raise UnsupportedError("a column reads the record itself")
    if unnameable(root):
        raise UnsupportedError("a key that JSON writes with escapes")
    for table in contract.tables:
        for column in table.columns:
            _check_expression(column.source, column.type)


def _check_expression(expression: Expression, type_: Type) -> None:
    if isinstance(expression, Scale):
        moved = (type_.arrow.scale if type_.kind == "decimal" else 0) + expression.exponent
        if type_.kind == "number" or not 0 <= moved <= 38:
            raise UnsupportedError("scale beyond decimal128")
    if isinstance(expression, Coalesce) and (type_.item is not None or type_.fields):
        raise UnsupportedError("coalesce of arrays or objects")
    if isinstance(expression, Coalesce) and any(isinstance(part, Index | Json) for part in expression.arguments):
        raise UnsupportedError("coalesce of index or json")


def schema(root: Node, learned: Readings) -> pa.Schema:
    """The schema under which Arrow reads the documents. Raises `UnsupportedError`."""
    return pa.schema(list(_struct(root, (), learned)))


def _type(node: Node, steps: Steps, learned: Readings) -> pa.DataType:
    if (bool(node.names) + (node.element is not None) + bool(node.reads)) != 1:
        raise UnsupportedError(f"{Path(steps)} is read in more than one shape, or in none")
    if node.element is not None:
        return pa.list_(_type(node.element, (*steps, Each()), learned))
    return read_as(steps, node, learned) if node.reads else _struct(node, steps, learned)


def _struct(node: Node, steps: Steps, learned: Readings) -> pa.StructType:
    members = {name: child for name, child in node.names.items() if not child.whole}
    if any(child.whole and (child.names or child.element or child.reads) for child in node.names.values()):
        raise UnsupportedError(f"a field of {Path(steps)} is read by json() and otherwise")
    return pa.struct([(name, _type(child, (*steps, name), learned)) for name, child in members.items()])
