"""The error tree. Bad data has no place in it: a bad record is a `Violation`, never an exception.

    EtlError
    ├── UsageError            the call itself is wrong: no such option value, no contract for an upload
    ├── ContractError         a contract that can't be used; carries every fault with its place
    ├── StorageError          broken infrastructure: unreachable, denied, throttled
    │   ├── NotFound          the object or file does not exist (or has vanished since)
    │   └── Conflict          a conditional write lost: somebody else wrote first
    ├── QuarantineError       a quarantine folder that can't be worked with: half-written, or edited by hand
    ├── EngineError           what was to bring many uploads to processors has failed as a whole
    ├── NoticeError           an upload is done, but who is to hear of it could not be told
    └── AccountingError       records read differ from published + quarantined: a bug here, never silent

Every exception of a lower library becomes one of these, raised `from` the original.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class EtlError(Exception):
    """Base of everything this package raises on purpose; its text is one line a user can act on."""


class UsageError(EtlError):
    """The call is wrong: nothing was read or written."""


class StorageError(EtlError):
    """The storage failed: the upload is neither published nor quarantined; run it again."""


class NotFound(StorageError):
    """There is nothing at this location."""


class Conflict(StorageError):
    """A conditional write found another version than the one it was made for."""


class QuarantineError(EtlError):
    """What lies in a quarantine folder can't be worked with; the others can."""


class EngineError(EtlError):
    """The engine of a backfill failed: what was published is published; run it again, which passes over that."""


class NoticeError(EtlError):
    """A notice could not be sent. The upload is done all the same; to run it again changes nothing and sends it."""


class AccountingError(EtlError):
    """The sums of a run do not add up."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong with a contract, at its place (line and column count from 1)."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class ContractError(EtlError):
    """A contract with faults; all of them at once."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))
