"""Where things lie, and what stays behind there: the servers as they are written, and the contract's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from etl.diff.nouns import At, Change
from etl.diff.words import NONE

if TYPE_CHECKING:
    from etl.diff.compare import Document

_HERE = At()
_MODEL = "{model}"
LOCATIONS = ("location", "path")


def changes(old: Document, new: Document) -> Iterator[Change]:
    yield from _name(old.contract.name, new.contract.name)
    before, now = _locations(old.data), _locations(new.data)
    for server, gone in (("incoming", _no_incoming), ("datalake", _no_lake), ("quarantine", _no_quarantine)):
        if server in before and server not in now:
            yield gone(f"servers.{server}", before[server])
    for server, compare in (("incoming", _incoming), ("datalake", _lake), ("quarantine", _quarantine)):
        if server in before and server in now and before[server] != now[server]:
            yield compare(f"servers.{server}", before[server], now[server])


def _name(old: str, new: str) -> Iterator[Change]:
    if old != new:
        why = (
            f"_runs/{old}/ stays behind in the lake and {old}/ in the quarantine; uploads that come again, corrected, "
            "no longer replace what the old name has published"
        )
        yield _HERE.breaking("name", old, new, why)


def _locations(data: Mapping[str, Any]) -> dict[str, str]:
    """The folder of each server, `${ORDERS_...}` and all: the machine that compares need not have them."""
    found = {}
    for node in data.get("servers") or ():
        written = next((node[key] for key in LOCATIONS if node.get(key)), None)
        if isinstance(written, str):
            found[node["server"]] = f"{written.partition(_MODEL)[0].rstrip('/')}/"
    return found


def _incoming(what: str, old: str, new: str) -> Change:
    if old.startswith(new):
        return _HERE.loosening(what, old, new)
    return _HERE.tightening(what, old, new, f"uploads at {old} fall under this contract no more")


def _no_incoming(what: str, old: str) -> Change:
    return _HERE.tightening(what, old, NONE, "uploads there fall under this contract no more")


def _no_lake(what: str, old: str) -> Change:
    return _HERE.breaking(what, old, NONE, f"nothing new comes to {old} any more, but from runs with --lake")


def _no_quarantine(what: str, old: str) -> Change:
    """A run that may not quarantine does not start."""
    return _HERE.breaking(what, old, NONE, "nothing new is published any more, but by runs with --quarantine")


def _lake(what: str, old: str, new: str) -> Change:
    why = f"what was published stays in {old}; uploads that come again, corrected, don't replace it there"
    return _HERE.breaking(what, old, new, why)


def _quarantine(what: str, old: str, new: str) -> Change:
    """Lake readers see none of it; whoever corrects records has to look elsewhere."""
    return _HERE.loosening(what, old, new, f"what is quarantined already stays in {old}; look for the rest in {new}")
