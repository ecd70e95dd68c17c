"""The sample beside a contract (`orders.sample.json` beside `orders.odcs.yaml`), run through it without writing.

What the contract does not accept of it are faults. What the two do not know of each other are hints: columns that no
record fills, fields that no column reads. The first are asked for as rules of the upload, which the run then judges.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from etl import pipeline
from etl.cli.files import sample_of, stem
from etl.cli.lint.findings import Finding, Level
from etl.contract import Examined
from etl.contract.model import Contract, Table, UploadRule
from etl.contract.source import Mark
from etl.contract.sql import quoted
from etl.errors import Fault
from etl.records import Rule
from etl.storage import Storage, normal

_FILLED = "lint: filled"
_NO_ROWS = "no rows"
_AT_ONCE = 40  # columns, whose numbers are no longer than a value may be in a report
_FIELDS = 10


@dataclass(frozen=True, slots=True)
class Tried:
    """What a sample showed; `remark` goes on from "no faults"."""

    findings: tuple[Finding, ...]
    remark: str = ""


def tried(one: Examined, contract: Contract, storage: Storage) -> Tried:
    """Run the sample of a contract, if it has one. Raises `StorageError` where it can't be read."""
    file = Path(one.file)
    found = sample_of(file)
    if found is None:
        message = f"there is no sample beside it ({stem(file)}.sample.json): nothing proves it works"
        return Tried((_finding(one, "hint", message),))
    report = pipeline.check(normal(str(found)), _asking(contract), storage)
    faults = tuple(_faults(one, found.name, report))
    if faults:
        return Tried(faults)
    records = report["records"]["read"]
    remark = f"; its sample passes ({records:,} record{'' if records == 1 else 's'})"
    return Tried(tuple(_hints(one, contract, found.name, report)), remark)


def _finding(one: Examined, level: Level, message: str, *names: str) -> Finding:
    """At the name of a table or a column; at the beginning where the message is about the whole."""
    place = one.places.get(names) or one.places.get(names[:1])
    mark = place.source.mark((*place.route, "name")) if place else Mark(1, 1)
    return Finding(Fault(one.file, mark.line, mark.column, message), level)


# What it breaks.


def _faults(one: Examined, sample: str, report: Mapping[str, Any]) -> Iterator[Finding]:
    if report["status"] == "empty":
        yield _finding(one, "error", f"its sample {sample} holds no records")
    for rule in report["rules"]:
        if rule["severity"] == "error":
            column = re.split(r"[.\[,]", rule["column"] or "")[0]  # of a part, and of a key's columns the first
            yield _finding(one, "error", _broken(sample, rule), *filter(None, (rule["table"], column)))


def _broken(sample: str, rule: Mapping[str, Any]) -> str:
    first = rule["examples"][0]
    place = " ".join(str(part) for part in (first["path"], first["value"], first["detail"]) if part)
    subject = ".".join(part for part in (rule["table"], rule["column"], rule["rule"]) if part)
    where = f"record {first['record']}" if first["record"] else "the upload"
    return f"its sample {sample} breaks {subject} (expected {rule['expected']}): {where} {place}".rstrip()


# What the two do not know of each other.


def _asking(contract: Contract) -> Contract:
    """The contract, with warnings of tables and columns that stay empty."""
    asked = tuple(rule for table in contract.tables for rule in _asked(table))
    return replace(contract, upload_rules=contract.upload_rules + asked)


def _asked(table: Table) -> Iterator[UploadRule]:
    """A query takes 10 ms, so one asks for many columns: the text that it gives has the numbers of the empty ones."""
    for first in range(0, len(table.columns), _AT_ONCE):
        numbered = enumerate(table.columns[first : first + _AT_ONCE], first)
        empty = ", ".join(f"CASE WHEN count({quoted(column.name)}) = 0 THEN {at} END" for at, column in numbered)
        every = f"CASE WHEN count(*) = 0 THEN '{_NO_ROWS}' ELSE concat_ws(' ', {empty}) END"
        rule = Rule(_FILLED, str(first), table.name, severity="warning")
        yield UploadRule(rule, f"SELECT {every} FROM {quoted(table.name)}", "mustBe", ("",))  # noqa: S608  # quoted


def _hints(one: Examined, contract: Contract, sample: str, report: Mapping[str, Any]) -> Iterator[Finding]:
    for table, empty in _empty(report):
        if empty == _NO_ROWS:
            yield _finding(one, "hint", f"no record of {sample} gives a row of '{table}'", table)
            continue
        columns = next(each.columns for each in contract.tables if each.name == table)
        for at in map(int, empty.split()):
            name = columns[at].name
            yield _finding(one, "hint", f"no record of {sample} fills '{name}'", table, name)
    if report["unknownFields"]:
        yield _finding(one, "hint", f"no column reads {_unread(report)}, which {sample} has")


def _empty(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the queries gave, by table; that a table has no rows is told once."""
    found = (rule for rule in report["rules"] if rule["rule"] == _FILLED)
    answers = ((rule["table"], json.loads(rule["examples"][0]["value"])) for rule in found)
    yield from dict.fromkeys(answers)


def _unread(report: Mapping[str, Any]) -> str:
    fields = report["unknownFields"]
    more = len(fields) - _FIELDS + report["unknownFieldsOmitted"]
    named = ", ".join(field["path"] for field in fields[:_FIELDS])
    return f"{named}{f' and {more} more' if more > 0 else ''}"
