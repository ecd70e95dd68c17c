"""A JSON text as a tree of places: where each value stands in the text, with its tokens as they were written.

Nothing is decoded but the names of members, so numbers keep their digits. No recursion: documents may be hostile.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from etl.contract.expressions import Each, ExpressionError, Path, Step, parse

Kind = Literal["object", "array", "text", "plain"]
Steps = tuple[Step, ...]

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]|[^\s{}\[\]:,"]+')
_KINDS: dict[str, Kind] = {"{": "object", "[": "array", '"': "text"}


@dataclass(slots=True, eq=False)
class Node:
    """One value: `start` and `end` in the text (characters), `key` where its name stands, `step` what leads to it."""

    kind: Kind
    start: int
    end: int
    step: Step | None = None
    key: tuple[int, int] | None = None
    children: list[Node] = field(default_factory=list)

    def at(self, step: Step) -> list[Node]:
        """The children that a step leads to: a name may come twice, an index may count from the end."""
        if isinstance(step, int) and self.kind == "array":
            return self.children[step:][:1] if -len(self.children) <= step else []
        return [child for child in self.children if isinstance(step, str) and child.step == step]


def tree(text: str) -> Node | None:
    """The tree of a text; None where it is not one JSON value."""
    try:
        msgspec.json.decode(text.encode(errors="surrogatepass"), type=msgspec.Raw)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return _build(text)


def _build(text: str) -> Node | None:
    top = Node("array", 0, len(text))
    path = [top]
    key: tuple[int, int] | None = None
    for token in _TOKEN.finditer(text):
        start, end = token.span()
        first = text[start]
        if first in "}]":
            path.pop().end = end
            continue
        parent = path[-1]
        if parent.kind == "object" and key is None:
            key = (start, end)
            continue
        step: Step = _name(text[slice(*key)]) if key else len(parent.children)
        node = Node(_KINDS.get(first, "plain"), start, end, step, key)
        parent.children.append(node)
        key = None
        if first in "{[":
            path.append(node)
    return top.children[0] if top.children else None


def _name(token: str) -> str:
    if "\\" not in token:
        return token[1:-1]
    try:
        return str(json.loads(token))
    except ValueError:
        return token


def steps_of(path: str | None) -> Steps | None:
    """The steps of a path as violations have it (`$.products[0].price`); None where it is none.

    A `[*]` at the end, which stands for elements that are not there, is left out.
    """
    if path is None:
        return None
    try:
        found = parse(path)
    except (ExpressionError, RecursionError):
        return None
    if not isinstance(found, Path):
        return None
    steps = found.steps
    while steps and isinstance(steps[-1], Each):
        steps = steps[:-1]
    return steps


def find(root: Node, steps: Steps) -> tuple[list[Node], str | None]:
    """The nodes at a path; or the nearest one above it, with the name of the member that it lacks.

    The name is None where the path is there, or where what is above it is no object.
    """
    nodes = [root]
    for step in steps:
        found = [child for node in nodes for child in node.at(step)]
        if not found:
            lacks = step if isinstance(step, str) and nodes[0].kind == "object" else None
            return nodes[:1], lacks
        nodes = found
    return nodes, None
