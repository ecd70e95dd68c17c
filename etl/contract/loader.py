"""One contract file -> `Contract`, or all of its faults."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any
from urllib.parse import quote

import pyarrow as pa
from open_data_contract_standard.model import OpenDataContractStandard
from pydantic import ValidationError

from etl.contract import schema, sql, tables
from etl.contract.model import Condition, Contract, Server, Table, UploadRule
from etl.contract.policies import policies
from etl.contract.servers import delimiter, loops, servers
from etl.contract.source import Place, Source, read
from etl.contract.tables import Ruled
from etl.errors import ContractError, Fault
from etl.records import digest

_LONGEST_VERSION = 128  # as written in a file's name, where each byte but letters, digits and -_.~ takes three
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A contract without faults, with what else there is to say of it: its document, and the places in it."""

    contract: Contract
    servers: Mapping[str, tuple[Server, Place]]
    model: OpenDataContractStandard
    root: Place


def load(path: str | os.PathLike[str], env: Mapping[str, str] = os.environ) -> Contract:
    """Read a contract file. Raises `ContractError` with every fault, also where the file can't be read.

    `env` gives the `${ORDERS_...}` of server locations; a server with one that is not set is left out.
    """
    return loaded(text_of(FilePath(path)), str(path), env).contract


def loads(text: str, file: str = "contract", env: Mapping[str, str] = os.environ) -> Contract:
    """Read a contract from text; `file` is its name in faults. Raises `ContractError` with every fault."""
    return loaded(text, file, env).contract


def text_of(path: FilePath) -> str:
    """The text of a contract file. Raises `ContractError`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ContractError([unreadable(path, error)]) from error
    return decoded(data, str(path))


def decoded(data: bytes, file: str) -> str:
    """The text of a contract's bytes. Raises `ContractError`."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"the file is not UTF-8: byte {error.start + 1} can't be read; save it as UTF-8"
        raise ContractError([Fault(file, 1, 1, message)]) from error


def unreadable(path: FilePath, error: OSError) -> Fault:
    """The fault of a file or a folder that can't be read."""
    return Fault(str(path), 1, 1, f"can't be read: {(error.strerror or str(error)).lower()}")


def loaded(text: str, file: str, env: Mapping[str, str]) -> Loaded:
    """`loads`, with what else there is to say of the contract."""
    source = read(text, file)
    model = _model(schema.check(source), source) if source.data is not None else None
    if model is None:
        raise ContractError(tuple(source.faults))
    root = Place(source)
    name = _identity(model, root)
    _check_version(model.version or "", root / "version")
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
    return Loaded(contract, found, model, root)


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


def _check_version(version: str, place: Place) -> None:
    """It stands in the name of the file in which each lake keeps the contract, which every file system must take."""
    if len(quote(version, safe="")) > _LONGEST_VERSION:
        place.fault(f"a version of at most {_LONGEST_VERSION} characters is expected, as it names a file in the lake")


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
