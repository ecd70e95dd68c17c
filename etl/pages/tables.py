"""A table of the contract -> its part of the page."""

from __future__ import annotations

from collections.abc import Iterator

from etl.contract.expressions import written
from etl.contract.model import Check, Column, Required, Table, demands_value
from etl.contract.types import words
from etl.pages import rules
from etl.pages.entities import primary_key
from etl.pages.fields import Field, is_masked, shows_masked
from etl.pages.grain import grain_words
from etl.pages.model import ColumnPage, Statement, TablePage
from etl.pages.remarks import NONE, Remark, Remarks
from etl.pages.types import type_words
from etl.report import MASK


def table_page(table: Table, remarks: Remarks, root: Field) -> TablePage:
    """The table in words; `root` is that of the whole contract."""
    return TablePage(
        name=table.name,
        title=remarks.tables.get(table.name, NONE).title,
        description=table.description,
        grain=grain_words(table.grain),
        columns=tuple(_column(column, table, remarks, root) for column in table.columns),
        statements=(*map(rules.key, table.keys), *map(rules.condition, table.conditions)),
        partitions=table.partitions,
    )


def _column(column: Column, table: Table, remarks: Remarks, root: Field) -> ColumnPage:
    remark = remarks.columns.get((table.name, column.name), NONE)
    return ColumnPage(
        name=column.name,
        title=remark.title,
        description=column.description,
        type=words(column.type),
        type_words=type_words(column.type, column.source),
        source=written(column.source),
        classification=column.classification,
        masked=is_masked(column),
        required=column.required,
        optional=not demands_value(column.checks),
        key=_place(column.name, primary_key(table)),
        partition=_place(column.name, table.partitions),
        statements=tuple(_statements(column)),
        examples=_examples(remark, masked=shows_masked(column, root)),
    )


def _examples(remark: Remark, *, masked: bool) -> tuple[str, ...]:
    return (MASK,) if masked and remark.examples else remark.examples


def _place(name: str, names: tuple[str, ...]) -> int | None:
    return names.index(name) + 1 if name in names else None


def _statements(column: Column) -> Iterator[Statement]:
    """What is asked of the column's values; that it is required has a place of its own."""
    for check in column.checks:
        if not _is_required(check):
            yield rules.check(check, column)


def _is_required(check: Check) -> bool:
    return isinstance(check.test, Required) and check.rule.name == "required" and not check.within
