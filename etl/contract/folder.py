"""Contracts side by side: a folder of them, none in another's way; and which one an upload falls under."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path as FilePath

from etl.contract.loader import Loaded, loaded, text_of, unreadable
from etl.contract.model import Contract, Server
from etl.contract.servers import absolute, lies_in, loops
from etl.contract.source import Place
from etl.errors import ContractError, Fault

SUFFIX = ".odcs.yaml"


def load_all(folder: str | os.PathLike[str], env: Mapping[str, str] = os.environ) -> tuple[Contract, ...]:
    """Read every `*.odcs.yaml` of a folder, by file name. Raises `ContractError` with the faults of all of them.

    Together they must have different names and incoming locations, and nobody's output may lie where uploads of
    any of them arrive.
    """
    faults: list[Fault] = []
    whole: list[Loaded] = []
    for path in _files(FilePath(folder)):
        try:
            whole.append(loaded(text_of(path), str(path), env))
        except ContractError as error:
            faults += error.faults
    together(whole)
    faults += (fault for one in whole for fault in one.root.source.faults)
    if faults:
        raise ContractError(faults)
    return tuple(one.contract for one in whole)


def route(location: str, contracts: Sequence[Contract]) -> Contract | None:
    """The contract of an upload at this location: the one with the longest `incoming` folder round it."""
    incoming = (
        (contract.servers["incoming"].location, contract) for contract in contracts if "incoming" in contract.servers
    )
    fitting = [(len(absolute(folder)), contract) for folder, contract in incoming if lies_in(location, folder)]
    return max(fitting, key=lambda one: one[0], default=(0, None))[1]


def _files(folder: FilePath) -> list[FilePath]:
    try:
        return sorted(path for path in folder.iterdir() if path.name.endswith(SUFFIX))
    except OSError as error:
        raise ContractError([unreadable(folder, error)]) from error


def together(every: Sequence[Loaded]) -> None:
    """Put what is wrong between these contracts into the faults of their sources."""
    names: dict[str, str] = {}
    folders: dict[str, str] = {}
    lakes: dict[str, str] = {}
    for one in every:
        contract = one.contract
        first = names.setdefault(contract.name, contract.file)
        if first != contract.file:
            key = "name" if (one.root / "name").is_there else "id"
            (one.root / key).fault(f"there is a contract '{contract.name}' already, in {first}")
        _lake_apart(one, lakes)
        for server, place in _incoming(one):
            taken = folders.setdefault(absolute(server.location), contract.file)
            if taken != contract.file:
                place.fault(f"uploads at {server.location} have a contract already, in {taken}")
            for other in every:
                if other is not one:
                    loops(server, f"incoming of {contract.file},", other.servers)


def _lake_apart(one: Loaded, taken: dict[str, str]) -> None:
    """Two contracts with one table in one folder would replace nothing of each other's, and mix what readers see."""
    if "datalake" not in one.servers:
        return
    server, place = one.servers["datalake"]
    for table in one.contract.tables:
        first = taken.setdefault(f"{absolute(server.location)}{table.name.lower()}/", one.contract.file)
        if first != one.contract.file:
            place.fault(
                f"the table '{table.name}' of {first} lies in {server.location} already: give one another folder"
            )


def _incoming(one: Loaded) -> Iterator[tuple[Server, Place]]:
    if "incoming" in one.servers:
        yield one.servers["incoming"]
