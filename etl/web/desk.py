"""What the application works on: where things lie, who is at work, and what time it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from etl.contract.model import Contract
from etl.errors import UsageError
from etl.lineage import Lineage
from etl.review import Folder
from etl.review.folders import folder
from etl.storage import Storage

_KEY = re.compile(
    r"(?P<root>\d{1,3})/(?P<below>(?P<contract>[^/\\\x00-\x1f]{1,200})/\d{4}-\d\d-\d\d/[0-9a-f]{16}-[0-9a-f]{16})"
)


@dataclass(frozen=True, slots=True)
class Desk:
    """`quarantines` and `lakes` are roots with a final `/`; `contracts` reads those in force, as they are now.

    It raises `ContractError`. `who` is noted with whatever is done, and `now` when; `lineage` tells of it.
    """

    storage: Storage
    quarantines: Sequence[str]
    lakes: Sequence[str]
    contracts: Callable[[], Sequence[Contract]]
    who: str
    now: Callable[[], datetime]
    lineage: Lineage

    def key(self, location: str) -> str:
        """What stands for a folder in addresses and forms: the number of its quarantine, and its path there."""
        number, root = next((at, root) for at, root in enumerate(self.quarantines) if location.startswith(root))
        return f"{number}/{location[len(root) :].rstrip('/')}"

    def folder(self, key: str) -> Folder:
        """The folder of a key. Raises `UsageError` where there is none: what is no key never becomes a location."""
        found = _KEY.fullmatch(key)
        if found is None or int(found["root"]) >= len(self.quarantines) or found["contract"] in (".", ".."):
            raise UsageError("There is no such upload in quarantine.")
        return folder(f"{self.quarantines[int(found['root'])]}{found['below']}/", self.storage)


def address(key: str, record: int | None = None) -> str:
    """The page of a folder, or of one of its records."""
    return f"/uploads/{quote(key)}" + (f"/records/{record}" if record is not None else "")
