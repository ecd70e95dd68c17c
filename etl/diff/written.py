"""What is written otherwise: what other tools read, and what comes to the same here.

Whatever the engine does otherwise has its change already (`meant`), so that of the keywords that it executes only those
are told where nothing else has changed: `minimum: 0.5` for `minimum: 1` of whole numbers. So every difference between
two parsed contracts is some change, and nothing goes unseen under an unchanged version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from etl.contract.scope import is_masked
from etl.diff.nouns import At, Change
from etl.diff.places import LOCATIONS
from etl.diff.words import value

Route = tuple[str, ...]
_Difference = tuple[Route, Any, Any]

_IDENTITY = ("name", "server", "property", "id")  # what tells the entries of a list apart, in this order
_EXECUTED = {
    "customProperties", "enum", "items", "logicalType", "logicalTypeOptions", "partitioned", "partitionKeyPosition",
    "physicalType", "primaryKey", "primaryKeyPosition", "properties", "quality", "required", "transformLogic", "unique",
}  # fmt: skip
_SAME = "it means the same here"


def changes(old: Mapping[str, Any], new: Mapping[str, Any], meant: Sequence[Change]) -> Iterator[Change]:
    """The differences that no other change tells of."""
    for route, before, now in _differences(old, new, ()):
        at, keys = _place(route)
        if keys and not _is_told(route, at, keys, meant):
            yield _change(at, keys, before, now)


def _change(at: At, keys: Route, old: Any, new: Any) -> Change:
    what = ".".join(keys)
    before, now = value(old), value(new)
    if keys[-1] == "classification" and is_masked(old) and not is_masked(new):
        return at.safe(what, before, now, "its values are shown in reports, logs and pages from now on")
    if before is None or now is None or before == now:
        before, now = None, "added" if old is None else "removed" if new is None else "written otherwise"
    return at.safe(what, before, now, _SAME if keys[0] in _EXECUTED else "")


def _is_told(route: Route, at: At, keys: Route, meant: Sequence[Change]) -> bool:
    if route[0] == "schema":
        return keys[0] in _EXECUTED and any(_is_near(change, at) for change in meant)
    if route == ("version",):
        return True
    return any(change.table is None and change.what in _names(route) for change in meant)


def _names(route: Route) -> set[str]:
    """What a change of the contract as such may be called that tells of this difference."""
    if route[0] == "customProperties":
        return set(route[1:2])
    if route[0] == "servers":
        return {".".join(route[:2])} if len(route) == 2 or route[-1] in LOCATIONS else {route[-1]}
    return {route[0]}


def _is_near(change: Change, at: At) -> bool:
    """Whether it is a change of this table, and of the same column if both are of one."""
    return change.table == at.table and (
        not change.column or not at.column or _column(change.column) == _column(at.column)
    )


def _column(part: str) -> str:
    return part.partition(".")[0].removesuffix("[]")


def _place(route: Route) -> tuple[At, Route]:
    """Where a difference is, and the keywords that lead to it from there; none for a table or column as such."""
    if route[0] != "schema" or len(route) == 1:
        return At(), route
    at, keys = At(route[1]), route[2:]
    if keys[:1] == ("properties",) and len(keys) > 1:
        at, keys = At(route[1], keys[1]), keys[2:]
    while at.column and (keys[:1] == ("items",) or (keys[:1] == ("properties",) and len(keys) > 1)):
        at, keys = (at.part("[]"), keys[1:]) if keys[0] == "items" else (at.part(keys[1]), keys[2:])
    return at, keys


# Two trees.


def _differences(old: Any, new: Any, route: Route) -> Iterator[_Difference]:
    """Where two trees differ, with what is there: None where there is nothing."""
    before = {} if old is None and _is_named_list(new) else _children(old)
    now = {} if new is None and _is_named_list(old) else _children(new)
    if before is None or now is None:
        if repr(old) != repr(new):  # 1, 1.0 and true are equal, and not the same
            yield route, old, new
        return
    for name in dict.fromkeys([*now, *before]):
        was, is_ = before.get(name), now.get(name)
        if (name in before and name in now) or _is_named_list(was) or _is_named_list(is_):
            yield from _differences(was, is_, (*route, name))
        else:
            yield (*route, name), was, is_
    if isinstance(old, list) and before.keys() == now.keys() and list(before) != list(now) and not _is_ordered(route):
        yield route, old, new


def _is_ordered(route: Route) -> bool:
    """Tables and columns, whose order has a change of its own."""
    return route[-1:] in (("schema",), ("properties",))


def _is_named_list(node: Any) -> bool:
    return isinstance(node, list) and _children(node) is not None


def _children(node: Any) -> Mapping[str, Any] | None:
    """What a mapping holds, or a list whose entries have names."""
    if isinstance(node, Mapping):
        return node
    if not isinstance(node, list) or not all(isinstance(entry, Mapping) for entry in node):
        return None
    for key in _IDENTITY:
        named = {entry[key]: entry for entry in node if isinstance(entry.get(key), str)}
        if node and len(named) == len(node):
            return named
    return None
