"""Quarantined records again, through every rule of a contract as it is now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from etl.commit import State
from etl.contract.model import Contract
from etl.records import Violation
from etl.review import Folder
from etl.storage import Storage


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a folder's records. `waiting` were tried, `released` of them are published (a dry run: would be).

    `broken` counts, by rule (`orders.price minimum`), the records that still break it. `state` is the review state
    afterwards. `note` says why nothing was tried, where nothing was.
    """

    folder: str
    state: State
    waiting: int = 0
    released: int = 0
    broken: Mapping[str, int] = field(default_factory=dict)
    note: str = ""


def replay(
    folder: Folder,
    contract: Contract,
    storage: Storage,
    *,
    who: str,
    when: datetime,
    dry: bool = False,
    only: Collection[int] | None = None,
) -> Replayed:
    """Replay a folder's records that wait (`only`: those of these numbers)."""
    raise NotImplementedError


def correct(
    folder: Folder, record: int, document: bytes, contract: Contract, storage: Storage, *, who: str, when: datetime
) -> Replayed:
    """Replay one record with its document as edited: it is published in place of the one that was received."""
    raise NotImplementedError


def judge(folder: Folder, record: int, document: bytes, contract: Contract, storage: Storage) -> Sequence[Violation]:
    """What a record's document, as edited, would break in a replay."""
    raise NotImplementedError


def waiting(folder: Folder, storage: Storage) -> Sequence[int]:
    """The numbers of the records that wait: quarantined, and not published by a replay since."""
    raise NotImplementedError
