"""Partition projection: table properties from which Athena computes which partitions there are, and where.

https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html. A partition outside of what is
projected is not seen, so that this must hold whatever the contract lets in; a query looks into every projected folder
that its conditions leave, so that it should hold little more: a partition column does well to state its limits.

Values are put into paths as they are, while the lake escapes them as Hive does: values that differ can't be listed.

Athena's engine refuses tables whose projection does not suit it (trinodb/trino, `plugin.hive.projection`): an enum is
of strings; an integer is an int or a bigint, its range of 32 bits (of 64 by the documentation), and all of it is walked
through; a range of dates ends after it begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pyarrow as pa

from etl.athena.limits import choices, limits
from etl.contract.model import Column, Table
from etl.lake.partition import Partition

_FIRST, _LAST = date(1970, 1, 1), "NOW+3660DAYS"  # of dates for which the contract has no limits
_TEN_YEARS_ON = date(2036, 11, 1)  # from when this was written; `_LAST` is later, and ever later
_FAR = date(2080, 1, 1)  # which `_LAST` does not reach while this is in use
_DAY = timedelta(days=1)
_INT = 1 << 31
_WALK = 100_000  # integers that are worth walking through in each query


def properties(table: Table, location: str) -> dict[str, str]:
    """The table properties for the partitions; none for a table without. `location` is the table's, with a final `/`.

    The location template is for `!Sub`: `${!order_date}`. Folders have the contract's names, Glue has them lower-case.
    """
    if not table.partitions:
        return {}
    found = {"projection.enabled": "true"}
    for column in partition_columns(table):
        name = column.name.lower()
        found |= {f"projection.{name}.{key}": value for key, value in projection(column).items()}
    folders = (f"{name}=${{!{name.lower()}}}/" for name in table.partitions)
    return found | {"storage.location.template": location + "".join(folders)}


def partition_columns(table: Table) -> list[Column]:
    """In path order."""
    columns = {column.name: column for column in table.columns}
    return [columns[name] for name in table.partitions]


def projection(column: Column) -> Mapping[str, str]:
    """How Athena comes to the values of one column; `injected`: the query gives them."""
    match column.type.kind:
        case "date":
            return _dates(column)
        case "integer":
            return _integers(column)
        case "boolean":
            return {"type": "enum", "values": "true,false"}
        case _:
            return _texts(column)


def _dates(column: Column) -> Mapping[str, str]:
    first, last = _days(column)
    span = f"{first},{last or _LAST}"
    return {"type": "date", "format": "yyyy-MM-dd", "range": span, "interval": "1", "interval.unit": "DAYS"}


def _days(column: Column) -> tuple[date, date | None]:
    """The first day and the last, which is later; None for ten years ahead."""
    first, last = limits(column)
    if first is None:
        first = _FIRST if last is None or last > _FIRST else date.min
    if last is None and first < _TEN_YEARS_ON:
        return first, None
    last = last or date.max
    if first < last:
        return first, last
    return (first, first + _DAY) if first < date.max else (first - _DAY, first)


def _integers(column: Column) -> Mapping[str, str]:
    least, most = limits(column)
    if least is None or most is None or not _can_be_walked(least, most):
        return {"type": "injected"}
    return {"type": "integer", "range": f"{least},{most}"}


def _can_be_walked(least: int, most: int) -> bool:
    return least >= -_INT and most < _INT - 1 and most - least < _WALK  # the greatest int: the walk would not end


def _texts(column: Column) -> Mapping[str, str]:
    values = choices(column)
    if values is None or not all(map(_is_its_own_folder, values)):
        return {"type": "injected"}
    return {"type": "enum", "values": ",".join(values)}


def _is_its_own_folder(value: str) -> bool:
    """Whether nothing of it is escaped in a path. So is the comma, which would part it in two."""
    return value != "" and Partition(("x",), (pa.scalar(value),)).folder == f"x={value}"


def hidden(old: Column, new: Column) -> str | None:
    """Why Athena finds less of what is in the lake once a column's rules are the new ones; None where it doesn't.

    The column's type is the same in both.
    """
    before, now = projection(old)["type"], projection(new)["type"]
    if now == "injected":
        return None if before == "injected" else "queries in Athena must say which partition now"
    if before == "injected" or not _covers(old, new):
        return "partitions outside of this stay in the lake, and Athena finds them no more"
    return None


def _covers(old: Column, new: Column) -> bool:
    """Whether what is projected now holds all that was."""
    match new.type.kind:
        case "date":
            (first, last), (new_first, new_last) = _days(old), _days(new)
            ends = last == new_last or (new_last or _TEN_YEARS_ON) >= (last or _FAR)
            return new_first <= first and ends
        case "integer":
            (least, most), (new_least, new_most) = limits(old), limits(new)
            return bool(new_least <= least and most <= new_most)
        case "boolean":
            return True
        case _:
            return set(choices(old) or ()) <= set(choices(new) or ())


def note(column: Column) -> str:
    """What one who queries the column has to know."""
    match projection(column)["type"]:
        case "injected":
            return f"A query must say which: {column.name.lower()} = '...', spelt as in the folder's name."
        case "date":
            first, last = _days(column)
            return f"Athena sees {first} to {last or 'ten years from now'}."
        case "integer":
            least, most = limits(column)
            return f"Athena sees {least} to {most}."
    return ""
