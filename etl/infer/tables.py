"""Levels -> tables: one for the records, and one for each array of objects below them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from etl.infer import types
from etl.infer.draft import Column, Guess, Table
from etl.infer.keys import event_day, own_key, record_ids, record_key
from etl.infer.names import Names, carried, column_name
from etl.infer.places import Level, Place, count, top
from etl.infer.seen import Seen
from etl.infer.words import day_name, is_personal, is_personal_text

_PERSONAL_FORMATS = {"email", "ipv4", "ipv6"}
_WHOLE = Column("document", "json($)", types.JSON, required=True, is_personal=True)
_JOINED = "The lake's own column _record_id tells records apart, and joins the tables."


@dataclass(frozen=True, slots=True)
class _Above:
    """What a table takes from the one above it: the columns of its key, and that of its partitions."""

    key: tuple[Column, ...] = ()
    day: Column | None = None


def tables(root: Seen, name: str) -> tuple[Table, ...]:
    """All tables. That of the records, which is called `name`, comes first; there is none if they hold only arrays."""
    names = Names()
    level = top(root, name, names)
    places = list(level.places())
    key, day = record_key(level, places), event_day(level, places, count(level))
    columns = tuple(_record_columns(level, places, key, day))
    below = tuple(_arrays(level, places, names, _taken(level, columns, key)))
    if below and not columns:
        return below
    notes = () if key else (_no_key(level, places), _JOINED)
    return (Table(level.table, level.path, columns or (_WHOLE,), notes, tuple(_remarks(level, places))), *below)


def _no_key(level: Level, places: Sequence[Place]) -> str:
    recurring = record_ids(level, places)
    if recurring:
        return f"No primary key: {recurring[0].path} is called like one, but some of its values recur."
    return "No primary key: no field that is called like an id is in every record."


def _arrays(level: Level, places: Sequence[Place], names: Names, above: _Above) -> Iterator[Table]:
    for place in places:
        if place.shape == "table":
            yield from _array(level.below(place, names), names, above)


def _array(level: Level, names: Names, above: _Above) -> Iterator[Table]:
    """The table of an array's elements, and those below it."""
    places = list(level.places())
    key, columns = own_key(level, places), Names()
    lead = [replace(column, name=columns.take(column.name)) for column in _lead(level, key, above)]
    own = _own_columns(level, places, columns, key, None, position=len(above.key) + 1 if above.key else None)
    every = (*lead, *own)
    yield Table(level.table, level.path, every, remarks=tuple(_remarks(level, places)))
    yield from _arrays(level, places, names, _taken(level, every, key))


def _lead(level: Level, key: Place | None, above: _Above) -> Iterator[Column]:
    """The columns that a table begins with: the key from above, the element's place where it has no id, the day."""
    yield from above.key
    if key is None:
        position = len(above.key) + 1 if above.key else None
        remark = "The element's place in its array, from 0."
        guess = Guess("integer", remarks=(remark,))
        yield Column(f"{level.noun}_index", f"index({level.path})", guess, required=True, key=position)
    if above.day:
        yield above.day


def _taken(level: Level, columns: Sequence[Column], key: Place | None) -> _Above:
    """What the tables below take: the whole key, of which the table's own part is the last, and the day."""
    keys = sorted((column for column in columns if column.key), key=lambda column: column.key or 0)
    if keys and key is not None:
        keys[-1] = replace(keys[-1], name=carried(keys[-1].name, key.field, level.noun))
    day = next((column for column in columns if column.is_partition), None)
    return _Above(tuple(map(_without_remarks, keys)), day and _without_remarks(day))


def _without_remarks(column: Column) -> Column:
    return replace(column, guess=replace(column.guess, remarks=()))


# Columns.


def _record_columns(level: Level, places: Sequence[Place], key: Place | None, day: Place | None) -> Iterator[Column]:
    """The columns of the records; with the whole of them where some keys are data, for which there is no path."""
    names = Names()
    yield from _own_columns(level, places, names, key, day)
    if level.has_data_for_keys:
        remark = "Some keys of the records look like data: kept as JSON text, with all else, as written."
        yield replace(_WHOLE, name=names.take(_WHOLE.name), guess=replace(types.JSON, remarks=(remark,)))


def _own_columns(
    level: Level, places: Sequence[Place], names: Names, key: Place | None, day: Place | None, position: int | None = 1
) -> Iterator[Column]:
    """The columns of what lies below a level's rows. The key's has this position in the table's key."""
    for place in places:
        if place.shape in ("nothing", "table"):
            continue
        column = _column(level, place, names)
        if place is key:
            column = replace(column, key=position)
        if place is day and column.guess.logical == "date":
            column = replace(column, is_partition=True)
        yield column
        if place is day and column.guess.logical == "timestamp":
            yield _day(place, level, names)


def _column(level: Level, place: Place, names: Names) -> Column:
    guess = place.guess
    personal = _is_personal(place)
    return Column(
        name=names.take(column_name(place.names)),
        source=guess.source(place.path),
        guess=replace(guess, enum=()) if personal else guess,
        required=place.values == level.rows,
        is_personal=personal,
        seen=_seen(place, level),
    )


def _is_personal(place: Place) -> bool:
    if place.shape == "json":
        return True  # nobody knows what will be in it
    if place.guess.logical == "boolean":
        return False
    item = place.guess.item or place.guess
    if item.options.get("format") in _PERSONAL_FORMATS or is_personal(place.fields):
        return True
    texts = place.seen.element.texts if place.guess.item and place.seen.element else place.seen.texts
    return item.logical == "string" and (texts.is_prose or is_personal_text(place.field))


def _seen(place: Place, level: Level) -> str:
    """`in 9,812 of 10,000 records, null in 3`; nothing where it is in all."""
    nulls, empty = place.seen.kinds["null"], place.seen.texts.empty
    parts = [
        f"in {place.seen.values:,} of {level.rows:,} {level.unit}" if place.seen.values < level.rows else "",
        f"null in {nulls:,}" if nulls else "",
        f"empty in {empty:,}" if empty else "",
    ]
    return ", ".join(filter(None, parts))


def _day(place: Place, level: Level, names: Names) -> Column:
    """The day of a timestamp, as a column of its own to file the record under."""
    options = {key: value for key, value in place.guess.options.items() if key == "format"}
    remark = "The day in UTC; for that of another place, name its time zone: date(..., 'America/Sao_Paulo')."
    guess = Guess("date", options=options, remarks=(remark,))
    name = names.take(day_name(place.field, level.noun))
    return Column(name, f"date({place.path})", guess, required=True, is_partition=True)


def _remarks(level: Level, places: Sequence[Place]) -> Iterator[str]:
    """What became no column, and why."""
    for place in places:
        if place.shape == "nothing":
            what = "an empty array" if place.seen.kinds["array"] else "null"
            yield f"{place.path} was {what} wherever it was seen (in {place.seen.kinds.total():,}): no column yet."
    if level.seen.crowded:
        yield "There are more fields than a contract should have columns: the last ones are left out."
