"""Replays and corrections that are killed at every call, or met by another run there: nothing lost, nothing doubled."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from etl.errors import StorageError, UsageError
from tests.crash.failing import Failing, Fault, Killed
from tests.replay.desk import DEEP, REFUNDS, Desk, contract, order

STRICT, LOOSE, DEEPER = contract(), contract(REFUNDS), contract(DEEP)
ORDERS = [order(1), order(2, -1), order(3, -9), order(4, 2, -1, order_date="2024-01-11")]
DAYS = [order(1), order(2, 1), order(3, 4)]

Act = Callable[[Desk, object], object]


def replayed(desk: Desk, storage: object) -> object:
    return desk.replay(LOOSE, storage=storage)


def deeper(desk: Desk, storage: object) -> object:
    return desk.replay(DEEPER, storage=storage)


def corrected(desk: Desk, storage: object) -> object:
    with suppress(UsageError):  # published by now
        return desk.correct(3, order(3, 7), LOOSE, storage=storage)


def run_again(desk: Desk, storage: object) -> object:
    return desk.run(STRICT, storage=storage)


def run_under_the_new(desk: Desk, storage: object) -> object:
    return desk.run(LOOSE, storage=storage)


def replaced(desk: Desk, storage: object) -> object:
    return desk.run(STRICT, *DAYS, storage=storage)


BEFORE: dict[str, list[Act]] = {
    "first": [],
    "after a replay": [replayed],
    "after a correction": [corrected],
    "after a correction and a run under the new contract": [corrected, run_under_the_new],
}
ACTS = [replayed, deeper, corrected, run_under_the_new]
SOAK = "SOAK" in os.environ
KINDS = ["error", "kill"] if SOAK else ["kill"]
WHEN = ["before", "amid", "after"] if SOAK else ["amid", "after"]


def desk(before: list[Act]) -> Desk:
    made = Desk()
    made.run(STRICT, *ORDERS)
    for act in before:
        act(made, made.storage)
    return made


def faults(act: Act, start: Desk, kinds: list[str]) -> Iterator[tuple[Desk, str]]:
    """The desk after the act was cut short, at each of its calls."""
    calls = Failing(start.copy().storage, None)
    act(_at(start, calls), calls)
    for at in range(len(calls.names)):
        for kind in kinds:
            for when in WHEN:  # before a call is after the one before it
                if when == "amid" and calls.names[at] != "delete":
                    continue
                twin = start.copy()
                with pytest.raises((StorageError, Killed)):
                    act(twin, Failing(twin.storage, Fault(at, when, kind)))  # type: ignore[arg-type]
                yield twin, f"{calls.names[at]} {at} {when} {kind}"


def _at(start: Desk, calls: Failing) -> Desk:
    twin = start.copy()
    calls.inner = twin.storage
    return twin


def told(one: Desk) -> tuple[list[tuple[object, ...]], list[str]]:
    """What is in the lake, and the review states that hold."""
    return one.rows, [
        one.folder(at).state
        for at in range(len({k.rpartition("/")[0] for k in one.state if k.endswith("/report.json")}))
    ]


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_killed_at_any_call_and_done_again(act, before):
    start = desk(before)
    whole = start.copy()
    act(whole, whole.storage)
    for twin, where in faults(act, start, KINDS):
        act(twin, twin.storage)
        assert told(twin) == told(whole), where
        assert not twin.intents, where


@pytest.mark.parametrize("act", [replayed, corrected], ids=lambda act: act.__name__)
@pytest.mark.parametrize("then", [run_again, run_under_the_new, deeper, replaced], ids=lambda act: act.__name__)
def test_killed_at_any_call_and_something_else_done(act, then):
    """Whatever comes next finds what was left, and leaves each record once."""
    for twin, where in faults(act, desk([]), ["kill"]):
        then(twin, twin.storage)
        keys = [row[:2] for row in twin.rows]
        assert len(keys) == len(set(keys)), where
        listed = {file["location"] for file in twin.report["files"]}
        listed |= {file["location"] for one in twin.report["replays"] for file in one["files"]}
        assert set(twin.files) == listed or then is run_again, where


@pytest.mark.parametrize("act", [replayed, deeper, corrected], ids=lambda act: act.__name__)
@pytest.mark.parametrize(
    "other", [run_again, run_under_the_new, replaced, replayed, deeper, corrected], ids=lambda act: act.__name__
)
def test_another_run_in_the_middle_of_it(act, other):
    """At each call of a replay, another run or replay begins and ends. Both then are as if one came after the other."""
    start = desk([])
    calls = Failing(start.copy().storage, None)
    act(_at(start, calls), calls)
    for at in range(len(calls.names)):
        twin = start.copy()
        storage = Failing(twin.storage, None, (at, lambda twin=twin: other(twin, twin.storage)))
        with suppress(StorageError):
            act(twin, storage)
        act(twin, twin.storage)  # again, as its user would
        keys = [row[:2] for row in twin.rows]
        assert len(keys) == len(set(keys)), (calls.names[at], at)
        listed = {file["location"] for file in twin.report["files"]}
        listed |= {file["location"] for one in twin.report["replays"] for file in one["files"]}
        assert set(twin.files) == listed, (calls.names[at], at)
        assert not twin.intents, (calls.names[at], at)
        assert 1 in twin.orders
