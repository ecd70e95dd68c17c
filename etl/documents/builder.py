"""Documents built from pools, at random: right in each of their values, and usually as a whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from etl.contract.model import Count, DistinctItems
from etl.documents.encoding import encoded
from etl.documents.places import Place
from etl.documents.pools import Pool

_FULLNESS = (1.0, 0.95, 0.85, 0.5)  # how probable a value is that need not be there; one of these for each document
_LENGTHS = (0, 1, 1, 1, 2, 2, 3, 4)
_NULL, _NULL_ITEM = 0.4, 0.03  # how probable it is that what is not there is null
_TRIES = 20  # for an item that is not in its list yet


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a document should be: of `plain` places few different values; `there` whatever leads to some place; `sparse`
    nothing that can be left away; at `kept` places (with all that leads to them) the values of the document `model`."""

    plain: Collection[Place] = ()
    there: Collection[Place] = ()
    sparse: bool = False
    kept: Collection[Place] = ()
    model: Any = None


class Builder:
    """Builds documents of one contract. `fresh` are the places of keys.

    Raises `UsageError` where a value is demanded and none was found.
    """

    def __init__(self, root: Place, random: Random, fresh: Collection[Place]) -> None:
        self.root = root
        self._random = random
        self._fresh = fresh
        self.pools: Mapping[Place, Pool] = {
            place: Pool(place, random) for place in root.walk() if place.is_leaf and place.readers
        }

    def document(self, wishes: Wishes | None = None) -> dict[str, Any]:
        """A document."""
        wishes = wishes or Wishes()
        fullness = 0.0 if wishes.sparse else self._random.choice(_FULLNESS)
        return _Draft(self, self._random, wishes, fullness).object(self.root, wishes.model)

    def value(self, place: Place, wishes: Wishes | None = None) -> Any:
        """A value for a place."""
        return _Draft(self, self._random, wishes or Wishes(), 1.0).value(place, None)

    def draw(self, place: Place, *, is_plain: bool) -> Any:
        """A single value; null where no column reads one."""
        pool = self.pools.get(place)
        return pool and pool.draw(self._random, fresh=place in self._fresh, is_plain=is_plain)

    def takes_null(self, place: Place) -> bool:
        """Whether an item of a list may be null here."""
        pool = self.pools.get(place)
        return pool is not None and pool.nullable and not place.needed


@dataclass(frozen=True, slots=True)
class _Draft:
    """One document while it is built; `fullness` is how probable a value is that need not be there."""

    builder: Builder
    random: Random
    wishes: Wishes
    fullness: float

    def value(self, place: Place, model: Any) -> Any:
        if place.is_leaf:
            if place in self.wishes.kept:
                return model
            return self.builder.draw(place, is_plain=place in self.wishes.plain)
        if place.readers or (place.names and place.element):
            return None  # read as a value and as what holds others: only null is both
        if place.element:
            return self.array(place, place.element, model)
        return self.object(place, model)

    def object(self, place: Place, model: Any) -> dict[str, Any]:
        model = model if isinstance(model, dict) else {}
        members = {}
        for name, child in place.names.items():
            if child in self.wishes.kept:
                if model.get(name) is not None:
                    members[name] = self.value(child, model[name])
            elif child.needed or child in self.wishes.there or self.random.random() < self.fullness:
                members[name] = self.value(child, None)
            elif self.random.random() < _NULL:
                members[name] = None
        return members

    def array(self, place: Place, element: Place, model: Any) -> list[Any]:
        if element in self.wishes.kept and isinstance(model, list):
            return [self.item(element, each) for each in model]
        length = max(self.length(place), element in self.wishes.there)
        is_distinct = any(isinstance(check.test, DistinctItems) for check in place.checks)
        items: list[Any] = []
        seen: set[bytes] = set()
        for _ in range(length):
            item = self.item(element, None)
            for _ in range(_TRIES if is_distinct else 0):
                if encoded(item) not in seen:
                    break
                item = self.item(element, None)
            seen.add(encoded(item))
            items.append(item)
        return items

    def item(self, element: Place, model: Any) -> Any:
        if self.builder.takes_null(element) and element not in self.wishes.kept and self.random.random() < _NULL_ITEM:
            return None
        return self.value(element, model)

    def length(self, place: Place) -> int:
        low, high = limits(place)
        usual = 0 if self.wishes.sparse else self.random.choice(_LENGTHS)
        return max(low, min(high, usual if low <= usual else low + usual))


def limits(place: Place) -> tuple[int, int]:
    """How many items a list has, or an object values, at least and at most."""
    low, high = place.least, 1 << 30
    for check in place.checks:
        if isinstance(check.test, Count) and check.rule.severity == "error":
            limit = check.test.limit
            low, high = (max(low, limit), high) if check.test.op == ">=" else (low, min(high, limit))
    return low, high
