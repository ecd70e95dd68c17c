"""Blocks of records to rows and violations, each record by the path that fits it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from threading import Lock

import numpy as np
import pyarrow as pa

from etl.contract.expressions import Path
from etl.contract.model import Contract
from etl.flatten import record
from etl.flatten.fields import Node, tree, unknown
from etl.flatten.habits import habits
from etl.flatten.merging import merged
from etl.flatten.record import FlatRecord
from etl.flatten.schema import UnsupportedError, check_supported
from etl.flatten.screen import Steps
from etl.flatten.straight import NOTHING, Straight, StraightRows
from etl.records import Block, Flattened, Rows, Same, UnknownField, Violation

_SAMPLE = 50  # records of an upload's first block from which the feed's habits are learned


class Flattener:
    """Flattens the blocks of one upload; several threads may, each its own block.

    Learns from the first block how the feed writes its values, and from each block what fields no column reads: that
    decides which path a record takes, never what comes of it. With `vectorised=False` all go the per-record way.
    """

    def __init__(self, contract: Contract, *, vectorised: bool = True) -> None:
        self._contract = contract
        self._root = _tree(Same(contract))
        self._vectorised = vectorised
        self._straight: Straight | None = None
        self._learning = Lock()

    def flatten(self, block: Block) -> Flattened:
        """Rows of every table in record order, violations in record order, unknown fields."""
        numbers = np.arange(block.first, block.first + len(block))
        vectorised = self._reading(block)
        straight = vectorised.flatten(block, numbers) if vectorised else NOTHING
        odd = {block.first + at: self._record(block.first + at, block.text(at)) for at in straight.left(len(numbers))}
        self._learn(odd, len(numbers))
        return self._merge(straight, odd, numbers)

    def _record(self, number: int, text: bytes) -> FlatRecord:
        return record.flatten(number, text, self._contract, self._root)

    def _reading(self, block: Block) -> Straight | None:
        """The vectorised path, made when the first block is there; None if the contract asks for what it can't."""
        with self._learning:
            if self._vectorised and self._straight is None:
                try:
                    self._straight = self._first_reading(block)
                except UnsupportedError:
                    self._vectorised = False
            return self._straight

    def _first_reading(self, block: Block) -> Straight:
        check_supported(self._contract, self._root)
        sample = block.texts(np.arange(min(len(block), _SAMPLE)))
        documents = [document for text in sample if (document := record.parse(text)[0]) is not None]
        learned = tuple(sorted(habits(documents, self._root).items(), key=str))
        straight = _reading(Same(self._contract), learned)
        return self._knowing(straight, [set(unknown(document, self._root)) for document in documents])

    def _knowing(self, straight: Straight, fields: Sequence[AbstractSet[Path]]) -> Straight:
        """Take unknown fields as known that come more than once: a field of one odd record is not worth it."""
        if self._contract.policies.unknown_fields == "reject":
            return straight  # each record that has one is to be explained
        counts = Counter(path for paths in fields for path in paths)
        return straight.learning({path for path, count in counts.items() if count > 1})

    def _learn(self, odd: Mapping[int, FlatRecord], records: int) -> None:
        """For the next blocks. Where most records were odd, the feed has changed its habits: learn them anew."""
        with self._learning:
            if self._straight and len(odd) * 2 > records > _SAMPLE:
                self._straight = None
            elif self._straight:
                self._straight = self._knowing(self._straight, [flat.fields for flat in odd.values()])

    def _merge(self, straight: StraightRows, odd: Mapping[int, FlatRecord], numbers: np.ndarray) -> Flattened:
        rows = {table.name: merged(table, straight.rows.get(table.name), odd) for table in self._contract.tables}
        violations = [violation for flat in odd.values() for violation in flat.violations]
        violations += self._without_rows(straight, rows, numbers)
        violations.sort(key=lambda violation: violation.record)
        return Flattened(rows, violations, self._unknown(straight, odd))

    def _without_rows(self, straight: StraightRows, rows: Mapping[str, Rows], numbers: np.ndarray) -> list[Violation]:
        """Straight records that gave no row anywhere (the per-record path says so of its own)."""
        silent = np.zeros(len(numbers), dtype=bool)
        silent[straight.indexes] = True
        for table in rows.values():
            silent[table.records - numbers[0]] = False
        return [violation for number in numbers[silent] for violation in record.no_rows(int(number), self._contract)]

    def _unknown(self, straight: StraightRows, odd: Mapping[int, FlatRecord]) -> list[UnknownField]:
        if self._contract.policies.unknown_fields == "ignore":
            return []
        counts: Counter[Path] = Counter(straight.fields)
        firsts = dict(straight.firsts)
        for number, flat in odd.items():
            for path in flat.fields:
                counts[path] += 1
                firsts[path] = min(number, firsts.get(path, number))
        return sorted((UnknownField(str(path), counts[path], firsts[path]) for path in counts), key=lambda f: f.path)


@lru_cache(maxsize=64)
def _tree(key: Same[Contract]) -> Node:
    return tree(key.one)


@lru_cache(maxsize=64)
def _reading(key: Same[Contract], learned: tuple[tuple[Steps, pa.DataType], ...]) -> Straight:
    """Made once for a contract and how its feeds are written: small uploads would make it anew, again and again."""
    return Straight.reading(key.one, _tree(key), dict(learned))
