"""The tally sees what is lost and what is doubled, and a fault does what it says."""

import pytest

from etl.errors import Conflict, NotFound, StorageError
from etl.storage import MemoryStorage
from tests.crash.failing import Failing, Fault, Killed, faults
from tests.crash.tally import Figures
from tests.crash.test_every_call import CASES

CASE = CASES["bad-date"]


@pytest.mark.parametrize("name", [".parquet", "/rejected.ndjson"])
def test_what_is_missing_and_what_is_there_twice_is_counted(name: str) -> None:
    due = CASE.bucket(0).state
    found = dict(due)
    at = next(at for at in due if at.endswith(name))
    found["again" + name] = found[at]
    twice = Figures("")
    twice.compare(found, due)
    assert (twice.lost, twice.doubled > 0) == (0, True)
    del found[at], found["again" + name]
    missing = Figures("")
    missing.compare(found, due)
    assert (missing.lost, missing.doubled) == (twice.doubled, 0)


def test_faults_are_before_and_after_every_call_and_amid_a_removal() -> None:
    assert list(faults(["list"])) == [
        Fault(0, when, kind) for when in ("before", "after") for kind in ("error", "kill")
    ]
    assert [fault for fault in faults(["delete"]) if fault.when == "amid"]
    assert [fault.at for fault in faults(["list", "write"]) if fault.kind == "echo"] == [1]


@pytest.mark.parametrize(
    ("fault", "raised", "left"),
    [
        (Fault(0, "before", "error"), StorageError, {"b", "c"}),
        (Fault(0, "before", "kill"), Killed, {"b", "c"}),
        (Fault(0, "after", "kill"), Killed, {"a", "b", "c"}),
        (Fault(0, "after", "echo"), Conflict, {"a", "b", "c"}),
        (Fault(1, "amid", "error"), StorageError, {"a", "c"}),
        (Fault(1, "after", "error"), StorageError, {"a"}),
    ],
)
def test_a_fault_does_what_it_says(fault: Fault, raised: type[BaseException], left: set[str]) -> None:
    storage = MemoryStorage({"b": b"", "c": b""})
    failing = Failing(storage, fault)

    def calls() -> None:
        failing.write("a", b"", expect=None)
        failing.delete(["b", "c"])

    with pytest.raises(raised):
        calls()
    assert set(storage.objects) == left
    with pytest.raises(Killed if fault.kind == "kill" else NotFound):
        failing.read("d")
