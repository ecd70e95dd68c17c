"""The vectorised path of one upload, from a block's texts to rows: screen, parse, explode, convert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from etl.contract.expressions import Path
from etl.contract.model import Contract
from etl.flatten import expansion, parsing
from etl.flatten.fields import Node
from etl.flatten.parsing import Parsed, Readings
from etl.flatten.reader import TableReader, TableRows
from etl.flatten.screen import Screen, Screened
from etl.records import Block, Rows

_TOGETHER = 256  # texts


@dataclass(frozen=True, slots=True)
class StraightRows:
    """What the vectorised path made of a block: rows, the records they came from, and unknown fields.

    `indexes` are those records' places in the block, `numbers` their record numbers; `fields` counts the records
    that hold an unknown field, `firsts` names the first of them.
    """

    rows: Mapping[str, Rows]
    indexes: np.ndarray
    numbers: np.ndarray
    fields: Mapping[Path, int]
    firsts: Mapping[Path, int]

    def left(self, length: int) -> list[int]:
        """The indexes of the records that are left to the per-record path."""
        odd = np.ones(length, dtype=bool)
        odd[self.indexes] = False
        return [int(index) for index in np.flatnonzero(odd)]


NOTHING = StraightRows({}, np.array([], dtype=np.int64), np.array([], dtype=np.int64), {}, {})


@dataclass(frozen=True, slots=True)
class Straight:
    """The vectorised path under one way of reading: the contract's tables, Arrow's schema, and the screen before it."""

    contract: Contract
    schema: pa.Schema
    screen: Screen

    @classmethod
    def reading(cls, contract: Contract, root: Node, habits: Readings) -> Straight:
        """Read as the contract and the feed's habits say. Raises `UnsupportedError`."""
        screen = Screen(root, lambda steps, node: parsing.read_as(steps, node, habits))
        return cls(contract, parsing.schema(root, habits), screen)

    def learning(self, fields: AbstractSet[Path]) -> Straight:
        """With these unknown fields taken as known."""
        return replace(self, screen=self.screen.learning(fields))

    def flatten(self, block: Block, numbers: np.ndarray) -> StraightRows:
        candidates = _safe(block.texts)
        screened = self.screen.split([block.texts[index] for index in candidates])
        indexes = np.array(candidates, dtype=np.int64)[screened.straight]
        odd = len(indexes) < len(block.texts)
        parsed = parsing.parse([block.texts[index] for index in indexes], indexes, self.schema, odd=odd)
        kept = expansion.harmless(parsed, block.texts, self.contract)
        if not kept.all():
            parsed = Parsed(parsed.records.filter(pa.array(kept)), parsed.indexes[kept])
        decoded = _those(screened, indexes, parsed.indexes)
        tables = {
            table.name: TableReader(
                table, parsed, numbers[parsed.indexes], lambda path: self.screen.values(decoded, path)
            ).read()
            for table in self.contract.tables
        }
        return self._sound(tables, parsed.indexes, numbers, decoded)

    def _sound(
        self, tables: Mapping[str, TableRows], indexes: np.ndarray, numbers: np.ndarray, decoded: Sequence[Any]
    ) -> StraightRows:
        """Without the records of which a kernel refused a value."""
        refused = _refused_records(tables)
        kept = ~np.isin(numbers[indexes], refused)
        rows = {name: _without(table.rows, refused) for name, table in tables.items()}
        fields, firsts = self._count(
            [item for item, keep in zip(decoded, kept, strict=False) if keep], numbers[indexes[kept]]
        )
        return StraightRows(rows, indexes[kept], numbers[indexes[kept]], fields, firsts)

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


def _safe(texts: Sequence[bytes]) -> list[int]:
    """Indexes of the texts that Arrow can be given: checked together, and by themselves only where that fails."""
    found: list[int] = []
    for at in range(0, len(texts), _TOGETHER):
        some = texts[at : at + _TOGETHER]
        together = parsing.is_safe(b"\n".join(some))
        found += [index for index, text in enumerate(some, at) if together or parsing.is_safe(text)]
    return found
