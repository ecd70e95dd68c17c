"""The engine's own word on documents: what of the contract each of them breaks.

Keys are left to whoever knows which documents come before: a verdict tells the keys of a document and no more. Rules on
an upload as a whole can be asked about one document alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds

from etl.contract.expressions import Path, paths
from etl.contract.model import Column, Contract, Key, Policies, Table, UploadRule
from etl.documents.places import VALUE, Place
from etl.flatten import Flattener
from etl.records import Block, Rows, Rule, Violation
from etl.validate import Validator, judge_upload

KeyValue = tuple[Rule, tuple[Any, ...]]


@dataclass(slots=True)
class Verdict:
    """What a document breaks, each rule with the first place; keys that it has twice are broken rules, too."""

    broken: dict[Rule, Violation] = field(default_factory=dict)
    keys: set[KeyValue] = field(default_factory=set)

    def errors(self, seen: Iterable[KeyValue] = ()) -> set[Rule]:
        """The rules that would quarantine it, after documents that had these keys."""
        taken = {rule for rule, _ in self.keys.intersection(seen)}
        return {rule for rule in (*self.broken, *taken) if rule.severity == "error"}

    def is_clean(self, seen: Iterable[KeyValue] = ()) -> bool:
        """Whether it breaks nothing at all, warnings included."""
        return not self.broken and not self.keys.intersection(seen)


class Judge:
    """Judges documents under one contract, many at a time."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        apart = tuple(replace(table, keys=()) for table in contract.tables)
        self._flattener = Flattener(contract)
        self._validator = Validator(replace(contract, tables=apart))

    def judge(self, texts: Sequence[bytes]) -> tuple[list[Verdict], Mapping[str, Rows]]:
        """A verdict on each document, and the rows of all. Documents count from 1 in violations."""
        flat = self._flattener.flatten(block(texts))
        verdicts = [Verdict() for _ in texts]
        for violation in (*flat.violations, *self._validator.judge(flat.rows)):
            verdicts[violation.record - 1].broken.setdefault(violation.rule, violation)
        for table in self.contract.tables:
            for key in table.keys:
                _note_keys(key, table, flat.rows[table.name], verdicts)
        return verdicts, flat.rows

    def upload_rules(self, rules: Sequence[UploadRule], tables: Mapping[str, pa.Table]) -> list[Rule]:
        """Those of the rules that an upload of these rows would break."""
        asked = replace(self.contract, upload_rules=tuple(rules))
        return [each.rule for each in judge_upload(asked, {name: ds.dataset(each) for name, each in tables.items()})]


def rows_of(rows: Mapping[str, Rows], records: Sequence[int]) -> dict[str, pa.Table]:
    """The rows of these documents."""
    return {name: table.table(chosen=np.flatnonzero(np.isin(table.records, records))) for name, table in rows.items()}


def block(texts: Sequence[bytes]) -> Block:
    """Documents as the reader would hand them on."""
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    ends = np.cumsum(lengths + 1) - 1
    return Block(1, b"\n".join(texts), ends - lengths, ends, np.arange(1, len(texts) + 1), ends - lengths)


def _note_keys(key: Key, table: Table, rows: Rows, verdicts: Sequence[Verdict]) -> None:
    """Keys stand once for the element they are of, however many rows repeat it; with a null they are not compared."""
    columns = {column.name: column for column in table.columns}
    depth = max(len(_eaches(path)) for name in key.columns for path in paths(columns[name].source))
    values = zip(*(rows.column(name).to_pylist() for name in key.columns), strict=True)
    places = zip(rows.records.tolist(), *(level.tolist() for level in rows.positions[:depth]), strict=True)
    each = {place: value for place, value in zip(places, values, strict=True) if None not in value}
    counts = Counter((place[0], value) for place, value in each.items())
    for (record, value), count in counts.items():
        verdict = verdicts[record - 1]
        verdict.keys.add((key.rule, value))
        if count > 1:
            verdict.broken.setdefault(key.rule, Violation(key.rule, record, str(Path(table.grain.steps))))


def _eaches(path: Path) -> list[Any]:
    return [step for step in path.steps if not isinstance(step, str | int)]


class LeafJudge:
    """Judges values for one place, by all columns that read it."""

    def __init__(self, place: Place) -> None:
        columns: tuple[Column, ...] = tuple(place.readers)
        contract = Contract("", "", "", None, "", "", (Table("t", columns, Path(())),), policies=_SILENT)
        self._judge = Judge(contract)

    def judge(self, texts: Sequence[bytes]) -> list[dict[Rule, Violation]]:
        """What each value, as JSON text, breaks."""
        name = b'{"' + VALUE.encode() + b'":'
        verdicts, _ = self._judge.judge([name + text + b"}" for text in texts])
        return [verdict.broken for verdict in verdicts]


_SILENT = Policies(unknown_fields="ignore")
