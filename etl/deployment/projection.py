"""Partition projection: table properties from which Athena computes which partitions there are, and where.

https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html. A partition outside of what is
projected is not seen, so that this must hold whatever the contract lets in; a query looks into every projected folder
that its conditions leave, so that it should hold little more: a partition column does well to state its limits.

Values are put into paths as they are, while the lake escapes them as Hive does: values that differ can't be listed.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from etl.contract.model import Column, Table
from etl.deployment.athena import LONG
from etl.deployment.limits import choices, limits
from etl.lake.partition import Partition

_FIRST, _LAST = "1970-01-01", "NOW+3660DAYS"  # of dates for which the contract has no limits


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
    first, last = limits(column)
    span = f"{first or _FIRST},{last or _LAST}"
    return {"type": "date", "format": "yyyy-MM-dd", "range": span, "interval": "1", "interval.unit": "DAYS"}


def _integers(column: Column) -> Mapping[str, str]:
    least, most = limits(column)
    if least is None or most is None or most > LONG:
        return {"type": "injected"}
    return {"type": "integer", "range": f"{least},{most}"}


def _texts(column: Column) -> Mapping[str, str]:
    values = choices(column)
    if values is None or not all(map(_is_its_own_folder, values)):
        return {"type": "injected"}
    return {"type": "enum", "values": ",".join(values)}


def _is_its_own_folder(value: str) -> bool:
    """Whether nothing of it is escaped in a path. So is the comma, which would part it in two."""
    return value != "" and Partition(("x",), (pa.scalar(value),)).folder == f"x={value}"


def note(column: Column) -> str:
    """What one who queries the column has to know."""
    if projection(column)["type"] == "injected":
        return f"A query must say which: {column.name.lower()} = '...', spelt as in the folder's name."
    if column.type.kind == "date" and None in limits(column):
        first, last = limits(column)
        return f"Athena sees {first or _FIRST} to {last or 'ten years from now'}."
    return ""
