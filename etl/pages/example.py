"""The first record of a sample, and the rows that the engine makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pyarrow as pa

from etl.contract.model import Contract, Table
from etl.flatten import Flattener
from etl.flatten.record import parse
from etl.pages.document import lines
from etl.pages.fields import Field, fields, shows_masked
from etl.pages.model import Cell, Example, ExampleTable
from etl.read import Limits, read
from etl.records import Block, Rows, Unreadable, Violation
from etl.report import MASK
from etl.split import split
from etl.validate import Validator

_ROWS = 4
_LENGTH = 200  # characters of a value, as in reports


def example(contract: Contract, sample: Path) -> Example:
    """What the page shows of a sample upload. Raises `NotFound` and `StorageError` where it can't be read."""
    first = _first(contract, sample)
    if isinstance(first, Unreadable):
        return Example(sample.name, (), (), (first.reason,))
    if first is None:
        return Example(sample.name, (), (), ("it holds no records",))
    document, _ = parse(first.text(0))
    flat = Flattener(contract, vectorised=False).flatten(first)
    violations = [*flat.violations, *Validator(contract).judge(flat.rows)]
    published = split(flat.rows, violations, contract).published
    root = fields(contract)
    return Example(
        file=sample.name,
        document=lines(document, root) if document is not None else (),
        tables=tuple(
            _table(table, published[table.name], root) for table in contract.tables if table.name in published
        ),
        problems=tuple(_problem(violation) for violation in violations if violation.rule.severity == "error"),
    )


def _first(contract: Contract, sample: Path) -> Block | Unreadable | None:
    """The first record, as a block of its own."""
    policies = contract.policies
    reading = read(sample, delimiter=contract.delimiter, records=policies.records, limits=Limits.of(policies))
    with closing(cast(Any, iter(reading))) as items:
        found = next(items, None)
    if not isinstance(found, Block):
        return cast(Unreadable | None, found)
    return Block(found.first, found.data, found.starts[:1], found.ends[:1], found.lines[:1], found.offsets[:1])


def _problem(violation: Violation) -> str:
    rule = violation.rule
    subject = f"{rule.subject}.{rule.name}" if rule.subject else rule.name
    return f"{subject}: expected {rule.expected}" + (f", at {violation.path}" if violation.path else "")


def _table(table: Table, rows: Rows, root: Field) -> ExampleTable:
    shown = rows.table().slice(0, _ROWS)
    columns = tuple(
        (column.name, tuple(_cells(shown[column.name], masked=shows_masked(column, root)))) for column in table.columns
    )
    return ExampleTable(table.name, columns, min(len(rows), _ROWS), max(len(rows) - _ROWS, 0))


def _cells(values: pa.ChunkedArray, *, masked: bool) -> Iterator[Cell]:
    for value in values:
        if not value.is_valid:
            yield Cell("null", "null")
        elif masked:
            yield Cell("masked", MASK)
        else:
            yield Cell("value", _short(text(value)))


def _short(words: str) -> str:
    """As much of it as is shown; in quotes where its ends could not be seen."""
    if words != words.strip() or not words:
        words = json.dumps(words, ensure_ascii=False)
    return words if len(words) <= _LENGTH else f"{words[:_LENGTH]}… ({len(words):,} characters)"


def text(value: pa.Scalar) -> str:
    """A value of the lake as text: numbers and times to their last digit, lists and objects as in JSON."""
    if isinstance(value, pa.ListScalar):
        return f"[{', '.join(map(_inner, value))}]"
    if isinstance(value, pa.StructScalar):
        return f"{{{', '.join(f'{json.dumps(name)}: {_inner(member)}' for name, member in value.items())}}}"
    words = str(value.cast(pa.string()))
    return _moment(words) if pa.types.is_timestamp(value.type) else words


def _moment(words: str) -> str:
    """Arrow's text of a timestamp by RFC 3339, without idle zeros."""
    whole, point, rest = words.removesuffix("Z").replace(" ", "T").partition(".")
    return f"{whole}{point}{rest}".rstrip("0").rstrip(".") + "Z" if point else f"{whole}Z"


def _inner(value: pa.Scalar) -> str:
    if not value.is_valid:
        return "null"
    return json.dumps(text(value), ensure_ascii=False) if pa.types.is_string(value.type) else text(value)
