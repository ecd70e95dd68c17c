"""How the tables of a contract belong together: each under the one whose rows its own rows are part of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

from etl.contract.expressions import written
from etl.contract.model import Contract, Table
from etl.pages.grain import grain_words
from etl.pages.model import Diagram, Entity, KeyColumn, Relation

Links = tuple[tuple[str, str], ...]


def diagram(contract: Contract) -> Diagram | None:
    """Tables and relations, parents before their children; None for a single table."""
    if len(contract.tables) < 2:
        return None
    relations = {relation.child: relation for relation in _relations(contract.tables)}
    linked = {end for relation in relations.values() for end in _ends(relation)}
    order = list(_order(contract.tables, relations))
    entities = tuple(_entity(table, linked, depth) for table, depth in order)
    return Diagram(entities, tuple(relations[table.name] for table, _ in order if table.name in relations))


def _ends(relation: Relation) -> Iterator[tuple[str, str]]:
    """The columns of a child that lead to its parent, each with its table."""
    for _, column in relation.links:
        yield relation.child, column


def _relations(tables: Sequence[Table]) -> Iterator[Relation]:
    """For each table the nearest one above it: by its key if that is there, else by nesting alone."""
    for at, table in enumerate(tables):
        above = [other for place, other in enumerate(tables) if _is_above(other, table, earlier=place < at)]
        if above:
            parent = max(above, key=lambda other: (bool(_key_links(other, table)), len(other.grain.steps)))
            yield _relation(parent, table)


def _is_above(upper: Table, lower: Table, *, earlier: bool) -> bool:
    """Whether an element of the upper's grain holds that of the lower's; of two equal ones the earlier is above."""
    outer, inner = upper.grain.steps, lower.grain.steps
    if outer == inner:
        return earlier and upper is not lower
    return inner[: len(outer)] == outer


def primary_key(table: Table) -> tuple[str, ...]:
    """The columns of its primary key."""
    return next((key.columns for key in table.keys if key.rule.name == "primaryKey"), ())


def _key_links(upper: Table, lower: Table) -> Links:
    """The upper's primary key, as the lower has it; nothing where it does not have all of it."""
    theirs = {written(column.source): column.name for column in reversed(lower.columns)}
    sources = {column.name: written(column.source) for column in upper.columns}
    key = primary_key(upper)
    if not key or not all(sources[name] in theirs for name in key):
        return ()
    return tuple((name, theirs[sources[name]]) for name in key)


def _relation(parent: Table, child: Table) -> Relation:
    links = _key_links(parent, child)
    many = parent.grain != child.grain
    count = "any number of rows" if many else "at most one row"
    ends = " and ".join(_link(*link) for link in links)
    how = f"linked by {ends}" if links else f"no column of {child.name} says which"
    return Relation(parent.name, child.name, links, many, f"A row of {parent.name} has {count} of {child.name}: {how}.")


def _link(parent: str, child: str) -> str:
    return parent if parent == child else f"{parent} = {child}"


def _order(
    tables: Sequence[Table], relations: Mapping[str, Relation], above: str | None = None, depth: int = 0
) -> Iterator[tuple[Table, int]]:
    """Depth first, so that each table stands under the one it belongs to; with how deep that is."""
    for table in tables:
        relation = relations.get(table.name)
        if (relation.parent if relation else None) == above:
            yield table, depth
            yield from _order(tables, relations, table.name, depth + 1)


def _entity(table: Table, linked: Set[tuple[str, str]], depth: int) -> Entity:
    key = primary_key(table)
    roles = [", ".join(_roles(column.name, key, (table.name, column.name) in linked)) for column in table.columns]
    keys = tuple(
        KeyColumn(column.name, column.type.kind, role)
        for column, role in zip(table.columns, roles, strict=True)
        if role
    )
    return Entity(table.name, grain_words(table.grain), keys, len(table.columns) - len(keys), depth)


def _roles(name: str, key: Sequence[str], is_linked: bool) -> Iterator[str]:
    if name in key:
        yield "PK"
    if is_linked:
        yield "FK"
