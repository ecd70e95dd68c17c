"""The contracts that made a lake, as it keeps them: `_contracts/<name>/<version>-<digest>.odcs.yaml`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from etl import contract as contracts
from etl.contract.loader import decoded
from etl.contract.model import Contract
from etl.errors import ContractError, NotFound
from etl.records import Upload
from etl.storage import Storage

_KEPT = re.compile(rf"(?P<name>[A-Za-z_][A-Za-z0-9_-]*)/[^/]+-(?P<digest>[0-9a-f]{{16}}){re.escape(contracts.SUFFIX)}")


@dataclass(frozen=True, slots=True)
class Kept:
    """A contract's copy in the lake, not read yet."""

    name: str
    digest: str
    object: Upload


def kept(lake: str, storage: Storage) -> list[Kept]:
    """The copies that a lake (its root, with a final `/`) keeps, the oldest first. Raises `StorageError`."""
    root = f"{lake}_contracts/"
    found = [(_KEPT.fullmatch(one.location, len(root)), one) for one in storage.list(root)]
    copies = [Kept(match["name"], match["digest"], one) for match, one in found if match]
    return sorted(copies, key=lambda copy: (copy.object.arrival, copy.object.location))


def newest(copies: Sequence[Kept]) -> dict[str, Kept]:
    """The last of each name."""
    return {copy.name: copy for copy in copies}


def read(copy: Kept, storage: Storage) -> Contract | str:
    """The contract, or what is wrong with the copy. Raises `StorageError`."""
    at = copy.object.location
    try:
        found = contracts.loads(decoded(storage.read(at)[0], at), at)
    except NotFound:
        return f"{at}: it has been removed; put it back from a backup"
    except ContractError as error:
        return f"{error.faults[0]}; the copy was edited by hand, or made by an older etl: put it right"
    if found.digest != copy.digest:
        return f"{at}: this is not the contract that it was; it was edited by hand: put it back from a backup"
    return found
