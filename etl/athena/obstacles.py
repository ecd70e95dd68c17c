"""How Athena (engine 3, which is Trino) reads the lake's Parquet files through a Glue table.

Columns are found by name, whatever the case, and read by their Parquet type if the Glue type agrees. What pyarrow
writes reads right, with these exceptions (trinodb/trino, `ColumnReaderFactory`; Athena's data types):

- Unsigned integers are read as if they were signed. 8 and 16 bits fit into the next wider type; of 32 and 64 bits, the
  upper half would turn negative (trinodb/trino#27274), or make a query fail.
- Times of day: a Glue table has no type for them.
- Timestamps are read to the millisecond, without a zone; the lake holds UTC.
- A struct's type can't name a field that is not letters, digits and underscores.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa

from etl.athena.limits import limits
from etl.contract.model import Column

LONG = (1 << 63) - 1
_SIGNED = {pa.uint32(): (1 << 31) - 1, pa.uint64(): LONG}  # the greatest that reads the same as a signed number
_NAME = re.compile(r"[A-Za-z0-9_]+")


def obstacle(column: Column) -> str | None:
    """Why Athena would not read this column of the files as it is; None if it does."""
    return next(_obstacles(column, column.type.arrow, ()), None)


def _obstacles(column: Column, arrow: pa.DataType, within: tuple[str, ...]) -> Iterator[str]:
    if pa.types.is_list(arrow):
        yield from _obstacles(column, arrow.value_type, (*within, "[]"))
    elif pa.types.is_struct(arrow):
        for field in arrow:
            if not _NAME.fullmatch(field.name):
                yield f"a struct in Glue can't name the field '{field.name}'"
            yield from _obstacles(column, field.type, (*within, field.name))
    elif pa.types.is_time(arrow):
        yield "Glue has no type for a time of day"
    elif arrow in _SIGNED and not is_within(limits(column, within)[1], _SIGNED[arrow]):
        yield f"Athena takes {arrow} as signed; with a maximum of {_SIGNED[arrow]} in the contract it could be read"


def is_within(most: int | None, greatest: int) -> bool:
    return most is not None and most <= greatest
