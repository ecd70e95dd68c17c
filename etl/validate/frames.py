"""Whole frames first: Pandera asks of all columns that are held at one level whether anything in them is broken.

Only the columns that fail are looked at one by one (cells.py): most frames hold nothing broken, and each schema that is
run costs the same however few the rows are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd
import pandera.pandas as pandera
import pyarrow.compute as pc
from pandera.errors import SchemaErrors

from etl.records import Rows
from etl.validate.arrays import whole
from etl.validate.cells import Cells
from etl.validate.places import Places
from etl.validate.predicates import Predicate


@dataclass(frozen=True, slots=True)
class Frame:
    """The columns of one level that have checks, and one check for each: that all of its own hold."""

    depth: int
    columns: tuple[str, ...]
    schema: pandera.DataFrameSchema


def frames(cells: Iterable[Cells]) -> tuple[Frame, ...]:
    """The frames of a table. What lies within the values of a column is in none of them."""
    flat = [each for each in cells if not each.within]
    return tuple(_frame(depth, flat) for depth in dict.fromkeys(each.depth for each in flat))


def _frame(depth: int, flat: Iterable[Cells]) -> Frame:
    held = [each for each in flat if each.depth == depth]
    checks = [_check(each.column, each.predicates) for each in held]
    return Frame(depth, tuple(each.column for each in held), pandera.DataFrameSchema(checks=checks))


def _check(column: str, predicates: tuple[Predicate, ...]) -> pandera.Check:
    def hold(frame: pd.DataFrame) -> bool:
        values = whole(frame[column].array.__arrow_array__())
        return all(pc.all(met(values), min_count=0).as_py() for met in predicates)

    return pandera.Check(hold, error=column, n_failure_cases=1)


def sound(frames: Iterable[Frame], rows: Rows, places: Places) -> set[str]:
    """The columns of which every value keeps every check. Those in which something is unknown are never among them."""
    return {column for frame in frames for column in _sound(frame, rows, places)}


def _sound(frame: Frame, rows: Rows, places: Places) -> set[str]:
    firsts = places.firsts(frame.depth)
    columns = {name: pd.arrays.ArrowExtensionArray(rows.column(name, firsts)) for name in frame.columns}
    try:
        frame.schema.validate(pd.DataFrame(columns, copy=False), lazy=True, inplace=True)
    except SchemaErrors as failures:
        broken = {str(failure.check.error) for failure in failures.schema_errors}
        return set(columns) - broken - rows.unknown.keys()
    return set(columns) - rows.unknown.keys()
