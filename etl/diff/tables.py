"""Tables in two contracts: their columns, what makes a row, keys, conditions, partitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from etl.contract.expressions import Index, Json, paths, written
from etl.contract.model import Column, Condition, Key, Table, demands_value
from etl.diff import columns
from etl.diff.nouns import At, Change
from etl.diff.pairs import Pairs, pair
from etl.diff.unread import Refuses
from etl.diff.words import NONE, line, typed

_PASSED_OVER = "fields that were passed over are judged now"
_OLDER = "older files do not have it: readers meet nulls there"


def changes(old: Sequence[Table], new: Sequence[Table], refused: Refuses) -> Iterator[Change]:
    """The changes of all tables; `refused` tells of fields that the old contract does not take."""
    tables = pair(old, new, _same_table)
    for table in tables.removed:
        why = f"what was published of it stays in the lake, in {table.name}/, and gets nothing new"
        yield At(table.name).breaking("removed", None, _rows(table), why)
    for before, table in tables.both:
        yield from _table(before, table, At(table.name), refused)
    for table in tables.added:
        yield At(table.name).tightening("added", None, _rows(table), _PASSED_OVER)
    if tables.names and [one.name for one in old if one.name in tables.names] != [one.name for one, _ in tables.both]:
        yield At().safe("schema", None, "tables in another order")


def _same_table(one: Table, other: Table) -> bool:
    return one.grain == other.grain and _made_of(one) == _made_of(other)


def _made_of(table: Table) -> list[tuple[object, ...]]:
    return [(column.name, column.source, column.type) for column in table.columns]


def _rows(table: Table) -> str:
    return f"a row per {table.grain}" if table.grain.steps else "a row per record"


def _table(old: Table, new: Table, at: At, refused: Refuses) -> Iterator[Change]:
    found = pair(old.columns, new.columns, _same_column)
    if old.name != new.name:
        why = f"what was published stays in the lake, in {old.name}/, until its uploads come again"
        yield at.breaking("renamed", old.name, new.name, why)
    if old.grain != new.grain:
        yield at.breaking("grain", _rows(old), _rows(new), "a row is another thing than in the lake")
    yield from _partitions(old, new, found.names, at)
    yield from _columns(old, new, found, refused)
    yield from _keys(old.keys, new.keys, found.names, at)
    yield from _conditions(old.conditions, new.conditions, at)


def _same_column(one: Column, other: Column) -> bool:
    return one.source == other.source and one.type == other.type


def _partitions(old: Table, new: Table, names: Mapping[str, str], at: At) -> Iterator[Change]:
    if [names.get(name) for name in old.partitions] != list(new.partitions):
        before, now = (", ".join(table.partitions) or NONE for table in (old, new))
        yield at.breaking("partitioned", before, now, "the lake holds folders of both kinds")


# Columns.


def _columns(old: Table, new: Table, found: Pairs[Column], refused: Refuses) -> Iterator[Change]:
    for column in found.removed:
        what = f"{typed(column.type)} from {written(column.source)}"
        yield At(new.name, column.name).breaking("removed", None, what, "new files do not have it")
    for before, column in found.both:
        here = At(new.name, column.name)
        if before.name != column.name:
            yield here.breaking("renamed", before.name, column.name, f"older files have it as {before.name}")
        partition = before.name in old.partitions and column.name in new.partitions
        yield from columns.changes(before, column, here, partition=partition)
    for column in found.added:
        yield _added(column, old, At(new.name, column.name), refused)
    if [column.name for column in old.columns if column.name in found.names] != [one.name for one, _ in found.both]:
        yield At(new.name).safe("properties", None, "columns in another order", "readers find them by name")


def _added(column: Column, table: Table, at: At, refused: Refuses) -> Change:
    what = f"{typed(column.type)} from {written(column.source)}"
    if not demands_value(column.checks) and all(map(refused, paths(column.source))):
        return at.loosening("added", None, what, f"documents that have it were refused; {_OLDER}")
    if column.checks or not _always_fits(column, table):
        required = "required " if column.required else ""
        return at.tightening("added", None, f"{required}{what}", f"{_PASSED_OVER}; {_OLDER}")
    return at.loosening("added", None, what, _OLDER)


def _always_fits(column: Column, table: Table) -> bool:
    """Whether a new column takes whatever the documents hold: a position, or any field once as JSON text."""
    if isinstance(column.source, Json):
        return len(column.source.path.steps) == 1 and not table.grain.steps
    return isinstance(column.source, Index) and table.grain.steps[: len(column.source.path.steps)] == (
        column.source.path.steps
    )


# Keys.


def _keys(old: Sequence[Key], new: Sequence[Key], names: Mapping[str, str], at: At) -> Iterator[Change]:
    """What is unique over some columns is so over more of them."""
    before, now = _strict(old), _strict(new)
    kept = [{names.get(name, "") for name in key.columns} for key in before]
    come = [key for key in now if not any(one <= set(key.columns) for one in kept)]
    gone = [key for key, one in zip(before, kept, strict=True) if not any(set(key.columns) <= one for key in now)]
    for key in gone:
        successor = next((one for one in come if one.rule.name == key.rule.name), None)
        come = [one for one in come if one is not successor]
        words = ", ".join(successor.columns) if successor else NONE
        yield at.breaking(key.rule.name, ", ".join(key.columns), words, "rows may repeat: joins may double them")
    for key in come:
        yield at.tightening(key.rule.name, NONE, ", ".join(key.columns))
    yield from _warning_keys(old, new, at)


def _strict(keys: Sequence[Key]) -> list[Key]:
    return [key for key in keys if key.rule.severity == "error"]


def _warning_keys(old: Sequence[Key], new: Sequence[Key], at: At) -> Iterator[Change]:
    before, now = {key.columns for key in old}, {key.columns for key in new}
    for key in new:
        if key.rule.severity == "warning" and key.columns not in before:
            yield at.safe(key.rule.name, NONE, ", ".join(key.columns), "a warning: it quarantines nothing")
    for key in old:
        if key.rule.severity == "warning" and key.columns not in now:
            yield at.safe(key.rule.name, ", ".join(key.columns), NONE, "a warning: it quarantined nothing")


# Conditions.


def _conditions(old: Sequence[Condition], new: Sequence[Condition], at: At) -> Iterator[Change]:
    """By their SQL; of those that are new, whatever has the same name is taken for what they were."""
    gone = [one for one in old if not _is_among(one, new)]
    for condition in new:
        if _is_among(condition, old):
            continue
        before = next((one for one in gone if one.rule.name == condition.rule.name), None)
        gone = [one for one in gone if one is not before]
        yield _condition(condition.rule.name, before, condition, at)
    for one in gone:
        yield _condition(one.rule.name, one, None, at)


def _is_among(condition: Condition, others: Sequence[Condition]) -> bool:
    return any((condition.sql, condition.rule.severity) == (other.sql, other.rule.severity) for other in others)


def _condition(name: str, old: Condition | None, new: Condition | None, at: At) -> Change:
    judged, judges = (one is not None and one.rule.severity == "error" for one in (old, new))
    before, now = (line(one.sql) if one else NONE for one in (old, new))
    if old and new and before == now:
        before, now = old.rule.severity, new.rule.severity
    if not judged and not judges:
        return at.safe(name, before, now, "a warning: it quarantines nothing")
    return at.moved(name, before, now, tighter=judges)
