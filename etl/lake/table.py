"""One table's rows -> its files."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds

from etl.contract.model import Contract, Table
from etl.lake.file import PartitionFile
from etl.lake.partition import Partition, split
from etl.lake.published import published
from etl.lake.schema import Lineage, encoding, file_schema
from etl.records import Rows

_THREADS = 2  # that write


class TableWriter:
    """Holds rows of one table, and writes them to one file per partition, numbered in `folder`."""

    def __init__(self, contract: Contract, table: Table, folder: Path, lineage: Lineage | None) -> None:
        self._table = table
        self._folder = folder
        self._lineage = lineage
        self._schema = file_schema(contract, table, lineage)
        self._encoding: dict[str, list[str]] = {}
        self._held: dict[Partition, list[pa.Table]] = {}
        self._files: dict[Partition, PartitionFile] = {}
        self.held_rows = 0
        self.held_bytes = 0
        self.partitions: set[Partition] = set()

    def hold(self, rows: Rows, most_partitions: int) -> None:
        """Take rows; none any more once there are more partitions."""
        if not len(rows) or len(self.partitions) > most_partitions:
            return
        parts = split(rows, self._table.partitions)
        self.partitions.update(partition for partition, _ in parts)
        if len(self.partitions) > most_partitions:
            self._held.clear()
            return
        for partition, part in parts:
            self._held.setdefault(partition, []).append(part)
            self.held_bytes += part.get_total_buffer_size() // len(parts)  # all are slices of one table
        self.held_rows += len(rows)

    def flush(self) -> None:
        """Write the rows held."""
        held, self._held = self._held, {}
        self.held_rows = self.held_bytes = 0
        if not self._encoding and held:
            self._encoding = encoding(pa.concat_tables(next(iter(held.values()))), self._schema)
        files = [self._file(partition) for partition in held]
        if len(files) == 1:
            _write(files[0], held.popitem()[1])
            return
        with ThreadPoolExecutor(_THREADS) as threads:  # each file by one: its bytes are always the same
            list(threads.map(_write, files, held.values()))

    def _file(self, partition: Partition) -> PartitionFile:
        if partition not in self._files:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{len(self._files)}.parquet"
            self._files[partition] = PartitionFile(partition, path, self._schema, self._encoding, self._lineage)
        return self._files[partition]

    def close(self) -> None:
        """Complete the files."""
        for file in self._files.values():
            file.close()

    def files(self) -> list[PartitionFile]:
        """By partition."""
        return sorted(self._files.values(), key=lambda file: file.partition.folder)

    def dataset(self) -> ds.Dataset:
        """The rows of all files, with the contract's columns."""
        return published(self._table, [(file.path, file.partition.folder) for file in self.files()])


def _write(file: PartitionFile, parts: list[pa.Table]) -> None:
    file.write(pa.concat_tables(parts).combine_chunks())  # the same bytes, whatever blocks the rows came in
