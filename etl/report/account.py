"""The sums of one upload, and the first few places of each rule that it breaks.

Counts are never capped; examples and unknown fields are, and the account says how many it leaves out. Personal values
never appear.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from etl.contract.model import Contract
from etl.errors import AccountingError
from etl.records import Block, Place, Rows, Rule, Split, UnknownField, Violation

EXAMPLES = 5  # places shown of each broken rule
UNKNOWN_FIELDS = 100
_UNKNOWN_KEPT = 10_000
_LENGTH = 200
MASK = "***"


def _nowhere(_: int) -> Place:
    return None, None


@dataclass(slots=True)
class _Broken:
    """One broken rule so far."""

    violations: int = 0
    records: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Account:
    """The sums of one upload, added up block by block."""

    contract: Contract
    read: int = 0
    published: int = 0
    quarantined: int = 0
    split: int = 0
    rows_read: dict[str, int] = field(default_factory=dict)
    rows_published: dict[str, int] = field(default_factory=dict)
    _rules: dict[Rule, _Broken] = field(default_factory=dict)
    _unknown: dict[str, UnknownField] = field(default_factory=dict)
    _unknown_beyond: int = 0

    def add(self, block: Block, rows: Mapping[str, Rows], parts: Split) -> None:
        """Count a block's records and rows, each kind by itself, so that `records` has something to check."""
        with_rows, published = _records(block, rows), _records(block, parts.published)
        rejected = np.zeros(len(block), dtype=bool)
        rejected[np.array(list(parts.rejected), np.int64) - block.first] = True
        self.read += len(block)
        self.quarantined += len(parts.rejected) - len(parts.split)
        self.split += len(parts.split)
        self.published += int(published.sum()) - len(parts.split) + int((~with_rows & ~rejected).sum())
        for name in rows:
            self.rows_read[name] = self.rows_read.get(name, 0) + len(rows[name])
            self.rows_published[name] = self.rows_published.get(name, 0) + len(parts.published[name])

    def note(self, violations: Sequence[Violation], place: Callable[[int], Place] = _nowhere) -> None:
        """Count violations; `place` says where a record begins."""
        records: dict[Rule, set[int]] = {}
        for violation in violations:
            broken = self._rules.setdefault(violation.rule, _Broken())
            broken.violations += 1
            records.setdefault(violation.rule, set()).add(violation.record)
            if len(broken.examples) < EXAMPLES:
                broken.examples.append(_example(violation, place(violation.record)))
        for rule, numbers in records.items():
            self._rules[rule].records += len(numbers - {0})

    def note_unknown(self, fields: Sequence[UnknownField]) -> None:
        """Count fields that no column reads."""
        for found in fields:
            known = self._unknown.get(found.path)
            if known is None and len(self._unknown) >= _UNKNOWN_KEPT:
                self._unknown_beyond += 1
                continue
            records, first = (known.records, known.first) if known else (0, found.first)
            self._unknown[found.path] = UnknownField(found.path, records + found.records, min(first, found.first))

    def reject(self, violations: Sequence[Violation], place: Callable[[int], Place] = _nowhere) -> None:
        """Quarantine the upload as a whole."""
        self.note(violations, place)
        self.quarantined, self.published, self.split = self.read, 0, 0
        self.rows_published = dict.fromkeys(self.rows_published, 0)

    @property
    def warned(self) -> bool:
        """Whether any rule was broken, of any severity."""
        return bool(self._rules)

    @property
    def touched(self) -> int:
        """Records of which anything is quarantined."""
        return self.quarantined + self.split

    def records(self) -> dict[str, int]:
        """The records' sums. Raises `AccountingError` when they do not add up."""
        if self.read != self.published + self.quarantined + self.split:
            raise AccountingError(
                f"{self.read} records read are not {self.published} published + {self.quarantined} quarantined "
                f"+ {self.split} split: nothing was published; this is a bug, please report it"
            )
        return {
            "read": self.read,
            "published": self.published,
            "quarantined": self.quarantined,
            "duplicates": 0,
            "split": self.split,
        }

    def tables(self) -> dict[str, dict[str, int]]:
        """The rows' sums by table."""
        return {
            table.name: _rows(self.rows_read.get(table.name, 0), self.rows_published.get(table.name, 0))
            for table in self.contract.tables
        }

    def rules(self) -> list[dict[str, Any]]:
        """One entry per broken rule: errors before warnings, the most records first."""
        order = sorted(self._rules.items(), key=lambda item: (item[0].severity, -item[1].records, -item[1].violations))
        return [_rule(rule, broken) for rule, broken in order]

    def unknown_fields(self) -> list[dict[str, Any]]:
        """The fields that no column reads, by path."""
        fields = sorted(self._unknown.values(), key=lambda found: found.path)[:UNKNOWN_FIELDS]
        return [{"path": _short(found.path), "records": found.records, "first": found.first} for found in fields]

    @property
    def unknown_fields_omitted(self) -> int:
        """How many are not listed. Beyond 10,000, one that comes in several blocks counts in each."""
        return max(len(self._unknown) - UNKNOWN_FIELDS, 0) + self._unknown_beyond


def _records(block: Block, rows: Mapping[str, Rows]) -> np.ndarray:
    """Which records of a block have a row in some table: a mask."""
    found = np.zeros(len(block), dtype=bool)
    for table in rows.values():
        found[table.records - block.first] = True
    return found


def _rows(read: int, published: int) -> dict[str, int]:
    return {"read": read, "published": published, "quarantined": read - published}


def _rule(rule: Rule, broken: _Broken) -> dict[str, Any]:
    return {
        "table": rule.table,
        "column": rule.column,
        "rule": rule.name,
        "severity": rule.severity,
        "expected": rule.expected,
        "violations": broken.violations,
        "records": broken.records,
        "examples": broken.examples,
        "omitted": broken.violations - len(broken.examples),
    }


def _example(violation: Violation, place: Place) -> dict[str, Any]:
    return {
        "record": violation.record or None,
        "line": place[0],
        "offset": place[1],
        "path": None if violation.path is None else _short(violation.path),
        "value": _shown(violation),
        "detail": violation.detail,
    }


def _shown(violation: Violation) -> str | None:
    if violation.value is None:
        return None
    return MASK if violation.rule.masked else _short(violation.value)


def _short(text: str) -> str:
    """As much of a text of the document as a report shows."""
    return text if len(text) <= _LENGTH else f"{text[:_LENGTH]}… ({len(text):,} characters)"
