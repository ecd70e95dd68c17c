"""One table's rows -> its files."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
from pyarrow.fs import LocalFileSystem

from etl.contract.model import Contract, Table
from etl.lake.file import PartitionFile
from etl.lake.partition import Partition, split
from etl.lake.schema import Lineage, encoding, file_schema
from etl.records import Rows


class TableWriter:
    """Holds rows of one table, and writes them to one file per partition, numbered in `folder`."""

    def __init__(self, contract: Contract, table: Table, folder: Path, lineage: Lineage | None) -> None:
        self._table = table
        self._folder = folder
        self._lineage = lineage
        self._schema = file_schema(contract, table, lineage)
        self._encoding: dict[str, list[str]] | None = None
        self._held: dict[str, tuple[Partition, list[pa.Table]]] = {}
        self._files: dict[str, PartitionFile] = {}
        self.held_rows = 0
        self.held_bytes = 0
        self.partitions: set[str] = set()

    def hold(self, rows: Rows, most_partitions: int) -> None:
        """Take rows; none any more once there are more partitions."""
        if not len(rows) or len(self.partitions) > most_partitions:
            return
        for partition, part in split(rows, self._table.partitions):
            folder = partition.folder
            self.partitions.add(folder)
            if len(self.partitions) > most_partitions:
                self._held.clear()
                return
            self._held.setdefault(folder, (partition, []))[1].append(part)
            self.held_rows += len(part)
            self.held_bytes += part.nbytes

    def flush(self) -> None:
        """Write the rows held."""
        while self._held:
            partition, parts = self._held.pop(next(iter(self._held)))
            rows = pa.concat_tables(parts).combine_chunks()  # the same bytes, whatever blocks the rows came in
            self._encoding = self._encoding or encoding(rows, self._schema)
            self._file(partition, self._encoding).write(rows)
        self.held_rows = self.held_bytes = 0

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
