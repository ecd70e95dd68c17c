"""The vectorised path of one upload, from a block's texts to rows: parse, explode, convert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from etl.contract.expressions import Path
from etl.contract.model import Contract
from etl.flatten import expansion
from etl.flatten.exploded import Exploded
from etl.flatten.fields import Node
from etl.flatten.parsing import Parsed, Parser
from etl.flatten.reader import TableReader, TableRows
from etl.flatten.schema import Readings, read_as, schema
from etl.flatten.screen import Screen
from etl.records import Block, Rows


@dataclass(frozen=True, slots=True)
class StraightRows:
    """What the vectorised path made of a block: rows, the records they came from, and unknown fields.

    `indexes` are those records' places in the block; `fields` counts the records that hold an unknown field, `firsts`
    names the first of them.
    """

    rows: Mapping[str, Rows]
    indexes: np.ndarray
    fields: Mapping[Path, int]
    firsts: Mapping[Path, int]

    def left(self, length: int) -> list[int]:
        """The indexes of the records that are left to the per-record path."""
        odd = np.ones(length, dtype=bool)
        odd[self.indexes] = False
        return [int(index) for index in np.flatnonzero(odd)]


NOTHING = StraightRows({}, np.array([], dtype=np.int64), {}, {})


@dataclass(frozen=True, slots=True)
class Straight:
    """The vectorised path under one way of reading: the contract's tables, Arrow's schema, and the screen beside it."""

    contract: Contract
    schema: pa.Schema
    screen: Screen

    @classmethod
    def reading(cls, contract: Contract, root: Node, habits: Readings) -> Straight:
        """Read as the contract and the feed's habits say. Raises `UnsupportedError`."""
        screen = Screen(root, lambda steps, node: read_as(steps, node, habits))
        return cls(contract, schema(root, habits), screen)

    def learning(self, fields: AbstractSet[Path]) -> Straight:
        """With these unknown fields taken as known."""
        return replace(self, screen=self.screen.learning(fields))

    def flatten(self, block: Block, numbers: np.ndarray) -> StraightRows:
        parsed = Parser(self.schema, self.screen).parse(block)
        exploded = self._exploded(parsed)
        kept = expansion.harmless(exploded, (block.ends - block.starts)[parsed.indexes], self.contract)
        if not kept.all():
            parsed = parsed.only(kept)
            exploded = self._exploded(parsed)
        return self._sound(self._tables(parsed, exploded, numbers), parsed, numbers)

    def _exploded(self, parsed: Parsed) -> dict[str, Exploded]:
        return {table.name: Exploded(parsed.records, table.grain) for table in self.contract.tables}

    def _tables(self, parsed: Parsed, exploded: Mapping[str, Exploded], numbers: np.ndarray) -> dict[str, TableRows]:
        def raw(path: Path) -> list[Any]:
            return self.screen.values(parsed.decoded, path)

        tables = self.contract.tables
        return {
            table.name: TableReader(table, exploded[table.name], numbers[parsed.indexes], raw).read()
            for table in tables
        }

    def _sound(self, tables: Mapping[str, TableRows], parsed: Parsed, numbers: np.ndarray) -> StraightRows:
        """Without the records of which a kernel refused a value."""
        refused = _refused_records(tables)
        rows = {name: _without(table.rows, refused) for name, table in tables.items()}
        if len(refused):
            parsed = parsed.only(~np.isin(numbers[parsed.indexes], refused))
        fields, firsts = self._count(parsed.decoded, numbers[parsed.indexes])
        return StraightRows(rows, parsed.indexes, fields, firsts)

    def _count(self, decoded: Sequence[Any], numbers: np.ndarray) -> tuple[dict[Path, int], dict[Path, int]]:
        counts, firsts = {}, {}
        for steps in self.screen.learned:
            holders = [index for index, item in enumerate(decoded) if self.screen.holds(item, steps)]
            if holders:
                counts[Path(steps)] = len(holders)
                firsts[Path(steps)] = int(numbers[holders[0]])
        return counts, firsts


def _refused_records(tables: Mapping[str, TableRows]) -> np.ndarray:
    refused = [table.rows.records[table.refused] for table in tables.values() if table.refused is not None]
    return np.unique(np.concatenate(refused)) if refused else np.array([], dtype=np.int64)


def _without(rows: Rows, refused: np.ndarray) -> Rows:
    return rows.only(np.flatnonzero(~np.isin(rows.records, refused))) if len(refused) else rows
