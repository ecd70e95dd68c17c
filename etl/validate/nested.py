"""Values inside of values: the items of lists and the fields of objects, laid out flat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.expressions import EACH, Step

ITEMS = "[]"


@dataclass(frozen=True, slots=True)
class Values:
    """A flat array, the outermost value that each one lies in (its index), and item positions, one array per list."""

    array: pa.Array
    owners: np.ndarray
    positions: tuple[np.ndarray, ...] = ()


def reach(array: pa.Array, within: tuple[str, ...]) -> Values:
    """The values that `within` leads to (`model.Check`). A null list or object holds none."""
    values = Values(array, np.arange(len(array)))
    for step in within:
        values = _items(values) if step == ITEMS else _field(values, step)
    return values


def steps(within: tuple[str, ...]) -> tuple[Step, ...]:
    """The same way as steps of a path."""
    return tuple(EACH if step == ITEMS else step for step in within)


def _items(lists: Values) -> Values:
    parents = pc.list_parent_indices(lists.array).to_numpy()
    positions = np.arange(len(parents)) - np.searchsorted(parents, parents)
    outer = (level[parents] for level in lists.positions)
    return Values(pc.list_flatten(lists.array), lists.owners[parents], (*outer, positions))


def _field(objects: Values, name: str) -> Values:
    present = np.flatnonzero(objects.array.is_valid())
    values = pc.struct_field(objects.array.take(pa.array(present)), name)
    return Values(values, objects.owners[present], tuple(level[present] for level in objects.positions))
