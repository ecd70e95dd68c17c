"""One column in two contracts: where its values come from, what they are, what they must be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from etl.contract.expressions import written
from etl.contract.model import Column, Type
from etl.contract.readings import readings
from etl.diff import athena, formats, rules
from etl.diff.nouns import At, Change
from etl.diff.words import NONE, typed

_MEANING = "new values come from elsewhere, or are made otherwise, than those in the lake"
_Pairs = Sequence[tuple[Type, Type]]  # what values were read as, and what they are read as now
_FILES = "files of both types lie side by side in the lake"


def changes(old: Column, new: Column, at: At, *, partition: bool) -> Iterator[Change]:
    """The changes of a column that is in both; `partition`: the lake's folders are made of it in both."""
    if old.source != new.source:
        yield at.breaking("transformLogic", written(old.source), written(new.source), _MEANING)
    yield from _type(old.type, new.type, at, _alike(old, new))
    found = rules.changes(old.checks, new.checks, old.type, new.type, at)
    yield from athena.seen(found, old, new, partition=partition)


def _alike(old: Column, new: Column) -> _Pairs:
    """What both are read as. Under `date()`, the format of a date is that of a timestamp."""
    now = readings(new.source, new.type)
    return [(one, other) for one in readings(old.source, old.type) for other in now if one.kind == other.kind]


def _type(old: Type, new: Type, at: At, read: _Pairs) -> Iterator[Change]:
    if old.item and new.item:
        yield from _type(old.item, new.item, at.part("[]"), [(old.item, new.item)])
    elif old.fields and new.fields:
        yield from _fields(old, new, at)
    elif old.arrow != new.arrow or old.kind != new.kind:
        yield at.breaking("type", typed(old), typed(new), _FILES)
    else:
        yield from _format(read, at)
        yield from _timezone(old.timezone, new.timezone, at)


def _fields(old: Type, new: Type, at: At) -> Iterator[Change]:
    before = {field.name: field.type for field in old.fields}
    now = {field.name: field.type for field in new.fields}
    for name, type_ in before.items():
        if name not in now:
            yield at.part(name).breaking("removed", None, typed(type_), "new files do not have it")
    for name, type_ in now.items():
        if name in before:
            yield from _type(before[name], type_, at.part(name), [(before[name], type_)])
        else:
            yield at.part(name).tightening("added", None, typed(type_), "a field that was passed over is judged now")
    if [name for name in before if name in now] != [name for name in now if name in before]:
        yield at.safe("properties", None, "in another order")


def _format(read: _Pairs, at: At) -> Iterator[Change]:
    """Texts of the old format do not fit the new one; or, worse, they do and mean another time."""
    others = [(old, new) for old, new in read if formats.spelt(old) != formats.spelt(new)]
    if not others:
        return
    before, now = map(formats.spelt, others[0])
    if any(formats.confusing(old, new) for old, new in others):
        yield at.breaking("format", before, now, "what is written the same may mean another time now")
    else:
        yield at.tightening("format", before, now, "what is written as before is not read any more")


def _timezone(old: str | None, new: str | None, at: At) -> Iterator[Change]:
    if old is None or new is None:
        if old != new:
            yield at.moved("defaultTimezone", old or NONE, new or NONE, tighter=new is None)
    elif old != new:
        yield at.breaking("defaultTimezone", old, new, "texts without an offset mean another time now")
