"""Contracts and rows made of literals, for the tests of validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from etl.contract.expressions import parse, parse_path
from etl.contract.model import Check, Column, Condition, Contract, Field, Key, Kind, Table, Test, Type, UploadRule
from etl.records import Rows, Rule
from etl.validate import Validator

STRING = Type("string", pa.string())
INTEGER = Type("integer", pa.int64())
NUMBER = Type("number", pa.float64())
BOOLEAN = Type("boolean", pa.bool_())
DATE = Type("date", pa.date32())
TIME = Type("time", pa.time64("us"))


def integer(arrow: pa.DataType) -> Type:
    return Type("integer", arrow)


def decimal(precision: int, scale: int) -> Type:
    return Type("decimal", pa.decimal128(precision, scale))


def timestamp(unit: str = "us") -> Type:
    return Type("timestamp", pa.timestamp(unit, "UTC"))


def array(item: Type) -> Type:
    return Type("array", pa.list_(item.arrow), item=item)


def record(**fields: Type) -> Type:
    kind: Kind = "object"
    arrow = pa.struct([pa.field(name, type_.arrow) for name, type_ in fields.items()])
    return Type(kind, arrow, fields=tuple(Field(name, type_) for name, type_ in fields.items()))


def check(test: Test, *within: str, name: str = "rule") -> Check:
    return Check(Rule(name, "", "orders", "column"), test, within)


def column(name: str, type_: Type, *checks: Check, source: str | None = None) -> Column:
    return Column(name, type_, parse(source or f"$.{name}"), checks=checks)


def key(*columns: str) -> Key:
    return Key(Rule("key", "", "orders"), columns)


def condition(sql: str, *columns: str, name: str = "condition") -> Condition:
    return Condition(Rule(name, "", "orders"), sql, columns)


def contract(
    *columns: Column,
    grain: str = "$",
    keys: Sequence[Key] = (),
    conditions: Sequence[Condition] = (),
    upload_rules: Sequence[UploadRule] = (),
) -> Contract:
    table = Table("orders", columns, parse_path(grain), tuple(keys), tuple(conditions))
    return Contract("1", "made", "1.0.0", "active", "made.odcs.yaml", "0", (table,), tuple(upload_rules))


def rows(
    contract: Contract,
    columns: Mapping[str, Sequence[Any]],
    records: Sequence[int] | None = None,
    positions: Sequence[Sequence[int]] = (),
    unknown: Mapping[str, Sequence[int]] | None = None,
    first: int = 1,
) -> dict[str, Rows]:
    """Rows of the table `orders`; by default one per record."""
    [table] = contract.tables
    arrays = [pa.array(columns[each.name], each.type.arrow) for each in table.columns]
    count = len(next(iter(columns.values())))
    return {
        "orders": Rows(
            {each.name: values for each, values in zip(table.columns, arrays, strict=True)},
            {each.name: 0 for each in table.columns},
            (None,),
            np.array(range(first, first + count) if records is None else records, dtype=np.int64),
            tuple(np.array(level, dtype=np.int64) for level in positions),
            {name: np.array(at, dtype=np.int64) for name, at in (unknown or {}).items()},
        )
    }


def judge(contract: Contract, columns: Mapping[str, Sequence[Any]], **where: Any) -> list[tuple[Any, ...]]:
    """`(record, path, value, rows)` of each violation of one block."""
    found = Validator(contract).judge(rows(contract, columns, **where))
    return [(each.record, each.path, each.value, each.rows) for each in found]
