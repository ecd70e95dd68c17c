"""Review states of a quarantine folder: files that are appended under `states/`, and never changed.

    states/0001-partly_resolved.json      in the order in which they came; the last by name holds
    states/0002-erased.json               payloads were removed: an account, and no review state
    states/<arrival>-superseded.json      while it is there, it holds: other content has replaced the upload's

Without any, a folder is `open`. The content says who, when, and what had led to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, get_args

from etl.commit.claims import STATE_VERSION, SUPERSEDED, dump, instant, states
from etl.errors import Conflict
from etl.storage.base import Storage

State = Literal["open", "partly_resolved", "resolved", "dismissed", "superseded"]

Account = Literal["erased"]

_NUMBERED = re.compile(r"states/(\d{4,})-([a-z_]+)\.json")
_ATTEMPTS = 20  # at the next number, which others take


def current(names: Iterable[str]) -> State:
    """The state that holds, by the names of a folder's files (`states/0001-resolved.json`); other names say nothing."""
    known = list(names)
    if any(name.startswith("states/") and name.endswith(SUPERSEDED) for name in known):
        return "superseded"
    return max(_numbered(known), default=(0, "open"))[1]


def append(
    folder: str,
    state: State | Account,
    who: str,
    when: datetime | None,
    storage: Storage,
    details: Mapping[str, Any] | None = None,
) -> str:
    """Append a state to a folder (its location, with the final `/`). Gives the file's location. `when` is None where
    no clock is at hand: the file's own time tells.

    Raises `StorageError`; `Conflict` where others keep appending.
    """
    body = dump(
        {
            "version": STATE_VERSION,
            "state": state,
            "who": who,
            "when": instant(when) if when else None,
            **(details or {}),
        }
    )
    for _ in range(_ATTEMPTS):
        found = storage.list(states(folder))
        last = max(_numbers(upload.location.removeprefix(folder) for upload in found), default=0)
        at = f"{states(folder)}{last + 1:04}-{state}.json"
        try:
            storage.write(at, body, expect=None)
        except Conflict:
            continue
        return at
    raise Conflict(f"{folder}: others keep changing its state; try again")


def _numbers(names: Iterable[str]) -> list[int]:
    """The numbers that are taken, whatever they are of."""
    return [int(found[1]) for found in map(_NUMBERED.fullmatch, names) if found]


def _numbered(names: Iterable[str]) -> list[tuple[int, State]]:
    found = (_NUMBERED.fullmatch(name) for name in names)
    return [(int(each[1]), each[2]) for each in found if each and each[2] in get_args(State)]  # type: ignore[misc]
