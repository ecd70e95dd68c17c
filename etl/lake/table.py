"""One table's rows -> its files."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
from pyarrow.fs import LocalFileSystem

from etl.contract.model import Contract, Table
from etl.lake.file import PartitionFile
from etl.lake.partition import Partition, split
from etl.lake.schema import RECORD, Lineage, encoding, file_schema


class TableWriter:
    """Holds rows of one table, and writes them to one file per partition, numbered in `folder`."""

    def __init__(self, contract: Contract, table: Table, folder: Path, lineage: Lineage | None) -> None:
        self._table = table
        self._folder = folder
        self._lineage = lineage
        self._schema = file_schema(contract, table, lineage)
        self._encoding: dict[str, list[str]] | None = None
        self._held: list[pa.Table] = []
        self._files: dict[str, PartitionFile] = {}
        self.held_rows = 0
        self.held_bytes = 0
        self.partitions: set[str] = set()

    def hold(self, values: pa.Table, records: np.ndarray) -> None:
        """Take rows, with their record numbers."""
        rows = values.append_column(RECORD, pa.array(records, pa.int64()))
        self._held.append(rows)
        self.held_rows += len(rows)
        self.held_bytes += rows.nbytes

    def flush(self, count: int, most_partitions: int) -> None:
        """Write the first `count` rows held; none any more once there are more partitions."""
        if not count:
            return
        rows = self._release(count)
        self._encoding = self._encoding or encoding(pa.concat_tables(rows), self._schema)
        parts = list(islice(split(rows, self._table.partitions), max(most_partitions, 0) + 1))
        self.partitions.update(partition.folder for partition, _ in parts)
        if len(self.partitions) > most_partitions:
            return
        for partition, part in parts:
            self._file(partition, self._encoding).write(part)

    def _release(self, count: int) -> list[pa.Table]:
        """The first `count` rows, as the blocks they came in."""
        released: list[pa.Table] = []
        while count:
            first = self._held[0]
            released.append(first.slice(0, count))
            self._held[:1] = [first.slice(count)] if len(first) > count else []
            count -= len(released[-1])
        self.held_rows = sum(map(len, self._held))
        self.held_bytes = sum(rows.nbytes for rows in self._held)
        return released

    def _file(self, partition: Partition, encoding: dict[str, list[str]]) -> PartitionFile:
        if partition.folder not in self._files:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{len(self._files)}.parquet"
            self._files[partition.folder] = PartitionFile(partition, path, self._schema, encoding, self._lineage)
        return self._files[partition.folder]

    def close(self) -> None:
        """Complete the files."""
        for file in self._files.values():
            file.close()

    def files(self) -> list[PartitionFile]:
        """By partition."""
        return [file for _, file in sorted(self._files.items())]

    def dataset(self) -> ds.Dataset:
        """The rows of all files, with the contract's columns."""
        schema = pa.schema([(column.name, column.type.arrow) for column in self._table.columns])
        files = self.files()
        if not files:
            return ds.dataset(schema.empty_table())
        return ds.FileSystemDataset.from_paths(
            [file.path.as_posix() for file in files],
            schema=schema,
            format=ds.ParquetFileFormat(),
            filesystem=LocalFileSystem(),
            partitions=[file.partition.expression for file in files],
        )
