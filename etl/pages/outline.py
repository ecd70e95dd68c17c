"""The map, the example and the diagram for Markdown: trees of characters, and Mermaid's words."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from etl.pages.model import Diagram, FieldPage, Flow, Line, Relation

_GAP = 2
_WIDEST = 44  # characters of the tree, before what stands beside it
_BESIDE = 70


def tree(root: FieldPage) -> str:
    """The map: fields at the left, and beside each the columns that it flows into."""
    lines = list(_lines(root, "", ""))
    width = min(max(len(left) for left, _ in lines), _WIDEST)
    return "\n".join(f"{left:<{width}}{' ' * _GAP}{right}".rstrip() for left, right in lines)


def _lines(field: FieldPage, before: str, inner: str) -> Iterator[tuple[str, str]]:
    """Of a field and those within it: what is drawn, and what stands beside it."""
    beside = [f"one row of {table} each" for table in field.tables]
    beside += [line for flow in field.flows for line in _flow(flow)]
    below = f"{inner}│" if field.fields else inner
    yield f"{before}{field.name}", beside[0] if beside else ""
    yield from ((below, each) for each in beside[1:])
    for at, child in enumerate(field.fields):
        last = at == len(field.fields) - 1
        yield from _lines(child, f"{inner}{'└' if last else '├'}─ ", f"{inner}{' ' if last else '│'}  ")


def _flow(flow: Flow) -> Iterator[str]:
    """`→ lower(·) → orders.email`; many columns take several lines."""
    function = f"→ {flow.function} " if flow.function else ""
    columns = ", ".join(f"{target.table}.{target.column}" for target in flow.targets)
    lines = textwrap.wrap(columns, _BESIDE, break_long_words=False, break_on_hyphens=False)
    yield f"{function}→ {lines[0]}"
    yield from (f"  {line}" for line in lines[1:])


def document(lines: Sequence[Line]) -> str:
    """The example document."""
    return "\n".join("  " * line.depth + "".join(piece.text for piece in line.pieces) for line in lines)


def mermaid(diagram: Diagram) -> str:
    """`erDiagram`: https://mermaid.js.org/syntax/entityRelationshipDiagram.html"""
    lines = ["erDiagram"]
    for entity in diagram.entities:
        keys = [f"    {key.kind} {key.name} {key.role}" for key in entity.keys]
        lines += [f'  "{entity.name}" {{', *keys, "  }"] if keys else [f'  "{entity.name}"']
    return "\n".join([*lines, *map(_relation, diagram.relations)])


def _relation(relation: Relation) -> str:
    line = "--" if relation.links else ".."
    end = "o{" if relation.many else "o|"
    names = ", ".join(child for _, child in relation.links) or "nested"
    return f'  "{relation.parent}" ||{line}{end} "{relation.child}" : "{names}"'
