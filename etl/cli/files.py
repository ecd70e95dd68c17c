"""Contract files as they are named on the command line, and the sample beside each."""

from __future__ import annotations

from pathlib import Path

from etl import contract as contracts
from etl.errors import UsageError


def contract_files(path: Path) -> list[Path]:
    """The contract files that a path names. Raises `UsageError` where there is none."""
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder; give a contract (*{contracts.SUFFIX}) or a folder of them")
    if path.is_file():
        return [path]
    found = sorted(path.glob(f"*{contracts.SUFFIX}"))
    if not found:
        raise UsageError(f"{path}: there is no *{contracts.SUFFIX} in this folder")
    return found


def stem(file: Path) -> str:
    """What a contract's file is called without its suffix."""
    return file.name.removesuffix(contracts.SUFFIX)


def sample_of(file: Path) -> Path | None:
    """The sample upload beside a contract: `orders.sample.json` beside `orders.odcs.yaml`."""
    return next(iter(sorted(file.parent.glob(f"{stem(file)}.sample.*"))), None)


def apart(contract: Path, output: Path | None) -> None:
    """Raises `UsageError` where a command would write over the contract that it reads."""
    if output is not None and output.exists() and output.samefile(contract):
        raise UsageError(f"{output}: this is the contract itself; give another -o PATH")
