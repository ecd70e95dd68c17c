"""The tree of what was seen, as what it becomes: levels that make the rows of a table, and the places in each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from etl.contract.expressions import EACH, Path
from etl.infer import types
from etl.infer.draft import Guess, Shape
from etl.infer.names import Names, column_name, valid
from etl.infer.seen import Seen
from etl.infer.shapes import shape
from etl.infer.texts import identifies
from etl.infer.words import is_vague, singular

ROOT = Path(())


@dataclass(frozen=True, slots=True)
class Place:
    """Something below a row that becomes a column, a table or nothing.

    `names` lead there from the row, `fields` from the record's root, through arrays too.
    """

    seen: Seen
    names: tuple[str, ...]
    fields: tuple[str, ...]
    path: Path
    shape: Shape
    guess: Guess

    @property
    def field(self) -> str:
        return self.names[-1]

    @property
    def values(self) -> int:
        """How many values its column gets."""
        return self.seen.values - (self.seen.texts.empty if "nullif" in self.guess.functions else 0)


@dataclass(frozen=True, slots=True)
class Level:
    """What makes the rows of a table: the records, or the objects in an array.

    `seen` is one of them, `path` leads there; `fields` are all names on the way, `noun` what one is called. `most` is
    how many of them one record has at most.
    """

    table: str
    noun: str
    seen: Seen
    path: Path = ROOT
    fields: tuple[str, ...] = ()
    most: int = 1

    @property
    def depth(self) -> int:
        """How many arrays stand round its rows; 0 for the records."""
        return self.path.steps.count(EACH)

    @property
    def rows(self) -> int:
        return self.seen.kinds.total()

    @property
    def unit(self) -> str:
        return "rows" if self.depth else "records"

    def places(self) -> Iterator[Place]:
        """Everything below its rows, in the order in which it was seen."""
        return self._members(self.seen, ())

    @property
    def has_data_for_keys(self) -> bool:
        """Whether some keys of its rows are data, which makes no places."""
        return any(map(identifies, self.seen.members))

    def _members(self, seen: Seen, names: tuple[str, ...]) -> Iterator[Place]:
        for name, member in seen.members.items():
            if identifies(name):
                continue  # only records have such: other objects stay JSON text
            what = shape(member, name, len(names) + 1, self.depth, self.most)
            if what == "object":
                yield from self._members(member, (*names, name))
            else:
                yield self._place(member, (*names, name), what)

    def _place(self, seen: Seen, names: tuple[str, ...], what: Shape) -> Place:
        path = Path((*self.path.steps, *names))
        return Place(seen, names, (*self.fields, *names), path, what, types.guess(seen, names[-1], what))

    def below(self, place: Place, names: Names) -> Level:
        """The level of the objects in an array of this one. `names` are those of the tables."""
        assert place.seen.element is not None  # noqa: S101  it has objects in it
        called = place.names[:-1] if len(place.names) > 1 and is_vague(place.field) else place.names
        table = names.take(column_name((self.noun, *called)))
        noun, path = singular(valid(called[-1])), Path((*place.path.steps, EACH))
        return Level(table, noun, place.seen.element, path, place.fields, self.most * place.seen.longest)


def top(root: Seen, name: str, names: Names) -> Level:
    """The level of the records, whose table has this name."""
    table = names.take(name)
    return Level(table, singular(table), root)


def count(level: Level) -> int:
    """How many tables come of a level and those below it."""
    arrays = (place for place in level.places() if place.shape == "table")
    return 1 + sum(count(level.below(place, Names())) for place in arrays)
