"""One table's view of parsed records: the elements of each `[*]` of its grain, and the rows that they make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.expressions import Each, Path
from etl.flatten.columns import Mask


class Exploded:
    """One table's view of a block: arrays of elements by `[*]` level, and how rows map to them."""

    def __init__(self, records: pa.StructArray, grain: Path) -> None:
        self.elements: list[pa.Array] = [records]
        self.parents: list[np.ndarray] = []
        self.places: list[np.ndarray] = []
        steps: list[Any] = []
        for step in grain.steps:
            if isinstance(step, Each):
                self._descend(_navigate(self.elements[-1], steps))
                steps = []
            else:
                steps.append(step)
        self._rows()

    def _descend(self, lists: pa.ListArray) -> None:
        lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
        starts = np.cumsum(lengths) - lengths
        parents = np.repeat(np.arange(len(lengths)), lengths)
        self.elements.append(lists.flatten())
        self.parents.append(parents)
        self.places.append(np.arange(len(parents)) - starts[parents])

    def _rows(self) -> None:
        """For each level, the element that each row comes from."""
        rows = [np.arange(len(self.elements[-1]))]
        for parents in reversed(self.parents):
            rows.insert(0, parents[rows[0]])
        self.rows = rows

    @property
    def depth(self) -> int:
        return len(self.parents)

    @property
    def positions(self) -> tuple[np.ndarray, ...]:
        return tuple(places[rows] for places, rows in zip(self.places, self.rows[1:], strict=True))

    def array(self, path: Path) -> tuple[pa.Array, int]:
        """What lies at a path, one value per element of its level; and the level."""
        level = depth(path)
        last = max((i for i, step in enumerate(path.steps) if isinstance(step, Each)), default=-1)
        return _navigate(self.elements[level], path.steps[last + 1 :]), level

    def mask_to_rows(self, mask: Mask, level: int) -> Mask:
        return mask if mask is None or level == self.depth else mask[self.rows[level]]


def depth(path: Path) -> int:
    return sum(isinstance(step, Each) for step in path.steps)


def _navigate(array: pa.Array, steps: Sequence[Any]) -> pa.Array:
    for step in steps:
        array = _element(array, step) if isinstance(step, int) else _member(array, step)
    return array


def _member(array: pa.StructArray, name: str) -> pa.Array:
    return pc.struct_field(array, indices=[array.type.get_field_index(name)])


def _element(lists: pa.ListArray, index: int) -> pa.Array:
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    starts = np.cumsum(lengths) - lengths
    there = (lengths > index) if index >= 0 else (lengths >= -index)
    at = starts + (index if index >= 0 else lengths + index)
    return lists.flatten().take(pa.array(np.where(there, at, 0), mask=~there))
