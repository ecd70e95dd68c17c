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
    if "incoming" in before and "incoming" not in now:
        why = "uploads there fall under this contract no more"
        yield _HERE.tightening("servers.incoming", before["incoming"], NONE, why)
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


def _lake(what: str, old: str, new: str) -> Change:
    why = f"what was published stays in {old}; uploads that come again, corrected, don't replace it there"
    return _HERE.breaking(what, old, new, why)


def _quarantine(what: str, old: str, new: str) -> Change:
    return _HERE.safe(what, old, new, f"what is quarantined already stays in {old}")
