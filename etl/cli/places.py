"""Where the commands of the review look: contracts in force, lakes, quarantines; and who asks."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from etl.contract.model import Contract
from etl.errors import UsageError
from etl.storage import is_s3, normal

CONTRACTS = Path("contracts")
_OPTIONS = {"datalake": "--lake", "quarantine": "--quarantine"}


def known(contract: Path | None = None) -> tuple[Contract, ...]:
    """The contracts in force: that at this path, else those in contracts/, which need not be there.

    Raises `ContractError`.
    """
    from etl import contract as contracts  # DuckDB: time that a list saves

    if contract is not None:
        return (contracts.load(contract),)
    return contracts.load_all(CONTRACTS) if CONTRACTS.is_dir() else ()


def lakes(given: str | None, contracts: Callable[[], Sequence[Contract]] = known) -> tuple[str, ...]:
    """The roots of the lakes: the one given, else those that the contracts name. Raises `UsageError`."""
    return _roots("datalake", given, contracts)


def quarantines(given: str | None, contracts: Callable[[], Sequence[Contract]] = known) -> tuple[str, ...]:
    """The roots of the quarantines, likewise; several contracts may share one.

    One that is given is there, if it is a local folder: one that is not may be a typing error, and no good news.
    """
    roots = _roots("quarantine", given, contracts)
    if given is not None and not is_s3(roots[0]) and not _may_be_there(Path(roots[0])):
        raise UsageError(f"--quarantine {given}: there is no such folder; check the path")
    return roots


def _may_be_there(folder: Path) -> bool:
    try:
        return folder.is_dir()
    except OSError:  # denied, say: the storage says so
        return True


def _roots(server: str, given: str | None, contracts: Callable[[], Sequence[Contract]]) -> tuple[str, ...]:
    option = _OPTIONS[server]
    if given is not None and not given.strip():
        raise UsageError(f"{option}: a folder or s3://bucket/prefix/ is expected, found nothing")
    if given is not None:
        return (normal(f"{given.rstrip('/')}/"),)
    found = contracts()
    if not found:
        raise UsageError(f"there is no folder contracts/ here that says where to look; give {option}")
    places = (one.servers[server].location for one in found if server in one.servers)
    roots = tuple(dict.fromkeys(normal(place) for place in places))
    if not roots:
        raise UsageError(
            f"no server '{server}' in contracts/ says where to look (or its ${{ORDERS_...}} variable is not set): "
            f"set it, or give {option}"
        )
    return roots


def person() -> str:
    """Who asks: the name of this machine's user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have none
        return f"user {os.getuid()}"
