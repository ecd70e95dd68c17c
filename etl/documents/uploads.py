"""Uploads made from a contract: valid documents, some of them broken on purpose, and an account of what was broken.

Records are made as they are written: of those before only the keys are held.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from etl.contract.expressions import Step
from etl.contract.model import Contract
from etl.documents.breaking import Breaker, Broken
from etl.documents.encoding import encoded
from etl.documents.valid import Made, Valid
from etl.errors import UsageError
from etl.records import Rule


@dataclass(frozen=True, slots=True)
class Record:
    """A record's JSON text; and what is broken in it."""

    text: bytes
    broken: Broken | None = None


@dataclass(slots=True)
class Upload:
    """So many records, of which this share is broken, evenly spread, each error rule in turn.

    `unbroken`: the rules that could not be broken; known once all records are made.
    """

    contract: Contract
    count: int
    bad: Fraction
    seed: int
    unbroken: Sequence[Rule] = field(default=(), init=False)

    def __post_init__(self) -> None:
        """Raises `UsageError` where an upload of this contract does not hold so many records."""
        contract = self.contract
        if contract.delimiter == "none" and contract.policies.records is None and self.count != 1:
            raise UsageError(f"{contract.file}: its uploads are one document each (delimiter: none); give -n 1")

    @property
    def is_lines(self) -> bool:
        return self.contract.policies.records is None and self.contract.delimiter in (None, "new_line")

    @property
    def quarantined(self) -> int:
        """How many records are broken."""
        return int(self.count * self.bad)

    def records(self) -> Iterator[Record]:
        """The records in order; equal uploads give equal ones. Raises `UsageError` where the contract can't be met."""
        valid = Valid(self.contract, self.seed)
        good = valid.documents(self.count - self.quarantined)
        breaker = Breaker(valid, lines=self.is_lines) if self.quarantined else None
        for number in range(1, self.count + 1):
            is_bad = breaker is not None and _is_bad(number, self.bad)
            yield self._broken(breaker) if breaker and is_bad else _good(next(good), breaker)
        self.unbroken = breaker.unbroken if breaker else ()

    def _broken(self, breaker: Breaker) -> Record:
        broken = breaker.next()
        if broken is None:
            raise UsageError(
                f"{self.contract.file}: none of its rules could be broken without breaking another; leave --bad away"
            )
        return Record(broken.text, broken)

    def written(self, texts: Iterable[bytes]) -> Iterator[bytes]:
        """Records as the contract's uploads have them: one a line, in an array, or inside a wrapping document."""
        records = self.contract.policies.records
        if records is None and self.contract.delimiter != "array":
            yield from (text + b"\n" for text in texts)
            return
        before, after = _wrapping(records.steps[:-1] if records else ())
        between = b",\n" if self.contract.delimiter == "none" else b", "
        yield before + b"["
        yield from (text if at == 0 else between + text for at, text in enumerate(texts))
        yield b"]" + after + b"\n"


def _good(made: Made, breaker: Breaker | None) -> Record:
    if breaker:
        breaker.note(made)
    return Record(encoded(made.document))


def _is_bad(number: int, share: Fraction) -> bool:
    return number * share.numerator % share.denominator < share.numerator


def _wrapping(steps: Sequence[Step]) -> tuple[bytes, bytes]:
    """What stands before and after a value at these steps, in a document that has nothing else."""
    before, after = b"", b""
    for step in steps:
        opened, closed = _wrapped(step)
        before, after = before + opened, closed + after
    return before, after


def _wrapped(step: Step) -> tuple[bytes, bytes]:
    if isinstance(step, str):
        return b"{" + encoded(step) + b":", b"}"
    at = step if isinstance(step, int) else 0
    return b"[" + b"null," * max(at, 0), b",null" * max(-at - 1, 0) + b"]"
