"""The checks of single values, run by Pandera on Arrow-backed pandas series.

One `SeriesSchema` per column (and per place within its nested values). It never coerces; nullability and types are the
flattener's promise. A whole column passes or fails in Arrow kernels; of what fails, Pandera's boolean `check_output`
tells the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pyarrow.compute as pc
from pandera.errors import SchemaError, SchemaErrors

from etl.contract.expressions import Path, paths
from etl.contract.model import Check, Column, Table, Type
from etl.errors import AccountingError
from etl.records import Rows, Violation
from etl.validate.arrays import tuples, whole
from etl.validate.nested import ITEMS, reach, steps
from etl.validate.places import PathTexts, Places, chain, depth
from etl.validate.predicates import Predicate, predicate
from etl.validate.texts import json_texts


@dataclass(frozen=True, slots=True)
class Cells:
    """One column's checks at one place within its values, compiled. The schema's checks are labelled by their index.

    `path` leads to the values; its first `outside` `[*]`s are indexed by the row, the rest by the place within the
    row's value. Rows that agree in the first `depth` positions repeat one value.
    """

    column: str
    within: tuple[str, ...]
    checks: tuple[Check, ...]
    predicates: tuple[Predicate, ...]
    schema: pandera.SeriesSchema
    path: Path
    outside: int
    depth: int


def cells_of(table: Table) -> tuple[Cells, ...]:
    """The table's checks, in column order."""
    return tuple(
        _compile(column, within)
        for column in table.columns
        for within in dict.fromkeys(check.within for check in column.checks)
    )


def _compile(column: Column, within: tuple[str, ...]) -> Cells:
    checks = tuple(check for check in column.checks if check.within == within)
    outer = paths(column.source)[0]
    predicates = tuple(predicate(check.test, _type_within(column.type, within).arrow) for check in checks)
    return Cells(
        column.name,
        within,
        checks,
        predicates,
        _schema(predicates),
        Path((*outer.steps, *steps(within))),
        chain(outer),
        depth(column.source),
    )


def _schema(predicates: tuple[Predicate, ...]) -> pandera.SeriesSchema:
    labelled = [_pandera_check(met, str(at)) for at, met in enumerate(predicates)]
    return pandera.SeriesSchema(checks=labelled, nullable=True)


def _type_within(outer: Type, within: tuple[str, ...]) -> Type:
    for step in within:
        inner = outer.item if step == ITEMS else next(field.type for field in outer.fields if field.name == step)
        if inner is None:
            raise AccountingError(f"a check leads to the items of a {outer.kind}, which has none")
        outer = inner
    return outer


def _pandera_check(met: Predicate, label: str) -> pandera.Check:
    """`n_failure_cases`: Pandera prints failing values one by one; we take rows from `check_output` instead."""
    return pandera.Check(lambda series: _verdict(met, series), error=label, ignore_na=False, n_failure_cases=1)


def _verdict(met: Predicate, series: pd.Series) -> bool | pd.Series:
    """True if all is well, else whether each value is."""
    verdict = met(whole(series.array.__arrow_array__()))
    if pc.all(verdict, min_count=0).as_py():
        return True
    return pd.Series(verdict.fill_null(True).to_numpy(zero_copy_only=False), index=series.index)


def judge(cells: Cells, rows: Rows, places: Places) -> Iterator[Violation]:
    """One violation per broken check and element; in check and row order.

    Raises `AccountingError` where Pandera fails without saying in which rows: a bug here, not in the data.
    """
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
    series = pd.Series(pd.arrays.ArrowExtensionArray(array), copy=False)
    try:
        cells.schema.validate(series, lazy=True, inplace=True)
    except SchemaErrors as failures:
        return [_located(cells, failure) for failure in failures.schema_errors]
    return []


def _located(cells: Cells, failure: SchemaError) -> tuple[Check, np.ndarray]:
    if not isinstance(failure.check_output, pd.Series):
        raise AccountingError(
            f"the checks of column {cells.column} failed without naming a row; this is a bug of this program, "
            f"not of the data: {failure.reason_code}"
        ) from failure
    return cells.checks[int(failure.check.error)], np.flatnonzero(~failure.check_output.to_numpy())
