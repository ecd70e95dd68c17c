"""A contract as it is proposed: what is written, and the remarks that go beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from etl.contract.expressions import Path
from etl.read import Delimiter

Shape = Literal["nothing", "scalar", "list", "table", "object", "json"]
"""What a place in the documents becomes: no column, a column, a table of its own, several columns, JSON text."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A type that takes every value that was seen at a place.

    `functions` go round the path, innermost first. `remarks` are for comments and hold no values of documents.
    """

    logical: str
    physical: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    functions: tuple[str, ...] = ()
    enum: tuple[str, ...] = ()
    item: Guess | None = None
    remarks: tuple[str, ...] = ()

    def source(self, path: Path | str) -> str:
        """The column's `transformLogic`."""
        text = str(path)
        for function in self.functions:
            text = f"nullif({text}, '')" if function == "nullif" else f"{function}({text})"
        return text


@dataclass(frozen=True, slots=True)
class Column:
    """A proposed column. `seen` says in how many rows it had a value, where that is not all of them."""

    name: str
    source: str
    guess: Guess
    required: bool = False
    key: int | None = None  # its position in the primary key, from 1
    is_partition: bool = False
    is_personal: bool = False
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A proposed table: a row for each element of `path`, or for each record.

    `notes` are about all of it, `remarks` about what became no column.
    """

    name: str
    path: Path
    columns: tuple[Column, ...]
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposed contract, made of `count` records, of what `origin` says. `records` leads into wrapping documents.

    `delimiter` states how uploads are written, where their content would not tell it.
    """

    name: str
    origin: str
    count: int
    tables: tuple[Table, ...]
    records: Path | None = None
    delimiter: Delimiter | None = None
