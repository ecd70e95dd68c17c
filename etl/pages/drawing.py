"""The entity diagram as boxes and lines, in pixels: each table under its parent and to the right of it.

So it is as narrow as the tables are nested: a telephone shows it whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from etl.pages.model import Diagram, Entity, KeyColumn, Relation

_INDENT, _GAP, _MARGIN = 40, 26, 2
_HEAD, _ROW, _FOOT = 36, 22, 12
_CHARACTER, _LEAST, _MOST = 7.9, 190, 330


@dataclass(frozen=True, slots=True)
class BoxLine:
    """A line of text in a box: its baseline, a column, and at the right what it is."""

    y: float
    text: str
    aside: str


@dataclass(frozen=True, slots=True)
class Box:
    """A table."""

    x: float
    y: float
    width: float
    height: float
    name: str
    title: str  # as much of the name as there is room for
    lines: tuple[BoxLine, ...]
    rest: str | None
    rest_y: float


@dataclass(frozen=True, slots=True)
class Link:
    """A line from a parent down to its child; `end` is the mark at the child. `firm`: by columns."""

    line: str
    end: str
    firm: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """All of it; width and height hold it."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    links: tuple[Link, ...]


def draw(diagram: Diagram) -> Drawing:
    """Where everything lies."""
    width = max(_width(entity) for entity in diagram.entities)
    tops = accumulate((_height(entity) + _GAP for entity in diagram.entities), initial=_MARGIN)
    boxes = tuple(_box(entity, y, width) for entity, y in zip(diagram.entities, tops, strict=False))
    places = {box.name: box for box in boxes}
    links = tuple(_link(relation, places) for relation in diagram.relations)
    right, bottom = max(box.x + box.width for box in boxes), max(box.y + box.height for box in boxes)
    return Drawing(right + _MARGIN, bottom + _MARGIN, boxes, links)


def _width(entity: Entity) -> float:
    longest = max(len(entity.name) + 2, *(len(f"{key.name}  {key.kind}  {key.role}") for key in entity.keys), 0)
    return min(max(_LEAST, longest * _CHARACTER + 24), _MOST)


def _height(entity: Entity) -> int:
    return _HEAD + _ROW * (len(entity.keys) + bool(entity.more)) + _FOOT


def _box(entity: Entity, y: float, width: float) -> Box:
    first = y + _HEAD + _ROW * 0.75 + 3
    lines = tuple(_line(key, first + _ROW * at, width) for at, key in enumerate(entity.keys))
    more = f"and {entity.more} more column{'' if entity.more == 1 else 's'}" if entity.more else None
    x = _MARGIN + _INDENT * entity.depth
    title = _cut(entity.name, width - 44)
    return Box(x, y, width, _height(entity), entity.name, title, lines, more, first + _ROW * len(lines))


def _line(key: KeyColumn, y: float, width: float) -> BoxLine:
    aside = f"{key.kind} {key.role}"
    return BoxLine(y, _cut(key.name, width - 32 - len(aside) * _CHARACTER), aside)


def _cut(text: str, width: float) -> str:
    most = max(int(width / _CHARACTER), 4)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _link(relation: Relation, places: dict[str, Box]) -> Link:
    parent, child = places[relation.parent], places[relation.child]
    x, y = parent.x + _INDENT / 2, child.y + _HEAD / 2
    line = f"M{x:g} {parent.y + parent.height:g}V{y:g}H{child.x:g}"
    return Link(line, _many(child.x, y) if relation.many else _one(child.x, y), bool(relation.links))


def _many(x: float, y: float) -> str:
    """A crow's foot: its toes at the box."""
    return f"M{x:g} {y - 7:g}L{x - 11:g} {y:g}L{x:g} {y + 7:g}"


def _one(x: float, y: float) -> str:
    """A bar."""
    return f"M{x - 6:g} {y - 6:g}V{y + 6:g}"
