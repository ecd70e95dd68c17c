"""One Parquet file, written row group by row group."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from etl.lake.partition import Partition
from etl.lake.schema import RECORD, Lineage

_GROUP = 128 << 10  # rows


class PartitionFile:
    """The rows of one partition of one table."""

    def __init__(
        self, partition: Partition, path: Path, schema: pa.Schema, encoding: Mapping[str, Any], lineage: Lineage | None
    ) -> None:
        self.partition = partition
        self.path = path
        self.rows = 0
        self._schema = schema
        self._lineage = lineage
        self._sink = _Sink(path)
        self._writer = pq.ParquetWriter(self._sink, schema, compression="zstd", compression_level=1, **encoding)

    def write(self, rows: pa.Table) -> None:
        """Add rows; those of one call make row groups of their own. `rows` has the record numbers as `RECORD`."""
        for start in range(0, len(rows), _GROUP):
            self._writer.write_table(self._complete(rows.slice(start, _GROUP)))
            self._sink.spill()
        self.rows += len(rows)

    def _complete(self, rows: pa.Table) -> pa.Table:
        lineage = self._lineage.columns(rows[RECORD]) if self._lineage else []
        own = self._schema.names[: len(self._schema) - len(lineage)]
        return pa.Table.from_arrays([*(rows[name] for name in own), *lineage], schema=self._schema)

    def close(self) -> None:
        """Write the footer."""
        self._writer.close()
        self._sink.spill()


class _Sink(io.RawIOBase):
    """Appends to a file that is open only meanwhile: on AWS Lambda a thousand are too many to hold open."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def spill(self) -> None:
        """Write what has come."""
        with self._path.open("ab") as file:
            file.writelines(self._parts)
        self._parts = []
