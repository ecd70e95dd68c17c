"""SQL in a contract, looked at before it ever runs: it parses, reads only the contract's tables, gives the same twice.

DuckDB is imported by the first contract that holds SQL. Its parser gives the syntax tree, its binder (over empty tables
of the contract's types) the rest: unknown columns and functions, types that do not compare.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from etl.contract.source import Place
from etl.contract.words import did_you_mean, listed

if TYPE_CHECKING:
    import duckdb

Tree = Mapping[str, Any]
Schemas = Mapping[str, pa.Schema]

# DuckDB's functions that are not CONSISTENT (a test holds this to duckdb_functions()), and keywords for some of them.
# fmt: off
NOT_REPEATABLE = frozenset({
    "currval", "current_connection_id", "current_database", "current_date", "current_localtime",
    "current_localtimestamp", "current_query", "current_query_id", "current_role", "current_schema",
    "current_schemas", "current_setting", "current_time", "current_timestamp", "current_transaction_id",
    "current_user", "gen_random_uuid", "get_current_time", "get_current_timestamp", "getvariable",
    "in_search_path", "localtime", "localtimestamp", "nextval", "now", "random", "session_user", "setseed",
    "setval", "sleep_ms", "stats", "today", "transaction_timestamp", "txid_current", "user", "uuid", "uuidv4",
    "uuidv7", "vector_type", "write_log",
})
# fmt: on
_PLACEHOLDER = re.compile(r"\$?\{([A-Za-z_][A-Za-z0-9_]*)\}")
_DEEPEST = 400  # levels of a syntax tree, which is walked by recursion; DuckDB's own limit is about 1,000 expressions
_TABLE, _COLUMN = ("object", "table"), ("property", "column")


def quoted(name: str) -> str:
    """An identifier in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def fill(sql: str, place: Place, table: str, column: str | None) -> str | None:
    """Replace `{object}`, `{table}`, `{property}`, `{column}` (with or without `$`) by quoted names."""
    names = dict.fromkeys(_TABLE, quoted(table)) | (dict.fromkeys(_COLUMN, quoted(column)) if column else {})
    unknown = {found[0]: found[1] for found in _PLACEHOLDER.finditer(sql) if found[1] not in names}
    for written, name in unknown.items():
        at_table = name in _COLUMN
        place.fault(
            f"{written} has no meaning in a rule of a table: write the column's name"
            if at_table
            else f"{written} stands for nothing here{did_you_mean(name, names) or '; there are ' + _braced(names)}"
        )
    return None if unknown else _PLACEHOLDER.sub(lambda found: names[found[1]], sql)


def _braced(names: Iterable[str]) -> str:
    return listed(f"{{{name}}}" for name in names)


def parse_query(sql: str, place: Place, tables: Mapping[str, Sequence[str]]) -> Tree | None:
    """One SELECT over these tables (their columns by name); None with faults reported."""
    tree = _parsed(sql, place, 0)
    if tree is None:
        return None
    statements = tree["statements"]
    if len(statements) != 1:
        place.fault(f"one SELECT is expected, found {len(statements)} statements")
        return None
    known = {*tables, *_ctes(tree)}
    columns = [name for names in tables.values() for name in names]
    faults = [*_not_repeatable(tree, columns), *_foreign(tree, known)]
    if not faults and not any(node.get("type") == "BASE_TABLE" for node in nodes(tree)):
        faults = [f"this query reads no table; there are {listed(tables)}"]
    for fault in faults:
        place.fault(fault)
    return None if faults else tree


_WHERE = "SELECT 1 WHERE "
_OPENED = f"{_WHERE}(\n"


def parse_condition(sql: str, place: Place, columns: Sequence[str]) -> Tree | None:
    """One condition on these columns of a row; None with faults reported."""
    if (reason := _no_condition(sql)) is not None:
        place.fault(f"a condition is expected, such as total_amount >= 0{reason}")
        return None
    if _parsed(_WHERE + sql, place, len(_WHERE)) is None:
        return None
    tree = _parsed(f"{_OPENED}{sql}\n)", place, len(_OPENED))  # in brackets nothing can follow the condition
    if tree is None:
        return None
    faults = [*_not_repeatable(tree, columns), *_beyond_the_row(tree)]
    for fault in faults:
        place.fault(fault)
    return None if faults else tree


def _no_condition(sql: str) -> str | None:
    """Why a text can be no condition, so that DuckDB need not say it in its own words."""
    first = sql.strip().lower().partition(" ")[0]
    if first in ("where", "select"):
        return f", without {first.upper()}" + ("; a query is a rule of type: sql" if first == "select" else "")
    if sql.rstrip().endswith(";"):
        return ", without ; at its end"
    if re.match(r"\s*\$\.", sql):
        return ": it names columns, not paths"
    return None if sql.strip() else ""


def _parsed(sql: str, place: Place, prefix: int) -> Tree | None:
    row = _connection().execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()
    try:
        tree: dict[str, Any] | None = json.loads(row[0]) if row else {}
    except RecursionError:
        tree = None
    if tree is None or _depth(tree) > _DEEPEST:
        place.fault("it is nested too deep: take it apart, or write long sums with list_sum([...])")
        return None
    if not tree.get("error"):
        return tree
    _fault(place, int(tree.get("position") or 0) - prefix, f"DuckDB: {tree['error_message']}")
    return None


def _fault(place: Place, position: int, message: str) -> None:
    """A fault at a byte of the SQL; at its beginning where placeholders and letters of several bytes have moved it."""
    told = str(place.value).isascii() and not _PLACEHOLDER.search(str(place.value))
    place.fault_at(max(position, 0) if told else 0, message)


@functools.cache
def _connection() -> duckdb.DuckDBPyConnection:
    """An empty database."""
    from etl.contract.locked import locked_in

    return locked_in(threads=1)


# What a tree says.


def _depth(tree: Any) -> int:
    depth, level = 0, [tree]
    while level:
        parts = (each.values() if isinstance(each, dict) else each for each in level)
        level = [part for some in parts for part in some if isinstance(part, dict | list)]
        depth += 1
    return depth


def nodes(tree: Any) -> Iterator[Tree]:
    """Every object of a syntax tree, outermost first."""
    if isinstance(tree, list):
        for part in tree:
            yield from nodes(part)
    elif isinstance(tree, dict):
        yield tree
        for part in tree.values():
            yield from nodes(part)


def _not_repeatable(tree: Tree, columns: Iterable[str]) -> Iterator[str]:
    """Calls that give another value in every run. `current_date` is parsed as a column; there may be one named so."""
    refused = NOT_REPEATABLE - {name.lower() for name in columns}
    for node in nodes(tree):
        names = node.get("column_names", ())
        if str(node.get("function_name")).lower() in NOT_REPEATABLE or (
            len(names) == 1 and names[0].lower() in refused
        ):
            yield f"{node.get('function_name') or names[0]} gives another value in every run; {_REPEATABLE}"
        if node.get("sample") is not None:
            yield f"a sample gives other rows in every run; {_REPEATABLE}"


_REPEATABLE = "a rule must judge the same data the same way"


def _ctes(tree: Tree) -> Iterator[str]:
    for node in nodes(tree):
        if "cte_map" in node:
            yield from (entry["key"] for entry in node["cte_map"]["map"])


def _foreign(tree: Tree, tables: set[str]) -> Iterator[str]:
    folded = {name.lower() for name in tables}
    for node in nodes(tree):
        if node.get("type") == "BASE_TABLE":
            name = ".".join(node["qualified_name"]["path"])
            if name.lower() not in folded:
                yield f"there is no table '{name}' in this contract{did_you_mean(name, tables)}"
        if node.get("type") == "TABLE_FUNCTION" and (name := node["function"]["function_name"]) != "unnest":
            yield f"{name} is not allowed here: rules read the contract's tables and nothing else"


def _beyond_the_row(tree: Tree) -> Iterator[str]:
    kinds = {node.get("class") for node in nodes(tree)}
    if "SUBQUERY" in kinds:
        yield "a condition is judged row by row and takes no subquery; use type: sql with a query"
    if "STAR" in kinds:
        yield "name the columns: * is not supported in a condition"
    if "POSITIONAL_REFERENCE" in kinds:
        yield "name the columns: a number after # is not supported in a condition"


def named_columns(tree: Tree, place: Place, table: str, columns: Sequence[str]) -> tuple[str, ...]:
    """The table's columns that a condition names, in table order; names of no column are faults."""
    folded = {name.lower(): name for name in columns}
    used = set()
    references = list(_references(tree, frozenset()))
    if not references:
        place.fault("this condition names no column, so it comes to the same for every row")
    for node in references:
        names = node["column_names"]
        qualified = len(names) > 1 and names[0].lower() == table.lower() and names[0].lower() not in folded
        name = names[1] if qualified else names[0]
        if name.lower() in folded:
            used.add(folded[name.lower()])
        else:
            at = int(node.get("query_location") or 0) - len(_OPENED)
            _fault(place, at, f"there is no column '{name}' in {table}{did_you_mean(name, columns)}")
    return tuple(name for name in columns if name in used)


def _references(tree: Any, bound: frozenset[str]) -> Iterator[Tree]:
    """The column references of a tree, but for the parameters of lambdas."""
    if isinstance(tree, list):
        for part in tree:
            yield from _references(part, bound)
    elif isinstance(tree, dict):
        if tree.get("class") == "LAMBDA":
            bound |= {name for node in nodes(tree["lhs"]) for name in node.get("column_names", ())}
        names = tree.get("column_names", ())
        if names and names[0] not in bound:
            yield tree
        for part in tree.values():
            yield from _references(part, bound)


# What the binder says.


def bind_query(sql: str, place: Place, schemas: Schemas) -> None:
    """Faults of names and types in a query, and of a result that is not one column."""
    types = _bound(sql, place, schemas)
    if types is not None and len(types) != 1:
        place.fault(f"the query must give one value, this one gives {len(types)} columns")


def bind_condition(sql: str, place: Place, table: str, schema: pa.Schema) -> None:
    """Faults of names and types in a condition, and of a condition that is not true or false."""
    query = f"SELECT (\n{sql}\n) FROM {quoted(table)} WHERE (\n{sql}\n)"  # noqa: S608  # parsed, bound, not run
    types = _bound(query, place, {table: schema})
    if types is not None and types[0] != "BOOLEAN":
        place.fault(f"a condition is true or false, this one gives {types[0]}")


def _bound(sql: str, place: Place, schemas: Schemas) -> list[str] | None:
    import duckdb

    with _connection().cursor() as connection:
        for name, schema in schemas.items():
            connection.register(name, schema.empty_table())
        try:
            return [str(kind) for kind in connection.sql(sql).types]
        except duckdb.Error as error:
            place.fault(f"DuckDB: {_reason(error)}")
            return None


def _reason(error: duckdb.Error) -> str:
    """DuckDB's message on one line, without its picture of the place."""
    text = str(error).partition("\nLINE ")[0].strip()
    return " ".join(text.split())
