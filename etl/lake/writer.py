"""The rows of one upload, held back until row groups of a good size are together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds

from etl.contract.model import Contract
from etl.lake.schema import Lineage
from etl.lake.table import TableWriter

MOST_PARTITIONS = 1000  # of one upload, in all its tables together
_HELD_ROWS = 1 << 17  # of one table
_HELD_BYTES = 64 << 20  # of all tables


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file to be published. `partition` is its folder under the table's, `order_date=2024-01-10`; or empty."""

    table: str
    partition: str
    path: Path
    rows: int


class LakeWriter:
    """Stages the published rows of one upload in `folder`. `upload` (its location) and `upload_id` go into the lineage.

    Holds at most 128 Ki rows of a table and 64 MiB in all. Raises `OSError` where the folder can't be written.
    """

    def __init__(self, contract: Contract, folder: Path, upload: str, upload_id: str) -> None:
        lineage = Lineage(upload, upload_id, contract.version) if contract.policies.lineage_columns else None
        self._tables = {
            table.name: TableWriter(contract, table, folder / table.name, lineage) for table in contract.tables
        }

    @property
    def too_many_partitions(self) -> bool:
        """More than 1,000: the upload is to be rejected as a whole. Nothing more is staged then."""
        return sum(len(table.partitions) for table in self._tables.values()) > MOST_PARTITIONS

    def write(self, table_name: str, values: pa.Table, records: np.ndarray) -> None:
        """Take rows, in record order: `values` has the contract's columns, `records` (int64) one record number each."""
        table = self._tables[table_name]
        table.hold(values, records)
        while table.held_rows >= _HELD_ROWS:
            self._flush(table, _HELD_ROWS)
        while sum(table.held_bytes for table in self._tables.values()) > _HELD_BYTES:
            largest = max(self._tables.values(), key=lambda table: table.held_bytes)
            self._flush(largest, largest.held_rows)

    def _flush(self, table: TableWriter, rows: int) -> None:
        others = sum(len(other.partitions) for other in self._tables.values() if other is not table)
        table.flush(rows, most_partitions=MOST_PARTITIONS - others)

    def close(self) -> list[StagedFile]:
        """Write what is held. The files: by table as in the contract, then by partition."""
        for table in self._tables.values():
            self._flush(table, table.held_rows)
        for table in self._tables.values():
            table.close()
        return [
            StagedFile(name, file.partition.folder, file.path, file.rows)
            for name, table in self._tables.items()
            for file in table.files()
        ]

    def datasets(self) -> dict[str, ds.Dataset]:
        """After `close`: each table as staged, with all columns of the contract, in its order."""
        return {name: table.dataset() for name, table in self._tables.items()}
