"""ODCS's library metrics: what each counts, as a rule of single rows and as a query over a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from etl.contract.checks import listed_value, pattern
from etl.contract.model import Check, Key, NoneOf, OneOf, Pattern, Required, Test, Type
from etl.contract.scope import Scope, Target
from etl.contract.source import Place
from etl.contract.sql import quoted
from etl.contract.words import Unfit, did_you_mean, spoken
from etl.records import Rule

NAMES = ("nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount")
_ARGUMENTS = {
    "missingValues": ("missingValues",),
    "invalidValues": ("validValues", "pattern"),
    "duplicateValues": ("properties",),
}

RowRules = Callable[[Rule], Sequence[Check | Key]]


@dataclass(frozen=True, slots=True)
class Metric:
    """A count over a table: `query` gives it, `row_rules` forbid each row that would count (None: rows are not it)."""

    query: str
    row_rules: RowRules | None = None
    columns: tuple[str, ...] = ()


def read(name: str, arguments: Mapping[str, Any], place: Place, scope: Scope) -> Metric | None:
    """The metric of a column or a table (`scope`); None with faults reported."""
    target = scope.target
    if not _known_arguments(name, arguments, place / "arguments", at_table=target is None):
        return None
    if name == "duplicateValues":
        return _duplicates(arguments, place, scope)
    if target is None:
        return Metric(_count(scope.table, "TRUE"))
    if name == "nullValues":
        return _of_values(target, [Required()], "{c} IS NULL")
    return _missing(arguments, place, target) if name == "missingValues" else _invalid(arguments, place, target)


def _known_arguments(name: str, arguments: Mapping[str, Any], place: Place, *, at_table: bool) -> bool:
    known = _ARGUMENTS.get(name, ()) if name != "duplicateValues" or at_table else ()
    unknown = [key for key in arguments if key not in known]
    for key in unknown:
        takes = f"{name} takes {' and '.join(known) or 'no arguments here'}"
        (place / key).fault_key(f"unknown argument '{key}'{did_you_mean(key, known) or f'; {takes}'}")
    return not unknown


def _list(arguments: Mapping[str, Any], key: str, place: Place) -> list[Any] | None:
    """A list that must not be empty; None with the fault reported."""
    values = arguments.get(key)
    if isinstance(values, list) and values:
        return values
    (place / "arguments" / key).fault(f"{key} is a list with at least one entry, found {spoken(values)}")
    return None


def _of_values(target: Target, tests: Sequence[Test], condition: str) -> Metric:
    """A metric of one column: rows that fail a test count."""

    def row_rules(rule: Rule) -> list[Check]:
        return [Check(rule, test, target.within) for test in tests]

    return Metric(_count(target.table, condition.replace("{c}", quoted(target.column))), row_rules)


def _missing(arguments: Mapping[str, Any], place: Place, target: Target) -> Metric | None:
    given = _list(arguments, "missingValues", place)
    if given is None:
        return None
    at = place / "arguments" / "missingValues"
    values = [
        value for index, each in enumerate(given) if each is not None for value in _value(at / index, each, target)
    ]
    null = None in given
    parts = [f"{{c}} IN ({_literals(values)})"] if values else []
    parts += ["{c} IS NULL"] if null else []
    return _of_values(target, [NoneOf(tuple(values), null)], " OR ".join(parts)) if parts else None


def _invalid(arguments: Mapping[str, Any], place: Place, target: Target) -> Metric | None:
    if not arguments:
        place.fault("invalidValues needs arguments: validValues, pattern or both")
        return None
    values = _valid_values(arguments, place, target) if "validValues" in arguments else []
    regex = _pattern(arguments, place, target.type) if "pattern" in arguments else None
    tests: list[Test] = [OneOf(tuple(values))] if values else []
    tests += [regex] if regex else []
    parts = [f"{{c}} IN ({_literals(values)})"] if values else []
    parts += [f"regexp_matches({{c}}, {_literal(regex.regex)})"] if regex else []
    return _of_values(target, tests, f"NOT ({' AND '.join(parts)})") if parts else None


def _valid_values(arguments: Mapping[str, Any], place: Place, target: Target) -> list[Any]:
    given = _list(arguments, "validValues", place) or []
    at = place / "arguments" / "validValues"
    named = [(at / index, each) for index, each in enumerate(given) if each is not None]  # null is not asked
    return [value for there, each in named for value in _value(there, each, target)]


def _value(place: Place, value: Any, target: Target) -> list[Any]:
    return listed_value(place, value, target.type)


def _pattern(arguments: Mapping[str, Any], place: Place, type_: Type) -> Pattern | None:
    here, regex = place / "arguments" / "pattern", arguments["pattern"]
    if type_.kind != "string" or not isinstance(regex, str):
        here.fault("a pattern is a text, and for string columns")
        return None
    try:
        return pattern(regex)
    except Unfit as error:
        here.fault(str(error))
        return None


def _duplicates(arguments: Mapping[str, Any], place: Place, scope: Scope) -> Metric | None:
    if scope.target and scope.target.within:
        place.fault("duplicateValues is not executable inside a column; uniqueItems keeps the items of a list apart")
        return None
    columns = (scope.target.column,) if scope.target else _key_columns(arguments, place, scope)
    if not columns or not comparable(columns, scope.targets, place):
        return None
    return Metric(_duplicate_query(scope.table, columns), lambda rule: [Key(rule, columns)], columns)


def comparable(columns: Sequence[str], targets: Mapping[str, Target], place: Place) -> bool:
    """Whether these columns can make a key; a fault for lists and objects."""
    nested = [name for name in columns if name in targets and targets[name].type.kind in ("array", "object")]
    for name in nested:
        place.fault(f"'{name}' is of type {targets[name].type.kind}: only single values can be kept apart")
    return not nested and all(name in targets for name in columns)


def _key_columns(arguments: Mapping[str, Any], place: Place, scope: Scope) -> tuple[str, ...]:
    names = _list(arguments, "properties", place) or []
    unknown = [(index, name) for index, name in enumerate(names) if name not in scope.columns]
    for index, name in unknown:
        at = place / "arguments" / "properties" / index
        at.fault(f"there is no column {spoken(name)}{did_you_mean(str(name), scope.columns)}")
    return () if unknown else tuple(names)


# SQL


def _count(table: str, condition: str) -> str:
    return f"SELECT count(*) FROM {quoted(table)} WHERE {condition}"  # noqa: S608  # quoted names and literals


def _duplicate_query(table: str, columns: Sequence[str]) -> str:
    """Rows whose key another row has had before; keys with a null in any part do not count."""
    names = [quoted(name) for name in columns]
    there = " AND ".join(f"{name} IS NOT NULL" for name in names)
    key = f"({', '.join(names)})" if len(names) > 1 else names[0]
    return f"SELECT count(*) - count(DISTINCT {key}) FROM {quoted(table)} WHERE {there}"  # noqa: S608  # quoted


def _literals(values: Sequence[Any]) -> str:
    return ", ".join(_literal(value) for value in values)


def _literal(value: Any) -> str:
    """A Python value as a DuckDB literal of its type."""
    match value:
        case bool():
            return str(value).upper()
        case str():
            return "'" + value.replace("'", "''") + "'"
        case datetime():
            return f"TIMESTAMPTZ '{value.isoformat()}'"
        case date():
            return f"DATE '{value.isoformat()}'"
        case time():
            return f"TIME '{value.isoformat()}'"
        case float():
            return f"{value!r}::DOUBLE"
        case _:
            return str(value)
