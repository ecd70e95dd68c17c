"""The places of a document that a contract reads, as a tree; and at each, which columns read it and what they ask.

It mirrors the documents: an object's members by name, an array's elements under one place (an index stands for them
all). Columns of lists and objects are taken apart, down to single values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from etl.contract.expressions import EACH, Coalesce, Each, Expression, Index, Json, Path, Step, paths
from etl.contract.model import Check, Column, Contract, Type, demands_value
from etl.records import Rule

Steps = tuple[Step, ...]
VALUE = "v"  # the one member of the documents that readers are asked about


@dataclass(slots=True, eq=False)
class Place:
    """One place. `readers` are columns as they would be if this were all of the document: `$.v`.

    `needed`: some column demands a value here. `least`: so many elements, for the indexes that columns read. `checks`
    are those of a list or an object as a whole; `shape` the rules that anything else here would break.
    """

    steps: Steps = ()
    names: dict[str, Place] = field(default_factory=dict)
    element: Place | None = None
    readers: list[Column] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    shape: list[Rule] = field(default_factory=list)
    needed: bool = False
    least: int = 0

    def child(self, step: Step) -> Place:
        if isinstance(step, str):
            return self.names.setdefault(step, Place((*self.steps, step)))
        if self.element is None:
            self.element = Place((*self.steps, EACH))
        if isinstance(step, int):
            self.least = max(self.least, step + 1 if step >= 0 else -step)
        return self.element

    @property
    def is_leaf(self) -> bool:
        return not self.names and self.element is None

    def walk(self) -> Iterator[Place]:
        """This place and all below it."""
        yield self
        for child in [*self.names.values(), *([self.element] if self.element else [])]:
            yield from child.walk()


def plant(contract: Contract) -> Place:
    """The root of the places that the contract's columns read."""
    root = Place()
    for table in contract.tables:
        for column in table.columns:
            for path in paths(column.source):
                _plant(root, column, path)
            _demand(root, column)
        _follow(root, table.grain)
    return root


def _follow(root: Place, path: Path) -> Place:
    for step in path.steps:
        root = root.child(step)
    return root


def _plant(root: Place, column: Column, path: Path) -> None:
    place = _follow(root, path)
    source = _alone(column.source, path)
    if not isinstance(source, Index):
        _read(place, replace(column, source=source))


def _alone(expression: Expression, path: Path) -> Expression:
    """The expression for a document that has nothing but this path, at `$.v`."""
    if isinstance(expression, Path):
        return Path((VALUE,))
    if isinstance(expression, Json):
        return Json(Path((VALUE,)))
    if isinstance(expression, Index):
        return expression
    if isinstance(expression, Coalesce):
        return _alone(next(each for each in expression.arguments if path in paths(each)), path)
    return replace(expression, argument=_alone(expression.argument, path))


def _read(place: Place, column: Column) -> None:
    type_ = column.type
    if type_.item is None and not type_.fields:
        place.readers.append(replace(column, name=f"c{len(place.readers)}"))
        return
    place.checks += [check for check in column.checks if not check.within]
    place.shape.append(column.cast)
    for step, inner in _parts(type_):
        key = "[]" if isinstance(step, Each) else step
        checks = [replace(each, within=each.within[1:]) for each in column.checks if each.within[:1] == (key,)]
        part = replace(column, type=inner, checks=tuple(checks), source=Path((VALUE,)))
        child = place.child(step)
        child.needed |= demands_value(part.checks)
        _read(child, part)


def _parts(type_: Type) -> Iterator[tuple[Step, Type]]:
    if type_.item is not None:
        yield EACH, type_.item
    yield from ((each.name, each.type) for each in type_.fields)


def _demand(root: Place, column: Column) -> None:
    """A required value needs all that leads to it, from the element on whose row it stands. Of `coalesce` the last
    argument is there for sure, so that the others may be missing."""
    source = column.source
    while isinstance(source, Coalesce):
        source = source.arguments[-1]
    if not demands_value(column.checks) or isinstance(source, Index):
        return
    place, own = root, paths(source)[0]
    above = len(own.grain.steps)
    for at, step in enumerate(own.steps, start=1):
        place = place.child(step)
        place.needed |= at >= max(above, 1)


def leading(root: Place, places: set[Place]) -> set[Place]:
    """These places, and those on the way to them."""
    return {place for place in root.walk() if any(below in places for below in place.walk())}
