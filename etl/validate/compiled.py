"""All checks of single values of one table, compiled for Pandera once per process."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from pandera.config import ValidationDepth, config_context

from etl.contract.model import Table
from etl.records import Rows, Violation
from etl.validate import cells
from etl.validate.cells import Cells
from etl.validate.frames import Frame, frames, sound
from etl.validate.places import Places


@dataclass(frozen=True, slots=True)
class Compiled:
    """A table's checks in column order, and the same put together for whole frames."""

    cells: tuple[Cells, ...]
    frames: tuple[Frame, ...]

    def judge(self, rows: Rows, places: Places) -> list[Violation]:
        """One violation per broken check and element; in column, check and row order. Raises `AccountingError`."""
        with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
            # whatever PANDERA_* says in the environment: no check is ever switched off
            passed = sound(self.frames, rows, places)
            return [
                violation
                for each in self.cells
                if each.within or each.column not in passed
                for violation in cells.judge(each, rows, places)
            ]


def compiled(table: Table) -> Compiled:
    """Made once for tables that read the same."""
    return _compiled(_ByText(repr(table), table))


@dataclass(frozen=True, slots=True)
class _ByText:
    """A table as a cache's key. It does not hash by itself: enumerated values may be lists."""

    text: str
    table: Table = field(compare=False)


@lru_cache(maxsize=256)
def _compiled(key: _ByText) -> Compiled:
    made = cells.cells_of(key.table)
    return Compiled(made, frames(made))
