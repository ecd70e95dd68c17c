"""What an edit does to a record's key: it may become another record unnoticed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from etl.contract.model import Contract, Table
from etl.flatten import Flattener
from etl.read.corrected import of_texts
from etl.records import Rows
from etl.replay.records import one_line

_LENGTH = 100  # characters of a value


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A value of a primary key's column, as received and as edited. `masked`: it is personal."""

    column: str
    before: str
    after: str
    masked: bool


def key_changes(before: bytes, after: bytes, contract: Contract) -> tuple[KeyChange, ...]:
    """The values of primary keys that differ in two documents; of a table that both have rows of. Raises nothing."""
    received, edited = (_rows(text, contract) for text in (before, after))
    found = (
        change
        for table in contract.tables
        if len(received.get(table.name, ())) and len(edited.get(table.name, ()))
        for change in _changes(table, received[table.name], edited[table.name])
    )
    return tuple({(each.column, each.before, each.after): each for each in found}.values())


def _rows(text: bytes, contract: Contract) -> dict[str, Rows]:
    block = of_texts(1, [one_line(text)], np.array([1]), np.array([0]))
    return dict(Flattener(contract).flatten(block).rows)


def _changes(table: Table, received: Rows, edited: Rows) -> Iterator[KeyChange]:
    columns = {column.name: column for column in table.columns}
    for key in table.keys:
        for name in key.columns if key.rule.name == "primaryKey" else ():
            masked = key.rule.masked or columns[name].cast.masked
            for one, other in _pairs(received.column(name).to_pylist(), edited.column(name).to_pylist()):
                yield KeyChange(name, _short(one), _short(other), masked)


def _pairs(before: list[Any], after: list[Any]) -> Iterable[tuple[Any, Any]]:
    """What became of what. Rows that come in another order, that are gone or that are new change no key."""
    one, other = set(before) - {None}, set(after) - {None}
    if len(before) == len(after):
        gone, new = one - other, other - one
        return ((a, b) for a, b in zip(before, after, strict=True) if a in gone and b in new)
    return ((a, b) for a in one for b in other if a != b) if len(one) == len(other) == 1 else ()


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _LENGTH else text[:_LENGTH] + "…"
