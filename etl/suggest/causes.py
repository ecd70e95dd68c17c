"""Violations by their cause, block by block: what an edit of the contract would have to let in, for how many records.

Only records that break nothing else are counted, as those are what the edit alone would release. Memory is bounded: of
values there are a few, of texts their length, of dates the formats that are left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from etl.contract.model import Check, Column, Contract, Count, OneOf, Required, Table
from etl.records import Rows, Rule, Violation
from etl.suggest import formats
from etl.suggest.fields import Fields
from etl.suggest.formats import Format, Reads
from etl.suggest.values import Length, Missing, Values

Group = Values | Length | Missing | Format | Fields


class Causes:
    """The groups of one upload so far. `reads` is how the engine converts one value (`formats.Reads`)."""

    def __init__(self, contract: Contract, reads: Reads) -> None:
        self.contract = contract
        self._reads = reads
        self._groups: dict[Rule, Group | None] = dict(_groups(contract))
        self._formats = [group for group in self._groups.values() if isinstance(group, Format)]

    @property
    def groups(self) -> list[Group]:
        """Those that have records which break nothing else, in the contract's order."""
        return [group for group in self._groups.values() if group is not None and _has_records(group)]

    def add(
        self, rejected: Mapping[int, Sequence[Violation]], rows: Mapping[str, Rows], text: Callable[[int], bytes]
    ) -> None:
        """Take in a block: its rejected records with every violation, its rows, and a record's text by its number."""
        for group in self._formats:
            _look(group, rows)
        for record, violations in rejected.items():
            errors = [each for each in violations if each.rule.severity == "error"]
            groups = [self._group(each.rule) for each in errors]
            for found, violation in zip(groups, errors, strict=True):
                if isinstance(found, Format):
                    found.see(violation, self._reads)
            first = groups[0] if groups else None
            if first is None or any(group is not first for group in groups):
                continue
            if isinstance(first, Format):
                first.add(errors, self._reads)
            else:
                first.add(errors, text(record))

    def _group(self, rule: Rule) -> Group | None:
        if rule not in self._groups:
            unknown = rule.name == "unknownFields" and rule.table is None
            self._groups[rule] = Fields(rule) if unknown else None
        return self._groups[rule]


def _has_records(group: Group) -> bool:
    return bool(group.sets if isinstance(group, Fields) else group.records)


def _look(group: Format, rows: Mapping[str, Rows]) -> None:
    """Whether any value of the column converts."""
    if group.left != [] and (found := rows.get(group.table.name)) is not None:
        values = found.values[group.column.name]
        if len(values) > values.null_count:
            group.converts()


def _groups(contract: Contract) -> Iterator[tuple[Rule, Group]]:
    for table in contract.tables:
        for column in table.columns:
            for check in column.checks:
                group = _checked(check, column, table)
                if group is not None and check.rule.severity == "error":
                    yield check.rule, group
            if formats.is_readable(column):
                yield column.cast, Format(column, table)


def _checked(check: Check, column: Column, table: Table) -> Group | None:
    rule, within = check.rule, check.within
    match check.test:
        case OneOf() if rule.name == "enum" and not rule.masked:
            return Values(rule, within)
        case Count(op, limit) if rule.name in ("minLength", "maxLength"):
            return Length(rule, within, limit, op == "<=")
        case Required() if rule.name == "required" and not _is_key(column, table):
            return Missing(rule, within)
    return None


def _is_key(column: Column, table: Table) -> bool:
    return column.name in table.partitions or any(column.name in key.columns for key in table.keys)
