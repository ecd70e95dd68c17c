"""What can be done from the pages: replay, dismiss, reveal, check a document as edited, and publish it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

from etl import replay
from etl.contract.model import Contract
from etl.errors import EtlError, QuarantineError
from etl.replay import Replayed
from etl.review import dismissing, report
from etl.web import rejected, reveals
from etl.web.desk import Desk, address
from etl.web.judges import Judge, judge_of
from etl.web.records import Draft
from etl.web.sessions import Session
from etl.web.tree import tree
from etl.web.uploads import PAGE, waiting
from etl.web.violations import as_mapping

_ONE_AT_A_TIME = threading.Lock()  # a replay takes the machine's cores by itself
REASON = 500  # characters of a reason


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one folder, or why nothing could."""

    key: str
    address: str
    location: str
    replayed: Replayed | None
    fault: str = ""
    contract: str = ""

    @property
    def waiting(self) -> int:
        return self.replayed.waiting if self.replayed else 0

    @property
    def released(self) -> int:
        return self.replayed.released if self.replayed else 0


def try_out(desk: Desk, keys: Sequence[str], only: Collection[int] | None, *, dry: bool) -> list[Outcome]:
    """Replay the records of these folders (`only`: those of these numbers, of a single one)."""
    return [_tried(desk, key, only, dry=dry) for key in keys]


def _tried(desk: Desk, key: str, only: Collection[int] | None, *, dry: bool) -> Outcome:
    location = key
    try:
        folder = desk.folder(key)
        location = folder.location
        body = report(folder, desk.storage)
        location = str(body["upload"]["location"])
        judge = judge_of(body, desk)
        contract = _contract(judge)
        asked = (folder, contract, desk.storage)
        run = partial(replay.replay, *asked, who=desk.who, when=desk.now(), dry=dry, only=only)
        with _ONE_AT_A_TIME:
            done = run() if dry else desk.lineage.replay(folder.location, contract, run)
    except EtlError as error:
        return Outcome(key, address(key), location, None, str(error))
    return Outcome(key, address(key), location, done, "", f"{contract.name} {contract.version}")


def first_waiting(desk: Desk, key: str, only: Collection[int] | None) -> tuple[int, str] | None:
    """The first record of an upload (`only`: of these) that waits and can be corrected, and the address of its page."""
    try:
        folder = desk.folder(key)
        waits = waiting(folder, desk)
        waits = waits if only is None else waits.intersection(only)
        found = rejected.page(folder, desk.storage, 0, PAGE).records
    except EtlError:
        return None
    return next(
        (
            (each.record, address(key, each.record))
            for each in found
            if each.record in waits and not any(rule.get("rule") == "unreadable" for rule in each.violations)
        ),
        None,
    )


def _contract(judge: Judge) -> Contract:
    if judge.contract is None or not judge.judges:
        said = " ".join(filter(None, (judge.note, "; ".join(judge.faults))))
        raise QuarantineError(said or "no contract can judge this")
    return judge.contract


def dismiss(desk: Desk, keys: Sequence[str], why: str) -> list[Outcome]:
    """Set these folders aside, for a reason. Nothing is removed."""
    return [_dismissed(desk, key, why) for key in keys]


def _dismissed(desk: Desk, key: str, why: str) -> Outcome:
    location = key
    try:
        folder = desk.folder(key)
        location = folder.location
        dismissing.dismiss(folder, why, desk.who, desk.now(), desk.storage)
    except EtlError as error:
        return Outcome(key, address(key), location, None, str(error))
    return Outcome(key, address(key), location, Replayed(folder.location, "dismissed"))


def reveal(desk: Desk, key: str, record: int, session: Session) -> None:
    """Show a record's values in this session, once that is noted. Raises `UsageError`, `StorageError`."""
    folder = desk.folder(key)
    when = desk.now()
    reveals.note(folder, record, desk.who, when, desk.storage)
    session.revealed[folder.location, record] = when


def check(desk: Desk, key: str, record: int, text: str) -> Draft:
    """What a document as edited would break."""
    folder = desk.folder(key)
    try:
        contract = _contract(judge_of(report(folder, desk.storage), desk))
        with _ONE_AT_A_TIME:
            found = replay.judge(folder, record, _bytes(text), contract, desk.storage)
        received = rejected.one(folder, desk.storage, record).record.document or b""
        keys = replay.key_changes(received, _bytes(text), contract)
    except EtlError as error:
        return Draft(text, fault=str(error), checked=True)
    return Draft(text, tuple(as_mapping(each) for each in found), checked=True, keys=keys)


def correct(desk: Desk, key: str, record: int, text: str, seen: str = "") -> tuple[Draft, Replayed | None]:
    """Publish a document as edited, if it passes; else what it breaks.

    Of an upload that was rejected as a whole, it may be kept alone: nothing is released while others break rules.
    Where its key changes, it is asked first whether that is meant: `seen` is what a form says that has told so.
    """
    draft = check(desk, key, record, text)
    if not draft.passes:
        return draft, None
    if draft.seen != seen and draft.keys:
        return replace(draft, asks=True), None
    folder = desk.folder(key)
    try:
        contract = _contract(judge_of(report(folder, desk.storage), desk))
        asked = (folder, record, _bytes(text), contract, desk.storage)
        run = partial(replay.correct, *asked, who=desk.who, when=desk.now())
        with _ONE_AT_A_TIME:
            done = desk.lineage.replay(folder.location, contract, run)
    except EtlError as error:
        return replace(draft, fault=str(error)), None
    if not done.released and not (done.note and done.broken):
        return replace(draft, fault=_why(done)), None
    return draft, done


def _why(done: Replayed) -> str:
    broken = ", ".join(done.broken)
    return done.note or (f"it breaks {broken}; nothing was published" if broken else "nothing was published")


def _bytes(text: str) -> bytes:
    """The document as a form gives it back, on one line if it is JSON: its line breaks then stand between tokens."""
    text = text.replace("\r\n", "\n").strip()
    return (text if tree(text) is None else text.replace("\n", " ")).encode(errors="surrogatepass")
