"""Blocks of records -> typed rows by table, and violations.

Straight records take the vectorised path (`screen`, `vector`, `columns`), odd ones the per-record path (`record`,
`convert`), which is the specification: both give the same rows and the same violations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from etl.contract.expressions import EACH, Path
from etl.contract.model import Contract, Table
from etl.flatten import record, vector
from etl.flatten.fields import Node, tree
from etl.flatten.record import FlatRecord, RecordRows
from etl.flatten.screen import Screen, Screened, Steps
from etl.flatten.vector import Readings, TableRows, UnsupportedError
from etl.records import Block, Flattened, Rows, UnknownField, Violation

_SAMPLE = 50  # records of an upload's first block from which the feed's habits are learned


class Flattener:
    """Flattens the blocks of one upload, in order; learns from it how the feed writes its values.

    With `vectorised=False` every record goes the per-record way.
    """

    def __init__(self, contract: Contract, *, vectorised: bool = True) -> None:
        self._contract = contract
        self._root = tree(contract)
        self._vectorised = vectorised
        self._straight: _Straight | None = None

    def flatten(self, block: Block) -> Flattened:
        """Rows of every table in record order, violations in record order, unknown fields."""
        numbers = np.arange(block.first, block.first + len(block.texts))
        if self._vectorised and self._straight is None:
            self._learn(block)
        straight = self._straight.flatten(block, numbers) if self._straight else _NOTHING
        odd = [(index, self._record(int(numbers[index]), block.texts[index])) for index in straight.left(len(numbers))]
        if self._straight and self._contract.policies.unknown_fields != "reject":
            self._straight.screen.learn({path for _, flat in odd for path in flat.fields})
        return self._merge(straight, {int(numbers[index]): flat for index, flat in odd}, numbers)

    def _record(self, number: int, text: bytes) -> FlatRecord:
        return record.flatten(number, text, self._contract, self._root)

    def _learn(self, block: Block) -> None:
        try:
            vector.check_supported(self._contract, self._root)
            documents = [document for text in block.texts[:_SAMPLE] if (document := record.parse(text)[0]) is not None]
            self._straight = _Straight(self._contract, self._root, habits(documents, self._root))
        except UnsupportedError:
            self._vectorised = False

    def _merge(self, straight: _StraightRows, odd: Mapping[int, FlatRecord], numbers: np.ndarray) -> Flattened:
        rows = {
            table.name: _in_record_order(table, straight.rows.get(table.name), _odd_rows(table, odd))
            for table in self._contract.tables
        }
        violations = [violation for flat in odd.values() for violation in flat.violations]
        violations += self._without_rows(straight, rows, numbers)
        violations.sort(key=lambda violation: violation.record)
        return Flattened(rows, violations, self._unknown(straight, odd))

    def _without_rows(self, straight: _StraightRows, rows: Mapping[str, Rows], numbers: np.ndarray) -> list[Violation]:
        """Straight records that gave no row anywhere (the per-record path says so of its own)."""
        silent = np.isin(numbers, straight.numbers)
        for table in rows.values():
            silent &= ~np.isin(numbers, table.records)
        return [violation for number in numbers[silent] for violation in record.no_rows(int(number), self._contract)]

    def _unknown(self, straight: _StraightRows, odd: Mapping[int, FlatRecord]) -> list[UnknownField]:
        if self._contract.policies.unknown_fields == "ignore":
            return []
        counts: Counter[Path] = Counter(straight.fields)
        firsts = dict(straight.firsts)
        for number, flat in odd.items():
            for path in flat.fields:
                counts[path] += 1
                firsts[path] = min(number, firsts.get(path, number))
        return sorted((UnknownField(str(path), counts[path], firsts[path]) for path in counts), key=lambda f: f.path)


class _StraightRows:
    """What the vectorised path made of a block: rows, the numbers and indexes of their records, unknown fields."""

    def __init__(
        self,
        rows: Mapping[str, Rows],
        indexes: np.ndarray,
        numbers: np.ndarray,
        fields: Mapping[Path, int],
        firsts: Mapping[Path, int],
    ) -> None:
        self.rows = rows
        self.indexes = indexes
        self.numbers = numbers
        self.fields = fields
        self.firsts = firsts

    def left(self, length: int) -> list[int]:
        """The indexes of the records that are left to the per-record path."""
        odd = np.ones(length, dtype=bool)
        odd[self.indexes] = False
        return [int(index) for index in np.flatnonzero(odd)]


_NOTHING = _StraightRows({}, np.array([], dtype=np.int64), np.array([], dtype=np.int64), {}, {})


class _Straight:
    """The vectorised path of one upload."""

    def __init__(self, contract: Contract, root: Node, habits: Readings) -> None:
        self.contract = contract
        self.schema = vector.schema(root, habits)
        self.screen = Screen(root, lambda steps, node: vector.read_as(steps, node, habits))

    def flatten(self, block: Block, numbers: np.ndarray) -> _StraightRows:
        candidates = _utf8(block.texts)
        screened = self.screen.split([block.texts[index] for index in candidates])
        indexes = np.array(candidates, dtype=np.int64)[screened.straight]
        parsed = vector.parse([block.texts[index] for index in indexes], indexes, self.schema)
        decoded = _those(screened, indexes, parsed.indexes)
        tables = {
            table.name: vector.TableReader(
                table, parsed, numbers[parsed.indexes], lambda path: self.screen.values(decoded, path)
            ).read()
            for table in self.contract.tables
        }
        return self._sound(tables, parsed.indexes, numbers, decoded)

    def _sound(
        self, tables: Mapping[str, TableRows], indexes: np.ndarray, numbers: np.ndarray, decoded: Sequence[Any]
    ) -> _StraightRows:
        """Without the records of which a kernel refused a value."""
        refused = _refused_records(tables)
        kept = ~np.isin(numbers[indexes], refused)
        rows = {name: _without(table.rows, refused) for name, table in tables.items()}
        fields, firsts = self._count(
            [item for item, keep in zip(decoded, kept, strict=False) if keep], numbers[indexes[kept]]
        )
        return _StraightRows(rows, indexes[kept], numbers[indexes[kept]], fields, firsts)

    def _count(self, decoded: Sequence[Any], numbers: np.ndarray) -> tuple[dict[Path, int], dict[Path, int]]:
        counts, firsts = {}, {}
        for steps in self.screen.learned:
            holders = [index for index, item in enumerate(decoded) if self.screen.holds(item, steps)]
            if holders:
                counts[Path(steps)] = len(holders)
                firsts[Path(steps)] = int(numbers[holders[0]])
        return counts, firsts


def _those(screened: Screened, straight: np.ndarray, parsed: np.ndarray) -> list[Any]:
    if screened.decoded is None:
        return []
    return [screened.decoded[at] for at in np.searchsorted(straight, parsed)]


def _refused_records(tables: Mapping[str, TableRows]) -> np.ndarray:
    refused = [table.rows.records[table.refused] for table in tables.values() if table.refused is not None]
    return np.unique(np.concatenate(refused)) if refused else np.array([], dtype=np.int64)


def _without(rows: Rows, refused: np.ndarray) -> Rows:
    if not len(refused):
        return rows
    kept = ~np.isin(rows.records, refused)
    return Rows(rows.values.filter(pa.array(kept)), rows.records[kept], tuple(at[kept] for at in rows.positions))


def _utf8(texts: Sequence[bytes]) -> list[int]:
    """Indexes of the texts that are UTF-8: one check of the whole block, or one each where that fails."""
    if _is_utf8(b"\n".join(texts)):
        return list(range(len(texts)))
    return [index for index, text in enumerate(texts) if _is_utf8(text)]


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _odd_rows(table: Table, odd: Mapping[int, FlatRecord]) -> Rows | None:
    flats = [(number, flat.rows[table.name]) for number, flat in odd.items() if table.name in flat.rows]
    flats = [(number, flat) for number, flat in flats if flat.values]
    return _rows(table, flats) if flats else None


def _rows(table: Table, flats: Sequence[tuple[int, RecordRows]]) -> Rows:
    values = [row for _, flat in flats for row in flat.values]
    positions = [at for _, flat in flats for at in flat.positions]
    unknown = [
        (row, name) for row, names in enumerate(name for _, flat in flats for name in flat.unknown) for name in names
    ]
    fields = [pa.field(column.name, column.type.arrow) for column in table.columns]
    arrays = [pa.array([row[at] for row in values], field.type) for at, field in enumerate(fields)]
    levels = sum(step is EACH for step in table.grain.steps)
    return Rows(
        pa.Table.from_arrays(arrays, schema=pa.schema(fields)),
        np.repeat([number for number, _ in flats], [len(flat.values) for _, flat in flats]).astype(np.int64),
        tuple(np.array([at[level] for at in positions], dtype=np.int64) for level in range(levels)),
        {
            name: np.array([row for row, named in unknown if named == name], dtype=np.int64)
            for name in dict.fromkeys(name for _, name in unknown)
        },
    )


def _in_record_order(table: Table, straight: Rows | None, odd: Rows | None) -> Rows:
    if straight is None or odd is None:
        return straight or odd or _rows(table, [])
    values = pa.concat_tables([straight.values, odd.values]).combine_chunks()
    records = np.concatenate([straight.records, odd.records])
    order = np.argsort(records, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    positions = zip(straight.positions, odd.positions, strict=True)
    return Rows(
        values.take(pa.array(order)),
        records[order],
        tuple(np.concatenate(level)[order] for level in positions),
        {name: np.sort(place[at + len(straight)]) for name, at in odd.unknown.items()},
    )


def habits(documents: Sequence[dict[str, Any]], root: Node) -> Readings:
    """How a feed writes what its columns read: numbers as texts, or integers where a text is stored.

    Only the way of reading follows from it, never the result: a record that differs goes record by record.
    """
    learned: Readings = {}
    _habits(documents, root, (), learned)
    return learned


def _habits(values: Sequence[Any], node: Node, steps: Steps, learned: Readings) -> None:
    if node.whole:
        return
    for name, child in node.names.items():
        members = [value.get(name) for value in values if isinstance(value, dict)]
        _habits(members, child, (*steps, name), learned)
    if node.element is not None:
        elements = [element for value in values if isinstance(value, list) for element in value]
        _habits(elements, node.element, (*steps, EACH), learned)
    if node.reads:
        _habit([value for value in values if value is not None], node, steps, learned)


def _habit(values: Sequence[Any], node: Node, steps: Steps, learned: Readings) -> None:
    usual = vector.read_as(steps, node, {})
    if values and not pa.types.is_string(usual) and all(isinstance(value, str) for value in values):
        learned[steps] = pa.string()
    if values and all(type_.kind == "string" for type_ in node.reads) and all(type(value) is int for value in values):
        learned[steps] = pa.int64()
