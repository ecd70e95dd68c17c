"""The contracts that made a lake are kept in it, and one version means one thing."""

from datetime import timedelta
from typing import Any

import pytest

from etl import contract as contracts
from etl import pipeline
from etl.contract.model import Contract
from etl.errors import ContractError
from etl.pipeline import Outputs
from etl.storage import MemoryStorage

UPLOAD = "s3://shop/in/orders.json"
OUTPUTS = Outputs("s3://shop/lake/", "s3://shop/quarantine/")
KEPT = f"{OUTPUTS.lake}_contracts/feed/"
FEED = """apiVersion: v3.1.0
kind: DataContract
id: feed
name: feed
version: 1.0.0
status: active
schema:
  - name: orders
    properties:
      - {name: id, logicalType: integer, required: true}
"""


def feed(*edits: tuple[str, str]) -> Contract:
    text = FEED
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return contracts.loads(text, "feed.odcs.yaml", {})


VERSION = "version: 1.0.0"
DRAFT = ("status: active", "status: draft")
TIGHTER = ("logicalType: integer,", "logicalType: integer, logicalTypeOptions: {minimum: 1},")


def run(contract: Contract, storage: MemoryStorage) -> dict[str, Any]:
    storage.objects.setdefault(UPLOAD, (b'{"id": 1}', storage.now))
    storage.now += timedelta(seconds=1)
    return pipeline.run(UPLOAD, contract, storage, OUTPUTS)


def kept(storage: MemoryStorage) -> dict[str, str]:
    return {at.removeprefix(KEPT): data.decode() for at, (data, _) in storage.objects.items() if at.startswith(KEPT)}


def test_a_run_keeps_its_contract_as_it_was_written() -> None:
    storage, contract = MemoryStorage(), feed(("kind:", "# a comment\nkind:"))
    run(contract, storage)
    assert kept(storage) == {f"1.0.0-{contract.digest}.odcs.yaml": contract.text}
    assert "# a comment" in contract.text
    assert contracts.loads(contract.text, "again", {}).digest == contract.digest


def test_comments_and_layout_change_no_meaning() -> None:
    storage = MemoryStorage()
    run(feed(), storage)
    run(feed(("kind:", "# a comment\n\nkind:"), (VERSION, "version: '1.0.0'")), storage)
    assert list(kept(storage).values()) == [FEED]


def test_another_meaning_under_the_same_version_is_refused_before_anything_is_written() -> None:
    storage, first = MemoryStorage(), feed()
    run(first, storage)
    before = dict(storage.objects)
    with pytest.raises(ContractError) as refused:
        run(feed(TIGHTER), storage)
    [fault] = refused.value.faults
    assert (fault.file, fault.line, fault.column) == ("feed.odcs.yaml", 5, 10)
    assert fault.message == (
        f"the lake knows version 1.0.0 with another meaning ({KEPT}1.0.0-{first.digest}.odcs.yaml): raise the version, "
        "or, while you are still working on the contract, say `status: draft`"
    )
    assert storage.objects == before


def test_a_raised_version_is_kept_beside_the_earlier_one() -> None:
    storage, first, second = MemoryStorage(), feed(), feed(TIGHTER, (VERSION, "version: 1.1.0"))
    run(first, storage)
    run(second, storage)
    run(first, storage)
    assert sorted(kept(storage)) == [f"1.0.0-{first.digest}.odcs.yaml", f"1.1.0-{second.digest}.odcs.yaml"]


def test_drafts_may_change_and_hold_no_version() -> None:
    storage, final = MemoryStorage(), feed(TIGHTER)
    loud = ("status: active", "status: Draft")
    for contract in (feed(DRAFT), feed(DRAFT, TIGHTER), feed(loud, TIGHTER), final, feed(DRAFT)):
        run(contract, storage)
    assert len(kept(storage)) == 4
    with pytest.raises(ContractError):
        run(feed(), storage)


@pytest.mark.parametrize("longer", ["1.0.0-rc1", "1.0.0-0123456789abcdef", "1.0.0/a", "1.0.0-"])
def test_a_version_is_not_the_beginning_of_another(longer: str) -> None:
    storage, other = MemoryStorage(), feed((VERSION, f"version: '{longer}'"), TIGHTER)
    run(other, storage)
    run(feed(), storage)
    run(other, storage)
    assert len(kept(storage)) == 2
    assert all("/" not in name for name in kept(storage))


@pytest.mark.parametrize("left", [b"\xff\xfe", b"", b"- a", b"status: [", b"status: active"])
def test_a_snapshot_that_was_edited_by_hand_still_holds_its_version(left: bytes) -> None:
    storage = MemoryStorage()
    run(feed(), storage)
    [name] = kept(storage)
    storage.objects[KEPT + name] = (left, storage.now)
    with pytest.raises(ContractError, match="another meaning"):
        run(feed(TIGHTER), storage)


class Vanishing(MemoryStorage):
    """What is listed is gone when it is read."""

    def read(self, location: str) -> tuple[bytes, str]:
        if location.startswith(KEPT):
            self.delete([location])
        return super().read(location)


def test_a_snapshot_that_is_removed_meanwhile_holds_nothing() -> None:
    storage = Vanishing()
    run(feed(), storage)
    assert run(feed(TIGHTER), storage)["status"] == "published"


class Race(MemoryStorage):
    """Just before something is kept, another run keeps its own contract."""

    def __init__(self, other: Contract, lead: int) -> None:
        super().__init__()
        self.other, self.lead = other, lead

    def write(self, location: str, data: bytes, *, expect: str | None) -> None:
        if location.startswith(KEPT):
            at = self.now - timedelta(milliseconds=self.lead)
            self.objects[f"{KEPT}1.0.0-{self.other.digest}.odcs.yaml"] = (self.other.text.encode(), at)
        super().write(location, data, expect=expect)


def test_of_two_contracts_at_the_same_moment_the_first_holds() -> None:
    with pytest.raises(ContractError):
        run(feed(TIGHTER), Race(feed(), lead=1))
    run(feed(TIGHTER), Race(feed(), lead=-1))
    equal = [feed(), feed(TIGHTER)]
    winner, loser = sorted(equal, key=lambda contract: contract.digest)
    run(winner, Race(loser, lead=0))
    with pytest.raises(ContractError):
        run(loser, Race(winner, lead=0))


def test_the_same_contract_at_the_same_moment_is_kept_once() -> None:
    storage = Race(feed(), lead=0)
    run(feed(), storage)
    assert list(kept(storage).values()) == [FEED]


class Counting(MemoryStorage):
    def __init__(self) -> None:
        super().__init__()
        self.looked: list[str] = []

    def list(self, prefix: str) -> Any:
        self.looked.append(prefix)
        return super().list(prefix)


def test_a_process_looks_once() -> None:
    storage, contract = Counting(), feed()
    for _ in range(3):
        run(contract, storage)
    assert sum(prefix.startswith(KEPT) for prefix in storage.looked) == 2  # before it is kept, and after


def test_a_check_keeps_nothing() -> None:
    storage = MemoryStorage({UPLOAD: b'{"id": 1}'})
    pipeline.check(UPLOAD, feed(), storage)
    assert list(storage.objects) == [UPLOAD]
