"""Contracts that the deployment can't serve: the function knows one bucket, and may touch three prefixes of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from etl.contract.model import Contract, Table
from etl.contract.source import Place, read
from etl.deployment.names import alarm_id, glue_name, table_id
from etl.errors import Fault, StorageError

# What the template's notification watches, and what its role may touch.
PREFIXES = {
    "incoming": "orders_json_incoming/",
    "datalake": "orders_parquet_datalake/",
    "quarantine": "orders_quarantine/",
}

BUCKET = "orders..bucket"  # stands for the bucket's name; no bucket has one with two dots in a row
ENVIRONMENT = {"ORDERS_BUCKET": BUCKET}  # what contracts are loaded with; the function has no other ORDERS_ variable


@dataclass(frozen=True, slots=True)
class _Written:
    """A contract, and its file's root."""

    contract: Contract
    root: Place


def table_location(contract: Contract, table: Table) -> str:
    """The table's folder. Only of a contract without faults."""
    return f"{contract.servers['datalake'].location}{table.name}/"


def faults(contracts: Sequence[Contract]) -> list[Fault]:
    """Why the deployment can't serve these contracts, which were loaded with `ENVIRONMENT`; their files are read again.

    Raises `StorageError` where that fails.
    """
    written = [_Written(contract, Place(read(_text(contract), contract.file))) for contract in contracts]
    for one in written:
        for server, prefix in PREFIXES.items():
            _check_server(one, server, prefix)
    _check_names(written)
    _check_folders([one for one in written if not one.root.source.faults])
    return sorted(fault for one in written for fault in one.root.source.faults)


def _text(contract: Contract) -> str:
    try:
        return Path(contract.file).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise StorageError(f"{contract.file}: it can't be read any more ({error.strerror}); run it again") from error


def _check_server(one: _Written, server: str, prefix: str) -> None:
    place = _server(one.root, server)
    expected = f"{server} must lie below s3://${{ORDERS_BUCKET}}/{prefix} there"
    if place is None:
        (one.root / "servers").fault(f"this contract can't run in the function: {expected}, found no such server")
    elif not _location(one.contract, server).startswith(f"s3://{BUCKET}/{prefix}"):
        place.fault(f"this contract can't run in the function: {expected}, found {place.value}")


def _location(contract: Contract, server: str) -> str:
    """Empty for one that names another variable."""
    return contract.servers[server].location if server in contract.servers else ""


def _server(root: Place, name: str) -> Place | None:
    """Where the server's location is written."""
    servers = root / "servers"
    for index, node in enumerate(servers.value or ()):
        if node["server"] == name:
            return servers / index / ("path" if node["type"] == "local" else "location")
    return None


def _check_names(written: Iterable[_Written]) -> None:
    """Letters' case, `-` and `_` tell names apart in contracts, and not in Glue and CloudFormation."""
    taken: dict[str, str] = {}
    for one in written:
        contract, root = one.contract, one.root
        first = taken.setdefault(alarm_id(contract), contract.file)
        if first != contract.file:
            name = root / ("name" if (root / "name").is_there else "id")
            name.fault(f"in the template '{contract.name}' would be one with the contract of {first}: rename one")
        for table in contract.tables:
            owner = f"the table '{table.name}' of {contract.file}"
            first = taken.setdefault(table_id(contract, table), owner)
            if first != owner:
                _table(one, table).fault(
                    f"in Glue this would be {glue_name(contract, table)}, one with {first}: rename one"
                )


def _table(one: _Written, table: Table) -> Place:
    return one.root / "schema" / one.contract.tables.index(table) / "name"


def _check_folders(written: Sequence[_Written]) -> None:
    """Athena reads all that lies in a table's folder, at any depth."""
    tables = [(one, table, table_location(one.contract, table)) for one in written for table in one.contract.tables]
    for one, table, location in tables:
        for other, outer, folder in tables:
            if outer is not table and location.startswith(folder):
                _table(one, table).fault(
                    f"its folder lies in that of the table '{outer.name}' of {other.contract.file}, which Athena would "
                    "read it with: give one of the contracts another datalake"
                )
