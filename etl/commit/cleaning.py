"""What is left to do once a report is written, or has been lost to another: leave nothing behind, and nothing out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress

from etl.commit import states as reviewed
from etl.commit.board import Board
from etl.commit.claims import SUPERSEDED, Intent, Report, states, superseded
from etl.errors import Conflict, NotFound


def settle(board: Board, winner: Report, own: Intent, older: Sequence[Intent], newer: Sequence[Intent]) -> None:
    """Clean up after `winner`, whose intent is `own`: `older` intents have lost to it, `newer` ones are yet to come.

    What those have replaced goes too: a run that was killed may have come to its report and no further. The intents
    stay, for their runs may be at work.
    """
    intents = (own, *older)
    for folder in sorted(set[str]().union(*(one.supersedes for one in intents)) - {winner.folder}):
        _mark(board, folder, winner)
    remove(board, intents, set[str]().union(*(one.replaces for one in intents)), winner, newer)


def withdraw(board: Board, own: Intent, winner: Report, others: Sequence[Intent]) -> None:
    """Remove what a run that lost to `winner` alone has published, and its intent."""
    remove(board, (own,), frozenset(), winner, others)
    board.forget((own,))


def remove(
    board: Board, intents: Sequence[Intent], replaced: Collection[str], winner: Report, others: Sequence[Intent]
) -> None:
    """Remove the files of `intents` and the `replaced` ones, but none that the winner or one of `others` names.

    Looks once more afterwards: if the report or a newer intent names a removed file by now, the old content has come
    back at this moment, and its run may have counted on the file. Raises `Conflict` then.
    """
    stale = set(replaced).union(*(one.files for one in intents))
    stale.difference_update(winner.files, *(one.files for one in others))
    stale = _outside(stale, _kept(board, intents, winner, others) if stale else ())
    if not stale:
        return
    board.storage.delete(sorted(stale))
    now = board.look(all_intents=True)
    to_come = [one.files for one in now.intents if one.arrival > winner.arrival]
    if now.report is None or not stale.isdisjoint(now.report.files.union(*to_come)):
        at = board.claim.report_location
        raise Conflict(f"{at}: another run has replaced it meanwhile; run it again")


def _outside(files: set[str], folders: Collection[str]) -> set[str]:
    return {at for at in files if not at.startswith(tuple(folders))}


def _kept(board: Board, intents: Sequence[Intent], winner: Report, others: Sequence[Intent]) -> set[str]:
    """Quarantine folders that were committed once, and stay: superseded ones, and others that have a review state."""
    kept = set[str]().union(*(one.supersedes for one in (*intents, *others)))
    doubtful = set[str]().union(*(one.folders for one in intents)) - kept - {winner.folder or ""}
    kept.update(folder for folder in doubtful if board.storage.list(states(folder)))
    return kept - {winner.folder or ""}


def _mark(board: Board, folder: str, winner: Report) -> None:
    if _marks(board, folder):
        return
    at, data = superseded(folder, winner)
    with suppress(Conflict):  # it says so by now
        board.storage.write(at, data, expect=None)


def reopen(board: Board, mine: Report) -> None:
    """The folder is about to get the report of another contract, or of content that has come back: what had been said
    of the old one is past, and what replays had published of it is gone.
    """
    if mine.folder is None:
        return
    names = [found.location.removeprefix(mine.folder) for found in board.storage.list(states(mine.folder))]
    if reviewed.current(name for name in names if not name.endswith(SUPERSEDED)) != "open":
        why = {"why": "judged again: its contract has changed, or its content has come back", "contract": mine.contract}
        reviewed.append(mine.folder, "open", "etl run", None, board.storage, why)


def unmark(board: Board, winner: Report, *, came_back: bool) -> None:
    """If this content was superseded and has come back: its quarantine counts again. A later successor's mark stays.

    So does that of a successor which arrived in the same second, unless this content has come back after it; or it was
    this very content, of which another contract had nothing to quarantine.
    """
    if winner.folder is None:
        return
    latest, own = superseded(winner.folder, winner)
    marks = _marks(board, winner.folder)
    if latest in marks and not came_back:
        came_back = _holds(board, latest, own)
    if gone := [at for at in marks if at < latest or (came_back and at == latest)]:
        board.storage.delete(gone)


def _holds(board: Board, location: str, data: bytes) -> bool:
    with suppress(NotFound):
        return board.storage.read(location)[0] == data
    return False


def _marks(board: Board, folder: str) -> list[str]:
    found = board.storage.list(states(folder))
    return [upload.location for upload in found if upload.location.endswith(SUPERSEDED)]
