"""What Athena finds no more: partitions outside of what the contract projects, and columns that it can't read.

Athena computes the partitions from the contract (`etl.athena.projection`). A rule on a partition column thus says
what readers see of all that was ever published: where it becomes narrower, partitions are still in the lake, and no
query finds them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from etl.athena import projection
from etl.athena.obstacles import obstacle
from etl.contract.model import Column
from etl.diff.nouns import Change

_RULES = ("minimum", "maximum", "enum")  # what the projection, and the range of unsigned numbers, are made of


def seen(changes: Iterable[Change], old: Column, new: Column, *, partition: bool) -> Iterator[Change]:
    """The changes of a column's rules: breaking where they hide something from Athena."""
    for change in changes:
        why = _hidden(old, new, partition=partition) if change.what in _RULES else None
        yield replace(change, effect="breaking", step="major", why=why) if why else change


def _hidden(old: Column, new: Column, *, partition: bool) -> str | None:
    if old.type.arrow != new.type.arrow or not (partition or "uint" in str(old.type.arrow)):
        return None
    if partition:
        return projection.hidden(old, new)
    found = obstacle(new)
    return f"it is no longer a column in Athena: {found}" if found and not obstacle(old) else None
