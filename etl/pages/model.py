"""The page of a contract, in words: what the templates show, and nothing they have to work out. Frozen, plain texts.

No text here is escaped, and none is to be trusted: contracts and samples are written by others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that must hold. `words` say it; `codes` are quoted from the contract: values, a pattern, SQL.

    `about` is what of the column or upload it is about, None for all of it; `name` is what reports call the rule, and
    `description` what the contract says of it. `omitted` counts values that are left out of `codes`. A `warning` is
    reported, and quarantines nothing.
    """

    words: str
    codes: tuple[str, ...] = ()
    omitted: int = 0
    about: str | None = None
    name: str | None = None
    description: str | None = None
    warning: bool = False


@dataclass(frozen=True, slots=True)
class ColumnPage:
    """A column. `source` is its place in the flattening map; `masked`: its values are shown nowhere on the page."""

    name: str
    title: str | None
    description: str | None
    type: str  # the contract's own words: decimal(12,2)
    type_words: str
    source: str
    classification: str | None
    masked: bool
    required: bool
    optional: bool  # not required, and no other rule takes a record out that has no value
    key: int | None  # its place in the primary key, from 1
    partition: int | None  # its place among the folders of the lake, from 1
    statements: tuple[Statement, ...]
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TablePage:
    """A table of the lake. `statements` are its rules across columns and rows."""

    name: str
    title: str | None
    description: str | None
    grain: str  # in words: one row for each element of $.products
    columns: tuple[ColumnPage, ...]
    statements: tuple[Statement, ...]
    partitions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PolicyPage:
    """A policy: its name in the contract, its setting if it has one, and what follows. `chosen`: not the default."""

    name: str
    setting: str | None
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Target:
    """A column that a field flows into."""

    table: str
    column: str
    masked: bool


@dataclass(frozen=True, slots=True)
class Flow:
    """What becomes of a field: a function with `·` for the field (None: as it is), and the columns that get it."""

    function: str | None
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class FieldPage:
    """A field of the documents that columns read, with those within it.

    A field that nobody reads itself shares a line with the only one within it: `seller.id`. `tables` have one row for
    each element here (at the root: for each record).
    """

    name: str
    flows: tuple[Flow, ...]
    tables: tuple[str, ...]
    fields: tuple[FieldPage, ...]


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """A column in the diagram. `role`: PK, FK or both."""

    name: str
    kind: str
    role: str


@dataclass(frozen=True, slots=True)
class Entity:
    """A table in the diagram: the columns of its primary key and those that link it; `more` counts the others.

    `depth` is how many tables are above it.
    """

    name: str
    grain: str
    keys: tuple[KeyColumn, ...]
    more: int
    depth: int


@dataclass(frozen=True, slots=True)
class Relation:
    """How rows of two tables belong together. `links` are pairs of columns that read the same; none: only nesting."""

    parent: str
    child: str
    links: tuple[tuple[str, str], ...]
    many: bool  # whether several rows of the child go with one of the parent
    words: str


@dataclass(frozen=True, slots=True)
class Diagram:
    """Tables with their relations: a forest, parents before children."""

    entities: tuple[Entity, ...]
    relations: tuple[Relation, ...]


Kind = Literal["key", "text", "plain", "masked", "unread", "mark"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line of the example document: a key, a text, a number or the like, a mask, what no column reads."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the example document, indented so many levels."""

    depth: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of an example row."""

    kind: Literal["value", "null", "masked"]
    text: str


@dataclass(frozen=True, slots=True)
class ExampleTable:
    """The first rows that the example gives in one table, column by column; `omitted` counts those after them."""

    name: str
    columns: tuple[tuple[str, tuple[Cell, ...]], ...]
    rows: int
    omitted: int


@dataclass(frozen=True, slots=True)
class Example:
    """The first record of the sample, and the rows it becomes. `problems` are the rules it breaks: then it gives none.

    `document` is empty where no record could be read, and `problems` say why.
    """

    file: str
    document: tuple[Line, ...]
    tables: tuple[ExampleTable, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something lies, as the contract has it."""

    what: str
    location: str


@dataclass(frozen=True, slots=True)
class Page:
    """A contract, in words."""

    name: str
    title: str | None
    id: str
    version: str
    status: str | None
    purpose: str | None
    usage: str | None
    limitations: str | None
    tables: tuple[TablePage, ...]
    rules: tuple[Statement, ...]  # that judge the upload as a whole
    policies: tuple[PolicyPage, ...]
    places: tuple[Place, ...]
    map: FieldPage
    diagram: Diagram | None  # of several tables
    example: Example | None  # where there is a sample
