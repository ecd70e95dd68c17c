"""The rows of one upload, held back until row groups of a good size are together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.dataset as ds

from etl.contract.model import Contract
from etl.lake.schema import Lineage
from etl.lake.table import TableWriter
from etl.records import Rows

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

    def write(self, table_name: str, rows: Rows) -> None:
        """Take rows, in record order."""
        table = self._tables[table_name]
        others = sum(len(other.partitions) for other in self._tables.values() if other is not table)
        for part in _cut(rows, _HELD_ROWS - table.held_rows, _HELD_ROWS):
            table.hold(part, most_partitions=MOST_PARTITIONS - others)
            if table.held_rows >= _HELD_ROWS:
                table.flush()
        while sum(table.held_bytes for table in self._tables.values()) > _HELD_BYTES:
            max(self._tables.values(), key=lambda table: table.held_bytes).flush()

    def close(self) -> list[StagedFile]:
        """Write what is held. The files: by table as in the contract, then by partition."""
        for table in self._tables.values():
            table.flush()
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


def _cut(rows: Rows, first: int, each: int) -> Iterator[Rows]:
    """The first rows, and then so many at a time."""
    if len(rows) <= first:
        yield rows
        return
    for start in (0, *range(first, len(rows), each)):
        end = first if start == 0 else min(start + each, len(rows))
        yield rows.only(np.arange(start, end))
