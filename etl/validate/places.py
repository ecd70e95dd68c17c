"""Where the rows of one block lie in their documents: in which record, in which element, at which path.

A column whose path has fewer `[*]` than its table repeats over rows. What is wrong there is wrong once, in the element
that holds it, however many rows show it: everything here counts elements, and says which rows each of them covers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from etl.contract.expressions import EACH, Expression, Path, paths
from etl.records import Rows
from etl.validate.arrays import tuples


def depth(source: Expression) -> int:
    """How many `[*]` lead to the values: the longest chain among the paths read."""
    return max(chain(path) for path in paths(source))


def chain(path: Path) -> int:
    """How many `[*]` a path has."""
    return path.steps.count(EACH)


def ancestor(path: Path, depth: int) -> Path:
    """The path up to and with its `depth`th `[*]`; the record's root for 0."""
    ends = [at + 1 for at, step in enumerate(path.steps) if step == EACH]
    return Path(path.steps[: ends[depth - 1]] if depth else ())


class PathTexts(dict[tuple[int, ...], str]):
    """A path as text, by the indexes of its `[*]`: the records of a block share a few of them."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def __missing__(self, positions: tuple[int, ...]) -> str:
        text = self[positions] = self._path.at(positions)
        return text


@dataclass(frozen=True, slots=True)
class Spot:
    """An element of a record: its indexes, one per `[*]`, and the rows it covers, counted from 0 within the record."""

    record: int
    positions: tuple[int, ...]
    rows: tuple[int, ...]


class Places:
    """The elements of one block of rows. Rows are in document order, so that those of an element are neighbours."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._firsts: dict[int, np.ndarray] = {}

    def firsts(self, depth: int) -> np.ndarray:
        """The first row of each element that `depth` `[*]`s tell apart (0: of each record), ascending."""
        if depth not in self._firsts:
            self._firsts[depth] = self._find_firsts(depth)
        return self._firsts[depth]

    def _find_firsts(self, depth: int) -> np.ndarray:
        if 0 < depth == len(self._rows.positions) or not len(self._rows):
            return np.arange(len(self._rows))
        marks = (self._rows.records, *self._rows.positions[:depth])
        changes = np.logical_or.reduce([mark[1:] != mark[:-1] for mark in marks])
        return np.concatenate(([0], np.flatnonzero(changes) + 1))

    def known(self, depth: int, columns: tuple[str, ...]) -> np.ndarray:
        """`firsts`, without rows where a value of one of these columns did not convert."""
        firsts = self.firsts(depth)
        unknown = [self._rows.unknown[name] for name in columns if name in self._rows.unknown]
        return firsts[~np.isin(firsts, np.concatenate(unknown))] if unknown else firsts

    def spots(self, rows: np.ndarray, depth: int) -> Iterator[Spot]:
        """The elements which begin at these rows."""
        starts = self.firsts(0)
        begin = starts[np.searchsorted(starts, rows, side="right") - 1]
        return map(
            Spot,
            self._rows.records[rows].tolist(),
            tuples(self._rows.positions[:depth], rows),
            map(_span, (rows - begin).tolist(), (self._ends(rows, depth) - begin).tolist()),
        )

    def _ends(self, rows: np.ndarray, depth: int) -> np.ndarray:
        firsts = self.firsts(depth)
        return np.append(firsts, len(self._rows))[np.searchsorted(firsts, rows) + 1]


def _span(start: int, end: int) -> tuple[int, ...]:
    return tuple(range(start, end))
