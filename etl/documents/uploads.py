"""Uploads made from a contract: valid documents, some of them broken on purpose, and an account of what was broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from etl.contract.model import Contract
from etl.documents.breaking import Breaker, Broken
from etl.documents.encoding import encoded
from etl.documents.valid import Valid
from etl.errors import UsageError
from etl.records import Rule


@dataclass(slots=True)
class Upload:
    """An upload's records in order, each a JSON text, and which of them are broken (record numbers from 1)."""

    contract: Contract
    seed: int
    records: list[bytes] = field(default_factory=list)
    broken: dict[int, Broken] = field(default_factory=dict)
    unbroken: Sequence[Rule] = ()

    def text(self) -> bytes:
        """As the contract's uploads are written: a record a line, an array, or inside a wrapping document."""
        records = self.contract.policies.records
        if records is None and self.contract.delimiter != "array":
            return b"".join(record + b"\n" for record in self.records)
        array = b"[" + b",\n".join(self.records) + b"]"
        for step in reversed(records.steps[:-1] if records else ()):
            array = _wrapped(array, step)
        return array + b"\n" if self.contract.delimiter == "none" else array.replace(b"\n", b" ") + b"\n"

    def manifest(self) -> dict[str, Any]:
        """What a run over the upload must come to."""
        return {
            "contract": {"name": self.contract.name, "version": self.contract.version},
            "seed": self.seed,
            "records": len(self.records),
            "quarantined": len(self.broken),
            "bad": [
                {
                    "record": number,
                    **_rule(broken.violation.rule),
                    "path": broken.violation.path,
                    "also": sorted((_rule(rule) for rule in broken.also), key=str),
                }
                for number, broken in self.broken.items()
            ],
            "notBroken": [_rule(rule) for rule in self.unbroken],
        }


def make(contract: Contract, count: int, bad: Fraction, seed: int) -> Upload:
    """An upload of so many records, of which this share is broken, evenly spread, each error rule in turn.

    Equal arguments give equal bytes. Raises `UsageError` where the contract can't be met, or an upload of this contract
    does not hold so many records.
    """
    lines = contract.policies.records is None and contract.delimiter in (None, "new_line")
    if contract.delimiter == "none" and contract.policies.records is None and count != 1:
        raise UsageError(f"{contract.file}: its uploads are one document each (delimiter: none); give -n 1")
    valid = Valid(contract, seed)
    broken_ones = [number for number in range(1, count + 1) if _is_bad(number, bad)]
    good = iter(valid.documents(count - len(broken_ones)))
    upload = Upload(contract, seed)
    breaker = Breaker(valid, lines=lines) if broken_ones else None
    for number in range(1, count + 1):
        if breaker and _is_bad(number, bad):
            _break(upload, breaker, number)
        else:
            made = next(good)
            upload.records.append(encoded(made.document))
            if breaker:
                breaker.note(made)
    upload.unbroken = breaker.unbroken if breaker else ()
    return upload


def _is_bad(number: int, share: Fraction) -> bool:
    return number * share.numerator % share.denominator < share.numerator


def _break(upload: Upload, breaker: Breaker, number: int) -> None:
    broken = breaker.next()
    if broken is None:
        raise UsageError(
            f"{upload.contract.file}: none of its rules could be broken without breaking another; leave --bad away"
        )
    upload.records.append(broken.text)
    upload.broken[number] = broken


def _wrapped(array: bytes, step: object) -> bytes:
    if isinstance(step, str):
        return b"{" + encoded(step) + b":" + array + b"}"
    before = b"null," * step if isinstance(step, int) and step > 0 else b""
    after = b",null" * (-step - 1) if isinstance(step, int) and step < 0 else b""
    return b"[" + before + array + after + b"]"


def _rule(rule: Rule) -> dict[str, Any]:
    return {"table": rule.table, "column": rule.column, "rule": rule.name, "expected": rule.expected}
