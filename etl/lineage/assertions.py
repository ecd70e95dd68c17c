"""The contract's rules as assertions on an upload: those that were broken, and those that held.

Unknown is not held: a rule is told to hold only if every value it is about was there to be judged. Of a column with
values that did not convert no other rule is, of a table with records that could not become rows none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from openlineage.client.facet_v2 import data_quality_assertions_dataset

from etl.contract.expressions import paths
from etl.contract.model import Column, Contract, Required, Table
from etl.records import Rule

_Assertion = data_quality_assertions_dataset.Assertion
_Key = tuple[str | None, str | None, str, str]

_UNREAD = frozenset({"json", "encoding", "duplicateKeys", "unreadable"})  # records that no other rule has seen
_UNTRIED = frozenset({"unreadable", "partitions"})  # after which no rule about the upload as a whole is asked


@dataclass(frozen=True, slots=True)
class _Stated:
    """A rule of the contract. `columns` are those it looks at; none where it is asked of the upload as a whole."""

    rule: Rule
    kind: str
    columns: tuple[str, ...] = ()
    sql: str | None = None


def assertions(
    contract: Contract, report: Mapping[str, Any]
) -> data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet | None:
    """One assertion per rule that was judged; None where none was."""
    broken = {_key(entry): entry for entry in report["rules"]}
    told = list(_told(contract, report, broken))
    return data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(told) if told else None


def _told(
    contract: Contract, report: Mapping[str, Any], broken: Mapping[_Key, Mapping[str, Any]]
) -> Iterator[_Assertion]:
    left = dict(broken)
    fields = {(table.name, column.name): _field(column) for table in contract.tables for column in table.columns}
    for stated in _stated(contract):
        rule = stated.rule
        entry = left.pop((rule.table, rule.column, rule.name, rule.expected), None)
        if entry is not None or _held(stated, report):
            yield _assertion(rule, stated.kind, entry, fields, stated.sql)
    for entry in left.values():  # rules that no contract states: what can be read, and how much may be in quarantine
        rule = Rule(entry["rule"], entry["expected"], entry["table"], entry["column"], entry["severity"])
        yield _assertion(rule, rule.name, entry, fields)


def _key(entry: Mapping[str, Any]) -> _Key:
    return entry["table"], entry["column"], entry["rule"], entry["expected"]


def _assertion(
    rule: Rule,
    kind: str,
    broken: Mapping[str, Any] | None,
    fields: Mapping[tuple[str, str], str | None],
    sql: str | None = None,
) -> _Assertion:
    params = {"rule": rule.name, "table": rule.table, "column": rule.column}
    counts = {key: broken[key] if broken else 0 for key in ("violations", "records")}
    return _Assertion(
        assertion=kind,
        success=broken is None,
        column=fields.get((rule.table or "", rule.column or "")),
        severity="warn" if rule.severity == "warning" else "error",
        name=" ".join(part for part in (rule.subject, rule.name) if part),
        description=rule.expected if sql else None,
        expected=None if sql else rule.expected,
        content=sql,
        contentType="sql" if sql else None,
        params={key: value for key, value in params.items() if value is not None} | counts,
    )


def _field(column: Column) -> str | None:
    """The one field of the document that a column comes from."""
    read = {str(path) for path in paths(column.source)}
    return read.pop() if len(read) == 1 else None


def _stated(contract: Contract) -> Iterator[_Stated]:
    """Every rule of a contract, once."""
    for table in contract.tables:
        yield from _of_table(table)
    for rule in contract.upload_rules:
        yield _Stated(rule.rule, "custom_sql", sql=rule.query)


def _of_table(table: Table) -> Iterator[_Stated]:
    seen = set[Rule]()
    for column in table.columns:
        yield _Stated(column.cast, "type", (column.name,))
        for check in column.checks:
            if check.rule not in seen:  # one rule may have several tests
                seen.add(check.rule)
                kind = "not_null" if isinstance(check.test, Required) and not check.within else check.rule.name
                yield _Stated(check.rule, kind, (column.name,))
    for key in table.keys:
        yield _Stated(key.rule, "unique", key.columns)
    for condition in table.conditions:
        yield _Stated(condition.rule, "custom_sql", condition.columns, condition.sql)


def _held(stated: _Stated, report: Mapping[str, Any]) -> bool:
    """Whether a rule that was not broken was asked of all it is about."""
    names = {entry["rule"] for entry in report["rules"] if entry["table"] is None}
    if stated.rule.table is None or not stated.columns:
        return not names & _UNTRIED
    if names & _UNREAD or not report["tables"][stated.rule.table]["read"]:
        return False
    return not any(_hides(entry, stated) for entry in report["rules"])


def _hides(entry: Mapping[str, Any], stated: _Stated) -> bool:
    """Whether what broke this rule could not be looked at by that one: rows that did not come to be, or values."""
    if entry["table"] != stated.rule.table or entry["rule"] not in ("type", "expansion"):
        return False
    column = entry["column"]
    return column is None or any(
        column == name or column.startswith((f"{name}.", f"{name}[")) for name in stated.columns
    )
