"""By which contract a folder's records are shown and judged, and what to say where it is not the one in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from etl.contract.model import Contract
from etl.errors import ContractError, EtlError
from etl.review.contracts import agreed, present
from etl.web.desk import Desk


@dataclass(frozen=True, slots=True)
class Judge:
    """`contract` is None where there is none to be had; `judges`: whether records may be judged by it. `note` says what
    is not as usual, and `faults` what is wrong with the contracts."""

    contract: Contract | None
    judges: bool
    note: str = ""
    faults: Sequence[str] = ()


def judge_of(report: Mapping[str, Any] | None, desk: Desk) -> Judge:
    """The one for a report. Raises nothing: a page shows what it can without."""
    if report is None:
        return Judge(None, judges=False)
    try:
        known = desk.contracts()
    except ContractError as error:
        faults = tuple(str(fault) for fault in error.faults)
        kept, _ = _agreed(report, (), desk)
        return Judge(kept, False, "The contracts have faults; nothing can be replayed until they are mended.", faults)
    except (EtlError, OSError) as error:
        kept, _ = _agreed(report, (), desk)
        return Judge(kept, False, f"The contracts can't be read: {error}")
    contract, why = _agreed(report, known, desk)
    if contract is None:
        return Judge(None, False, f"This can be looked at, and not replayed: {why}")
    if present(contract, known):
        return Judge(contract, judges=True)
    name, version = contract.name, contract.version
    return Judge(
        contract,
        True,
        f"There is no contract '{name}' any more. Version {version}, of which the lake keeps a copy, stands in for it.",
    )


def _agreed(report: Mapping[str, Any], known: Sequence[Contract], desk: Desk) -> tuple[Contract | None, str]:
    try:
        return agreed(report, known, desk.storage, next(iter(desk.lakes), None)), ""
    except EtlError as error:
        return None, str(error)
