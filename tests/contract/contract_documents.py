"""Contracts for tests, as short as they go. `«` in a text marks where a fault is expected."""

from __future__ import annotations

import textwrap

import pytest

from etl.contract import loads
from etl.contract.model import Column, Contract, Table
from etl.errors import ContractError

HEAD = 'apiVersion: v3.1.0\nkind: DataContract\nid: shop\nversion: "1"\n'
TABLE = "schema:\n  - name: t\n    properties:\n"
ID = "      - name: id\n        logicalType: integer\n"
MARK = "«"


def columns(text: str) -> str:
    """A contract of one table `t`: an integer `id`, then these columns."""
    return HEAD + TABLE + ID + textwrap.indent(textwrap.dedent(text), "      ")


def column(keys: str) -> str:
    """A contract whose table `t` has `id` and a column `a` with these keys."""
    return columns("- name: a\n" + textwrap.indent(textwrap.dedent(keys), "  "))


def table(keys: str) -> str:
    """A contract whose table `t` has the columns `id`, `amount`, `email`, `tags` and these keys of its own."""
    return HEAD + TABLE + ID + COLUMNS + textwrap.indent(textwrap.dedent(keys), "    ")


COLUMNS = """\
      - {name: amount, logicalType: number, physicalType: "decimal(12,2)"}
      - {name: email, logicalType: string, classification: restricted}
      - {name: tags, logicalType: array, items: {logicalType: string}}
"""


def document(keys: str) -> str:
    """A whole contract with these keys after its table."""
    return HEAD + TABLE + ID + textwrap.dedent(keys)


def custom(name: str, value: str) -> str:
    """A contract with this entry of `customProperties`."""
    return document(f"customProperties:\n  - property: {name}\n    value: {value}\n")


def read(text: str, env: dict[str, str] | None = None) -> Contract:
    return loads(text, "c.yaml", env or {})


def read_table(text: str) -> Table:
    (only,) = read(text).tables
    return only


def read_column(keys: str) -> Column:
    """The column `a` with these keys."""
    return read_table(column(keys)).columns[1]


def places(marked: str) -> tuple[str, list[str]]:
    """The text without its marks, and `line:column` of each."""
    found = []
    before, *rest = marked.split(MARK)
    for part in rest:
        found.append(f"{before.count(chr(10)) + 1}:{len(before) - (before.rfind(chr(10)) + 1) + 1}")
        before += part
    return before, found


def assert_faults(marked: str, *messages: str, env: dict[str, str] | None = None) -> None:
    """The contract has exactly these faults, at the marks: one message part for each, in order of place."""
    text, expected = places(marked)
    with pytest.raises(ContractError) as raised:
        read(text, env)
    faults = raised.value.faults
    shown = "\n".join(map(str, faults))
    assert [f"{fault.line}:{fault.column}" for fault in faults] == expected, shown
    for fault, message in zip(faults, messages, strict=True):
        assert message in fault.message, shown
