"""One contract file -> `Contract`, or all of its faults; and several contracts that must not be in each other's way."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import pyarrow as pa
from open_data_contract_standard.model import OpenDataContractStandard
from pydantic import ValidationError

from etl.contract import schema, sql, tables
from etl.contract.model import Condition, Contract, Server, Table, UploadRule
from etl.contract.policies import near_misses, policies
from etl.contract.servers import absolute, delimiter, lies_in, loops, servers
from etl.contract.source import Place, Source, read
from etl.contract.tables import Ruled
from etl.errors import ContractError, Fault
from etl.records import digest

SUFFIX = ".odcs.yaml"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}")


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A contract with what its faults towards other contracts need."""

    contract: Contract
    servers: Mapping[str, tuple[Server, Place]]
    root: Place


def load(path: str | os.PathLike[str], env: Mapping[str, str] = os.environ) -> Contract:
    """Read a contract file. Raises `ContractError` with every fault, also where the file can't be read.

    `env` gives the `${ORDERS_...}` of server locations; a server with one that is not set is left out.
    """
    return _load(FilePath(path), env).contract


def loads(text: str, file: str = "contract", env: Mapping[str, str] = os.environ) -> Contract:
    """Read a contract from text; `file` is its name in faults. Raises `ContractError` with every fault."""
    return _loads(text, file, env).contract


def load_all(folder: str | os.PathLike[str], env: Mapping[str, str] = os.environ) -> tuple[Contract, ...]:
    """Read every `*.odcs.yaml` of a folder, by file name. Raises `ContractError` with the faults of all of them.

    Together they must have different names and incoming locations, and nobody's output may lie where uploads of
    any of them arrive.
    """
    faults: list[Fault] = []
    loaded: list[_Loaded] = []
    for path in _files(FilePath(folder)):
        try:
            loaded.append(_load(path, env))
        except ContractError as error:
            faults += error.faults
    _together(loaded)
    faults += (fault for one in loaded for fault in one.root.source.faults)
    if faults:
        raise ContractError(faults)
    return tuple(one.contract for one in loaded)


def route(location: str, contracts: Sequence[Contract]) -> Contract | None:
    """The contract of an upload at this location: the one with the longest `incoming` folder round it."""
    incoming = (
        (contract.servers["incoming"].location, contract) for contract in contracts if "incoming" in contract.servers
    )
    fitting = [(len(absolute(folder)), contract) for folder, contract in incoming if lies_in(location, folder)]
    return max(fitting, key=lambda one: one[0], default=(0, None))[1]


def hints(text: str, file: str = "contract") -> tuple[Fault, ...]:
    """What is allowed but hardly meant: near misses of policy names, positions of keys that are none. Never raises."""
    source = read(text, file)
    model = _model(schema.check(source), source) if source.data is not None else None
    source.faults.clear()
    if model is not None:
        near_misses(model.customProperties, Place(source) / "customProperties")
        tables.idle_positions(model.schema_, Place(source) / "schema")
    return tuple(sorted(source.faults))


# Files.


def _files(folder: FilePath) -> list[FilePath]:
    try:
        return sorted(path for path in folder.iterdir() if path.name.endswith(SUFFIX))
    except OSError as error:
        raise ContractError([_unreadable(folder, error)]) from error


def _load(path: FilePath, env: Mapping[str, str]) -> _Loaded:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ContractError([_unreadable(path, error)]) from error
    except UnicodeDecodeError as error:
        message = f"the file is not UTF-8: byte {error.start + 1} can't be read; save it as UTF-8"
        raise ContractError([Fault(str(path), 1, 1, message)]) from error
    return _loads(text, str(path), env)


def _unreadable(path: FilePath, error: OSError) -> Fault:
    return Fault(str(path), 1, 1, f"can't be read: {(error.strerror or str(error)).lower()}")


# One contract.


def _loads(text: str, file: str, env: Mapping[str, str]) -> _Loaded:
    source = read(text, file)
    model = _model(schema.check(source), source) if source.data is not None else None
    if model is None:
        raise ContractError(tuple(source.faults))
    root = Place(source)
    name = _identity(model, root)
    built = _tables(model, root)
    found = servers(model.servers, root / "servers", env)
    if "incoming" in found:
        loops(found["incoming"][0], "incoming", found)
    form = delimiter(model.servers, root / "servers")
    steering = policies(model.customProperties, root / "customProperties")
    source.raise_faults()
    contract = Contract(
        id=model.id or "",
        name=name,
        version=model.version or "",
        status=model.status,
        file=file,
        digest=digest(_canonical(source.data)),
        text=text,
        tables=tuple(table for table, _ in built),
        upload_rules=tuple(rule for _, ruled in built for rule in tables.upload_rules(ruled)),
        policies=steering,
        servers={name: server for name, (server, _) in found.items()},
        delimiter=form,
        description=(model.description.purpose or model.description.usage) if model.description else None,
    )
    return _Loaded(contract, found, root)


def _canonical(data: Any) -> bytes:
    """The parsed YAML as JSON, sorted and without blanks: the same for every layout and comment."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str).encode()


def _model(data: Any, source: Source) -> OpenDataContractStandard | None:
    """The package's model of the document; None with the faults reported."""
    if not isinstance(source.data, dict):
        return None
    try:
        return OpenDataContractStandard.model_validate(data)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            source.add(source.mark(each["loc"]), each["msg"].lower())
        return None


def _identity(model: OpenDataContractStandard, root: Place) -> str:
    """The contract's name: `name`, else `id`; and the version of the standard it is written in."""
    if model.apiVersion and not model.apiVersion.startswith("v3."):
        (root / "apiVersion").fault(f"v3.0.0 to v3.2.0 is expected, found {model.apiVersion}")
    key = "name" if model.name is not None else "id"
    name: str = getattr(model, key) or ""
    if getattr(model, key) is not None and not _NAME.fullmatch(name):
        message = f"'{name}' is no contract name: up to 128 letters, digits, _ and - are expected, a letter or _ first"
        (root / key).fault(message if key == "name" else f"{message}; a 'name' can say it another way")
    return name


def _tables(model: OpenDataContractStandard, root: Place) -> list[tuple[Table, list[Ruled]]]:
    if model.schema_ is None and root.tried("schema"):
        return []
    drafts = tables.drafts(model.schema_, root / "schema")
    built = [tables.build(draft, drafts) for draft in drafts]
    if not root.source.faults:
        _bind(built)
    return built


def _bind(built: list[tuple[Table, list[Ruled]]]) -> None:
    """Let DuckDB resolve all SQL against the tables, now that there is nothing else wrong with them."""
    schemas = {table.name: _schema(table) for table, _ in built}
    for table, ruled in built:
        for one in ruled:
            if isinstance(one.made, Condition):
                sql.bind_condition(one.made.sql, one.place / "implementation", table.name, schemas[table.name])
            elif isinstance(one.made, UploadRule):
                sql.bind_query(one.made.query, one.place / "query", schemas)


def _schema(table: Table) -> pa.Schema:
    return pa.schema([(column.name, column.type.arrow) for column in table.columns])


# Several contracts.


def _together(loaded: Sequence[_Loaded]) -> None:
    names: dict[str, str] = {}
    folders: dict[str, str] = {}
    lakes: dict[str, str] = {}
    for one in loaded:
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
            for other in loaded:
                if other is not one:
                    loops(server, f"incoming of {contract.file},", other.servers)


def _lake_apart(one: _Loaded, taken: dict[str, str]) -> None:
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


def _incoming(one: _Loaded) -> Iterator[tuple[Server, Place]]:
    if "incoming" in one.servers:
        yield one.servers["incoming"]
