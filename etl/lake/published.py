"""What the lake holds of a table, read back: files with the partition folders that they lie in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
from pyarrow.fs import FileSystem, LocalFileSystem

from etl.contract.model import Table
from etl.lake.partition import parsed


def published(table: Table, files: Sequence[tuple[Path, str]]) -> ds.Dataset:
    """The rows of local files, each with its partition folder (`order_date=2024-01-10`), with the table's columns: one
    that a file does not have is null there.

    To read it raises `pa.ArrowException` where a file has another type of column.
    """
    schema = pa.schema([(column.name, column.type.arrow) for column in table.columns])
    return dataset(schema, [(path.as_posix(), folder) for path, folder in files], LocalFileSystem())


def dataset(schema: pa.Schema, files: Sequence[tuple[str, str]], filesystem: FileSystem) -> ds.Dataset:
    """The rows of files by their paths, likewise; `schema` has the partition columns, too. Of another type of column,
    what Arrow casts without loss is cast.
    """
    if not files:
        return ds.dataset(schema.empty_table())
    types = {field.name: field.type for field in schema}
    expressions = {folder: parsed(folder, types).expression for folder in {folder for _, folder in files}}
    form = ds.ParquetFileFormat()
    fragments = [form.make_fragment(path, filesystem, expressions[folder]) for path, folder in files]
    return _Files(fragments, schema, form, filesystem)


class _Files(ds.FileSystemDataset):  # type: ignore[misc]  # pyarrow has no types
    """Lets go of a file once it is read: 60,000 footers that are kept for a second reading take 3 GB."""

    def scanner(self, **options: Any) -> ds.Scanner:
        return super().scanner(**options | {"cache_metadata": False})
