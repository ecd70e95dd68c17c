"""Small things done to columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa


def whole(column: pa.ChunkedArray) -> pa.Array:
    """A column as one array; copied only where it is in pieces."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def tuples(levels: Iterable[np.ndarray], rows: np.ndarray) -> Iterator[tuple[int, ...]]:
    """For each of these rows, its value in every level."""
    columns = [level[rows].tolist() for level in levels]
    return zip(*columns, strict=True) if columns else iter([()] * len(rows))
