"""A storage that fails at every call of a run, in every way, with every example: run again, all is as if it had not."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from etl.contract.model import Contract
from etl.errors import StorageError
from tests import examples
from tests.crash import SOAK
from tests.crash.bucket import Bucket
from tests.crash.failing import Failing, Fault, Killed, Passing, faults
from tests.crash.tally import Figures

SUITE = "storage fails at every call"
CONTRACTS = examples.ROOT / "contracts"

if not SOAK:
    pytestmark = pytest.mark.usefixtures("judged_once")


@dataclass(frozen=True)
class Case:
    """An upload, in the order of its versions, and its contract."""

    contract: Contract
    location: str
    versions: tuple[bytes, ...]

    def bucket(self, *versions: int, last: bool = True) -> Bucket:
        """After these versions were uploaded, and run; the `last` one perhaps not."""
        bucket = Bucket()
        for number in versions:
            bucket.upload(self.location, self.versions[number], number)
            if last or number != versions[-1]:
                bucket.run(self.location, self.contract)
        return bucket


@cache
def _contract(path: Path) -> Contract:
    own = path / "contract.odcs.yaml" if path.is_dir() else path
    return examples.contracts.load(own if own.exists() else CONTRACTS / "orders.odcs.yaml", env={})


def _uploads() -> dict[str, tuple[Contract, bytes]]:
    bad = {path.name: (_contract(path), examples.upload_of(path).read_bytes()) for path in examples.EXAMPLES}
    samples = {}
    for path in sorted(CONTRACTS.glob("*.odcs.yaml")):
        name = path.name.removesuffix(".odcs.yaml")
        samples[name] = (_contract(path), next(CONTRACTS.glob(f"{name}.sample.*")).read_bytes())
    return bad | samples


def _cases() -> dict[str, Case]:
    """Every example and sample; it is replaced by another of its contract, or by its own beginning, and comes back."""
    uploads, cases = _uploads(), {}
    for number, (name, (contract, data)) in enumerate(uploads.items()):
        others = [other for agreed, other in uploads.values() if agreed.digest == contract.digest and other != data]
        second = others[number % len(others)] if others else data[: len(data) * 2 // 3]
        cases[name] = Case(contract, f"s3://shop/in/{name}.json", (data, second, data))
    return cases


CASES = _cases()
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def _calls(bucket: Bucket, case: Case) -> list[str]:
    """The storage calls of an undisturbed run."""
    passing = Passing(bucket.copy().storage)
    bucket.run(case.location, case.contract, passing)
    return passing.names


def _disturb(bucket: Bucket, case: Case, fault: Fault, figures: Figures) -> None:
    """A run that fails there. Told that it came too late, it looks again by itself, and comes through."""
    failing = Failing(bucket.storage, fault)
    figures.faults += 1
    figures.runs += 1
    if fault.kind == "echo":
        bucket.run(case.location, case.contract, failing)
        return
    with pytest.raises((StorageError, Killed)) as raised:
        bucket.run(case.location, case.contract, failing)
    assert raised.type is (Killed if fault.kind == "kill" else StorageError)


def _repeat(bucket: Bucket, case: Case, figures: Figures) -> None:
    figures.runs += 1
    bucket.run(case.location, case.contract)


def _settled(bucket: Bucket, due: dict[str, bytes], figures: Figures, fault: Fault) -> None:
    figures.compare(bucket.state, due)
    assert bucket.state == due, fault


@every_case
def test_run_again_it_is_as_if_nothing_had_been(case: Case, figures: Figures) -> None:
    before, due = case.bucket(0, last=False), case.bucket(0).state
    for fault in faults(_calls(before, case)):
        bucket = before.copy()
        _disturb(bucket, case, fault, figures)
        if fault.kind == "echo":
            assert bucket.state == due, fault
        _repeat(bucket, case, figures)
        _settled(bucket, due, figures, fault)


@every_case
def test_a_correction_that_is_disturbed_and_run_again(case: Case, figures: Figures) -> None:
    before, due = case.bucket(0, 1, last=False), case.bucket(0, 1).state
    for fault in faults(_calls(before, case)):
        bucket = before.copy()
        _disturb(bucket, case, fault, figures)
        _repeat(bucket, case, figures)
        _settled(bucket, due, figures, fault)


@every_case
def test_disturbed_and_corrected_before_it_is_run_again(case: Case, figures: Figures) -> None:
    """What had been committed is replaced; what had not leaves nothing, in quarantine either."""
    before, replaced, alone = case.bucket(0, last=False), case.bucket(0, 1).state, case.bucket(1).state
    for fault in faults(_calls(before, case)):
        bucket = before.copy()
        _disturb(bucket, case, fault, figures)
        due = replaced if bucket.reports else alone
        bucket.upload(case.location, case.versions[1], 1)
        _repeat(bucket, case, figures)
        assert bucket.published == due, fault
        _repeat(bucket, case, figures)  # the event of the run that was disturbed
        _settled(bucket, due, figures, fault)


@every_case
def test_a_correction_that_is_disturbed_and_taken_back_before_it_is_run_again(case: Case, figures: Figures) -> None:
    before, both, first = case.bucket(0, 1, last=False), case.bucket(0, 1, 2).state, case.bucket(0, 2).state
    for fault in faults(_calls(before, case)):
        bucket = before.copy()
        _disturb(bucket, case, fault, figures)
        due = first if bucket.reports == before.reports else both
        bucket.upload(case.location, case.versions[2], 2)
        _repeat(bucket, case, figures)
        assert bucket.published == due, fault
        _repeat(bucket, case, figures)
        _settled(bucket, due, figures, fault)
