"""What is to be done with which uploads, and what becomes of outcomes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from etl import backfill
from etl import contract as contracts
from etl.backfill import Outcome, Plan, Tally, Task, Work, plan
from etl.contract.model import Contract
from etl.errors import UsageError
from etl.pipeline import Outputs
from etl.records import Upload
from tests.examples import ROOT

CONTRACTS = {one.name: one for one in contracts.load_all(ROOT / "contracts", env={})}
NOW = datetime(2024, 2, 1, tzinfo=UTC)


def contract_of(location: str) -> Contract:
    name = location.split("/")[3]
    if name not in CONTRACTS:
        raise UsageError(f"{location}: no contract")
    return CONTRACTS[name]


def outputs_of(contract: Contract) -> Outputs:
    return Outputs(f"s3://shop/lake/{contract.name}/", "s3://shop/quarantine/")


def planned(*uploads: tuple[str, int]) -> Plan:
    return plan([Upload(f"s3://shop/{at}", NOW, size) for at, size in uploads], contract_of, outputs_of)


def test_the_largest_comes_first_and_each_has_its_feed() -> None:
    found = planned(("orders/b", 5), ("marketplace/c", 90), ("orders/a", 5))
    assert [(task.location, task.size) for task in found.tasks] == [
        ("s3://shop/marketplace/c", 90),
        ("s3://shop/orders/a", 5),
        ("s3://shop/orders/b", 5),
    ]
    assert found.bytes == 100
    assert found.tasks[0].feed != found.tasks[1].feed == found.tasks[2].feed


def test_what_no_contract_claims_has_failed_and_the_others_go_on() -> None:
    found = planned(("nobody/a", 1), ("orders/b", 1))
    assert [task.location for task in found.tasks] == ["s3://shop/orders/b"]
    outcomes = list(backfill.outcomes(found, Scripted({})))
    assert [(one.status, one.usage) for one in outcomes] == [("failed", True), ("published", False)]


@dataclass
class Scripted:
    """An engine whose tasks end as it was told, round by round; published where it was told nothing."""

    told: dict[str, list[Outcome]]
    rounds: list[int] = field(default_factory=list)
    name: str = "a script"

    def outcomes(self, work: Work, tasks: Sequence[Task]) -> Iterator[Outcome]:
        self.rounds.append(len(tasks))
        for task in tasks:
            told = self.told.get(task.location, [])
            yield told.pop(0) if told else Outcome(task, "published", {"read": 1, "published": 1})


def failed(location: str, *, again: bool) -> Outcome:
    return Outcome(Task(location, 1, 0), "failed", reason="overloaded", again=again)


def test_an_upload_whose_storage_failed_comes_again_once_the_others_are_through() -> None:
    at = "s3://shop/orders/a"
    engine = Scripted({at: [failed(at, again=True)]})
    assert [one.status for one in backfill.outcomes(planned(("orders/a", 2), ("orders/b", 1)), engine)] == [
        "published"
    ] * 2
    assert engine.rounds == [2, 1]


def test_it_comes_three_times_and_no_more() -> None:
    at = "s3://shop/orders/a"
    engine = Scripted({at: [failed(at, again=True)] * 5})
    assert [one.reason for one in backfill.outcomes(planned(("orders/a", 1)), engine)] == ["overloaded"]
    assert engine.rounds == [1, 1, 1]


def test_what_fails_for_good_comes_once() -> None:
    at = "s3://shop/orders/a"
    engine = Scripted({at: [failed(at, again=False)]})
    assert [one.status for one in backfill.outcomes(planned(("orders/a", 1)), engine)] == ["failed"]
    assert engine.rounds == [1]


def test_nothing_to_do_asks_no_engine() -> None:
    engine = Scripted({})
    assert list(backfill.outcomes(planned(), engine)) == []
    assert engine.rounds == []


def test_sums() -> None:
    tally, task = Tally(), Task("s3://shop/orders/a", 7, 0)
    tally.add(Outcome(task, "partial", {"read": 3, "published": 2, "quarantined": 1, "split": 0}))
    tally.add(Outcome(task, "passed over"))
    tally.add(Outcome(task, "passed over"))
    assert dict(tally.uploads) == {"partial": 1, "passed over": 2}
    assert dict(tally.records) == {"read": 3, "published": 2, "quarantined": 1, "split": 0}
