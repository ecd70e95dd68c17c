"""Hints: what is allowed but probably not meant. Only of contracts without faults, from which many would follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from open_data_contract_standard.model import DataQuality, SchemaObject, SchemaProperty

from etl.contract import servers
from etl.contract.expressions import Expression
from etl.contract.loader import Loaded
from etl.contract.model import Column, OneOf, Table
from etl.contract.policies import near_misses
from etl.contract.scope import is_masked
from etl.contract.source import Place
from etl.contract.words import did_you_mean
from etl.errors import Fault

Places = Mapping[tuple[str, ...], Place]
"""Tables by their name, columns by the table's and their own."""


def hints(one: Loaded) -> tuple[Fault, ...]:
    """All of them, by place."""
    source = replace(one.root.source, faults=set())
    root = Place(source)
    near_misses(one.model.customProperties, root / "customProperties")
    _status(one, root / "status")
    _servers(one, root / "servers")
    for index, node in enumerate(one.model.schema_ or ()):
        _table(node, root / "schema" / index)
    standing = {key: Place(source, place.route) for key, place in places(one).items()}
    for table in one.contract.tables:
        _twice(table, standing)
    _unlike(one.contract.tables, standing)
    return tuple(sorted(source.faults))


def places(one: Loaded) -> Places:
    """Where tables and columns stand."""
    found: dict[tuple[str, ...], Place] = {}
    for at, table in enumerate(one.model.schema_ or ()):
        here = found[(table.name or "",)] = one.root / "schema" / at
        for index, column in enumerate(table.properties or ()):
            found[table.name or "", column.name or ""] = here / "properties" / index
    return found


_STATUSES = ("proposed", "draft", "active", "deprecated", "retired")  # ODCS, "Fundamentals"; others are allowed


def _status(one: Loaded, place: Place) -> None:
    status = (one.model.status or "").strip().lower()
    hint = "" if not status or status in _STATUSES else did_you_mean(status, _STATUSES)
    if hint:
        place.fault(f"the status '{one.model.status}' is not one of the known ones{hint}")


def _servers(one: Loaded, place: Place) -> None:
    for index, node in enumerate(one.model.servers or ()):
        name = node.server or ""
        hint = "" if name in servers.NAMES else did_you_mean(name, servers.NAMES)
        if hint:
            (place / index / "server").fault(f"the server '{name}' is not used here{hint}")


# One table.


def _table(node: SchemaObject, place: Place) -> None:
    columns = [(column, place / "properties" / index) for index, column in enumerate(node.properties or ())]
    for column, here in columns:
        _idle_positions(column, here)
        _nullable_key(column, here)
        _column(column, here)
    _rules(node.quality, place / "quality")
    if not any(column.partitioned for column, _ in columns):
        _unpartitioned([column for column, _ in columns], place)


def _idle_positions(column: SchemaProperty, place: Place) -> None:
    for flag, position in (("primaryKey", "primaryKeyPosition"), ("partitioned", "partitionKeyPosition")):
        if (getattr(column, position) or -1) >= 0 and not getattr(column, flag):
            (place / position).fault_key(f"{position} means nothing without {flag}: true")


def _nullable_key(column: SchemaProperty, place: Place) -> None:
    if column.primaryKey and not column.required:
        at = place / "required" if column.required is False else place / "primaryKey"
        at.fault(f"'{column.name}' is part of the key, so it is required, whatever stands here: say required: true")


def _column(node: SchemaProperty, place: Place) -> None:
    """What columns and their parts may have."""
    if is_masked(node.classification) and (hint := did_you_mean(node.classification or "", ["public"])):
        (place / "classification").fault(f"'{node.classification}' masks the values{hint}")
    if node.logicalType == "date" and (node.physicalType or "").lower().startswith(("time", "datetime")):
        (place / "physicalType").fault("a date holds no time of day; logicalType timestamp and time do")
    _rules(node.quality, place / "quality")
    for index, child in enumerate(node.properties or ()):
        _column(child, place / "properties" / index)
    if node.items:
        _column(node.items, place / "items")


def _rules(entries: Sequence[DataQuality] | None, place: Place) -> None:
    for index, rule in enumerate(entries or ()):
        severity = (rule.severity or "error").strip().lower()
        if severity not in _SEVERITIES:
            hint = did_you_mean(severity, _SEVERITIES)
            (place / index / "severity").fault(f"'{rule.severity}' counts as error, which quarantines{hint}")
        if rule.type == "custom" and (rule.engine or "").lower() != "duckdb":
            (place / index / "engine").fault(f"rules of the engine {rule.engine} are kept and not executed here")


_SEVERITIES = ("error", "warning", "info")


def _unpartitioned(columns: Sequence[SchemaProperty], place: Place) -> None:
    days = (each for each in columns if each.logicalType == "date" and each.required)
    day = next((each.name for each in days if not is_masked(each.classification)), None)  # folders' names show values
    if day:
        (place / "name").fault(f"no column is partitioned, so all files lie in one folder: '{day}' could be")


# Columns that read the same.


def _twice(table: Table, places: Places) -> None:
    first: dict[Any, str] = {}
    for column in table.columns:
        same = first.setdefault((column.source, column.type.kind), column.name)
        if same != column.name:
            here = places[table.name, column.name]
            (here / "name").fault(f"'{column.name}' reads {_source(column, here)}, as '{same}' does")


def _unlike(tables: Sequence[Table], places: Places) -> None:
    """Columns of several tables that read the same and are not held to the same."""
    readers: dict[Expression, list[tuple[Table, Column]]] = {}
    for table in tables:
        for column in table.columns:
            readers.setdefault(column.source, []).append((table, column))
    for same in readers.values():
        listing = next((table.name for table, column in same if _has_enum(column)), None)
        masking = next((table.name for table, column in same if is_masked(column.classification)), None)
        for table, column in same:
            here = places[table.name, column.name]
            if listing and not _has_enum(column):
                (here / "name").fault(f"{_source(column, here)} has an enum in {listing} and none here")
            if masking and not is_masked(column.classification):
                shown = f"{_source(column, here)} is classified in {masking}; here reports show its values"
                (here / "name").fault(shown)


def _has_enum(column: Column) -> bool:
    return any(isinstance(check.test, OneOf) and not check.within for check in column.checks)


def _source(column: Column, place: Place) -> str:
    """What a column reads, as the contract has it."""
    return str((place / "transformLogic").value or column.source).strip()
