"""The edits that hold: each is read as a contract, and makes the changes that were meant and no others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import Any

from etl import diff
from etl.contract import source
from etl.contract.loader import loaded
from etl.contract.model import Contract
from etl.errors import ContractError
from etl.suggest import patches
from etl.suggest.causes import Causes
from etl.suggest.edits import Edit, edits

MOST = 5
_TRIED = 10  # edits: to read a contract takes some 35 ms
_BOM = "\ufeff"


def suggestions(causes: Causes) -> list[dict[str, Any]]:
    """The report's `suggestions`: those of most records first."""
    return list(islice(_held(causes), MOST))


def _held(causes: Causes) -> Iterator[dict[str, Any]]:
    contract = causes.contract
    text = contract.text.removeprefix(_BOM)
    for edit in edits(causes)[:_TRIED]:
        changes = _changes(contract, text, edit.text) if edit.text is not None else ()
        if edit.text is not None and _are_meant(changes, edit):
            yield {
                "table": edit.table,
                "column": edit.column,
                "rule": edit.rule,
                "kind": edit.kind,
                "says": edit.says,
                "patch": patches.patch(text, edit.text, contract.file),
                "releases": edit.releases,
                "effect": changes[0].effect,  # the worst is the first
                "step": diff.greatest(changes),
            }


def _are_meant(changes: tuple[diff.Change, ...], edit: Edit) -> bool:
    made = [(change.table, change.column, change.what) for change in changes]
    return sorted(map(repr, made)) == sorted(map(repr, edit.changes))


def _changes(contract: Contract, old: str, new: str) -> tuple[diff.Change, ...]:
    """What the edit changes; nothing where the edited text is no contract."""
    edited = _read(new)
    if edited is None:
        return ()
    return diff.changes(diff.Document(replace(contract, servers={}), _data(old)), edited)


@lru_cache(maxsize=32)
def _read(text: str) -> diff.Document | None:
    """The contract that an edited text is; None where it is none. Uploads of a feed often break the same rule."""
    try:
        found = loaded(text, "contract", {})
    except ContractError:
        return None
    return diff.Document(found.contract, found.root.source.data)


@lru_cache(maxsize=32)
def _data(text: str) -> Any:
    """The plain data of a contract's text."""
    return source.read(text, "contract").data
