"""Fields that a contract refuses: a new column that reads one judges nothing that was passed over before."""

from __future__ import annotations

from collections.abc import Callable

from etl.contract.expressions import Path, Step, paths
from etl.contract.model import Contract

Refuses = Callable[[Path], bool]


def refuses(contract: Contract) -> Refuses:
    """Whether a document with anything at a path breaks the contract, as no column reads it (`unknownFields`)."""
    if contract.policies.unknown_fields != "reject":
        return lambda _: False
    read = {_names(path) for table in contract.tables for column in table.columns for path in paths(column.source)}
    return lambda path: not any(_meet(_names(path), other) for other in read)


def _names(path: Path) -> tuple[Step | None, ...]:
    """The steps, whichever element of an array they take."""
    return tuple(step if isinstance(step, str) else None for step in path.steps)


def _meet(one: tuple[Step | None, ...], other: tuple[Step | None, ...]) -> bool:
    """Whether one lies at the other, or in it."""
    length = min(len(one), len(other))
    return one[:length] == other[:length]
