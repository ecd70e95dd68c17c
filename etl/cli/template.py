"""The deployment template, brought into step with the contracts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from etl import contract as contracts
from etl import deployment
from etl.errors import Fault, StorageError, UsageError


def rewrite(template: Path, folder: Path) -> tuple[str, Sequence[Fault]]:
    """Write the section of the template that follows from the contracts of a folder, unless the deployment can't serve
    one of them. Returns what was done, and the faults.

    Raises `ContractError`, `UsageError` where there are no contracts or no place for the section, and `StorageError`.
    """
    known = contracts.load_all(folder, deployment.ENVIRONMENT)
    if not known:
        raise UsageError(f"{folder}: there is no *{contracts.SUFFIX} in this folder")
    if faults := deployment.faults(known):
        return "", faults
    _write(template, deployment.rewritten(_read(template), known, str(template)))
    tables = sum(len(contract.tables) for contract in known)
    return f"{template}: {tables} tables and {len(known)} alarms, as the contracts in {folder} have them", ()


def _read(template: Path) -> str:
    try:
        return template.read_text(encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{template}: it can't be read ({error.strerror}); give --template PATH") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{template}: it is not UTF-8; save it as UTF-8") from error


def _write(template: Path, text: str) -> None:
    try:
        template.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{template}: it can't be written ({error.strerror})") from error
