"""`quality` of tables and columns: which kind of rule each becomes.

Library metrics that allow none, and `custom` conditions, judge rows; metrics with a tolerance and `sql` queries judge
the upload. `text`, and custom checks of other engines, belong to others and are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, get_args

from open_data_contract_standard.model import DataQuality

from etl.contract import metrics, sql
from etl.contract.model import Check, Condition, Key, Operator, UploadRule
from etl.contract.scope import Scope, Target
from etl.contract.source import Place
from etl.contract.words import did_you_mean, number, spoken
from etl.records import Rule, Severity

Made = Check | Key | Condition | UploadRule

_OPERATORS: tuple[Operator, ...] = get_args(Operator)


@dataclass(frozen=True, slots=True)
class Asked:
    """A rule's operator with its operands, and what they count."""

    operator: Operator
    operands: tuple[Any, ...]
    percent: bool

    @property
    def none(self) -> bool:
        """Whether a count must be 0, so that each row that counts breaks the rule."""
        first = self.operands[0]
        if self.operator in ("mustBe", "mustBeLessOrEqualTo"):
            return bool(first == 0)
        return self.operator == "mustBeLessThan" and not self.percent and 0 < first <= 1


def rules(entries: Sequence[DataQuality] | None, place: Place, scope: Scope) -> Iterator[tuple[Made, Place]]:
    """What the entries of one `quality` list become, each with the place to report at."""
    for index, entry in enumerate(entries or ()):
        for made in _rule(entry, place / index, scope):
            yield made, place / index


def _rule(node: DataQuality, place: Place, scope: Scope) -> Iterator[Made]:
    if node.type is None and place.tried("type"):
        return  # a type that ODCS does not know
    match node.type:
        case "text":
            return
        case "sql":
            yield from _sql(node, place, scope)
        case "custom":
            yield from _custom(node, place, scope)
        case _:
            yield from _library(node, place, scope)


def _name(node: DataQuality, kind: str, expected: str, scope: Scope, *, masked: bool = False) -> Rule:
    """The rule's identity: its `name`, else its `id`, else its kind."""
    severity: Severity = "warning" if (node.severity or "").strip().lower() in ("warning", "info") else "error"
    return Rule(node.name or node.id or kind, node.description or expected, scope.table, scope.column, severity, masked)


def _in_column(scope: Scope, place: Place, what: str) -> bool:
    """A fault for a rule that only whole columns can have, at a part of one."""
    if scope.target is None or not scope.target.within:
        return True
    place.fault(f"{what} is not executable inside a column; move it to a column or table")
    return False


# The operator.


def _asked(node: DataQuality, place: Place) -> Asked | None:
    """The operator; None where the schema check has refused it already, or with the fault reported."""
    given = [(name, getattr(node, name)) for name in _OPERATORS if getattr(node, name) is not None]
    if len(given) != 1:
        for name in ("mustBe", "mustNotBe"):
            if (place / name).is_null:
                (place / name).fault(f"{name} needs a value")
        return None
    operator, value = given[0]
    operands = tuple(_exact(part) for part in (value if operator.endswith("Between") else [value]))
    return _sensible(Asked(operator, operands, node.unit == "percent"), place / operator)


def _exact(value: Any) -> Any:
    return Decimal(repr(value)) if isinstance(value, float) else value


def _sensible(asked: Asked, place: Place) -> Asked | None:
    first, *rest = asked.operands
    if isinstance(first, list | dict):
        place.fault(f"one value is expected, found {spoken(first)}")
        return None
    if rest and first > rest[0]:
        place.fault(f"the smaller number comes first, found {number(first)} and {number(rest[0])}")
        return None
    return asked


def _words(what: str, asked: Asked) -> str:
    operands = " and ".join(number(part) if isinstance(part, Decimal) else str(part) for part in asked.operands)
    return f"{what} {asked.operator} {operands}{' percent' if asked.percent else ''}"


# type: library


def _library(node: DataQuality, place: Place, scope: Scope) -> Iterator[Made]:
    name, asked = _metric(node, place), _asked(node, place)
    if (
        name is None
        or asked is None
        or not (_numeric(asked, place) and _unit(node, place) and _level(name, place, scope))
    ):
        return
    metric = metrics.read(name, node.arguments or {}, place, scope)
    if metric is None:
        return
    rule = _name(node, name, _words(name, asked), scope)
    if asked.none and (row_rules := metric.row_rules):
        target = scope.target
        rule = replace(rule, masked=any(scope.targets[column].masked for column in metric.columns) or _masked(target))
        yield from row_rules(rule)
    elif _in_column(scope, place, f"{name} with a tolerance"):
        yield UploadRule(rule, metric.query, asked.operator, asked.operands, scope.table if asked.percent else None)


def _masked(target: Target | None) -> bool:
    return target is not None and target.masked


def _metric(node: DataQuality, place: Place) -> str | None:
    """`metric`, or `rule` as v3.0 calls it, where it may be any word."""
    if node.metric:
        return node.metric
    if node.rule is None:
        if not place.tried("metric") and node.model_fields_set:
            place.fault(f"'metric' is missing; there are {', '.join(metrics.NAMES)}")
        return None
    if node.rule not in metrics.NAMES:
        hint = did_you_mean(node.rule, metrics.NAMES) or f"; there are {', '.join(metrics.NAMES)}"
        (place / "rule").fault(f"the rule '{node.rule}' is not executable here{hint}")
        return None
    return node.rule


def _numeric(asked: Asked, place: Place) -> bool:
    wrong = next(
        (part for part in asked.operands if isinstance(part, bool) or not isinstance(part, int | Decimal)), None
    )
    if wrong is not None:
        (place / asked.operator).fault(f"a number is expected, found {spoken(wrong)}")
    return wrong is None


def _unit(node: DataQuality, place: Place) -> bool:
    units = ("rows",) if node.metric == "rowCount" else ("rows", "percent")
    if node.unit is None or node.unit in units:
        return True
    (place / "unit").fault(f"the unit is {' or '.join(units)}, found '{node.unit}'{did_you_mean(node.unit, units)}")
    return False


def _level(metric: str, place: Place, scope: Scope) -> bool:
    """`rowCount` is a table's, `duplicateValues` either's, the others a column's."""
    at_table = scope.target is None
    if metric == "duplicateValues" or at_table == (metric == "rowCount"):
        return True
    place.fault(
        f"{metric} belongs to a {'column' if at_table else 'table'}, not to a {'table' if at_table else 'column'}"
    )
    return False


# type: sql


def _sql(node: DataQuality, place: Place, scope: Scope) -> Iterator[Made]:
    asked, here = _asked(node, place), place / "query"
    if node.query is None or not _in_column(scope, place, "a query"):
        return
    query = sql.fill(node.query, here, scope.table, scope.column)
    tree = sql.parse_query(query, here, scope.tables) if query else None
    if query and tree and asked:
        asked = replace(asked, percent=False)  # the query's own value is judged; a unit only describes it
        # A query can show any value of any table, under any name: one masked column masks it.
        rule = _name(node, "sql", _words("query", asked), scope, masked=scope.masked)
        yield UploadRule(rule, query, asked.operator, asked.operands)


# type: custom


def _custom(node: DataQuality, place: Place, scope: Scope) -> Iterator[Made]:
    here = place / "implementation"
    if (node.engine or "").lower() != "duckdb" or node.implementation is None:
        return
    if not isinstance(node.implementation, str):
        here.fault("a SQL condition is expected, such as total_amount >= 0")
        return
    if not _in_column(scope, place, "a condition"):
        return
    condition = sql.fill(node.implementation, here, scope.table, scope.column)
    tree = sql.parse_condition(condition, here, scope.columns) if condition is not None else None
    if tree and condition:
        columns = sql.named_columns(tree, here, scope.table, scope.columns)
        masked = any(scope.targets[name].personal for name in columns if name in scope.targets)
        yield Condition(_name(node, "custom", condition.strip(), scope, masked=masked), condition.strip(), columns)
