"""The checks of single values, run by Pandera on Arrow-backed pandas series.

One `SeriesSchema` per column (and per place within its nested values), compiled once per table. It never coerces;
nullability and types are the flattener's promise. It says whether all checks hold everywhere, by Arrow's kernels; where
it says no, the same kernels tell in which rows, as Pandera's report of the failures takes ten times longer than they.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.expressions import Path, paths
from etl.contract.model import Check, Column, Table
from etl.errors import AccountingError
from etl.records import Rows, Same, Violation
from etl.validate.arrays import tuples, whole
from etl.validate.library import SchemaError, ValidationDepth, config_context, pandera
from etl.validate.nested import reach, steps
from etl.validate.places import PathTexts, Places, chain, depth
from etl.validate.predicates import Predicate, predicate
from etl.validate.texts import json_texts


@dataclass(frozen=True, slots=True)
class Cells:
    """One column's checks at one place within its values, compiled: all in one `schema`, and the predicate of each.

    `path` leads to the values; its first `outside` `[*]`s are indexed by the row, the rest by the place within the
    row's value. Rows that agree in the first `depth` positions repeat one value.
    """

    column: str
    within: tuple[str, ...]
    checks: tuple[Check, ...]
    schema: pandera.SeriesSchema
    predicates: tuple[Predicate, ...]
    path: Path
    outside: int
    depth: int


def compiled(table: Table) -> tuple[Cells, ...]:
    """The table's checks, in column order, ready to run; made once for a table."""
    return _compiled(Same(table))


@lru_cache(maxsize=256)
def _compiled(key: Same[Table]) -> tuple[Cells, ...]:
    return tuple(
        _compile(column, within)
        for column in key.one.columns
        for within in dict.fromkeys(check.within for check in column.checks)
    )


def judge(compiled: tuple[Cells, ...], rows: Rows, places: Places) -> list[Violation]:
    """One violation per broken check and element; in column, check and row order.

    Raises `AccountingError` where Pandera fails without saying in which rows: a bug here, not in the data.
    """
    with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
        # whatever PANDERA_* says in the environment: no check is ever switched off
        return [violation for cells in compiled for violation in _judge(cells, rows, places)]


def _compile(column: Column, within: tuple[str, ...]) -> Cells:
    checks = tuple(check for check in column.checks if check.within == within)
    outer = paths(column.source)[0]
    type_ = column.type.within(within)
    predicates = tuple(predicate(check.test, type_.arrow) for check in checks)
    return Cells(
        column.name,
        within,
        checks,
        _schema(predicates),
        predicates,
        Path((*outer.steps, *steps(within))),
        chain(outer),
        depth(column.source),
    )


def _schema(predicates: tuple[Predicate, ...]) -> pandera.SeriesSchema:
    def hold(series: pd.Series) -> bool:
        values = whole(series.array.__arrow_array__())
        return all(pc.all(met(values), min_count=0).as_py() for met in predicates)

    return pandera.SeriesSchema(checks=pandera.Check(hold, ignore_na=False), nullable=True)


def _judge(cells: Cells, rows: Rows, places: Places) -> Iterator[Violation]:
    known = places.known(cells.depth, (cells.column,))
    values = reach(rows.column(cells.column, known), cells.within)
    path = PathTexts(cells.path)
    for check, broken in _failures(cells, values.array):
        spots = places.spots(known[values.owners[broken]], cells.depth)
        inner = tuples(values.positions, broken)
        texts = json_texts(values.array.take(pa.array(broken)))
        for spot, inside, text in zip(spots, inner, texts, strict=True):
            place = path[(*spot.positions[: cells.outside], *inside)]
            yield Violation(check.rule, spot.record, place, text, rows=spot.rows)


def _failures(cells: Cells, array: pa.Array) -> list[tuple[Check, np.ndarray]]:
    """Each check that fails, and which values fail it (indexes)."""
    if _holds(cells.schema, pd.Series(pd.arrays.ArrowExtensionArray(array), copy=False)):
        return []
    verdicts = ((check, met(array).fill_null(True)) for check, met in zip(cells.checks, cells.predicates, strict=True))
    broken = ((check, np.flatnonzero(~verdict.to_numpy(zero_copy_only=False))) for check, verdict in verdicts)
    failures = [(check, where) for check, where in broken if len(where)]
    if not failures:
        raise AccountingError(
            f"the checks of column {cells.column} failed without naming a row; this is a bug of this program, "
            "not of the data"
        )
    return failures


def _holds(schema: pandera.SeriesSchema, series: pd.Series) -> bool:
    try:
        schema.validate(series, inplace=True)
    except SchemaError:
        return False
    return True
