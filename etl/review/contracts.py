"""Which contract judges a folder's records now."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from etl import contract as contracts
from etl.contract.loader import decoded
from etl.contract.model import Contract
from etl.errors import ContractError, NotFound, QuarantineError
from etl.storage import Storage

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}")
_DIGEST = re.compile(r"[0-9a-f]{16}")


def agreed(report: Mapping[str, Any], known: Sequence[Contract], storage: Storage, lake: str | None = None) -> Contract:
    """The contract of the report's name among `known`; else the one that judged the upload, as the lake keeps it.

    `lake` is its root where the report does not say (before version 1.1). `present` tells the one from the other.
    Raises `QuarantineError` where neither is to be had, and `StorageError`.
    """
    name = str(report["contract"]["name"])
    chosen = next((one for one in known if one.name == name), None)
    return chosen or _kept(report, name, storage, report.get("lake") or lake)


def present(contract: Contract, known: Sequence[Contract]) -> bool:
    """Whether it is one of those in force, and no snapshot."""
    return any(one is contract for one in known)


def snapshot(report: Mapping[str, Any], lake: str) -> str:
    """Where the lake keeps the contract that judged an upload. Raises `QuarantineError` where that is no place."""
    contract = report["contract"]
    name, version, digest = (str(contract.get(key)) for key in ("name", "version", "digest"))
    if not _NAME.fullmatch(name) or not _DIGEST.fullmatch(digest):
        raise QuarantineError(
            f"{_subject(report)}: its report names no contract that there could be; it was edited by hand: "
            "run the upload again"
        )
    return f"{lake}_contracts/{name}/{quote(version, safe='')}-{digest}{contracts.SUFFIX}"


def _kept(report: Mapping[str, Any], name: str, storage: Storage, lake: str | None) -> Contract:
    if not lake:
        raise QuarantineError(
            f"{_subject(report)}: there is no contract '{name}' any more, and its report does not say in which lake "
            "a copy lies; give --contract PATH or --lake"
        )
    at = snapshot(report, lake)
    try:
        found = contracts.loads(decoded(storage.read(at)[0], at), at)
    except NotFound as error:
        raise QuarantineError(
            f"{_subject(report)}: there is no contract '{name}' any more, and no copy of it at {at}; "
            "give --contract PATH"
        ) from error
    except ContractError as error:
        raise QuarantineError(f"{error.faults[0]}; it was edited by hand: give --contract PATH") from error
    if found.digest != report["contract"]["digest"]:
        raise QuarantineError(
            f"{at}: this is not the contract that it was; it was edited by hand: give --contract PATH"
        )
    return found


def _subject(report: Mapping[str, Any]) -> str:
    return str(report["upload"]["location"])
