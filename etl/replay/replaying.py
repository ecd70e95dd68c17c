"""Replays: judged, published, and told in the folder's review state."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from etl import commit
from etl.commit import State, states
from etl.contract.model import Contract
from etl.pipeline import snapshot
from etl.replay.records import erased, rejected_lines
from etl.replay.staged import Staged, staged
from etl.replay.standing import Standing, claim, standing, steadily
from etl.replay.trial import label
from etl.review import Folder, report
from etl.review import folder as folder_at
from etl.storage import Storage

SUPERSEDED = "the lake holds a later content of this upload, or a later judgement; nothing is left to replay here"


ERASED = "the upload was erased from the quarantine: nothing is left to replay here"


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a folder's records. `waiting` were tried, `released` of them are published (a dry run: would be).

    `broken` counts, by rule (`orders.price minimum`), the records that still break it. `state` is the review state
    afterwards. `note` says why nothing was tried, where nothing was, or what is left to know. `files` are what the lake
    got, as the run report lists them.
    """

    folder: str
    state: State
    waiting: int = 0
    released: int = 0
    broken: Mapping[str, int] = field(default_factory=dict)
    note: str = ""
    files: Sequence[Mapping[str, Any]] = ()


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
    """Replay the records of a folder that wait (`only`: those of these numbers). A dry run writes nothing.

    Raises `QuarantineError` where the folder can't be worked with, `ContractError`, and `StorageError`: replay again.
    """
    told = steadily(folder, storage, lambda at: _once(at, folder, contract, storage, only, dry=dry))
    return told if dry else _concluded(told, contract, storage, who, when)


def _once(
    at: Standing | None,
    folder: Folder,
    contract: Contract,
    storage: Storage,
    only: Collection[int] | None,
    *,
    dry: bool,
) -> Replayed | None:
    """One attempt; None where the upload is not any more as it was judged."""
    if at is None:
        return Replayed(folder.location, "superseded", note=SUPERSEDED)
    if at.whole and erased(at, storage) is None:
        return Replayed(at.folder.location, at.folder.state, note=ERASED)
    with staged(at, contract, storage, only) as found:
        told = _told(at.folder, found)
        if not told.released:
            return told
        if dry:
            snapshot.examine(contract, storage, at.report["lake"])
            return told
        snapshot.keep(contract, storage, at.report["lake"])
        addition = found.addition()
        done = replace(told, files=addition.entry["files"])
        return done if commit.add(addition, storage) == "committed" else None


def _told(folder: Folder, found: Staged) -> Replayed:
    broken = dict(found.found.broken)
    verdict = {label(each.rule): max(found.found.tried, 1) for each in found.verdict}
    released = 0 if found.verdict else len(found.found.released)
    note = "the upload as a whole still breaks a rule" if found.verdict else ""
    return Replayed(folder.location, folder.state, found.found.tried, released, verdict | broken, note)


def _concluded(told: Replayed, contract: Contract, storage: Storage, who: str, when: datetime) -> Replayed:
    """With the review state that follows, which is appended unless the folder says so already."""
    folder = folder_at(told.folder, storage)
    at = standing(folder, storage)
    if not told.released:
        commit.tidy(claim(report(folder, storage)), folder.content_id, storage)
    if at is None:
        return replace(told, state="superseded")
    left = len(_waiting(at, storage))
    state = _state(folder.state, told.released, len(at.released), left)
    if state != folder.state:
        about = {
            "contract": {"version": contract.version, "digest": contract.digest},
            "records": {"tried": told.waiting, "released": told.released, "left": left},
        }
        states.append(folder.location, state, who, when, storage, about)
    return replace(told, state=state)


def _state(before: State, now: int, released: int, left: int) -> State:
    """`now` is what this replay has released, `released` what all have."""
    if not released or (before == "dismissed" and not now):
        return before
    return "partly_resolved" if left else "resolved"


def waiting(folder: Folder, storage: Storage) -> Sequence[int]:
    """The numbers of the records that wait: quarantined, not erased, and not published by a replay since.

    Raises `QuarantineError` and `StorageError`.
    """
    at = standing(folder, storage)
    return [] if at is None else _waiting(at, storage)


def _waiting(at: Standing, storage: Storage) -> Sequence[int]:
    if not at.whole:
        return [line.record for line in rejected_lines(at, storage) if line.record not in at.done]
    gone = erased(at, storage)
    numbers = range(1, at.report["records"]["read"] + 1) if gone is not None else ()
    return [number for number in numbers if number not in at.done | (gone or frozenset())]
