"""A group of violations -> the edit of the contract that would resolve it: the text with it, and what it says."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import yaml

from etl.contract.model import Contract, Table
from etl.contract.tables import RESERVED
from etl.records import Rule
from etl.suggest import layout
from etl.suggest.causes import Causes, Group
from etl.suggest.fields import Fields, Seen
from etl.suggest.formats import Format
from etl.suggest.values import Length, Missing, Values

Kind = Literal["enum", "length", "field", "nullable", "format"]
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit that is not yet tried: `text` is the contract with it (None: it can't be placed).

    `changes` are those that it is meant to make, as `etl.diff` tells them: table, column, what. `releases` counts
    quarantined records that break nothing else.
    """

    kind: Kind
    table: str | None
    column: str | None
    rule: str
    says: str
    releases: int
    changes: tuple[tuple[str, str, str], ...]
    text: str | None


def edits(causes: Causes) -> list[Edit]:
    """Every edit that would release something: that of most records first."""
    text = causes.contract.text.removeprefix("\ufeff")
    root = layout.compose(text)
    found = [edit for group in causes.groups for edit in _edits(group, causes.contract, text, root)]
    return sorted((edit for edit in found if edit.releases), key=lambda edit: -edit.releases)


def _edits(group: Group, contract: Contract, text: str, root: yaml.Node | None) -> Iterator[Edit]:
    match group:
        case Values() if not group.too_many:
            yield _value(group, text, _property(root, group.rule, group.within))
        case Length() if group.is_near:
            yield _length(group, text, _property(root, group.rule, group.within))
        case Missing():
            node = layout.at(_property(root, group.rule, group.within), "required")
            edited = layout.replaced(text, node, "false") if getattr(node, "value", "").lower() == "true" else None
            says = f"let {group.rule.subject} have no value"
            yield _of("nullable", group.rule, says, group.records, "required", edited)
        case Format() if (pattern := group.found) is not None:
            yield _format(group, pattern, text, _property(root, group.rule, ()))
        case Fields():
            for paths, records in group.choices():
                if (edit := _fields(group, paths, records, contract, text, root)) is not None:
                    yield edit


def _of(kind: Kind, rule: Rule, says: str, releases: int, what: str, text: str | None) -> Edit:
    table, column = rule.table or "", rule.column or ""
    return Edit(kind, table, column, rule.name, says, releases, ((table, column, what),), text)


def _property(root: yaml.Node | None, rule: Rule, within: tuple[str, ...]) -> yaml.Node | None:
    """Where the column of a rule, or a part of it, is written."""
    depth = len(within)
    name = rule.column or ""
    column = name.split(".")[0].split("[")[0] if depth else name
    node = layout.at(root, "schema", ("name", rule.table or ""), "properties", ("name", column))
    for step in within:
        node = layout.at(node, "items") if step == "[]" else layout.at(node, "properties", ("name", step))
    return node


def _value(group: Values, text: str, node: yaml.Node | None) -> Edit:
    entries = [{"value": value} for value in group.values]
    edited = layout.appended(text, layout.at(node, "enum"), entries)
    words = ", ".join(f"'{json.loads(value)}'" if value.startswith('"') else value for value in group.values)
    return _of("enum", group.rule, f"add {words} to the values of {group.rule.subject}", group.records, "enum", edited)


def _length(group: Length, text: str, node: yaml.Node | None) -> Edit:
    limit = layout.at(node, "logicalTypeOptions", group.rule.name)
    edited = layout.replaced(text, limit, str(group.farthest))
    way = "as long" if group.most else "as short"
    characters = "1 character" if group.farthest == 1 else f"{group.farthest} characters"
    says = f"let {group.rule.subject} be {way} as {characters}"
    return _of("length", group.rule, says, group.records, group.rule.name, edited)


def _format(group: Format, pattern: str, text: str, node: yaml.Node | None) -> Edit:
    options = layout.at(node, "logicalTypeOptions")
    given = layout.at(options, "format")
    written = pattern if re.fullmatch(r"[A-Za-z/.-]+", pattern) else json.dumps(pattern)
    if given is not None:
        edited = layout.replaced(text, given, written)
    elif options is not None:
        edited = layout.entered(text, options, "format", written)
    else:
        edited = layout.followed(text, node, "logicalType", {"logicalTypeOptions": f"format: {written}"})
    later = f" (not judged of these values so far: {', '.join(group.unjudged)})" if group.unjudged else ""
    says = f"read {group.rule.subject} as {pattern}{later}"
    return _of("format", group.rule, says, group.records.get(pattern, 0), "format", edited)


# New columns.


def _fields(
    group: Fields, paths: Sequence[str], records: int, contract: Contract, text: str, root: yaml.Node | None
) -> Edit | None:
    """Columns for these fields, each in the table whose rows are nearest; None where one fits nowhere."""
    taken = {table.name: {column.name.lower() for column in table.columns} for table in contract.tables}
    added: list[tuple[str, str, str]] = []
    edited: str | None = text
    for path in paths:
        seen = group.seen[path]
        table = _table(seen, contract.tables)
        name = table and _name(seen, taken[table.name])
        if table is None or not name or edited is None:
            return None
        taken[table.name].add(name.lower())
        added.append((table.name, name, "added"))
        entry = {"name": name, **seen.column(), "classification": "restricted"}  # until somebody says that it is not
        nodes = layout.at(layout.compose(edited), "schema", ("name", table.name), "properties")
        edited = layout.appended(edited, nodes, [{key: json.dumps(value) for key, value in entry.items()}])
    columns = ", ".join(f"{table}.{name}" for table, name, _ in added)
    says = f"read {', '.join(paths)} into the new column{'s' if len(added) > 1 else ''} {columns}"
    table_name, name = added[0][:2] if len(added) == 1 else (None, None)
    return Edit("field", table_name, name, group.rule.name, says, records, tuple(added), edited)


def _table(seen: Seen, tables: Sequence[Table]) -> Table | None:
    """The first table with a row for each of the values; else the first whose rows repeat them."""
    grain = seen.path.grain.steps
    below = [table for table in tables if table.grain.steps[: len(grain)] == grain]
    return next((table for table in below if table.grain.steps == grain), below[0] if below else None)


def _name(seen: Seen, taken: set[str]) -> str | None:
    """The field's own name as a column's; with that of what is round it where there is such a column already."""
    names = [_plain(step) for step in seen.path.steps if isinstance(step, str)]
    for length in range(1, len(names) + 1):
        name = "_".join(names[-length:])
        if _NAME.fullmatch(name) and name.lower() not in taken and name.lower() not in RESERVED:
            return name
    return None


def _plain(name: str) -> str:
    """A name in plain letters: `preço médio` is `preco_medio`."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_]+", "_", letters)
