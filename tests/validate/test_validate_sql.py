from __future__ import annotations

import threading
from pathlib import Path

import pyarrow as pa
import pytest

from etl.validate import sql

TABLE = pa.table({"a": [1, 2]})


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('{file}')",
        "SELECT * FROM '{file}'",
        "SELECT content FROM read_text('{file}')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM read_parquet('https://example.com/x.parquet')",
        "SELECT * FROM variable_of_python",
        "ATTACH '{folder}/x.db' AS x",
        "ATTACH ':memory:' AS x",
        "COPY (SELECT 1) TO '{folder}/x.csv'",
        "EXPORT DATABASE '{folder}/x'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "CREATE TABLE x (a INTEGER)",
        "CREATE SECRET x (TYPE s3)",
        "SET threads = 4",
        "SET enable_external_access = true",
        "SET python_enable_replacements = true",
        "SET lock_configuration = false",
        "RESET memory_limit",
        "PRAGMA enable_profiling",
        "SELECT 1; SELECT 2",
        "",
        "SELEC 1",
    ],
)
def test_nothing_of_this_machine_can_be_reached(statement, tmp_path: Path):
    variable_of_python = TABLE
    file = tmp_path / "secret.csv"
    file.write_text("a\n1\n")
    with pytest.raises(sql.Unusable):
        sql.query(statement.format(file=file, folder=tmp_path), {})
    assert [each.name for each in tmp_path.iterdir()] == ["secret.csv"]
    assert variable_of_python.num_rows == 2


@pytest.mark.parametrize("setting", ["enable_external_access = true", "TimeZone = 'America/Recife'", "threads = 2"])
def test_the_lock_holds_behind_the_statement_check_too(setting):
    with sql._cursor() as cursor, pytest.raises(sql.duckdb.InvalidInputException, match="locked"):
        cursor.execute(f"SET {setting}")


def test_the_files_stay_shut_behind_the_statement_check_too(tmp_path: Path):
    with sql._cursor() as cursor, pytest.raises(sql.duckdb.PermissionException):
        cursor.execute(f"COPY (SELECT 1) TO '{tmp_path}/x.csv'")


def test_tables_are_seen_by_their_statement_only():
    assert sql.query("SELECT sum(a) AS a FROM t", {"t": TABLE}).to_pydict() == {"a": [3]}
    with pytest.raises(sql.Unusable, match="Table with name t does not exist"):
        sql.query("SELECT * FROM t", {})


def test_the_day_begins_in_utc():
    days = sql.query("SELECT (TIMESTAMPTZ '2024-01-10 23:30:00-03:00')::DATE::VARCHAR AS day", {})
    assert days.to_pydict() == {"day": ["2024-01-11"]}


def test_a_watchdog_ends_what_takes_too_long():
    with pytest.raises(sql.Unusable, match=r"more than 0\.2 seconds"):
        sql.query("SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range = -b.range", {}, seconds=0.2)
    assert sql.query("SELECT 1 AS a", {}, seconds=5).to_pydict() == {"a": [1]}


def test_memory_is_bounded():
    many = pa.table({"a": ["x" * 1000] * 2000})
    with pytest.raises(sql.Unusable, match="512MB of memory"):
        sql.query("SELECT length(string_agg(x.a, '')) FROM t x, t y", {"t": many})


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("SELECT 'secret'::INTEGER", "Conversion Error"),
        ("SELECT 9223372036854775807 + a FROM t", "Out Of Range Error"),
        ("SELECT error('secret')", "Invalid Input Error"),
    ],
)
def test_what_data_did_is_said_without_the_data(statement, words):
    with pytest.raises(sql.Uncomputable) as caught:
        sql.query(statement, {"t": TABLE})
    assert str(caught.value) == words


def test_threads_do_not_see_each_others_tables():
    found = {}

    def count(rows: int) -> None:
        table = pa.table({"a": range(rows)})
        found[rows] = [sql.query("SELECT count(*) AS n FROM t", {"t": table})["n"][0].as_py() for _ in range(10)]

    threads = [threading.Thread(target=count, args=(rows,)) for rows in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {rows: [rows] * 10 for rows in (1, 2, 3)}


def test_names_are_quoted():
    name = 'or"der'
    assert sql.query(f"SELECT a FROM {sql.identifier(name)}", {name: TABLE}).num_rows == 2
