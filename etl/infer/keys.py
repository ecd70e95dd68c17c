"""Which columns tell rows apart, and on which day an event was."""

from __future__ import annotations

from collections.abc import Sequence

from etl.infer.places import Level, Place
from etl.infer.words import event_rank, id_rank, is_own_id, is_personal

_LONGEST = 100  # characters: a key stands in every row of every table below
_MOST_PARTITIONS = 1_000  # of an upload, in all its tables


def record_key(level: Level, places: Sequence[Place]) -> Place | None:
    """The field that is called like the records' id, and is different in each of them."""
    candidates = record_ids(level, places)
    return next((place for place in candidates if place.seen.keys and place.seen.keys.settle()), None)


def record_ids(level: Level, places: Sequence[Place]) -> list[Place]:
    """The fields that are called like the records' id and are in each of them, most likely first."""
    ranked = ((id_rank(place.names, level.noun), place) for place in places if _is_fit(place, level))
    found = [(rank, place) for rank, place in ranked if rank is not None]
    return [place for _, place in sorted(found, key=lambda one: one[0])]


def own_key(level: Level, places: Sequence[Place]) -> Place | None:
    """The field that is called like the id of an array's elements, and is different in each array."""
    own = (place for place in places if len(place.names) == 1 and is_own_id(place.field, level.noun))
    return next((one for one in own if _is_fit(one, level) and one.field not in level.seen.repeated), None)


def _is_fit(place: Place, level: Level) -> bool:
    """Whether each row has one, that is taken as it is, short and about nobody."""
    guess = place.guess
    plain = place.shape == "scalar" and guess.logical in ("integer", "string") and not guess.functions
    short = max(place.seen.texts.longest, place.seen.numbers.digits) <= _LONGEST
    return plain and short and place.values == level.rows and not is_personal(place.fields)


def event_day(level: Level, places: Sequence[Place], tables: int) -> Place | None:
    """The date or timestamp that each record is filed under, if its days are few enough to be folders of the lake."""
    found = [
        (rank, place)
        for place in places
        if (rank := event_rank(place.names, level.noun)) is not None and _has_day(place, level, tables)
    ]
    return min(found, key=lambda one: one[0], default=(0, None))[1]


def _has_day(place: Place, level: Level, tables: int) -> bool:
    guess, days = place.guess, place.seen.days
    plain = guess.logical in ("date", "timestamp") and guess.physical is None and not guess.functions
    few = bool(days) and len(days or ()) * tables <= _MOST_PARTITIONS
    return plain and few and place.values == level.rows and not is_personal(place.fields)
