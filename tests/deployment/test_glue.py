"""The tables at work: Glue takes them, what the pipeline writes is found through them, and projection covers it."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from pyarrow.fs import LocalFileSystem

from etl import contract as contracts
from etl import pipeline
from etl.athena.projection import properties
from etl.contract.model import Contract, Table
from etl.deployment.servable import table_location
from etl.lake.schema import LINEAGE, file_schema
from etl.storage import MemoryStorage, Storage
from tests import examples
from tests.deployment.documents import PARAMETERS, ROOT, resources

FOLDER = ROOT / "contracts"
BUCKET = {"ORDERS_BUCKET": PARAMETERS["BucketName"]}
DATABASE = PARAMETERS["DatabaseName"]
CONTRACTS = {contract.name: contract for contract in contracts.load_all(FOLDER, BUCKET)}
ORDERS = CONTRACTS["orders"]
TABLES = [(contract, table) for contract in CONTRACTS.values() for table in contract.tables]


def run(contract: Contract, data: bytes, storage: Storage) -> None:
    """Upload, and process."""
    location = f"{contract.servers['incoming'].location}upload.json"
    storage.write(location, data, expect=None)
    pipeline.run(location, contract, storage, pipeline.outputs_of(contract, None, None))


def sample_of(contract: Contract) -> bytes:
    (path,) = FOLDER.glob(f"{contract.name}.sample.*")
    return path.read_bytes()


# Glue, and awswrangler as its reader.


@pytest.fixture
def lake(s3: Any) -> Storage:
    """S3 with what the samples come to, and Glue with the template's tables."""
    from etl.storage.s3 import S3Storage

    glue = boto3.client("glue")
    for database in resources("AWS::Glue::Database").values():
        glue.create_database(**database)
    for table in resources("AWS::Glue::Table").values():
        glue.create_table(**table)
    storage = S3Storage()
    for contract in CONTRACTS.values():
        run(contract, sample_of(contract), storage)
    return storage


def in_glue(contract: Contract, table: Table) -> Mapping[str, Any]:
    location = table_location(contract, table)
    found = [one["TableInput"] for one in resources("AWS::Glue::Table").values()]
    return next(one for one in found if one["StorageDescriptor"]["Location"] == location)


def rows(contract: Contract, table: Table, storage: Storage, folder: Path) -> pa.Table:
    """What lies in the table's folder, read by the contract's own types."""
    location = table_location(contract, table)
    for number, upload in enumerate(storage.list(location)):
        path = folder / upload.location.removeprefix(location).replace("/", f"/{number}-")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(storage.read(upload.location)[0])
    types = {column.name: column.type.arrow for column in table.columns}
    partitions = pa.schema([(name, types[name]) for name in table.partitions])
    schema = pa.schema([*file_schema(contract, table, None), *partitions, *((n, pa.string()) for n in LINEAGE)])
    layout = ds.partitioning(partitions, flavor="hive")
    return ds.dataset(folder, schema, format="parquet", partitioning=layout, filesystem=LocalFileSystem()).to_table()


def test_what_the_pipeline_writes_is_read_through_glue(lake, tmp_path):
    import awswrangler as wr

    for contract, table in TABLES:
        glue = in_glue(contract, table)
        name = glue["Name"]
        columns = [column["Name"] for column in glue["StorageDescriptor"]["Columns"]]
        keys = [key["Name"] for key in glue["PartitionKeys"]]
        described = wr.catalog.table(database=DATABASE, table=name)
        assert list(described["Column Name"]) == columns + keys
        assert list(described["Partition"]) == [False] * len(columns) + [True] * len(keys)

        frame = wr.s3.read_parquet_table(name, DATABASE, columns=[*columns, *keys], dtype_backend="pyarrow")
        found, _ = wr.catalog.extract_athena_types(frame)
        assert found == wr.catalog.get_table_types(DATABASE, name)
        (tmp_path / name).mkdir()
        expected = rows(contract, table, lake, tmp_path / name).select([*columns, *keys])
        assert len(expected) > 0
        read = pa.Table.from_pandas(frame, preserve_index=False).select([*columns, *keys])
        assert sorted(map(str, read.to_pylist())) == sorted(map(str, expected.to_pylist()))


# Projection, and the folders that the pipeline writes.


SPLIT = """
apiVersion: v3.1.0
kind: DataContract
id: visits
version: 1.0.0
servers:
  - {server: incoming, type: s3, location: "s3://orders/orders_json_incoming/visits/"}
  - {server: datalake, type: s3, location: "s3://orders/orders_parquet_datalake/"}
  - {server: quarantine, type: s3, location: "s3://orders/orders_quarantine/"}
customProperties:
  - {property: quarantineGrain, value: row}
schema:
  - name: Visits
    properties:
      - {name: Paid, logicalType: boolean, required: true, partitioned: true, partitionKeyPosition: 1}
      - name: Floor
        logicalType: integer
        logicalTypeOptions: {minimum: -3, exclusiveMaximum: 10}
        required: true
        partitioned: true
        partitionKeyPosition: 2
      - {name: State, logicalType: string, required: true, partitioned: true, partitionKeyPosition: 3, enum: STATES}
      - {name: shelf, logicalType: string, required: true, partitioned: true, partitionKeyPosition: 4}
      - name: day
        logicalType: date
        logicalTypeOptions: {exclusiveMinimum: "2023-12-31", maximum: "2024-12-31"}
        required: true
        partitioned: true
        partitionKeyPosition: 5
""".replace("STATES", "[{value: SP}, {value: São}]")


def visits() -> bytes:
    """Every value at the limits of the contract, and beyond them."""
    floors, states, days = (
        (-4, -3, 0, 9, 10),
        ("SP", "São", "RJ"),
        ("2023-12-31", "2024-01-01", "2024-12-31", "2025-01-01"),
    )
    every = [(paid, *rest) for paid in (True, False) for rest in zip(floors, states * 2, days * 2, strict=False)]
    every += [(True, floor, "SP", "2024-02-29") for floor in floors]
    every += [(False, 1, state, day) for state in states for day in days]
    keys = ("Paid", "Floor", "State", "day")
    return json.dumps([{**dict(zip(keys, values, strict=True)), "shelf": "a b/c"} for values in every]).encode()


def feeds() -> Iterator[tuple[str, Contract, bytes]]:
    """Every upload that this repository has, with its contract."""
    for contract in CONTRACTS.values():
        yield contract.name, contract, sample_of(contract)
    for folder in examples.EXAMPLES:
        own = folder / "contract.odcs.yaml"
        contract = replace(contracts.load(own), servers=ORDERS.servers) if own.exists() else ORDERS
        yield folder.name, contract, examples.upload_of(folder).read_bytes()
    yield "visits", contracts.loads(SPLIT, env={}), visits()


FEEDS = list(feeds())


def folders(contract: Contract, data: bytes) -> dict[Table, set[str]]:
    """The folders of each table that the pipeline writes files into."""
    storage = MemoryStorage(now=datetime(2024, 2, 1, tzinfo=UTC))
    run(contract, data, storage)
    locations = {table: table_location(contract, table) for table in contract.tables}
    return {
        table: {at.rsplit("/", 1)[0] + "/" for at in storage.objects if at.startswith(location)}
        for table, location in locations.items()
    }


def values(template: str, folder: str) -> dict[str, str]:
    """What stands in a folder's name for each `${name}` of the location template."""
    pattern = re.sub(r"\\\$\\\{!(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
    found = re.fullmatch(pattern, folder)
    assert found, (template, folder)
    return found.groupdict()


def is_projected(found: Mapping[str, str], name: str, value: str) -> bool:
    """Whether Athena comes to this value of a partition column."""
    match found[f"projection.{name}.type"]:
        case "date":
            first, last = found[f"projection.{name}.range"].split(",")
            end = date.today() + timedelta(days=3660) if last == "NOW+3660DAYS" else date.fromisoformat(last)
            return date.fromisoformat(first) <= date.fromisoformat(value) <= end
        case "integer":
            least, most = map(int, found[f"projection.{name}.range"].split(","))
            return str(int(value)) == value and least <= int(value) <= most
        case "enum":
            return value in found[f"projection.{name}.values"].split(",")
        case other:
            return other == "injected"


@pytest.mark.parametrize(("contract", "data"), [feed[1:] for feed in FEEDS], ids=[feed[0] for feed in FEEDS])
def test_projection_covers_every_folder_that_is_written(contract, data):
    for table, written in folders(contract, data).items():
        found = properties(table, table_location(contract, table))
        for folder in written:
            inside = values(found["storage.location.template"], folder)
            assert list(inside) == [name.lower() for name in table.partitions]
            assert [pair for pair in inside.items() if not is_projected(found, *pair)] == []


def test_projection_is_tried_at_its_limits():
    ((table, written),) = folders(contracts.loads(SPLIT, env={}), visits()).items()
    found = properties(table, "")["storage.location.template"]
    every = [values(found, folder.partition("/Visits/")[2]) for folder in written]
    assert {one["paid"] for one in every} == {"true", "false"}
    assert {"-3", "9"} <= {one["floor"] for one in every} <= {str(floor) for floor in range(-3, 10)}
    assert {one["state"] for one in every} == {"SP", "São"}
    assert {one["shelf"] for one in every} == {"a%20b%2Fc"}
    assert {"2024-01-01", "2024-12-31"} <= {one["day"] for one in every}
