"""How a stage of the reader says that it can't go on. Never leaves this package: `Reading` hands on what it carries."""

from __future__ import annotations

from etl.records import Unreadable


class Broken(Exception):
    """The upload can't be taken apart any further. Reasons are for users and hold nothing of the document."""

    def __init__(self, reason: str, line: int | None = None, offset: int | None = None) -> None:
        super().__init__(reason)
        self.unreadable = Unreadable(reason, line, offset)
