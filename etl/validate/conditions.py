"""Conditions across the columns of a row, computed by DuckDB.

Conditions about the same kind of element run as one statement, which first asks whether all rows meet all of them,
and only where some do not, which. Each stands in DuckDB's `TRY`, which gives null where a row makes it fail, and which
takes only what a row alone decides: no subqueries, aggregates or window functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.model import Condition, Table
from etl.records import Rows, Violation
from etl.validate import sql
from etl.validate.arrays import whole
from etl.validate.places import PathTexts, Places, ancestor, depth
from etl.validate.texts import json_texts

UNCOMPUTABLE = "the condition could not be computed"


def judge(table: Table, rows: Rows, places: Places) -> list[Violation]:
    """One violation per condition and element that does not meet it; null counts as met.

    Raises `sql.Unusable` with the name of the rule.
    """
    levels = {column.name: depth(column.source) for column in table.columns}

    def level(condition: Condition) -> int:
        return max((levels[name] for name in condition.columns), default=0)

    return [
        violation
        for at, conditions in groupby(sorted(table.conditions, key=level), key=level)
        for violation in _judge(table, tuple(conditions), at, rows, places)
    ]


def _judge(
    table: Table, conditions: Sequence[Condition], level: int, rows: Rows, places: Places
) -> Iterator[Violation]:
    path, firsts = PathTexts(ancestor(table.grain, level)), places.firsts(level)
    asked = _asked(conditions, rows, firsts)
    if not rows.unknown and _all_met(table.name, conditions, asked):
        return
    verdicts = _verdicts(table.name, conditions, asked)
    for condition, verdict in zip(conditions, verdicts, strict=True):
        known = np.isin(firsts, places.known(level, condition.columns))
        failed = verdict.is_null().to_numpy()
        unmet = pc.invert(pc.struct_field(verdict, 0)).fill_null(False).to_numpy()
        broken = known & (failed | unmet)
        texts = _shown(condition, rows, firsts[broken])
        spots = places.spots(firsts[broken], level)
        for spot, text, uncomputable in zip(spots, texts, failed[broken], strict=True):
            detail = UNCOMPUTABLE if uncomputable else None
            yield Violation(condition.rule, spot.record, path[spot.positions], text, detail, spot.rows)


def _asked(conditions: Sequence[Condition], rows: Rows, firsts: np.ndarray) -> pa.Table:
    """The columns that any of these conditions names (all of them where none does: SQL knows no table without)."""
    named = {name for condition in conditions for name in condition.columns}
    return rows.table((name for name in rows.values if name in named or not named), firsts)


def _all_met(table: str, conditions: Sequence[Condition], block: pa.Table) -> bool:
    """Whether all rows meet all of them: asked first, as it is quickly told."""
    tries = (f"TRY({{'met': coalesce(CAST((\n{condition.sql}\n) AS BOOLEAN), true)}})" for condition in conditions)
    met = (f"coalesce(bool_and(coalesce(struct_extract({tried}, 'met'), false)), true)" for tried in tries)
    try:
        return all(sql.row(f"SELECT {', '.join(met)} FROM {sql.identifier(table)}", {table: block}))  # noqa: S608
    except (sql.Uncomputable, sql.Unusable):
        return False  # which of them, and for which row, is for `_verdicts` to tell


def _verdicts(table: str, conditions: Sequence[Condition], block: pa.Table) -> list[pa.ChunkedArray]:
    """For each condition, row by row: an object with a boolean or null in it, null where the row makes it fail."""
    tries = (f"TRY({{'met': CAST((\n{condition.sql}\n) AS BOOLEAN)}})" for condition in conditions)
    named = ", ".join(f"{tried} AS c{at}" for at, tried in enumerate(tries))
    try:
        result = sql.query(f"SELECT {named} FROM {sql.identifier(table)}", {table: block})  # noqa: S608  # the contract's own
    except sql.Uncomputable:
        return _one_by_one(table, conditions, block)
    except sql.Unusable as error:
        if len(conditions) > 1:  # by itself, the one at fault has a name
            return [verdict for each in conditions for verdict in _verdicts(table, [each], block)]
        raise sql.Unusable(f"rule '{conditions[0].rule.name}' of table '{table}': {error}") from error
    return list(result.columns)


def _one_by_one(table: str, conditions: Sequence[Condition], block: pa.Table) -> list[pa.ChunkedArray]:
    """Where TRY does not hold an error back: halve until the row that raises it stands alone, and is null."""
    if len(conditions) > 1:
        return [verdict for each in conditions for verdict in _verdicts(table, [each], block)]
    if len(block) == 1:
        return [pa.chunked_array([pa.nulls(1, pa.struct([("met", pa.bool_())]))])]
    half = len(block) // 2
    parts = [_verdicts(table, conditions, part)[0] for part in (block.slice(0, half), block.slice(half))]
    return [pa.chunked_array([chunk for part in parts for chunk in part.chunks])]


def _shown(condition: Condition, rows: Rows, chosen: np.ndarray) -> list[str | None]:
    if not condition.columns:
        return ["{}"] * len(chosen)
    return json_texts(whole(rows.table(condition.columns, chosen).to_struct_array()))
