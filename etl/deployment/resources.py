"""Contracts -> CloudFormation resources: the Glue database, a table for each of their tables, an alarm for each.

They refer to what the template has: the parameters BucketName, DatabaseName, QuarantinedPercent, and the Topic. Limits
of texts are Glue's: https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html, API_TableInput.html.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from etl.athena import projection
from etl.athena.obstacles import obstacle
from etl.contract.model import Column, Contract, Table
from etl.deployment.athena import column_type, partition_type
from etl.deployment.cloudformation import Ref, Sub
from etl.deployment.names import alarm_id, glue_name, table_id
from etl.deployment.servable import BUCKET, PREFIXES, table_location
from etl.lake.schema import LINEAGE

_COMMENT, _DESCRIPTION = 255, 2048  # characters
_HADOOP = "org.apache.hadoop.hive.ql.io.parquet"
_ABOUT_LINEAGE = dict(
    zip(LINEAGE, ("Upload and record number.", "Where the upload lay.", "Version of the contract."), strict=True)
)

Resource = Mapping[str, Any]

DATABASE = {
    "LakeDatabase": {
        "Type": "AWS::Glue::Database",
        "Properties": {
            "CatalogId": Ref("AWS::AccountId"),
            "DatabaseInput": {"Name": Ref("DatabaseName"), "Description": "The lake of orders."},
        },
    }
}


def glue_table(contract: Contract, table: Table) -> Resource:
    """The table as Athena is to see it."""
    location = table_location(contract, table)
    about = table.description or (contract.description if len(contract.tables) == 1 else None)
    return {
        table_id(contract, table): {
            "Type": "AWS::Glue::Table",
            "Properties": {
                "CatalogId": Ref("AWS::AccountId"),
                "DatabaseName": Ref("LakeDatabase"),
                "TableInput": {
                    "Name": glue_name(contract, table),
                    **({"Description": textwrap.shorten(about, _DESCRIPTION, placeholder=" ...")} if about else {}),
                    "Owner": "etl",
                    "TableType": "EXTERNAL_TABLE",
                    "Parameters": _parameters(contract, table, location),
                    "PartitionKeys": [_partition_key(column) for column in projection.partition_columns(table)],
                    "StorageDescriptor": _storage(_columns(contract, table), location),
                },
            },
        }
    }


def _parameters(contract: Contract, table: Table, location: str) -> Mapping[str, str]:
    partitions = projection.properties(table, location)
    return {
        "EXTERNAL": "TRUE",
        "classification": "parquet",
        "contract_name": contract.name,
        "contract_version": contract.version,
        **{key: _sub(value) if "://" in value else value for key, value in partitions.items()},
    }


def _storage(columns: list[Mapping[str, str]], location: str) -> Mapping[str, Any]:
    return {
        "Location": _sub(location),
        "InputFormat": f"{_HADOOP}.MapredParquetInputFormat",
        "OutputFormat": f"{_HADOOP}.MapredParquetOutputFormat",
        "SerdeInfo": {
            "SerializationLibrary": f"{_HADOOP}.serde.ParquetHiveSerDe",
            "Parameters": {"serialization.format": "1"},
        },
        "Columns": columns,
    }


def _sub(location: str) -> Sub:
    return Sub(location.replace(BUCKET, "${BucketName}"))


def _columns(contract: Contract, table: Table) -> list[Mapping[str, str]]:
    """Those of the files that Athena can read."""
    own = [column for column in table.columns if column.name not in table.partitions and not obstacle(column)]
    found = [_column(column.name, column_type(column), column.description, _note(column)) for column in own]
    if contract.policies.lineage_columns:
        found += [_column(name, "string", about, "") for name, about in _ABOUT_LINEAGE.items()]
    return found


def _partition_key(column: Column) -> Mapping[str, str]:
    return _column(column.name, partition_type(column), column.description, projection.note(column))


def _note(column: Column) -> str:
    finer = pa.types.is_timestamp(column.type.arrow) and column.type.arrow.unit in ("us", "ns")
    return "Athena reads it to the millisecond." if finer else ""


def _column(name: str, type_: str, description: str | None, note: str) -> Mapping[str, str]:
    room = _COMMENT - len(note) - 1
    comment = f"{textwrap.shorten(description or '', room, placeholder=' ...')} {note}".strip()
    return {"Name": name.lower(), "Type": type_, **({"Comment": comment} if comment else {})}


def remarks(table: Table) -> Iterator[str]:
    """A sentence for each column that the Glue table goes without."""
    for column in table.columns:
        if column.name not in table.partitions and (reason := obstacle(column)):
            yield f"{column.name} is left out: {reason}."


def alarm(contract: Contract) -> Resource:
    """Raised when the average upload of five minutes has a larger share in quarantine than the template allows."""
    folder = f"{PREFIXES['quarantine']}{contract.name}/"
    return {
        alarm_id(contract): {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "AlarmDescription": (
                    f"More orders of the contract {contract.name} than usual are quarantined. Review the reports in "
                    f"{folder}: is the export broken, or has its format changed and the contract not?"
                ),
                "Namespace": Ref("AWS::StackName"),
                "MetricName": "QuarantinedPercent",
                "Dimensions": [{"Name": "contract", "Value": contract.name}],
                "Statistic": "Average",
                "Period": 300,
                "EvaluationPeriods": 1,
                "Threshold": Ref("QuarantinedPercent"),
                "ComparisonOperator": "GreaterThanThreshold",
                "TreatMissingData": "notBreaching",
                "AlarmActions": [Ref("Topic")],
            },
        }
    }
