"""The contracts that made a lake, kept in it: `_contracts/<name>/<version>-<digest>.odcs.yaml`, the text as it was.

One version means one thing. Who changes a contract's meaning (its digest: comments and layout do not count) under a
version that a lake knows already is refused, unless the contract is a draft.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache
from urllib.parse import quote

from etl.contract import SUFFIX
from etl.contract.model import Contract
from etl.contract.source import read
from etl.errors import Conflict, ContractError, Fault, NotFound
from etl.records import Same, Upload
from etl.storage import Storage

_DIGEST = re.compile(r"[0-9a-f]{16}")


def keep(contract: Contract, storage: Storage, lake: str) -> None:
    """Keep the contract's text in the lake; looked at once in a process.

    Raises `ContractError` where the lake knows the version with another meaning, and `StorageError`.
    """
    _keep(Same(contract), Same(storage), lake)


def examine(contract: Contract, storage: Storage, lake: str) -> None:
    """Raise what `keep` would, and keep nothing."""
    _Snapshots(contract, storage, lake).agrees()


@lru_cache(maxsize=64)
def _keep(contract: Same[Contract], storage: Same[Storage], lake: str) -> None:
    _Snapshots(contract.one, storage.one, lake).keep()


class _Snapshots:
    """The snapshots of one contract under its present version."""

    def __init__(self, contract: Contract, storage: Storage, lake: str) -> None:
        self._contract = contract
        self._storage = storage
        self._prefix = f"{lake}_contracts/{contract.name}/{quote(contract.version, safe='')}-"
        self._own = f"{self._prefix}{contract.digest}{SUFFIX}"

    def keep(self) -> None:
        if self.agrees():
            return
        with suppress(Conflict):  # another run has kept the same
            self._storage.write(self._own, self._contract.text.encode(), expect=None)
        self.agrees()  # of two that are kept at the same moment, the first holds

    def agrees(self) -> bool:
        """Whether this contract is kept already. Raises `ContractError` where another is, and came first."""
        found = [kept for kept in self._storage.list(self._prefix) if self._is_snapshot(kept.location)]
        if not _is_draft(self._contract.status):
            held = [kept for kept in found if kept.location == self._own or not self._keeps_draft(kept)]
            first = min(held, key=lambda kept: (kept.arrival, kept.location), default=None)
            if first and first.location != self._own:
                raise ContractError([self._fault(first.location)])
        return any(kept.location == self._own for kept in found)

    def _is_snapshot(self, location: str) -> bool:
        """Not one of a version that goes on where this one ends: `1.0.0-rc1` begins with `1.0.0-`."""
        return _DIGEST.fullmatch(location.removeprefix(self._prefix).removesuffix(SUFFIX)) is not None

    def _keeps_draft(self, kept: Upload) -> bool:
        """Of one that was edited by hand until it is no contract, nothing says that it is a draft."""
        try:
            text = self._storage.read(kept.location)[0].decode(errors="replace")
        except NotFound:  # removed meanwhile: it holds nothing any more, and no upload has vanished
            return True
        data = read(text, kept.location).data
        return isinstance(data, dict) and _is_draft(data.get("status"))

    def _fault(self, other: str) -> Fault:
        mark = read(self._contract.text, self._contract.file).mark(("version",))
        message = (
            f"the lake knows version {self._contract.version} with another meaning ({other}): raise the version, or, "
            "while you are still working on the contract, say `status: draft`"
        )
        return Fault(self._contract.file, mark.line, mark.column, message)


def _is_draft(status: object) -> bool:
    """ODCS leaves the word's case open."""
    return isinstance(status, str) and status.strip().lower() == "draft"
