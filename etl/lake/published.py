"""What the lake holds of a table, read back: files with the partition folders that they lie in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
from pyarrow.fs import LocalFileSystem

from etl.contract.model import Table
from etl.lake.partition import parsed


def published(table: Table, files: Sequence[tuple[Path, str]]) -> ds.Dataset:
    """The rows of local files, each with its partition folder (`order_date=2024-01-10`), with the table's columns: one
    that a file does not have is null there.

    To read it raises `pa.ArrowException` where a file has another type of column.
    """
    schema = pa.schema([(column.name, column.type.arrow) for column in table.columns])
    if not files:
        return ds.dataset(schema.empty_table())
    types = {field.name: field.type for field in schema}
    return ds.FileSystemDataset.from_paths(
        [path.as_posix() for path, _ in files],
        schema=schema,
        format=ds.ParquetFileFormat(),
        filesystem=LocalFileSystem(),
        partitions=[parsed(folder, types).expression for _, folder in files],
    )
