"""What is decided about folders, each by itself: a broken one does not stop the others."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial

from etl.cli.exits import failed
from etl.cli.show import near, plain, state_words
from etl.cli.telling import lineage
from etl.contract.model import Contract
from etl.errors import EtlError, NotFound, UsageError
from etl.replay import Replayed, replay
from etl.review import Folder, report
from etl.review.choosing import ALL
from etl.review.contracts import agreed, present
from etl.review.dismissing import dismiss
from etl.storage import Storage

# Replay.


@dataclass(frozen=True, slots=True)
class Task:
    """What all folders of one call have in common: contracts in force, who asks, and when (UTC).

    `lake` is its root where a report does not say (before version 1.1).
    """

    known: Sequence[Contract]
    lake: str | None
    who: str
    when: datetime
    dry: bool

    @property
    def verb(self) -> str:
        """What happens to a record that passes."""
        return "would be published" if self.dry else "published"


@dataclass(frozen=True, slots=True)
class One:
    """What a folder came to, and the contract that judged it."""

    replayed: Replayed
    contract: Contract


@dataclass(frozen=True, slots=True)
class Done:
    """What all came to; `codes` are the exit codes of folders that could not be tried."""

    each: Sequence[One]
    codes: Sequence[int]

    @property
    def falls_short(self) -> bool:
        """Whether anything still breaks a rule."""
        return any(one.replayed.released < one.replayed.waiting for one in self.each)


def of_contract(found: Sequence[Folder], which: Sequence[str], contract: Contract) -> list[Folder]:
    """Those folders that a contract given by path can judge: `all` means those of its name.

    Raises `UsageError` for another that is asked for by name.
    """
    other = next((one for one in found if one.contract != contract.name), None)
    if other and list(which) != [ALL]:
        raise UsageError(
            f"{other.location}: these are records of contract {other.contract}, and {contract.file} is contract "
            f"{contract.name}; leave out --contract, or give that of these records"
        )
    return [one for one in found if one.contract == contract.name]


def replayed(found: Iterable[Folder], task: Task, storage: Storage, say: Callable[[One], None]) -> Done:
    """Replay each folder, and say what came of it as it is done; complain of those that can't be."""
    done: list[One] = []
    codes = []
    told = lineage()
    for folder in found:
        try:
            contract = agreed(report(folder, storage), task.known, storage, task.lake)
            run = partial(replay, folder, contract, storage, who=task.who, when=task.when, dry=task.dry)
            came = run() if task.dry else told.replay(folder.location, contract, run)
        except EtlError as error:
            codes.append(failed(error))
            continue
        done.append(One(came, contract))
        say(done[-1])
    return Done(done, codes)


def lines(one: One, task: Task) -> Iterator[str]:
    """What a folder came to, for people."""
    came, contract = one.replayed, one.contract
    which = "" if present(contract, task.known) else ", as the lake keeps it"
    yield plain(f"{near(came.folder)}  by contract {contract.name} {contract.version}{which}")
    if came.note:
        yield plain(f"  {came.note}")
    if came.waiting:
        left = came.waiting - came.released
        yield f"  {came.waiting:,} waiting: {came.released:,} {task.verb}, {left:,} still broken"
    for rule, records in sorted(came.broken.items(), key=lambda item: (-item[1], item[0])):
        yield plain(f"  still breaks {rule} ({_count(records, 'record')})")
    yield f"  state: {state_words(came.state)}"


def documents(one: One, task: Task) -> Iterator[str]:
    """What a folder came to, as one JSON document."""
    judged_by = {"name": one.contract.name, "version": one.contract.version}
    kept = not present(one.contract, task.known)
    body = {**asdict(one.replayed), "contract": judged_by, "snapshot": kept, "dryRun": task.dry}
    yield json.dumps(body, ensure_ascii=False)


def total_line(done: Done, task: Task) -> str:
    """The sums of several folders."""
    released = sum(one.replayed.released for one in done.each)
    waiting = sum(one.replayed.waiting for one in done.each)
    failures = f"; {_count(len(done.codes), 'folder')} could not be tried" if done.codes else ""
    return f"in all: {_count(len(done.each), 'folder')}, {waiting:,} waiting, {released:,} {task.verb}{failures}"


# Dismiss.


def dismissed(folder: Folder, why: str, who: str, when: datetime, storage: Storage) -> str:
    """Dismiss a folder; gives what is to be said. Raises `UsageError` where nothing waits there, and `EtlError`."""
    here = near(folder.location)
    try:
        new = dismiss(folder, why, who, when, storage)
    except UsageError as error:
        raise UsageError(f"{here}: {error}") from error
    return f"{here}  dismissed: {why}" if new else f"{here}  is dismissed already{_by(folder, storage)}"


def _by(folder: Folder, storage: Storage) -> str:
    last = max((name for name in folder.files if name.endswith("-dismissed.json")), default="")
    with suppress(NotFound, ValueError, KeyError, TypeError):
        body = json.loads(storage.read(f"{folder.location}{last}")[0])
        return f", by {body['who']}: {body['why']}"
    return ""


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
