"""`servers`: where uploads arrive, the lake and the quarantine lie; and locations compared with each other."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from open_data_contract_standard.model import Server as ServerNode

from etl.contract.model import Server
from etl.contract.source import Place
from etl.contract.words import did_you_mean

NAMES = ("incoming", "datalake", "quarantine")
OUTPUTS = ("datalake", "quarantine")
Delimiter = Literal["new_line", "array", "none"]

_MODEL = "{model}"
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/")
_KEYS = {"s3": "location", "local": "path"}


def servers(
    nodes: Sequence[ServerNode] | None, place: Place, env: Mapping[str, str]
) -> Mapping[str, tuple[Server, Place]]:
    """The servers of our three names, each with its place. One whose `${ORDERS_...}` is not set is left out."""
    found: dict[str, tuple[Server, Place]] = {}
    seen: set[str] = set()
    for index, node in enumerate(nodes or ()):
        if node.server not in NAMES:
            continue
        here = place / index
        if node.server in seen:
            (here / "server").fault(f"there are two servers '{node.server}'")
        elif (server := _server(node, node.server, here, env)) is not None:
            found[node.server] = (server, here / _KEYS[str(node.type)])
        seen.add(node.server)
    _apart(found)
    return found


def _server(node: ServerNode, name: str, place: Place, env: Mapping[str, str]) -> Server | None:
    if node.type not in _KEYS:
        if node.type is not None:
            (place / "type").fault(f"{name} is of type s3 or local here, found {node.type}")
        return None
    written, here = getattr(node, _KEYS[node.type]), place / _KEYS[node.type]
    location = _expanded(written, here, env) if written is not None else None
    folder = _folder(location, name, here) if location is not None else None
    if folder is None or (node.type == "s3" and not _is_bucket(folder, here)):
        return None
    return Server(name, folder)


def delimiter(nodes: Sequence[ServerNode] | None, place: Place) -> Delimiter | None:
    """What the incoming server says of the uploads' form, wherever it lies."""
    for index, node in enumerate(nodes or ()):
        if node.server == "incoming" and node.delimiter is not None:
            return _delimiter(node.delimiter, place / index / "delimiter")
    return None


def _delimiter(written: str, place: Place) -> Delimiter | None:
    for known in get_args(Delimiter):
        if written == known:
            return known  # type: ignore[no-any-return]  # get_args has no types
    place.fault(f"new_line, array or none is expected, found '{written}'{did_you_mean(written, get_args(Delimiter))}")
    return None


def _expanded(text: str, place: Place, env: Mapping[str, str]) -> str | None:
    """`${ORDERS_...}` replaced. None where one is not set: a contract can be read on a machine without it."""
    foreign = [name for name in _VARIABLE.findall(text) if not re.fullmatch(r"ORDERS_[A-Z0-9_]+", name)]
    if foreign or "$" in _VARIABLE.sub("", text):
        shown = f"${{{foreign[0]}}}" if foreign else text
        place.fault(f"only ${{ORDERS_...}} is expanded in locations, found {shown}")
        return None
    if any(not env.get(name) for name in _VARIABLE.findall(text)):
        return None
    return _VARIABLE.sub(lambda found: env[found[1]], text)


def _folder(location: str, name: str, place: Place) -> str | None:
    """The folder, with `/` at its end; for the lake what stands before `{model}`."""
    if name == "datalake":
        location = location.partition(_MODEL)[0]
    if special := next((char for char in "*?{" if char in location), None):
        place.fault(f"a folder is expected, found '{special}'" + (f" before {_MODEL}" if name == "datalake" else ""))
        return None
    if not location.strip():
        place.fault("a folder is expected, found nothing")
        return None
    return location if location.endswith("/") else location + "/"


def _is_bucket(location: str, place: Place) -> bool:
    if _BUCKET.match(location):
        return True
    place.fault(f"s3://bucket/folder/ is expected, found '{location}'")
    return False


# Locations compared.


def absolute(location: str) -> str:
    """A location to compare: S3's as it is, a local path without links and relative parts. A final `/` stays."""
    if location.startswith("s3://"):
        return location
    return os.path.realpath(location).rstrip("/") + ("/" if location.endswith("/") else "")


def lies_in(location: str, folder: str) -> bool:
    """Whether a file or folder lies in a folder, or is it."""
    return absolute(location).startswith(absolute(folder))


def _apart(found: Mapping[str, tuple[Server, Place]]) -> None:
    """The outputs are two folders."""
    if all(name in found for name in OUTPUTS):
        (lake, _), (quarantine, place) = (found[name] for name in OUTPUTS)
        if absolute(lake.location) == absolute(quarantine.location):
            place.fault(f"datalake and quarantine are the same folder, {lake.location}")


def loops(incoming: Server, owner: str, found: Mapping[str, tuple[Server, Place]]) -> None:
    """A fault for each output that lies where uploads arrive: what is written would start the next run."""
    for name in OUTPUTS:
        if name in found and lies_in(found[name][0].location, incoming.location):
            server, place = found[name]
            place.fault(
                f"{name} {server.location} lies under {owner} {incoming.location}: each run would start another"
            )
