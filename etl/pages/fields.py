"""The fields of the documents that columns read, as a tree: who reads each, and whose values are nobody's to show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from etl.contract.expressions import EACH, Path, Step
from etl.contract.model import Column, Contract, Table, Type
from etl.pages.model import FieldPage, Flow, Target
from etl.pages.sources import field_name, uses


@dataclass(slots=True)
class Field:
    """A place in the documents, and what lies inside by the steps of paths: names, `[*]`, an index.

    `readers` are the columns that name it, by what they do with it. `values` tells whether a single value is taken
    here, `whole` whether whatever is there is (by `json`), `masked` whether any column that takes it is masked.
    `tables` have one row for each element here.
    """

    members: dict[Step, Field] = field(default_factory=dict)
    readers: dict[str | None, list[Target]] = field(default_factory=dict)
    tables: list[str] = field(default_factory=list)
    values: bool = False
    whole: bool = False
    masked: bool = False

    def at(self, path: Path) -> Field:
        """The field at a path from here, made where there is none."""
        found = self
        for step in path.steps:
            found = found.members.setdefault(step, Field())
        return found

    def inside(self, *steps: Step) -> list[Field]:
        """What is known of what lies inside, under any of these names of it."""
        return [self.members[step] for step in steps if step in self.members]

    def along(self, step: Step) -> list[Field]:
        """What may be known of what a step leads to: an element may be named by `[*]` as well as by its index."""
        if isinstance(step, str):
            return self.inside(step)
        return [found for each, found in self.members.items() if not isinstance(each, str)]

    @property
    def holds_masked(self) -> bool:
        """Whether a masked column takes this, or anything inside it."""
        return self.masked or any(member.holds_masked for member in self.members.values())


def fields(contract: Contract) -> Field:
    """The root: every field that the contract's columns read."""
    root = Field()
    for table in contract.tables:
        for column in table.columns:
            _add(root, table, column)
        root.at(table.grain).tables.append(table.name)
    return root


def is_masked(column: Column) -> bool:
    """Whether reports mask its values: it is classified, or a part of it is."""
    return column.cast.masked


def shows_masked(column: Column, root: Field) -> bool:
    """Whether its values are, hold or lie in those of a masked column; `root` is that of the whole contract.

    A contract that calls one column personal and another one public, of the same field, is taken at its stricter word.
    """
    return is_masked(column) or any(
        _leads_to_masked(root, use.path) for use in uses(column.source) if use.taken != "position"
    )


def _leads_to_masked(root: Field, path: Path) -> bool:
    known = [root]
    for step in path.steps:
        if any(field.masked for field in known):
            return True
        known = [found for field in known for found in field.along(step)]
    return any(field.holds_masked for field in known)


def _add(root: Field, table: Table, column: Column) -> None:
    masked = is_masked(column)
    for use in uses(column.source):
        found = root.at(use.path)
        found.readers.setdefault(use.function, []).append(Target(table.name, column.name, masked))
        if use.taken == "whole":
            found.whole, found.masked = True, found.masked or masked
        elif use.taken == "value":
            _read(found, column.type, masked)


def _read(found: Field, type_: Type, masked: bool) -> None:
    """Note where values are taken, down to the parts of lists and objects."""
    found.masked |= masked
    if type_.item is not None:
        _read(found.at(Path((EACH,))), type_.item, masked)
    elif type_.fields:
        for part in type_.fields:
            _read(found.at(Path((part.name,))), part.type, masked)
    else:
        found.values = True


def drawn(root: Field) -> FieldPage:
    """The tree as the page shows it, without the parts of list and object columns."""
    return _page("$", root)


def _page(name: str, found: Field) -> FieldPage:
    flows = tuple(Flow(function, tuple(targets)) for function, targets in found.readers.items())
    return FieldPage(name, flows, tuple(found.tables), tuple(_drawn(found)))


def _drawn(parent: Field) -> Iterator[FieldPage]:
    for step, child in parent.members.items():
        if _is_shown(child):
            yield _joined(field_name(step), child)


def _joined(name: str, found: Field) -> FieldPage:
    """A field, on one line with its only member where nobody reads it by itself."""
    shown = [(step, child) for step, child in found.members.items() if _is_shown(child)]
    if len(shown) == 1 and not found.readers and not found.tables:
        step, child = shown[0]
        inner = field_name(step)
        return _joined(f"{name}{inner}" if inner.startswith("[") else f"{name}.{inner}", child)
    return _page(name, found)


def _is_shown(found: Field) -> bool:
    return bool(found.readers or found.tables) or any(map(_is_shown, found.members.values()))
