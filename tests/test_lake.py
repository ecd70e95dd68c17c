"""Published rows to Parquet files: where they lie, what they hold, and that the same rows give the same bytes."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from etl.contract.expressions import Path as JsonPath
from etl.contract.model import Column, Contract, Policies, Table, Type
from etl.lake import LakeWriter, partition, writer
from etl.records import Rows

ID, UPLOAD = "0123456789abcdef", "s3://orders/orders_json_incoming/a.ndjson"
SCHEMA = pa.schema(
    [
        ("order_id", pa.int64()),
        ("order_date", pa.date32()),
        ("price", pa.decimal128(12, 2)),
        ("placed_at", pa.timestamp("us", "UTC")),
        ("tags", pa.list_(pa.string())),
    ]
)


def _table(name: str, schema: pa.Schema, partitions: tuple[str, ...] = ()) -> Table:
    columns = tuple(Column(field.name, Type("string", field.type), JsonPath(())) for field in schema)
    return Table(name, columns, JsonPath(()), partitions=partitions)


def _contract(*tables: Table, lineage: bool = True) -> Contract:
    policies = Policies(lineage_columns=lineage)
    return Contract("urn:orders", "orders", "1.2.0", "active", "orders.odcs.yaml", "d1" * 8, tables, policies=policies)


ORDERS = _table("orders", SCHEMA, ("order_date",))


def _rows(days: list[int]) -> pa.Table:
    return pa.table(
        {
            "order_id": range(100, 100 + len(days)),
            "order_date": [date(2024, 1, day) for day in days],
            "price": [Decimal(day) / 4 for day in days],
            "placed_at": [datetime(2024, 1, day, 23, 59, tzinfo=UTC) for day in days],
            "tags": [["a", str(day)] for day in days],
        },
        schema=SCHEMA,
    )


def _write(folder: Path, contract: Contract, rows: pa.Table, cuts: tuple[int, ...] = ()) -> tuple[list, LakeWriter]:
    """Write the rows of the first table, cut into several calls; every record has two rows."""
    lake = LakeWriter(contract, folder, UPLOAD, ID)
    for start, end in zip((0, *cuts), (*cuts, len(rows)), strict=True):
        numbers = np.arange(start, end, dtype=np.int64) // 2 + 1
        lake.write(contract.tables[0].name, _of(rows.slice(start, end - start), numbers))
    return lake.close(), lake


def _of(rows: pa.Table, records: np.ndarray) -> Rows:
    values = {name: rows[name].combine_chunks() for name in rows.column_names}
    return Rows(values, dict.fromkeys(values, 0), (None,), records, ())


def test_one_file_per_partition_rows_in_record_order(tmp_path):
    files, _ = _write(tmp_path, _contract(ORDERS), _rows([11, 10, 11, 12, 10]))
    assert [(file.table, file.partition, file.rows) for file in files] == [
        ("orders", "order_date=2024-01-10", 2),
        ("orders", "order_date=2024-01-11", 2),
        ("orders", "order_date=2024-01-12", 1),
    ]
    assert pq.read_table(files[1].path, partitioning=None).to_pylist() == [
        {
            "order_id": number,
            "price": Decimal("2.75"),
            "placed_at": datetime(2024, 1, 11, 23, 59, tzinfo=UTC),
            "tags": ["a", "11"],
            "_record_id": f"{ID}-{record}",
            "_upload": UPLOAD,
            "_contract_version": "1.2.0",
        }
        for number, record in [(100, 1), (102, 2)]
    ]


def test_a_table_without_partitions_is_one_file(tmp_path):
    files, _ = _write(tmp_path, _contract(_table("orders", SCHEMA), lineage=False), _rows([11, 10]))
    assert [(file.partition, file.rows) for file in files] == [("", 2)]
    assert pq.read_table(files[0].path, partitioning=None) == _rows([11, 10])


def test_files_say_what_they_are(tmp_path):
    described = replace(
        ORDERS,
        description="One row per order",
        columns=(replace(ORDERS.columns[0], description="Its number", classification="internal"), *ORDERS.columns[1:]),
    )
    files, _ = _write(tmp_path, _contract(described), _rows([10]))
    schema = pq.read_schema(files[0].path)
    assert schema.metadata == {
        b"contract_id": b"urn:orders",
        b"contract_name": b"orders",
        b"contract_version": b"1.2.0",
        b"contract_digest": b"d1" * 8,
        b"description": b"One row per order",
    }
    about = schema.field("order_id").metadata
    assert (about[b"description"], about[b"classification"]) == (b"Its number", b"internal")


@pytest.mark.parametrize("cuts", [(1,), (500,), (250, 260, 999), tuple(range(1, 1000))])
@pytest.mark.parametrize("held", [1 << 20, 300])
def test_the_same_rows_give_the_same_bytes_however_they_come(tmp_path, monkeypatch, cuts, held):
    monkeypatch.setattr(writer, "_HELD_ROWS", held)
    rows = _rows([day % 7 + 1 for day in range(1000)])
    contents = []
    for number, some in enumerate([(), cuts]):
        files, _ = _write(tmp_path / str(number), _contract(ORDERS), rows, some)
        contents.append([(file.partition, file.rows, file.path.read_bytes()) for file in files])
    assert contents[0] == contents[1]


def test_row_groups_are_of_bounded_size_and_rows_keep_their_order(tmp_path, monkeypatch):
    monkeypatch.setattr("etl.lake.file._GROUP", 100)
    monkeypatch.setattr(writer, "_HELD_ROWS", 350)
    files, lake = _write(tmp_path, _contract(ORDERS), _rows([10] * 1000), (600,))
    groups = pq.ParquetFile(files[0].path).metadata
    assert [groups.row_group(n).num_rows for n in range(groups.num_row_groups)] == [100, 100, 100, 50] * 2 + [100] * 3
    assert lake.datasets()["orders"].to_table()["order_id"].to_pylist() == list(range(100, 1100))


def test_when_much_is_held_the_largest_table_is_written(tmp_path, monkeypatch):
    small = _table("small", SCHEMA)
    lake = LakeWriter(_contract(ORDERS, small), tmp_path, UPLOAD, ID)
    monkeypatch.setattr(writer, "_HELD_BYTES", 20_000)
    lake.write("small", _of(_rows([10]), np.array([1])))
    lake.write("orders", _of(_rows([10] * 1000), np.arange(1000)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["orders"]
    assert [(file.table, file.rows) for file in lake.close()] == [("orders", 1000), ("small", 1)]


@pytest.mark.parametrize(
    ("value", "folder"),
    [
        ("2024", "c=2024"),
        ("a b/c=d%", "c=a%20b%2Fc%3Dd%25"),
        ("São Paulo", "c=São%20Paulo"),
        ("", "c="),
        ("..", "c=.."),
        ("\x00", "c=%00"),
        ("a~b-c.d_e", "c=a~b-c.d_e"),
        ("__HIVE_DEFAULT_PARTITION__", "c=%5F_HIVE_DEFAULT_PARTITION__"),
        (-7, "c=-7"),
        (True, "c=true"),
        (date(2024, 1, 10), "c=2024-01-10"),
        (None, "c=__HIVE_DEFAULT_PARTITION__"),
    ],
)
def test_partition_values_are_escaped_and_come_back(tmp_path, value, folder):
    rows = pa.table({"c": pa.array([value]), "n": pa.array([1])})
    files, lake = _write(tmp_path, _contract(_table("t", rows.schema, ("c",)), lineage=False), rows)
    assert [file.partition for file in files] == [folder]
    assert lake.datasets()["t"].to_table().to_pylist() == [{"c": value, "n": 1}]
    if value in ("__HIVE_DEFAULT_PARTITION__", None):
        return  # pyarrow reads both as null
    published = tmp_path / "lake" / folder / "a.parquet"
    published.parent.mkdir(parents=True)
    files[0].path.rename(published)
    hive = ds.partitioning(pa.schema([rows.schema.field("c")]), flavor="hive")
    assert ds.dataset(tmp_path / "lake", partitioning=hive).to_table().to_pylist() == [{"n": 1, "c": value}]


def test_several_partition_columns(tmp_path):
    rows = pa.table({"n": range(6), "a": [1, 2, 1, 2, 1, 1], "b": ["x", "x", "y", "x", "x", "y"]})
    files, lake = _write(tmp_path, _contract(_table("t", rows.schema, ("b", "a")), lineage=False), rows)
    assert [(file.partition, pq.read_table(file.path, partitioning=None)["n"].to_pylist()) for file in files] == [
        ("b=x/a=1", [0, 4]),
        ("b=x/a=2", [1, 3]),
        ("b=y/a=1", [2, 5]),
    ]
    dataset = lake.datasets()["t"]
    assert dataset.schema == rows.schema
    assert dataset.to_table().sort_by("n") == rows


def test_split_is_a_filter_per_partition(tmp_path):
    draw = np.random.default_rng(7)
    rows = pa.table({"a": draw.integers(0, 5, 500), "b": draw.integers(0, 4, 500).astype(str), "n": range(500)})
    parts = list(partition.split(_of(rows, np.arange(500)), ("a", "b")))
    assert len(parts) == len({(row["a"], row["b"]) for row in rows.to_pylist()})
    for found, part in parts:
        expected = rows.filter(found.expression)
        assert part.drop_columns("_record_id").to_pylist() == expected.to_pylist()
        assert part["_record_id"].to_pylist() == expected["n"].to_pylist()


def test_datasets_have_the_contracts_columns_and_can_be_queried(tmp_path):
    import duckdb

    empty = _table("empty", SCHEMA, ("order_date",))
    _, lake = _write(tmp_path, _contract(ORDERS, empty), _rows([11, 10, 11]))
    datasets = lake.datasets()
    assert [found.schema for found in datasets.values()] == [SCHEMA, SCHEMA]
    with duckdb.connect() as connection:
        for name, found in datasets.items():
            connection.register(name, found)
        query = "SELECT order_date, sum(price) FROM orders WHERE order_date > '2024-01-10' GROUP BY ALL"
        assert connection.sql(query).fetchall() == [(date(2024, 1, 11), Decimal("5.50"))]
        assert connection.sql("SELECT count(*) FROM empty").fetchall() == [(0,)]


def test_nothing_written_is_no_file(tmp_path):
    files, lake = _write(tmp_path, _contract(ORDERS), _rows([]))
    assert (files, lake.too_many_partitions) == ([], False)


@pytest.mark.parametrize(("partitions", "too_many", "files"), [(6, False, 6), (7, True, 0)])
def test_too_many_partitions_stage_nothing_more(tmp_path, monkeypatch, partitions, too_many, files):
    monkeypatch.setattr(writer, "MOST_PARTITIONS", 6)
    rows = pa.table({"c": range(partitions), "n": range(partitions)})
    staged, lake = _write(tmp_path, _contract(_table("t", rows.schema, ("c",))), rows)
    assert (lake.too_many_partitions, len(staged)) == (too_many, files)


def test_partitions_are_counted_over_all_tables_and_writes(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "MOST_PARTITIONS", 6)
    monkeypatch.setattr(writer, "_HELD_ROWS", 2)
    rows = pa.table({"c": range(4), "n": range(4)})
    tables = _table("a", rows.schema, ("c",)), _table("b", rows.schema, ("c",))
    lake = LakeWriter(_contract(*tables), tmp_path, UPLOAD, ID)
    lake.write("a", _of(rows, np.arange(4)))
    lake.write("b", _of(rows.slice(0, 2), np.arange(2)))
    assert not lake.too_many_partitions
    lake.write("b", _of(rows.slice(2), np.arange(2)))
    assert lake.too_many_partitions
    assert len(lake.close()) == 6


@contextmanager
def _open_files_at_most(number: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_many_partitions_need_few_open_files(tmp_path):
    rows = pa.table({"c": range(300), "n": range(300)})
    with _open_files_at_most(100):
        files, _ = _write(tmp_path, _contract(_table("t", rows.schema, ("c",))), rows)
    assert len(files) == 300


def test_awswrangler_reads_the_lake_from_s3(s3, tmp_path):
    import awswrangler

    from etl.storage import open_storage

    rows = _rows([11, 10, 11])
    files, _ = _write(tmp_path, _contract(ORDERS), rows)
    storage = open_storage()
    for file in files:
        storage.put(file.path, f"s3://orders/lake/orders/{file.partition}/{ID}.parquet")
    frame = awswrangler.s3.read_parquet("s3://orders/lake/orders/", dataset=True, dtype_backend="pyarrow")
    assert sorted(frame["order_id"]) == [100, 101, 102]
    assert sorted(frame["order_date"].astype(str)) == ["2024-01-10", "2024-01-11", "2024-01-11"]
    assert frame["price"].sum() == Decimal("8.00")
