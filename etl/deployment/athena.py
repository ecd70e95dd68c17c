"""Glue's types for what Athena reads of the lake's Parquet files, and of the folders' names."""

from __future__ import annotations

import awswrangler as wr
import pandas as pd
import pyarrow as pa

from etl.athena.limits import limits
from etl.athena.obstacles import LONG, is_within
from etl.contract.model import Column


def column_type(column: Column) -> str:
    """The Glue type of a column of the files that Athena can read."""
    return _glue_type(column.type.arrow)


def partition_type(column: Column) -> str:
    """The Glue type of a partition column, whose values Athena reads from the paths, as text. Projection knows no
    booleans and no small integers."""
    arrow = column.type.arrow
    if pa.types.is_boolean(arrow) or (arrow == pa.uint64() and not is_within(limits(column)[1], LONG)):
        return "string"
    return _glue_type(pa.int32() if pa.types.is_integer(arrow) and arrow.bit_width < 32 else arrow)


def _glue_type(arrow: pa.DataType) -> str:
    frame = pd.DataFrame({"column": pd.Series([], dtype=pd.ArrowDtype(_as_read(arrow)))})
    types, _ = wr.catalog.extract_athena_types(frame)
    return str(types["column"])


def _as_read(arrow: pa.DataType) -> pa.DataType:
    """Without uint64, which awswrangler refuses, and with names as Glue knows them."""
    if pa.types.is_list(arrow):
        return pa.list_(_as_read(arrow.value_type))
    if pa.types.is_struct(arrow):
        return pa.struct([(field.name.lower(), _as_read(field.type)) for field in arrow])
    return pa.int64() if arrow == pa.uint64() else arrow
