"""Records through flatten, validate and split once more; what may be published of them is staged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from pyarrow.dataset import Dataset

from etl.contract.model import Contract
from etl.flatten import Flattener
from etl.lake import LakeWriter, StagedFile
from etl.records import Block, Flattened, Rows, Rule, Split, Unreadable, Violation
from etl.replay.records import Numbered
from etl.replay.standing import Ordinals, Released
from etl.split import split
from etl.validate import Validator

VERSION = "1.0"

Item = Numbered | Unreadable
Chosen = Callable[[int], bool]  # by a record's number


@dataclass(slots=True)
class Found:
    """What the judgement comes to: records `read`, `tried` (those that wait and were chosen) and `touched` (rejected,
    if only in part); the `broken` rules of those tried, with the number of their records; what is `released`.
    """

    read: int = 0
    tried: int = 0
    touched: int = 0
    broken: Counter[str] = field(default_factory=Counter)
    released: list[Released] = field(default_factory=list)
    unreadable: Unreadable | None = None


class Judge:
    """The rules for a record, block by block. `published` is what the lake holds of the upload, by table, where its
    keys count; None where all records of the upload are judged.
    """

    def __init__(self, contract: Contract, published: Mapping[str, Dataset] | None) -> None:
        self._flattener, self._validator = Flattener(contract), Validator(contract)
        if published is not None:
            self._validator.know(published)

    def judge(
        self, block: Block, numbers: np.ndarray, waiting: Waiting
    ) -> tuple[Mapping[str, Rows], Sequence[Violation]]:
        """The rows and violations of the next block, whose records have these numbers. What is wrong with rows that the
        lake holds already is none: of their keys, it would be that they are there.
        """
        flat = renumbered(self._flattener.flatten(block), numbers, block.first)
        found = [*flat.violations, *self._validator.judge(flat.rows)]
        return flat.rows, sorted(filter(waiting.touches, found), key=lambda each: each.record)


class Trial:
    """One pass over records. `chosen` says which may be published, `earlier` which of their rows have been already."""

    def __init__(
        self, contract: Contract, judge: Judge, writer: LakeWriter, chosen: Chosen, earlier: Mapping[int, Ordinals]
    ) -> None:
        self._contract = contract
        self._judge = judge
        self._writer = writer
        self._chosen = chosen
        self._earlier = earlier
        self.found = Found()

    def run(self, items: Iterable[Item]) -> list[StagedFile]:
        """The staged files."""
        for item in items:
            if isinstance(item, Unreadable):
                self.found.unreadable = item
                break
            self._block(*item)
        return self._writer.close()

    def _block(self, block: Block, numbers: np.ndarray, own: Mapping[int, Ordinals]) -> None:
        waiting = Waiting(own, self._earlier)
        rows, violations = self._judge.judge(block, numbers, waiting)
        parts = split(rows, violations, self._contract)
        chosen = {number for number in numbers.tolist() if self._chosen(number)}
        open_ = _Open(parts, chosen, waiting)
        kept = {name: open_.kept(name, table.records) for name, table in rows.items()}
        for name, mask in kept.items():
            if mask.any():
                self._writer.write(name, rows[name].only(np.flatnonzero(mask)))
        self.found.read += len(block)
        self.found.touched += len(parts.rejected)
        self.found.tried += len(chosen)
        for number in sorted(chosen):
            self._settle(number, parts, open_.released(number, rows, kept))

    def _settle(self, number: int, parts: Split, released: Released | None) -> None:
        if released is not None:
            self.found.released.append(released)
        if released is None or released.rows is not None:
            self.found.broken.update(_rules(parts.rejected.get(number, ())))


@dataclass(frozen=True, slots=True)
class Waiting:
    """Which rows of records wait: all, but of records that are in quarantine in part their `own`; less the `earlier`
    ones, which replays have released since.
    """

    own: Mapping[int, Ordinals]
    earlier: Mapping[int, Ordinals]

    @property
    def records(self) -> set[int]:
        """Those of which not all rows wait."""
        return {*self.own, *self.earlier}

    def row(self, number: int, table: str, row: int) -> bool:
        mine = number not in self.own or row in self.own[number].get(table, ())
        return mine and row not in self.earlier.get(number, {}).get(table, ())

    def touches(self, violation: Violation) -> bool:
        """Whether a violation is of rows that wait, or of the record as such."""
        if not violation.rows or violation.record not in self.records:
            return True
        return any(self.row(violation.record, violation.rule.table or "", row) for row in violation.rows)


@dataclass(frozen=True, slots=True)
class _Open:
    """What of a block's records may be published: of those `chosen`, what waits and passes."""

    parts: Split
    chosen: set[int]
    waiting: Waiting

    def kept(self, name: str, records: np.ndarray) -> np.ndarray:
        """A mask over a table's rows."""
        passing = self.chosen - (self.parts.rejected.keys() - self.parts.split)
        mask = np.isin(records, np.fromiter(passing, np.int64, len(passing)))
        for number in passing & (self.waiting.records | self.parts.split):
            first, end = np.searchsorted(records, [number, number + 1])
            mask[first:end] = [self._may(number, name, at) for at in range(end - first)]
        return mask

    def _may(self, number: int, name: str, row: int) -> bool:
        return row not in self.parts.rows.get(number, {}).get(name, ()) and self.waiting.row(number, name, row)

    def released(self, number: int, rows: Mapping[str, Rows], kept: Mapping[str, np.ndarray]) -> Released | None:
        """The record as released: with nothing left, or with the rows that are released now; None: not at all."""
        if number not in self.parts.rejected:
            return Released(VERSION, number)
        if number not in self.parts.split:
            return None
        now = {name: _ordinals(number, rows[name].records, mask) for name, mask in kept.items() if mask.any()}
        return (
            Released(VERSION, number, {name: each for name, each in now.items() if each}) if any(now.values()) else None
        )


def _ordinals(number: int, records: np.ndarray, mask: np.ndarray) -> list[int]:
    first, end = np.searchsorted(records, [number, number + 1])
    return list(np.flatnonzero(mask[first:end]).tolist())


def _rules(violations: Iterable[Violation]) -> set[str]:
    return {label(violation.rule) for violation in violations if violation.rule.severity == "error"}


def label(rule: Rule) -> str:
    """`orders.price minimum`."""
    return f"{rule.subject} {rule.name}".strip()


def renumbered(flat: Flattened, numbers: np.ndarray, first: int) -> Flattened:
    """The same, with the records' own numbers; `first` is the block's first, which they were counted from."""
    rows = {name: replace(table, records=numbers[table.records - first]) for name, table in flat.rows.items()}
    violations = [replace(each, record=int(numbers[each.record - first])) for each in flat.violations]
    return replace(flat, rows=rows, violations=violations)
