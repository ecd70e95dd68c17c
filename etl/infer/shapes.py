"""What a place becomes: a column, several of them, a table of its own, JSON text, or nothing."""

from __future__ import annotations

import re

from etl.infer import types
from etl.infer.draft import Shape
from etl.infer.seen import Seen
from etl.infer.texts import identifies

MOST_ROWS = 100_000  # of one table, from one record: the engine takes no more
_DEEPEST = 6  # names from a table's row to a column
_MOST_LEVELS = 4  # arrays in arrays that become tables
_SCALARS = {"boolean", "integer", "number", "text"}

_LEAST_OBJECTS = 10  # before it is told by their keys which
_MANY = 12  # keys
_OCCUPIED = 0.2  # of the keys, what an object has on average
_DATA = re.compile(r"[0-9]+|[0-9]{4}-[0-9]{2}(-[0-9]{2})?.*|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-.{22,}|[0-9a-fA-F]{16,}")


def shape(seen: Seen, name: str, depth: int, level: int, rows: int) -> Shape:
    """`depth` counts the names from the table's row, `level` the arrays round it, `rows` what a record has at most."""
    kinds = seen.only
    if not kinds:
        return "nothing"
    if kinds <= _SCALARS:
        return "scalar"
    if kinds == {"object"}:
        return "object" if depth < _DEEPEST and _has_fields(seen) else "json"
    return _array(seen, name, level, rows) if kinds == {"array"} else "json"


def _array(seen: Seen, name: str, level: int, rows: int) -> Shape:
    element = seen.element
    if seen.crowded:
        return "json"
    if element is None:
        return "nothing"
    if element.only == {"object"}:
        fits = level < _MOST_LEVELS and rows * seen.longest <= MOST_ROWS
        return "table" if fits and _has_fields(element) else "json"
    return "list" if element.only and element.only <= _SCALARS and types.element(element, name) else "json"


def _has_fields(seen: Seen) -> bool:
    """Whether the keys of objects are names of fields, and not data themselves."""
    if not seen.members or seen.crowded or all(map(_DATA.fullmatch, seen.members)):
        return False
    if any(map(identifies, seen.members)):
        return False
    objects, names = seen.kinds["object"], len(seen.members)
    if objects < _LEAST_OBJECTS or names < _MANY:
        return True
    return sum(member.kinds.total() for member in seen.members.values()) >= _OCCUPIED * objects * names
