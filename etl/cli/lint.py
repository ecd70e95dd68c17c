"""All that is wrong with contracts: the loader's faults, and samples that their contract does not accept."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from etl import contract as contracts
from etl import pipeline
from etl.contract.model import Contract
from etl.errors import ContractError, Fault, UsageError
from etl.storage import Storage, normal


class _Anywhere(Mapping[str, str]):
    """The environment, and a name for every variable that is not set: contracts are linted on any machine."""

    def __getitem__(self, name: str) -> str:
        return os.environ.get(name) or name.lower().replace("_", "-")

    def __iter__(self) -> Iterator[str]:
        return iter(os.environ)

    def __len__(self) -> int:
        return len(os.environ)


def faults(paths: Sequence[str], storage: Storage) -> list[Fault]:
    """Every fault of these contract files and folders. Raises `UsageError` where a path is not there."""
    found: set[Fault] = set()
    for path in map(Path, paths):
        found.update(_together(path) if path.is_dir() else ())
        for file in files(path):
            found.update(_faults(file, storage))
    return sorted(found)


def files(path: Path) -> list[Path]:
    """The contract files that a path names."""
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder; give a contract (*{contracts.SUFFIX}) or a folder of them")
    if path.is_file():
        return [path]
    found = sorted(path.glob(f"*{contracts.SUFFIX}"))
    if not found:
        raise UsageError(f"{path}: there is no *{contracts.SUFFIX} in this folder")
    return found


def hints(paths: Sequence[str]) -> list[Fault]:
    """What is allowed but probably not meant."""
    return sorted(hint for path in paths for file in files(Path(path)) for hint in _hints(file))


def _hints(file: Path) -> Iterator[Fault]:
    yield from contracts.hints(file.read_text(encoding="utf-8", errors="replace"), str(file))
    if not sample(file):
        yield Fault(
            str(file), 1, 1, f"there is no sample beside it ({_stem(file)}.sample.json): nothing proves it works"
        )


def _together(folder: Path) -> Sequence[Fault]:
    try:
        contracts.load_all(folder, _Anywhere())
    except ContractError as error:
        return error.faults
    return ()


def _faults(file: Path, storage: Storage) -> Sequence[Fault]:
    try:
        contract = contracts.load(file, _Anywhere())
    except ContractError as error:
        return error.faults
    found = sample(file)
    return list(_sample_faults(contract, file, found, storage)) if found else ()


def sample(file: Path) -> Path | None:
    """The sample upload beside a contract: `orders.sample.json` beside `orders.odcs.yaml`."""
    return next(iter(sorted(file.parent.glob(f"{_stem(file)}.sample.*"))), None)


def _stem(file: Path) -> str:
    return file.name.removesuffix(contracts.SUFFIX)


def _sample_faults(contract: Contract, file: Path, found: Path, storage: Storage) -> Iterator[Fault]:
    report = pipeline.check(normal(str(found)), contract, storage)
    if report["status"] == "empty":
        yield Fault(str(file), 1, 1, f"its sample {found.name} holds no records")
    for rule in report["rules"]:
        if rule["severity"] == "error":
            where = rule["examples"][0]
            place = " ".join(str(part) for part in (where["path"], where["value"], where["detail"]) if part)
            subject = ".".join(part for part in (rule["table"], rule["column"], rule["rule"]) if part)
            number = f"record {where['record']}" if where["record"] else "the upload"
            message = f"its sample {found.name} breaks {subject} (expected {rule['expected']}): {number} {place}"
            yield Fault(str(file), 1, 1, message)
