"""A proposed contract as YAML, to be read and edited."""

from __future__ import annotations

import re
from collections.abc import Iterator

from etl.infer.draft import Column, Draft, Guess, Table

_PLAIN = re.compile(r"[A-Za-z$][A-Za-z0-9_$.*()\[\]'/, -]*")
_SPOKEN = frozenset(("false", "n", "no", "null", "off", "on", "true", "y", "yes"))  # by YAML 1.1, and so to other tools
_LONGEST_REMARK = 400
_LEAST = 10  # records, before what is in all of them is hardly there by chance
_FEW = "\n# So few records say little of what is always there: some of `required` may be too much."

_HEAD = """\
# A proposal, made from {origin}: read it, and change what samples can't tell.{few}
# Behind a column's name stands in how many records it was seen, if that is not all of them.

apiVersion: v3.1.0
kind: DataContract
id: {text}
name: {text}
version: 0.1.0  # raise it with every change
status: draft

# Where uploads arrive, where good records go, and where bad ones are kept with the reason.
servers:
  - server: incoming
    type: s3
    location: s3://${{ORDERS_BUCKET}}/orders_json_incoming/{name}/
    format: json{delimiter}
  - server: datalake
    type: s3
    location: s3://${{ORDERS_BUCKET}}/orders_parquet_datalake/{name}/{{model}}/**/*.parquet
    format: parquet
  - server: quarantine
    type: s3
    location: s3://${{ORDERS_BUCKET}}/orders_quarantine/
    format: json
"""
_RECORDS = """\
  # The documents only wrap the records: this leads to them, and all other paths begin at a record.
  - property: records
    value: {records}
"""
_EMPTY = """\
  # Records have nothing but arrays: where all of these are empty, there are no rows.
  - property: emptyRecords
    value: allow
"""


def render(draft: Draft) -> str:
    """The contract's text. Only enumerations show values of the samples."""
    parts = [_head(draft)]
    if policies := _policies(draft):
        parts += ["\ncustomProperties:\n", *policies]
    parts.append("\nschema:\n" + "\n".join("".join(f"{line}\n" for line in _table(table)) for table in draft.tables))
    return "".join(parts)


def _head(draft: Draft) -> str:
    delimiter = f"\n    delimiter: {draft.delimiter}  # some of its lines look like records" if draft.delimiter else ""
    few = _FEW if draft.count < _LEAST else ""
    return _HEAD.format(
        origin=_comment(draft.origin), few=few, name=draft.name, text=scalar(draft.name), delimiter=delimiter
    )


def _policies(draft: Draft) -> list[str]:
    wrapped = [_RECORDS.format(records=scalar(str(draft.records)))] if draft.records is not None else []
    return wrapped + [_EMPTY] * all(table.path.steps for table in draft.tables)


def _table(table: Table) -> Iterator[str]:
    yield f"  - name: {scalar(table.name)}"
    rows = f"element of {table.path}" if table.path.steps else "record"
    yield f"    description: {scalar(f'One row per {rows}.')}"
    yield "    physicalType: table"
    yield from (f"    # {_comment(note)}" for note in table.notes)
    yield "    properties:"
    for at, column in enumerate(table.columns):
        yield from [""] * bool(at)
        yield from (f"      {line}" for line in _column(column))
    if table.remarks:
        yield ""
        yield from (f"    # {_comment(remark)}" for remark in table.remarks)


def _column(column: Column) -> Iterator[str]:
    yield from (f"# {_comment(remark)}" for remark in column.guess.remarks)
    yield f"- name: {scalar(column.name)}" + (f"  # {column.seen}" if column.seen else "")
    yield from (f"  {line}" for line in _keys(column))


def _keys(column: Column) -> Iterator[str]:
    yield f"transformLogic: {scalar(column.source)}"
    yield from _type(column.guess)
    if column.required:
        yield "required: true"
    if column.key is not None:
        yield from ("primaryKey: true", f"primaryKeyPosition: {column.key}")
    if column.is_partition:
        yield from ("partitioned: true  # one folder per day in the lake", "partitionKeyPosition: 1")
    yield f"classification: {'restricted' if column.is_personal else 'public'}"


def _type(guess: Guess) -> Iterator[str]:
    yield f"logicalType: {guess.logical}"
    if guess.physical:
        yield f"physicalType: {guess.physical}"
    if guess.options:
        yield "logicalTypeOptions:"
        yield from (f"  {option}: {scalar(value)}" for option, value in guess.options.items())
    if guess.enum:
        yield "enum:"
        yield from (f"  - value: {scalar(value)}" for value in guess.enum)
    if guess.item:
        yield "items:"
        yield from (f"  {line}" for line in _type(guess.item))


def scalar(text: str) -> str:
    """A text as a YAML scalar on one line: plain where every reader of YAML takes it for text, else in quotes."""
    if _PLAIN.fullmatch(text) and not text.endswith(" ") and text.lower() not in _SPOKEN:
        return text
    if text.isprintable() and not set(text) & {'"', "\\"}:
        return f'"{text}"'
    if text.isprintable() and "'" not in text:
        return f"'{text}'"
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _comment(text: str) -> str:
    """A remark on one line, of characters that YAML allows; paths in it may be of any length."""
    shown = "".join(char if char.isprintable() else _escaped(char) for char in text)
    return shown if len(shown) <= _LONGEST_REMARK else f"{shown[:_LONGEST_REMARK]}..."
