"""Which fields of a document the contract reads, as a tree; and those of a document that it does not.

A `Node` mirrors the documents: an object's members by name, an array's elements under one node. A leaf says how its
value is read. Both paths need the tree: the per-record path to name unknown fields, the vectorised one to build its
schemas.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from etl.contract.expressions import (
    EACH,
    Coalesce,
    Day,
    Expression,
    Index,
    Json,
    NullIf,
    Path,
    Scale,
    Step,
    Text,
)
from etl.contract.model import Contract, Type
from etl.contract.readings import moment

TEXT = Type("string", pa.string())
POSITION = Type("integer", pa.int64())


@dataclass(slots=True)
class Node:
    """One place in the documents. `reads` lists the types that columns read here; `whole`: `json()` takes it all.

    `element` stands for every element of an array, whether the paths say `[*]` or an index.
    """

    names: dict[str, Node] = field(default_factory=dict)
    element: Node | None = None
    reads: list[Type] = field(default_factory=list)
    whole: bool = False

    def child(self, step: Step) -> Node:
        if isinstance(step, str):
            return self.names.setdefault(step, Node())
        if self.element is None:
            self.element = Node()
        return self.element


def tree(contract: Contract) -> Node:
    """The root node of everything that the contract's columns read."""
    root = Node()
    for table in contract.tables:
        for column in table.columns:
            for path, type_ in sources(column.source, column.type):
                _add(root, path, type_)
    return root


def sources(expression: Expression, type_: Type) -> Iterator[tuple[Path, Type | None]]:
    """Every path of an expression with the type that is read there; None where `json` takes whatever is there.

    `index` reads nothing but the array's existence: its path comes with the type `POSITION`.
    """
    if isinstance(expression, Path):
        yield expression, type_
    elif isinstance(expression, Json):
        yield expression.path, None
    elif isinstance(expression, Index):
        yield expression.path, POSITION
    elif isinstance(expression, Coalesce):
        for argument in expression.arguments:
            yield from sources(argument, type_)
    else:
        yield from sources(expression.argument, argument_type(expression, type_))


def argument_type(expression: Text | NullIf | Scale | Day, type_: Type) -> Type:
    """What a function of one argument reads, for a column of this type."""
    if isinstance(expression, Text):
        return TEXT
    if isinstance(expression, Day):
        return moment(type_)
    if isinstance(expression, Scale):
        return scaled_type(type_, expression.exponent)
    return type_


def scaled_type(type_: Type, exponent: int) -> Type:
    """What `scale` reads: the exact number that, moved by `exponent` digits, fits the column."""
    decimals = (type_.arrow.scale if type_.kind == "decimal" else 0) + exponent
    return Type("decimal", pa.decimal128(38, min(max(decimals, 0), 38)))


def _add(root: Node, path: Path, type_: Type | None) -> None:
    node = root
    for step in path.steps:
        node = node.child(step)
    if type_ is None:
        node.whole = True
    elif type_ is not POSITION:
        _read(node, type_)


def _read(node: Node, type_: Type) -> None:
    if type_.item is not None:
        _read(node.child(EACH), type_.item)
    elif type_.fields:
        for part in type_.fields:
            _read(node.child(part.name), part.type)
    else:
        node.reads.append(type_)


def unknown(document: dict[str, Any], root: Node) -> Iterator[Path]:
    """The paths of members that no column reads, outermost only, with `[*]` for elements; each may come often."""
    return _unknown(document, root, ())


def _unknown(value: Any, node: Node, steps: tuple[Step, ...]) -> Iterator[Path]:
    if node.whole:
        return
    if isinstance(value, dict) and node.names:
        for name, member in value.items():
            if name in node.names:
                yield from _unknown(member, node.names[name], (*steps, name))
            else:
                yield Path((*steps, name))
    elif isinstance(value, list) and node.element is not None:
        for element in value:
            yield from _unknown(element, node.element, (*steps, EACH))
