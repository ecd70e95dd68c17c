"""Contracts: expressions that backtrack elsewhere, YAML bombs and tags, SQL that looks round, too much of it all."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from etl import contract as contracts
from etl.errors import ContractError
from etl.validate import sql
from tests.hostile.bounded import bounded
from tests.hostile.feeds import HEAD, NUMBER, broken, contract, document, run

TEXT = "{name: a, logicalType: string}"
ROOM = 4000  # megabytes: DuckDB crashes where it is refused what it asks the system for
PATTERNS = [
    "^(a+)+$",
    "^(a|aa)+$",
    "^(a|a?)+$",
    "^(.*a){20}$",
    "(x+x+)+y",
    "^([a-zA-Z0-9])(([-.]|[_]+)?([a-zA-Z0-9]+))*$",
]
SUBJECTS = ["a" * 100_000 + "!", "x" * 100_000 + "!"]


def run_pattern(pattern: str) -> Any:
    column = f"{{name: a, logicalType: string, logicalTypeOptions: {{pattern: {json.dumps(pattern)}}}}}"
    condition = f"{{name: r, type: custom, engine: duckdb, implementation: \"regexp_matches(a, '{pattern}')\"}}"
    data = "\n".join(json.dumps({"a": text}) for text in SUBJECTS).encode()
    return broken(run(data, contract(column, rules=(condition,))))


@pytest.mark.parametrize("pattern", PATTERNS, ids=range(len(PATTERNS)))
def test_patterns_run_in_linear_time(pattern: str) -> None:
    assert bounded("test_contracts:run_pattern", pattern, megabytes=ROOM, seconds=60) == {"a:pattern": 2, ":r": 2}


def sql_rule(query: str) -> str:
    return document(NUMBER, TEXT, rules=(f"{{name: r, type: sql, query: {json.dumps(query)}, mustBe: 0}}",))


def condition(text: str) -> str:
    rule = f"{{name: r, type: custom, engine: duckdb, implementation: {json.dumps(text)}}}"
    return document(NUMBER, TEXT, rules=(rule,))


def reading(path: str) -> str:
    return document(f"{{name: n, logicalType: integer, transformLogic: {path}}}")


FAULTS = {
    "merged aliases": (
        f"{HEAD}a: &a {{{', '.join(f'k{at}: 1' for at in range(9000))}}}\nb: {{<<: [{', '.join(['*a'] * 9000)}]}}\n",
        "aliases expand this document to over 100000 values",
    ),
    "an object of Python": (f"{HEAD}x: !!python/object/apply:os.system [id]\n", "is not supported"),
    "a tag of its own": (f"{HEAD}x: !include /etc/passwd\n", "the tag !include is not supported"),
    "a pattern of a million states": (
        document("{name: a, logicalType: string, logicalTypeOptions: {pattern: '((a{100}){100}){100}'}}"),
        "is not one of RE2",
    ),
    "digits of a decimal": (
        document(f"{{name: a, logicalType: number, physicalType: 'decimal({'9' * 5000},2)'}}"),
        "decimal(p,s) is expected",
    ),
    "a path of 3,000 steps": (reading("$" + ".a" * 3000), "a path of over 100 steps"),
    "500 arrays in each other": (reading("'$" + "[*]" * 500 + "'"), "a path of over 100 steps"),
    "a table called ..": (document(NUMBER).replace("name: t\n", "name: ../t\n"), "'../t' is no table name"),
    "a contract called ..": (document(NUMBER).replace("name: feed", "name: ../feed"), "is no contract name"),
    "a name of 300 letters": (document(NUMBER).replace("name: t\n", f"name: {'t' * 300}\n"), "is no table name"),
    "brackets in SQL": (condition("(" * 20_000 + "n" + ")" * 20_000 + " > 0"), "expression depth"),
    "signs in SQL": (condition("- " * 900 + "n > 0"), "nested too deep"),
    "functions in SQL": (condition("abs(" * 300 + "n" + ")" * 300 + " > 0"), "nested too deep"),
    "a file": (sql_rule("SELECT count(*) FROM read_text('/etc/passwd')"), "read_text is not allowed here"),
    "a file as a table": (sql_rule("SELECT count(*) FROM '/etc/passwd'"), "there is no table '/etc/passwd'"),
    "a file in a CTE": (
        sql_rule("WITH t AS (SELECT * FROM read_csv('/etc/passwd')) SELECT count(*) FROM t"),
        "read_csv is not allowed here",
    ),
    "a file in a subquery": (
        sql_rule("SELECT count(*) FROM t WHERE a IN (SELECT content FROM read_text('/etc/passwd'))"),
        "read_text is not allowed here",
    ),
    "a file in a condition": (condition("(SELECT count(*) FROM '/etc/passwd') > 0"), "takes no subquery"),
    "the environment": (condition("getenv('HOME') = a"), "getenv does not exist"),
    "a second statement": (sql_rule("SELECT 0 FROM t; COPY t TO '/tmp/t'"), "DuckDB"),
    "settings": (sql_rule("SELECT count(*) FROM duckdb_settings()"), "duckdb_settings is not allowed here"),
    "out of the brackets": (condition("true) FROM t; SELECT (1"), "DuckDB"),
}  # fmt: skip


def load(name: str) -> list[str]:
    try:
        contracts.loads(FAULTS[name][0], "feed.odcs.yaml", {})
    except ContractError as error:
        return [str(fault) for fault in error.faults]
    return []


@pytest.mark.parametrize("name", FAULTS)
def test_it_is_a_fault(name: str) -> None:
    faults = bounded("test_contracts:load", name, megabytes=ROOM, seconds=60)
    assert any(FAULTS[name][1] in fault for fault in faults)
    assert all(fault.startswith("feed.odcs.yaml:") for fault in faults)


def load_large() -> list[int]:
    names = [f"c{at}" for at in range(15_000)]
    wide = contract(*(f"{{name: {name}, logicalType: string}}" for name in names))
    values = ", ".join(f"{{value: x{at}}}" for at in range(40_000))
    listed = contract(f"{{name: a, logicalType: string, enum: [{values}]}}")
    return [len(wide.tables[0].columns), len(listed.tables[0].columns[0].checks[0].test.values)]


def test_large_contracts_load_in_linear_time() -> None:
    assert bounded("test_contracts:load_large", megabytes=ROOM, seconds=60) == [15_000, 40_000]


def test_a_million_columns_are_a_fault() -> None:
    found = bounded("test_contracts:load_columns", megabytes=ROOM, seconds=60)
    assert "over 100000 values" in found


def load_columns() -> str:
    try:
        contracts.loads(HEAD + "schema: [{name: t, properties: [" + "{name: c}," * 1_000_000 + "]}]", "f", {})
    except ContractError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("policies", "words"),
    [
        ({"maxUploadSize": 10}, "a size such as 500 MB or 2 GB is expected, found the number 10"),
        ({"maxUploadSize": "0 GB"}, "a size such as 500 MB or 2 GB is expected"),
        ({"maxDocumentSize": "9999999999 GB"}, "a size such as 500 MB or 2 GB is expected"),
        ({"maxCompression": "200"}, "a whole number above 0 is expected, found text '200'"),
        ({"maxCompression": 0}, "a whole number above 0 is expected"),
    ],
)
def test_limits_that_are_none(policies: dict[str, Any], words: str) -> None:
    with pytest.raises(ContractError, match=words):
        contract(NUMBER, **policies)


@pytest.mark.parametrize("error", [duckdb.FatalException, duckdb.InternalException])
def test_a_database_that_is_lost_is_replaced(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(*_: object) -> None:
        raise error("database has been invalidated")

    lost = sql._database()
    monkeypatch.setattr(sql, "_watched", lose)
    with pytest.raises(sql.Uncomputable):
        sql.query("SELECT 1", {})
    monkeypatch.undo()
    assert sql._database() is not lost
    assert sql.query("SELECT sum(a) AS a FROM t", {"t": pa.table({"a": [1, 2]})}).to_pydict() == {"a": [3]}


def test_sql_in_a_contract_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ContractError):
        contracts.loads(sql_rule(f"COPY t TO '{tmp_path}/t.csv'"), "feed.odcs.yaml", {})
    assert not list(tmp_path.iterdir())
