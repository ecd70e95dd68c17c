"""The contract as the engine uses it: frozen, complete, without faults.

`Contract` holds `Table`s, a table holds `Column`s; a column has a `Type`, a source `Expression` (the flattening
map) and `Check`s. Everything that the loader could decide is decided here: no stage looks at YAML.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

import pyarrow as pa

from etl.contract.expressions import Expression, Path
from etl.contract.words import UNITS, number
from etl.records import Rule

Kind = Literal["string", "integer", "number", "decimal", "boolean", "date", "time", "timestamp", "array", "object"]


@dataclass(frozen=True, slots=True)
class Type:
    """A column's type: what is accepted (`kind`, `format`, `timezone`) and what is stored (`arrow`).

    `number` is float64, `decimal` is exact; `format` is a JDK pattern, `epochSeconds` or `epochMillis` (temporal
    kinds only); `timezone` is the IANA zone of texts without an offset, None where such a text is a violation.
    """

    kind: Kind
    arrow: pa.DataType
    format: str | None = None
    timezone: str | None = None
    item: Type | None = None
    fields: tuple[Field, ...] = ()

    def within(self, steps: tuple[str, ...]) -> Type:
        """The type of a part: `[]` leads to the items of a list, a name to a field. Raises `KeyError`."""
        if not steps:
            return self
        parts = {field.name: field.type for field in self.fields} if self.item is None else {"[]": self.item}
        return parts[steps[0]].within(steps[1:])


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object column."""

    name: str
    type: Type


# What a check asks of one value. Null is not asked, except by `Required` and `NoneOf(null=True)`.


@dataclass(frozen=True, slots=True)
class Required:
    """A value is there."""


@dataclass(frozen=True, slots=True)
class Bound:
    """`value <op> limit`; the limit is of the column's own Python type (int, float, Decimal, date, time, datetime)."""

    op: Literal[">=", ">", "<=", "<"]
    limit: Any


@dataclass(frozen=True, slots=True)
class MultipleOf:
    """A number is an exact multiple of `step`."""

    step: Decimal


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are: code points of a text, items of a list, non-null fields of an object."""

    op: Literal[">=", "<="]
    limit: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """An RE2 expression is found somewhere in the text (ODCS: ECMA-262, searched and not anchored)."""

    regex: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """The value is one of these (Python values of the column's own type)."""

    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class NoneOf:
    """The value is none of these; with `null`, null is one of them."""

    values: tuple[Any, ...]
    null: bool = False


@dataclass(frozen=True, slots=True)
class DistinctItems:
    """No two items of a list are equal."""


@dataclass(frozen=True, slots=True)
class FolderName:
    """A text, escaped as in the folder `<column>=<text>` of the lake, makes that name at most `most` bytes long."""

    column: str
    most: int


Test = Required | Bound | MultipleOf | Count | Pattern | OneOf | NoneOf | DistinctItems | FolderName


def asks_for_a_value(test: Test) -> bool:
    """Whether null breaks the test."""
    return isinstance(test, Required) or (isinstance(test, NoneOf) and test.null)


@dataclass(frozen=True, slots=True)
class Check:
    """One test of one column. `within` leads to nested values: a field's name, or `[]` for the items of a list."""

    rule: Rule
    test: Test
    within: tuple[str, ...] = ()


def demands_value(checks: Iterable[Check]) -> bool:
    """Whether null, in place of a whole value, breaks a check that quarantines."""
    return any(asks_for_a_value(each.test) and not each.within and each.rule.severity == "error" for each in checks)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a lake table."""

    name: str
    type: Type
    source: Expression
    required: bool = False
    classification: str | None = None
    description: str | None = None
    checks: tuple[Check, ...] = ()
    cast: Rule = field(default=Rule("type", ""))  # broken by a value that does not convert


@dataclass(frozen=True, slots=True)
class Key:
    """These columns together are unique within the upload; a null in any part is not compared."""

    rule: Rule
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """A SQL condition that every row meets; null counts as met. `columns` are those it names."""

    rule: Rule
    sql: str
    columns: tuple[str, ...]


Operator = Literal[
    "mustBe",
    "mustNotBe",
    "mustBeGreaterThan",
    "mustBeGreaterOrEqualTo",
    "mustBeLessThan",
    "mustBeLessOrEqualTo",
    "mustBeBetween",
    "mustNotBeBetween",
]


@dataclass(frozen=True, slots=True)
class UploadRule:
    """One value computed by DuckDB over the upload's staged tables, compared with `operands` (two for `...Between`).

    Tables appear in `query` by their own names. With `percent_of`, the value is divided by that table's row count
    and multiplied by 100 (0 rows: 0 percent) before it is compared.
    """

    rule: Rule
    query: str
    operator: Operator
    operands: tuple[Any, ...]
    percent_of: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the lake. `grain` ends with its last `[*]`; `Path(())` means one row per record."""

    name: str
    columns: tuple[Column, ...]
    grain: Path
    keys: tuple[Key, ...] = ()
    conditions: tuple[Condition, ...] = ()
    partitions: tuple[str, ...] = ()  # column names, in path order
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """`20 percent` or `100 records`."""

    amount: Decimal
    unit: Literal["percent", "records"]

    def __str__(self) -> str:
        return f"{number(self.amount)} {self.unit}"


@dataclass(frozen=True, slots=True)
class Policies:
    """The contract-level `customProperties` that steer the engine."""

    quarantine_grain: Literal["record", "row"] = "record"
    empty_records: Literal["reject", "allow"] = "reject"
    unknown_fields: Literal["ignore", "warn", "reject"] = "warn"
    max_quarantined: Limit | None = None
    max_upload_size: int = 10 * UNITS["GB"]  # uncompressed
    max_document_size: int = UNITS["GB"]  # what is held in memory as a whole: a line, an array or a document
    max_compression: int = 200  # bytes that one stored byte may become
    records: Path | None = None
    lineage_columns: bool = True


@dataclass(frozen=True, slots=True)
class Server:
    """Where something lies: `s3://...` or a local path, `${ORDERS_*}` expanded. Ends with `/` if it is a folder."""

    name: str
    location: str


@dataclass(frozen=True, slots=True)
class Contract:
    """One ODCS document, ready to run. `digest` is the hash of the parsed contract: comments don't change it; `text` is
    the document as it stands in the file."""

    id: str
    name: str
    version: str
    status: str | None
    file: str
    digest: str
    tables: tuple[Table, ...]
    upload_rules: tuple[UploadRule, ...] = ()
    policies: Policies = field(default_factory=Policies)
    servers: Mapping[str, Server] = field(default_factory=dict)  # those whose location is known
    delimiter: Literal["new_line", "array", "none"] | None = None  # how uploads are written; None: their content tells
    description: str | None = None
    text: str = field(default="", repr=False)
