"""A table's columns in OpenLineage's words: schema, where each comes from, and how it is classified."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa
from openlineage.client.facet_v2 import column_lineage_dataset, schema_dataset, tags_dataset

from etl.contract.expressions import Expression, Path, paths, written
from etl.contract.model import Contract, Table
from etl.lake.schema import LINEAGE

Name = tuple[str, str]
"""A dataset's namespace and name."""

_ITEM = "_element"  # OpenLineage's name for what a list holds
_Field = schema_dataset.SchemaDatasetFacetFields


def table_schema(table: Table, contract: Contract) -> schema_dataset.SchemaDatasetFacet:
    """The columns as the lake stores them, those that close each row included."""
    told = [(column.name, column.type.arrow, column.description) for column in table.columns]
    if contract.policies.lineage_columns:
        told += [(name, pa.string(), None) for name in LINEAGE]
    return schema_dataset.SchemaDatasetFacet(
        fields=[_field(name, type_, about, at) for at, (name, type_, about) in enumerate(told, 1)]
    )


def _field(name: str, type_: pa.DataType, description: str | None = None, position: int | None = None) -> _Field:
    kind = "array" if pa.types.is_list(type_) else "struct" if pa.types.is_struct(type_) else str(type_)
    return _Field(name, kind, description, position, list(_parts(type_)))


def _parts(type_: pa.DataType) -> Iterator[_Field]:
    if pa.types.is_list(type_):
        yield _field(_ITEM, type_.value_type)
    elif pa.types.is_struct(type_):
        yield from (_field(part.name, part.type) for part in type_)


def document_schema(contract: Contract) -> schema_dataset.SchemaDatasetFacet:
    """What the contract reads of a document, by its JSON paths. (JSON has no types that a catalogue could hold to.)"""
    read = dict.fromkeys(
        str(path) for table in contract.tables for column in table.columns for path in paths(column.source)
    )
    return schema_dataset.SchemaDatasetFacet(fields=[_Field(path) for path in read])


def column_lineage(table: Table, document: Name) -> column_lineage_dataset.ColumnLineageDatasetFacet:
    """Which paths of the document each column comes from. Nothing is masked in the lake."""
    return column_lineage_dataset.ColumnLineageDatasetFacet(
        fields={
            column.name: column_lineage_dataset.Fields(list(_inputs(column.source, document)))
            for column in table.columns
        }
    )


def _inputs(source: Expression, document: Name) -> Iterable[column_lineage_dataset.InputField]:
    how = column_lineage_dataset.Transformation(
        type="DIRECT",
        subtype="IDENTITY" if isinstance(source, Path) else "TRANSFORMATION",
        description=written(source),
        masking=False,
    )
    for path in dict.fromkeys(map(str, paths(source))):
        yield column_lineage_dataset.InputField(*document, path, [how])


def classification(table: Table) -> tags_dataset.TagsDatasetFacet | None:
    """Columns' classifications as tags of fields; None where no column has any."""
    tags = [
        tags_dataset.TagsDatasetFacetFields("classification", column.classification, "CONTRACT", column.name)
        for column in table.columns
        if column.classification
    ]
    return tags_dataset.TagsDatasetFacet(tags) if tags else None
