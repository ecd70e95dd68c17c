"""What lies in a table's folder at this moment, beside what is committed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from etl.query.tables import LakeTable
from etl.storage import Storage


@dataclass(frozen=True, slots=True)
class Lying:
    """`size` is that of the committed files, in bytes; `gone` are those of them that are not there (locations);
    `others` files that no run has committed: who reads the folder by itself meets them.
    """

    size: int
    gone: Sequence[str]
    others: Sequence[str]


def lying(table: LakeTable, storage: Storage) -> Lying:
    """One listing of the folder. Raises `StorageError`."""
    there = {one.location: one.size for one in storage.list(table.location) if one.location.endswith(".parquet")}
    committed = {table.location + file.path for file in table.files}
    return Lying(
        sum(size for at, size in there.items() if at in committed),
        sorted(committed - there.keys()),
        sorted(there.keys() - committed),
    )
