"""Two contracts for tests, as short as they go, and what is found between them."""

from __future__ import annotations

from functools import cache

from etl import diff
from etl.diff import Change, Document

HEAD = 'apiVersion: v3.1.0\nkind: DataContract\nid: shop\nversion: "1.0.0"\n'
ID = "      - {name: id, logicalType: integer}\n"


def document(keys: str = "", *, table: str = "", columns: str = ID, name: str = "t") -> str:
    """A contract of one table: these keys of its own, of its table, and these columns."""
    return f"{HEAD}{keys}schema:\n  - name: {name}\n{table}    properties:\n{columns}"


def column(keys: str) -> str:
    """A contract whose table `t` has `id` and a column `a` with these keys."""
    return document(columns=f"{ID}      - {{name: a, {keys}}}\n")


def custom(name: str, value: str) -> str:
    return document(f"customProperties:\n  - {{property: {name}, value: {value}}}\n")


@cache
def parsed(text: str) -> Document:
    return diff.document(text, "c.odcs.yaml")


def changes(old: str, new: str) -> tuple[Change, ...]:
    return diff.changes(parsed(old), parsed(new))


def told(old: str, new: str) -> list[tuple[str, str, str]]:
    """Effect, place and keyword of each change."""
    return [(change.effect, change.place, change.what) for change in changes(old, new)]
