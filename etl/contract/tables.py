"""A schema object -> `Table`: its columns with their checks, its grain, keys, conditions and partitions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from open_data_contract_standard.model import SchemaObject, SchemaProperty

from etl.contract import quality
from etl.contract.checks import checks, inner
from etl.contract.expressions import Expression
from etl.contract.mapping import fit, grain_of, readable, source_of
from etl.contract.metrics import comparable
from etl.contract.model import Check, Column, Condition, FolderName, Key, Required, Table, Type, UploadRule
from etl.contract.scope import Scope, Target, is_masked
from etl.contract.source import Place
from etl.contract.types import type_of, words
from etl.records import Rule

RESERVED = ("_record_id", "_upload", "_contract_version")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_LONGEST_FOLDER = 255  # bytes of a folder's name, on the file systems in use
_LONGEST_FOLDERS = (
    640  # bytes of a table's partition folders together; an S3 key has 1,024, also for what is round them
)
_DERIVED = ("dimension", "measure")  # what semantic layers make of columns
_PARTITIONABLE = ("string", "integer", "boolean", "date")


@dataclass(frozen=True, slots=True)
class Draft:
    """A table so far: nodes with places, by name; what has a type, and what reads the documents."""

    node: SchemaObject
    place: Place
    nodes: Mapping[str, tuple[SchemaProperty, Place]]
    targets: Mapping[str, Target]

    @property
    def name(self) -> str:
        return self.node.name or ""

    @property
    def is_whole(self) -> bool:
        """Whether every column has a usable name; what else would say of them is not judged before."""
        return bool(self.nodes) and len(self.nodes) == len(self.node.properties or ())


@dataclass(frozen=True, slots=True)
class Ruled:
    """One rule of a table, where it stands, and the column it is a rule of (None: the table's)."""

    made: quality.Made
    place: Place
    column: str | None


def drafts(nodes: Sequence[SchemaObject] | None, place: Place) -> list[Draft]:
    """The contract's tables, names and types checked. A table without a usable name is left out, its fault reported."""
    named = _named(nodes or (), place, "table")
    if not nodes and not place.source.faults:
        place.fault("'schema' needs at least one table")
    return [_draft(node, here) for node, here in named.values()]


def _draft(node: SchemaObject, place: Place) -> Draft:
    if not node.properties and not place.tried("properties"):
        place.fault("'properties' is missing: a table needs at least one column")
    elif node.properties == []:
        (place / "properties").fault("a table needs at least one column")
    columns = _named(node.properties or (), place / "properties", "column")
    types = ((name, child, type_of(child, here)) for name, (child, here) in columns.items())
    targets = {
        name: Target(node.name or "", name, type_, is_masked(child.classification), personal=_is_personal(child))
        for name, child, type_ in types
        if type_
    }
    return Draft(node, place, columns, targets)


def _is_personal(node: SchemaProperty) -> bool:
    """Whether a column, or any part of it, is classified: its values are shown as one."""
    parts = [*(node.properties or ()), *([node.items] if node.items else ())]
    return is_masked(node.classification) or any(map(_is_personal, parts))


def _named(nodes: Sequence[Any], place: Place, what: str) -> dict[str, tuple[Any, Place]]:
    """Nodes by name, in order. Case does not tell names apart: Athena and Glue fold it."""
    found: dict[str, tuple[Any, Place]] = {}
    folded: dict[str, str] = {}
    for index, node in enumerate(nodes):
        name, here = node.name, place / index / "name"
        if name is None:
            continue
        if not _NAME.fullmatch(name):
            here.fault(f"'{name}' is no {what} name: up to 128 letters, digits and _ are expected, a digit not first")
        elif what == "column" and name.lower() in RESERVED:
            here.fault(f"'{name}' is reserved: it closes each table of the lake")
        elif what == "table" and name.lower() in ("_runs", "_contracts"):
            here.fault(f"'{name}' is reserved: the lake keeps its accounts there")
        elif name.lower() in folded:
            first = folded[name.lower()]
            line = place.source.mark(found[first][1].route).line
            here.fault(f"there is a {what} '{first}' already, in line {line} (case does not count)")
        else:
            folded[name.lower()] = name
            found[name] = (node, place / index)
    return found


def build(draft: Draft, every: Sequence[Draft]) -> tuple[Table, list[Ruled]]:
    """The table, and every rule of its `quality` with its place. Usable only if no fault was reported."""
    scope = _scope(draft, every)
    expressions = dict(_expressions(draft))
    grain = grain_of((name, expression, draft.nodes[name][1]) for name, expression in expressions.items())
    stated = [*_stated(draft), *_keys(draft)]
    ruled = _distinct(_quality(draft, scope), stated)
    every_rule = [*stated, *ruled]
    table = Table(
        name=draft.name,
        columns=tuple(
            _column(draft, name, expression, _checks(every_rule, name))
            for name, expression in expressions.items()
            if name in draft.targets
        ),
        grain=grain,
        keys=tuple(one.made for one in every_rule if isinstance(one.made, Key)),
        conditions=tuple(one.made for one in every_rule if isinstance(one.made, Condition)),
        partitions=_partitions(draft),
        description=draft.node.description,
    )
    return table, ruled


def _scope(draft: Draft, every: Sequence[Draft]) -> Scope:
    masked = any(target.personal for other in every for target in other.targets.values())
    tables = {other.name: tuple(other.nodes) for other in every}
    return Scope(draft.name, None, tuple(draft.nodes), draft.targets, tables, masked)


def _expressions(draft: Draft) -> Iterator[tuple[str, Expression]]:
    for name, (node, place) in draft.nodes.items():
        if node.semanticType in _DERIVED:
            (place / "semanticType").fault(
                f"a {node.semanticType} is not executable here: columns are read from documents; a query can derive it"
            )
            continue
        expression, target = source_of(node, place), draft.targets.get(name)
        if expression and (target is None or _fits(expression, target.type, place)):
            yield name, expression


def _fits(expression: Expression, type_: Type, place: Place) -> bool:
    return fit(expression, type_.kind, place) and readable(expression, type_, place)


def _stated(draft: Draft) -> Iterator[Ruled]:
    """What columns and their parts state for themselves; a primary key's columns have values."""
    for name, target in draft.targets.items():
        node, place = draft.nodes[name]
        if node.primaryKey and not node.required:
            yield Ruled(Check(target.rule("required", "a value"), Required()), place, name)
        for part, there, aim in ((node, place, target), *inner(node, place, target)):
            yield from (Ruled(check, there, name) for check in checks(part, there, aim))
        if node.partitioned and target.type.kind == "string":
            yield Ruled(_folder_name(draft, target), place, name)


def _folder_name(draft: Draft, target: Target) -> Check:
    """What every lake can hold, wherever it lies: an upload gives the same rows on a laptop as on S3."""
    folders = sum(bool(node.partitioned) for node, _ in draft.nodes.values())
    most = min(_LONGEST_FOLDER, _LONGEST_FOLDERS // folders)
    words = f"at most {most} bytes as the folder {target.column}=..."
    return Check(target.rule("partitioned", words), FolderName(target.column, most))


def _quality(draft: Draft, scope: Scope) -> Iterator[Ruled]:
    for name, target in draft.targets.items():
        node, place = draft.nodes[name]
        for part, there, aim in ((node, place, target), *inner(node, place, target)):
            found = quality.rules(part.quality, there / "quality", replace(scope, target=aim))
            yield from (Ruled(made, at, name) for made, at in found)
    if draft.is_whole:
        found = quality.rules(draft.node.quality, draft.place / "quality", scope)
        yield from (Ruled(made, at, None) for made, at in found)


def _distinct(ruled: Iterable[Ruled], stated: Iterable[Ruled]) -> list[Ruled]:
    """Rules that reports can tell apart: a second one of a name at the same column is called `name (2)`."""
    seen = Counter((one.made.rule.column, one.made.rule.name) for one in stated)
    result: list[Ruled] = []
    for one in ruled:
        rule = one.made.rule
        seen[rule.column, rule.name] += 1
        count = seen[rule.column, rule.name]
        if count > 1:
            one = replace(one, made=replace(one.made, rule=replace(rule, name=f"{rule.name} ({count})")))
        result.append(one)
    return result


def _checks(rules: Iterable[Ruled], column: str) -> tuple[Check, ...]:
    """The checks of one column and its parts."""
    return tuple(one.made for one in rules if isinstance(one.made, Check) and one.column == column)


def _column(draft: Draft, name: str, source: Expression, checks: tuple[Check, ...]) -> Column:
    node, target = draft.nodes[name][0], draft.targets[name]
    return Column(
        name=name,
        type=target.type,
        source=source,
        required=bool(node.required or node.primaryKey),
        classification=node.classification,
        description=node.description,
        checks=checks,
        cast=replace(target.rule("type", words(target.type)), masked=target.personal),
    )


def _keys(draft: Draft) -> Iterator[Ruled]:
    primary = _ordered(draft, "primaryKey", "primaryKeyPosition")
    fit_for_key = [comparable([name], draft.targets, draft.nodes[name][1] / "primaryKey") for name in primary]
    if primary and all(fit_for_key):
        masked = any(draft.targets[name].masked for name in primary)
        rule = Rule("primaryKey", _UNIQUE, draft.name, ", ".join(primary), masked=masked)
        yield Ruled(Key(rule, primary), draft.place, None)
    for name, target in draft.targets.items():
        node, place = draft.nodes[name]
        if node.unique and comparable([name], draft.targets, place / "unique"):
            yield Ruled(Key(target.rule("unique", _UNIQUE), (name,)), place, name)


_UNIQUE = "unique within the upload"


def _ordered(draft: Draft, flag: str, position: str) -> tuple[str, ...]:
    """The columns with this flag: by position, then those without one as they stand."""
    chosen = [name for name, (node, _) in draft.nodes.items() if getattr(node, flag)]
    places: dict[int, str] = {}
    for name in chosen:
        node, place = draft.nodes[name]
        at = getattr(node, position)
        if at is not None and at >= 0 and places.setdefault(at, name) != name:
            (place / position).fault(f"'{places[at]}' has {position} {at} already")
    given = [places[at] for at in sorted(places)]
    return (*given, *(name for name in chosen if name not in given))


def _partitions(draft: Draft) -> tuple[str, ...]:
    names = _ordered(draft, "partitioned", "partitionKeyPosition")
    for name in names:
        node, place = draft.nodes[name]
        if not (node.required or node.primaryKey):
            (place / "partitioned").fault(f"the partition column '{name}' must be required: a folder needs its value")
        if name in draft.targets and draft.targets[name].type.kind not in _PARTITIONABLE:
            kind = draft.targets[name].type.kind
            (place / "partitioned").fault(f"a partition column is {_KINDS}; '{name}' is of type {kind}")
        if is_masked(node.classification):
            (place / "classification").fault(
                f"'{name}' is a partition column: its values stand in paths, for all to see"
            )
    return names


_KINDS = "a string, integer, boolean or date"


def upload_rules(ruled: Iterable[Ruled]) -> tuple[UploadRule, ...]:
    """Those of a table's quality rules that judge the upload."""
    return tuple(one.made for one in ruled if isinstance(one.made, UploadRule))
