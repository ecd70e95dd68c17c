"""Two contracts, as they are executed and as they are written -> every change between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from etl import contract as contracts
from etl.contract import source
from etl.contract.model import Contract
from etl.diff import places, policies, tables, uploads, written
from etl.diff.nouns import EFFECTS, STEPS, Change
from etl.diff.unread import refuses


@dataclass(frozen=True, slots=True)
class Document:
    """A contract as the engine executes it, and the plain data of its YAML."""

    contract: Contract
    data: Mapping[str, Any]


def document(text: str, file: str) -> Document:
    """Read a contract's text; `file` is its name in faults. Raises `ContractError` with every fault."""
    return Document(contracts.loads(text, file), source.read(text, file).data)


def changes(old: Document, new: Document) -> tuple[Change, ...]:
    """Every change: the worst effect first, then as they stand in the contract. Comments and layout are none."""
    if old.contract.digest == new.contract.digest:
        return ()
    meant = [*_meant(old.contract, new.contract), *places.changes(old, new)]
    every = [*meant, *written.changes(old.data, new.data, meant)]
    return tuple(sorted(every, key=lambda change: (EFFECTS.index(change.effect), STEPS.index(change.step))))


def _meant(old: Contract, new: Contract) -> Iterator[Change]:
    """What the engine does otherwise."""
    yield from policies.changes(old, new)
    yield from tables.changes(old.tables, new.tables, refuses(old))
    yield from uploads.changes(old, new)
