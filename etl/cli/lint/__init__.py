"""`etl contract lint`: all that is wrong with contracts, and whether what lies beside them bears them out.

findings.py  one thing found, and its three forms: for people, programs, GitHub
sample.py    the sample beside a contract, run through it
examples.py  the `examples` in a contract, held to its own rules
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from etl import contract as contracts
from etl.cli.files import contract_files
from etl.cli.lint import examples, sample
from etl.cli.lint.findings import Finding, Form, Linted, lines
from etl.storage import Storage

__all__ = ["Form", "Linted", "lines", "lint"]


class _Anywhere(Mapping[str, str]):
    """The environment, and a name for every variable that is not set: contracts are linted on any machine."""

    def __getitem__(self, name: str) -> str:
        return os.environ.get(name) or name.lower().replace("_", "-")

    def __iter__(self) -> Iterator[str]:
        return iter(os.environ)

    def __len__(self) -> int:
        return len(os.environ)


def lint(paths: Sequence[str], storage: Storage) -> list[Linted]:
    """Every contract that these files and folders name, each once. Raises `UsageError` where a path is not there."""
    found: dict[str, Linted] = {}
    for path in map(Path, paths):
        for one in contracts.examine(contract_files(path), _Anywhere()):
            found[one.file] = _linted(one, storage)
    return list(found.values())


def _linted(one: contracts.Examined, storage: Storage) -> Linted:
    findings = [Finding(fault, "error") for fault in one.faults] + [Finding(hint, "hint") for hint in one.hints]
    remark = ""
    if one.contract:
        findings += examples.findings(one)
        tried = sample.tried(one, one.contract, storage)
        findings += tried.findings
        remark = tried.remark
    return Linted(one.file, one.text, tuple(sorted(findings)), remark)
