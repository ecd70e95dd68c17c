"""Contracts written out as pages: `etl contract docs`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from etl import contract as contracts
from etl.cli.files import contract_files, sample_of
from etl.errors import ContractError, Fault, StorageError
from etl.pages import site
from etl.pages.example import example
from etl.pages.model import Page
from etl.pages.page import page


def write(paths: Sequence[str], folder: Path) -> list[Path]:
    """Write the pages of these contracts, files or folders of them; return what was written.

    Raises `UsageError`, `ContractError` with every fault, `StorageError` where a sample can't be read or the folder
    can't be written to.
    """
    found = list(dict.fromkeys(file for path in paths for file in contract_files(Path(path))))
    written = site(_pages(found))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in written.items():
            (folder / name).write_text(content, encoding="utf-8", newline="\n")
    except OSError as error:
        raise StorageError(f"{folder}: can't be written to: {error.strerror or error}; give another with -o") from error
    return [folder / name for name in written]


def _pages(found: Sequence[Path]) -> list[Page]:
    pages: list[Page] = []
    faults: list[Fault] = []
    for file in found:
        try:
            pages.append(_page(file))
        except ContractError as error:
            faults += error.faults
    if faults:
        raise ContractError(faults)
    return pages


def _page(file: Path) -> Page:
    """What variables of the environment stand for is no part of a page: servers are shown as written."""
    contract = contracts.load(file, {})
    beside = sample_of(file)
    return page(contract, file.read_text(encoding="utf-8-sig"), example(contract, beside) if beside else None)
