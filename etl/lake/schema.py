"""What a Parquet file of the lake looks like: its columns, what it says of itself, how it is encoded."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.model import Column, Contract, Table

RECORD = "_record_id"
LINEAGE = (RECORD, "_upload", "_contract_version")
_SAMPLE = 8 << 10  # rows that decide where a dictionary pays
_RECURRING = 0.2  # distinct values per row, below which it does; repeats of an order on its items compress better plain


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where rows come from."""

    upload: str
    upload_id: str
    contract_version: str

    def columns(self, records: pa.ChunkedArray) -> list[pa.Array]:
        """`LINEAGE` for rows of these records."""
        numbers = records.cast(pa.string())
        constants = (pa.repeat(pa.scalar(text), len(records)) for text in (self.upload, self.contract_version))
        return [pc.binary_join_element_wise(self.upload_id, numbers, "-"), *constants]


def file_schema(contract: Contract, table: Table, lineage: Lineage | None) -> pa.Schema:
    """The file's columns: the contract's without those of the path, then the lineage. Carries ids and descriptions."""
    fields = [_field(column) for column in table.columns if column.name not in table.partitions]
    fields += [pa.field(name, pa.string()) for name in LINEAGE if lineage]
    about = {
        "contract_id": contract.id,
        "contract_name": contract.name,
        "contract_version": contract.version,
        "contract_digest": contract.digest,
        "description": table.description,
    }
    return pa.schema(fields, metadata={name: text for name, text in about.items() if text})


def _field(column: Column) -> pa.Field:
    about = {"description": column.description, "classification": column.classification}
    return pa.field(column.name, column.type.arrow, metadata={name: text for name, text in about.items() if text})


def encoding(rows: pa.Table, schema: pa.Schema) -> dict[str, list[str]]:
    """How to encode a table's files, judged by its first rows: dictionaries where values come again and again.

    Statistics are for what is searched by its range: texts are seldom, and their least and greatest are long to find.
    """
    flat = [field.name for field in schema if not pa.types.is_nested(field.type) and field.name not in LINEAGE]
    constant = [name for name in LINEAGE if name in schema.names and name != RECORD]
    ranged = [name for name in flat if not pa.types.is_string(schema.field(name).type)]
    return {"use_dictionary": _recurring(rows.select(flat)) + constant, "write_statistics": ranged}


def _recurring(rows: pa.Table) -> list[str]:
    sample = rows.slice(0, _SAMPLE)
    return [name for name in sample.column_names if pc.count_distinct(sample[name]).as_py() < _RECURRING * len(sample)]
