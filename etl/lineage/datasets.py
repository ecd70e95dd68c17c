"""Uploads, tables and the quarantine as OpenLineage's datasets.

Uploads of a feed are one dataset, the place where they arrive (the contract's `incoming` server), of which a run reads
a part: a dataset for each upload would fill a catalogue, and make every run another version of the job. An upload from
anywhere else is a dataset of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from openlineage.client import event_v2
from openlineage.client.facet_v2 import (
    DatasetFacet,
    InputDatasetFacet,
    base_subset_dataset,
    dataset_version_dataset,
    documentation_dataset,
    input_statistics_input_dataset,
    output_statistics_output_dataset,
)

from etl.contract.model import Contract, Table
from etl.lineage import facets
from etl.lineage.assertions import assertions
from etl.lineage.columns import Name, classification, column_lineage, document_schema, table_schema

_STDIN = "-"


def named(location: str) -> Name:
    """Namespace and name of what lies at a location, by OpenLineage's naming conventions."""
    if location == _STDIN:
        return "file", "/dev/stdin"
    if location.startswith("s3://"):
        bucket, _, key = location.removeprefix("s3://").partition("/")
        return f"s3://{bucket}", key.rstrip("/") or "/"
    return "file", location.rstrip("/") or "/"


def source(location: str, contract: Contract) -> Name:
    """The dataset that an upload belongs to."""
    return named(_feed(location, contract) or location)


def _feed(location: str, contract: Contract) -> str | None:
    incoming = contract.servers.get("incoming")
    if incoming and incoming.location.endswith("/") and location.startswith(incoming.location):
        return incoming.location
    return None


def upload(location: str, contract: Contract, report: Mapping[str, Any] | None = None) -> event_v2.InputDataset:
    """An upload as a run's input; with what was found in it once it has been judged."""
    about: dict[str, DatasetFacet] = {"schema": document_schema(contract)}
    found: dict[str, InputDatasetFacet] = {}
    if _feed(location, contract):
        found["subset"] = _part_read(location)
    elif report:
        version = report["upload"]["version"] or report["upload"]["contentId"]
        about["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(version)
    if report:
        found["inputStatistics"] = input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
            rowCount=report["records"]["read"], size=report["upload"]["size"], fileCount=1
        )
        if judged := assertions(contract, report):
            found["dataQualityAssertions"] = judged
    return event_v2.InputDataset(*source(location, contract), facets=about, inputFacets=found)


def rejected(folder: str, records: int | None = None) -> event_v2.InputDataset:
    """A quarantine folder as the input of a replay, of which so many records were tried."""
    found: dict[str, InputDatasetFacet] = {"subset": _part_read(folder)}
    if records is not None:
        found["inputStatistics"] = input_statistics_input_dataset.InputStatisticsInputDatasetFacet(rowCount=records)
    return event_v2.InputDataset(*quarantine(folder), inputFacets=found)


def quarantine(folder: str) -> Name:
    """The dataset that a quarantine folder `<quarantine>/<contract>/<day>/<upload>/` belongs to."""
    return named(folder.rstrip("/").rsplit("/", 2)[0])


def quarantined(report: Mapping[str, Any]) -> event_v2.OutputDataset | None:
    """What an upload left in quarantine; None if no record is there."""
    records = report["records"]["quarantined"] + report["records"]["split"]
    if not records:
        return None
    folder = report["quarantine"]["location"]
    return event_v2.OutputDataset(
        *quarantine(folder),
        outputFacets={
            "outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=records),
            "subset": base_subset_dataset.OutputSubsetOutputDatasetFacet(_location(folder)),
        },
    )


def tables(
    contract: Contract, lake: str, files: Sequence[Mapping[str, Any]], document: Name
) -> list[event_v2.OutputDataset]:
    """The contract's tables as outputs, each with what these files (of a run report) added to it."""
    return [
        _table(table, contract, lake, [file for file in files if file["table"] == table.name], document)
        for table in contract.tables
    ]


def added(contract: Contract, files: Sequence[Mapping[str, Any]]) -> list[event_v2.OutputDataset]:
    """The tables that a replay added files to. Which of the document's fields they hold, their own runs have told."""
    found: list[event_v2.OutputDataset] = []
    for table in contract.tables:
        own = [file for file in files if file["table"] == table.name]
        if own:
            at: str = own[0]["location"]
            found.append(_table(table, contract, at[: at.rindex(f"/{table.name}/") + 1], own))
    return found


def _table(
    table: Table, contract: Contract, lake: str, files: Sequence[Mapping[str, Any]], document: Name | None = None
) -> event_v2.OutputDataset:
    about: dict[str, DatasetFacet | None] = {
        "schema": table_schema(table, contract),
        "columnLineage": column_lineage(table, document) if document else None,
        "tags": classification(table),
        "documentation": _documentation(table.description),
        "etl_contract": facets.of_table(contract),
    }
    written = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
        rowCount=sum(file["rows"] for file in files), fileCount=len(files)
    )
    return event_v2.OutputDataset(
        *named(f"{lake}{table.name}"),
        facets={name: facet for name, facet in about.items() if facet is not None},
        outputFacets={"outputStatistics": written},
    )


def _documentation(text: str | None) -> DatasetFacet | None:
    return documentation_dataset.DocumentationDatasetFacet(text) if text else None


def _part_read(location: str) -> base_subset_dataset.InputSubsetInputDatasetFacet:
    return base_subset_dataset.InputSubsetInputDatasetFacet(_location(location))


def _location(location: str) -> base_subset_dataset.LocationSubsetCondition:
    return base_subset_dataset.LocationSubsetCondition([location])
