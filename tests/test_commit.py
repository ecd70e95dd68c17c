"""The commit protocol: undisturbed, killed at every call, and with every mixture of two runs' calls."""

import hashlib
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from etl.commit import Publication, dump, publish
from etl.errors import Conflict, StorageError
from etl.records import Upload
from etl.storage import LocalStorage, MemoryStorage

ID = "0123456789abcdef"
RUNS, LAKE, QUARANTINE, SOURCE = "lake/_runs/orders/", "lake/orders/", "quarantine/orders/", "in/orders.json"
NOON = datetime(2024, 1, 10, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    """What an upload held (`content`), when it arrived (minutes after noon), and what becomes of it."""

    content: str
    minutes: int = 0
    days: tuple[int, ...] = (10, 11)
    rejected: bool = True
    copied: bool = False
    replays: tuple[str, ...] = ()
    corrections: tuple[str, ...] = ()
    contract: str = "one"
    base: str = ""

    @property
    def data(self) -> bytes:
        return self.content.encode()

    @property
    def content_id(self) -> str:
        return hashlib.sha256(self.data).hexdigest()[:16]

    @property
    def arrival(self) -> datetime:
        return NOON + timedelta(minutes=self.minutes)

    @property
    def folder(self) -> str:
        return f"{self.base}{QUARANTINE}2024-01-10/{ID}-{self.content_id}/"

    @property
    def lake(self) -> list[str]:
        return [f"{self.base}{LAKE}order_date=2024-01-{day}/{ID}-{self.content_id}.parquet" for day in self.days]

    @property
    def report(self) -> bytes:
        names = ["report.json", "rejected.ndjson", *(["upload"] if self.copied else [])]
        return dump(
            {
                "version": "1.1",
                "contract": {"digest": self.contract},
                "upload": {"contentId": self.content_id, "arrival": self.arrival.isoformat()},
                "files": [{"table": "orders", "location": at, "rows": 1} for at in self.lake],
                "quarantine": {"location": self.folder, "files": names} if self.rejected else None,
                "corrections": list(self.corrections),
                "replays": [_entry(self.folder, at) for at in self.replays],
            }
        )

    def publication(self, staging: Path) -> Publication:
        files = {at: _staged(staging, f"{self.content} {at}") for at in self.lake}
        if self.rejected:
            files[self.folder + "report.json"] = _staged(staging, "report of " + self.content)
            files[self.folder + "rejected.ndjson"] = _staged(staging, "rejected of " + self.content)
        copies = (self.folder + "upload",) if self.copied else ()
        upload = Upload(self.base + SOURCE, self.arrival, len(self.data), etag=hashlib.sha256(self.data).hexdigest())
        return Publication(upload, ID, self.content_id, self.base + RUNS, files, copies, self.report)


def _staged(staging: Path, text: str) -> Path:
    path = staging / hashlib.sha256(text.encode()).hexdigest()
    if not path.exists():
        path.write_text(text)
    return path


def _entry(folder: str, at: str) -> dict[str, object]:
    """A replay that has published this file, a corrected document's."""
    files = [{"table": "orders", "location": at, "rows": 1}]
    return {
        "id": "r1",
        "released": f"{folder}replays/r1.ndjson",
        "corrections": [f"{folder}corrections/1-1.json"],
        "files": files,
    }


FIRST, SECOND, THIRD = Case("first"), Case("second", 1, (11, 12)), Case("third", 2, (12,), rejected=False)
TIED = replace(SECOND, minutes=0)  # in the same second as the first, and now at the source
AGAIN = replace(FIRST, minutes=2)  # the first content comes back
MENDED = replace(
    FIRST, days=(10, 13), rejected=False, contract="two"
)  # the first upload under a contract that was mended


class World:
    """A storage in memory, and runs of uploads against it. An upload's run begins with its bytes at the source."""

    def __init__(self, staging: Path) -> None:
        self.storage = MemoryStorage()
        self.staging = staging

    def arrives(self, case: Case) -> None:
        self.storage.objects[SOURCE] = (case.data, case.arrival)

    def run(self, case: Case, storage: object = None) -> str:
        self.arrives(case)
        return publish(case.publication(self.staging), storage or self.storage)  # type: ignore[arg-type]

    @property
    def state(self) -> dict[str, bytes]:
        return {at: data for at, (data, _) in self.storage.objects.items() if at != SOURCE}

    @property
    def committed(self) -> str | None:
        data = self.state.get(f"{RUNS}{ID}.json")
        return json.loads(data)["upload"]["contentId"] if data else None


@pytest.fixture
def after(tmp_path: Path) -> Callable[..., dict[str, bytes]]:
    """The state after some uploads, one after the other, undisturbed."""

    def state(*cases: Case) -> dict[str, bytes]:
        world = World(tmp_path)
        for case in cases:
            world.run(case)
        return world.state

    return state


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def _names(state: dict[str, bytes]) -> set[str]:
    return set(state)


def _marks(state: dict[str, bytes]) -> list[str]:
    return sorted(at for at in state if "/states/" in at)


# Undisturbed


def test_a_first_upload_leaves_its_files_and_its_report(world):
    assert world.run(FIRST) == "committed"
    report = f"{RUNS}{ID}.json"
    quarantine = {FIRST.folder + "report.json", FIRST.folder + "rejected.ndjson"}
    assert _names(world.state) == {*FIRST.lake, *quarantine, report}
    assert world.state[report] == FIRST.report


def test_again_changes_nothing(world, after):
    for _ in range(3):
        assert world.run(FIRST) == "committed"
    assert world.state == after(FIRST)


def test_a_correction_replaces_the_lake_and_marks_the_quarantine(world):
    world.run(FIRST)
    assert world.run(SECOND) == "committed"
    mark = f"{FIRST.folder}states/20240110T120100Z-superseded.json"
    quarantine = {case.folder + name for case in (FIRST, SECOND) for name in ("report.json", "rejected.ndjson")}
    assert _names(world.state) == {*SECOND.lake, *quarantine, mark, f"{RUNS}{ID}.json"}
    assert json.loads(world.state[mark]) == {
        "version": "1.0",
        "state": "superseded",
        "by": SECOND.content_id,
        "who": "etl run",
        "when": "2024-01-10T12:01:00Z",
    }


def test_an_older_run_that_comes_late_changes_nothing(world, after):
    world.run(SECOND)
    assert world.run(FIRST) == "superseded"
    assert world.state == after(SECOND)


def test_content_that_comes_back_is_not_superseded_any_more(world):
    for case in (FIRST, SECOND, AGAIN):
        world.run(case)
    assert _marks(world.state) == [f"{SECOND.folder}states/20240110T120200Z-superseded.json"]


def test_a_mended_contract_removes_what_is_not_published_any_more(world):
    world.run(FIRST)
    world.run(MENDED)
    lake = {at for at in world.state if at.startswith(LAKE)}
    assert lake == set(MENDED.lake)
    assert _marks(world.state) == [f"{FIRST.folder}states/20240110T120000Z-superseded.json"]
    assert FIRST.folder + "rejected.ndjson" in world.state


def test_the_same_quarantine_folder_holds_what_the_report_says(world, after):
    world.run(replace(FIRST, copied=True))
    assert world.state[FIRST.folder + "upload"] == b"first"
    world.run(FIRST)
    assert world.state == after(FIRST)


def test_replays_stay_with_their_content_and_go_with_it(world):
    replay = f"{LAKE}order_date=2024-01-10/{ID}-{FIRST.content_id}-replay.parquet"
    world.run(FIRST)
    world.storage.objects[replay] = (b"replayed", NOON)
    world.storage.objects[f"{RUNS}{ID}.json"] = (replace(FIRST, replays=(replay,)).report, NOON)
    world.run(FIRST)
    assert [one["id"] for one in json.loads(world.state[f"{RUNS}{ID}.json"])["replays"]] == ["r1"]
    assert replay in world.state
    world.run(SECOND)
    assert json.loads(world.state[f"{RUNS}{ID}.json"])["replays"] == []
    assert replay not in world.state


@pytest.mark.parametrize("etag", [True, False])
@pytest.mark.parametrize(
    ("at_source", "order", "outcomes", "left"),
    [
        ("second", "first second", ["committed", "committed"], "second"),
        ("first", "first second", ["committed", "superseded"], "first"),
        ("second", "second first", ["committed", "superseded"], "second"),
        (None, "first second", ["committed", "superseded"], "first"),
    ],
)
def test_at_equal_arrival_the_source_decides(world, monkeypatch, etag, at_source, order, outcomes, left):
    cases = {"first": FIRST, "second": TIED}
    if at_source:
        world.arrives(cases[at_source])
    if not etag:
        stat = world.storage.stat
        monkeypatch.setattr(world.storage, "stat", lambda at: replace(stat(at), etag=None))
    found = [publish(cases[name].publication(world.staging), world.storage) for name in order.split()]
    assert (found, world.committed) == (outcomes, cases[left].content_id)
    assert {at for at in world.state if at.startswith(LAKE)} == set(cases[left].lake)


def test_a_first_upload_into_one_partition_takes_five_requests(world):
    calls = Counting(world.storage)
    world.run(replace(FIRST, days=(10,), rejected=False), calls)
    assert calls.names == ["write", "list", "put", "write", "delete"]


@pytest.mark.parametrize("name", ["{}.json", "{}.intents/ffffffffffffffff.json"])
@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"upload": 1}'])
def test_what_is_not_ours_is_not_touched(world, name, data):
    at = RUNS + name.format(ID)
    world.storage.objects[at] = (data, NOON)
    with pytest.raises(StorageError, match=r"this is not .*; move it away"):
        world.run(FIRST)
    assert world.state[at] == data


def test_a_source_that_changes_before_it_is_copied_is_a_conflict(world, after):
    world.arrives(SECOND)
    with pytest.raises(Conflict, match="has changed since it was read"):
        publish(replace(FIRST, copied=True).publication(world.staging), world.storage)
    world.run(SECOND)
    world.run(SECOND)  # each version has its event
    assert world.state == after(SECOND)


# Killed at every call


class Counting:
    """Passes calls on, and keeps their names."""

    def __init__(self, inner: object) -> None:
        self.inner = inner
        self.names: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            self.names.append(name)
            return self.called(name, getattr(self.inner, name), args, kwargs)

        return call

    def called(self, name: str, method: Callable[..., object], args: tuple, kwargs: dict) -> object:
        return method(*args, **kwargs)


class Failing(Counting):
    """The call number `at` (from 0) fails: before its effect, after it, or amid it (several objects removed)."""

    def __init__(self, inner: object, at: int, when: str) -> None:
        super().__init__(inner)
        self.at, self.when = at, when

    def called(self, name: str, method: Callable[..., object], args: tuple, kwargs: dict) -> object:
        if len(self.names) - 1 != self.at:
            return method(*args, **kwargs)
        if self.when == "after":
            with suppress(StorageError):
                method(*args, **kwargs)
        if self.when == "amid" and name == "delete":
            method(list(args[0])[::2])
        raise StorageError("killed")


WHEN = ["before", "amid", "after"]


def _kills(world: World, case: Case, when: str) -> Iterator[World]:
    """Copies of a world in which this upload's run was killed, each at another call."""
    for at in range(100):
        copy = World(world.staging)
        copy.storage.objects = dict(world.storage.objects)
        try:
            copy.run(case, Failing(copy.storage, at, when))
        except StorageError as error:
            assert str(error) == "killed"  # noqa: PT017
            yield copy
        else:
            assert at > 3
            return


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize(
    "cases",
    [
        (FIRST,),
        (replace(FIRST, copied=True),),
        (FIRST, FIRST),
        (FIRST, SECOND),
        (FIRST, SECOND, THIRD),
        (FIRST, MENDED),
        (FIRST, SECOND, AGAIN),
        (THIRD, replace(FIRST, minutes=3)),
        (SECOND, FIRST),
    ],
    ids=lambda cases: "-".join(case.content for case in cases),
)
def test_killed_at_any_call_and_run_again_it_is_as_if_nothing_had_been(world, after, cases, when):
    *before, last = cases
    for case in before:
        world.run(case)
    expected = after(*cases)
    for killed in _kills(world, last, when):
        killed.run(last)
        assert killed.state == expected


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize(
    "cases",
    [
        (FIRST, SECOND),
        (FIRST, SECOND, THIRD),
        (FIRST, MENDED, SECOND),
        (THIRD, replace(FIRST, minutes=3), replace(SECOND, minutes=4)),
    ],
    ids=lambda cases: "-".join(case.content for case in cases),
)
def test_killed_at_any_call_and_then_replaced_it_leaves_nothing_behind(world, after, cases, when):
    *before, last, successor = cases
    for case in before:
        world.run(case)
    report = world.state.get(f"{RUNS}{ID}.json")
    for killed in _kills(world, last, when):
        came_through = killed.state.get(f"{RUNS}{ID}.json") != report
        expected = after(*before, *([last] if came_through else []), successor)
        killed.run(successor)
        assert {at for at in killed.state if ".intents/" not in at} == set(expected)
        killed.run(successor)  # the killed run's event comes again
        assert killed.state == expected


@pytest.mark.parametrize("cases", [(FIRST,), (FIRST, SECOND)], ids=len)
def test_killed_twice(world, after, cases):
    *before, last = cases
    expected = after(*cases)
    for case in before:
        world.run(case)
    for killed in _kills(world, last, "after"):
        for twice in _kills(killed, last, "amid"):
            twice.run(last)
            assert twice.state == expected


@pytest.mark.parametrize("when", WHEN)
def test_killed_twice_with_the_same_content_come_again_a_successor_still_finds_all_there_was(world, when):
    """The second run's intent takes the place of the first's, and knows what that has replaced."""
    last = replace(THIRD, minutes=4)
    world.run(FIRST)
    for killed in _kills(world, SECOND, when):
        for twice in _kills(killed, replace(SECOND, minutes=3), when):
            for _ in range(2):
                twice.run(last)
            assert {at for at in twice.state if at.startswith(LAKE)} == set(last.lake)
            folders = [case.folder for case in (FIRST, SECOND) if any(at.startswith(case.folder) for at in twice.state)]
            assert len(_marks(twice.state)) == len(folders)
            assert not [at for at in twice.state if ".intents/" in at]


def test_a_mended_contract_after_a_kill_removes_the_first_try(world, after):
    for killed in _kills(world, FIRST, "before"):
        committed = killed.committed
        killed.run(MENDED)
        assert killed.state == after(*([FIRST] if committed else []), MENDED)


# Two at once


class Turns:
    """Runs in threads that make one storage call each when it is their turn; whose turn it is, is drawn."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)
        self._state = threading.Condition()
        self._waiting: set[int] = set()
        self._alive: set[int] = set()
        self._turn: int | None = None
        self.raised: list[Exception] = []

    def run(self, *works: Callable[[Callable[[], object]], object]) -> None:
        threads = [threading.Thread(target=self._work, args=(number, work)) for number, work in enumerate(works)]
        self._alive = set(range(len(works)))
        for thread in threads:
            thread.start()
        with self._state:
            while self._alive:
                self._state.wait_for(lambda: self._turn is None and self._waiting == self._alive)
                if self._alive:
                    self._turn = self._draw.choice(sorted(self._alive))
                    self._state.notify_all()
        for thread in threads:
            thread.join()

    def _work(self, number: int, work: Callable[[Callable[[], object]], object]) -> None:
        try:
            work(lambda: self._call(number))
        except StorageError as error:
            self.raised.append(error)
        finally:
            with self._state:
                self._alive.discard(number)
                self._state.notify_all()

    @contextmanager
    def _call(self, number: int) -> Iterator[None]:
        with self._state:
            self._waiting.add(number)
            self._state.notify_all()
            self._state.wait_for(lambda: self._turn == number)
            self._waiting.discard(number)
            try:
                yield
            finally:
                self._turn = None


class InTurn(Counting):
    """Each call waits for its turn."""

    def __init__(self, inner: object, turn: Callable[[], object]) -> None:
        super().__init__(inner)
        self.turn = turn

    def called(self, name: str, method: Callable[..., object], args: tuple, kwargs: dict) -> object:
        with self.turn():  # type: ignore[attr-defined]
            return method(*args, **kwargs)


def _together(world: World, seed: int, *cases: Case) -> list[Exception]:
    """Run uploads at once, each having read its own version; then what failed again, which reads the newest."""
    turns = Turns(seed)
    newest = max(reversed(cases), key=lambda case: case.minutes)
    world.arrives(newest)

    def work(case: Case) -> Callable[[Callable[[], object]], object]:
        publication = case.publication(world.staging)
        return lambda turn: publish(publication, InTurn(world.storage, turn))  # type: ignore[arg-type]

    turns.run(*map(work, cases))
    for _ in turns.raised:
        world.run(newest)
    return turns.raised


@pytest.mark.parametrize(
    ("before", "cases", "ends"),
    [
        ((), (FIRST, FIRST), [(FIRST,)]),
        ((), (FIRST, SECOND), [(FIRST, SECOND), (SECOND,)]),
        ((), (FIRST, TIED), [(FIRST, TIED), (TIED,)]),
        ((TIED,), (FIRST, TIED), [(TIED,)]),
        ((FIRST,), (SECOND, THIRD), [(FIRST, SECOND, THIRD), (FIRST, THIRD)]),
        ((FIRST,), (FIRST, SECOND), [(FIRST, SECOND)]),
        ((FIRST,), (SECOND, AGAIN), [(FIRST, SECOND, AGAIN), (FIRST, AGAIN)]),
        ((FIRST, SECOND), (AGAIN, SECOND), [(FIRST, SECOND, AGAIN)]),
        ((), (FIRST, SECOND, THIRD), [(FIRST, SECOND, THIRD), (FIRST, THIRD), (SECOND, THIRD), (THIRD,)]),
        ((), (FIRST, SECOND, AGAIN), [(FIRST, SECOND, AGAIN), (FIRST, AGAIN), (SECOND, AGAIN), (AGAIN,)]),
    ],
)
def test_any_mixture_of_runs_ends_in_the_newest_content(tmp_path, after, before, cases, ends):
    expected = [after(*end) for end in ends]
    for seed in range(60):
        world = World(tmp_path)
        for case in before:
            world.run(case)
        _together(world, seed, *cases)
        assert world.state in expected, f"schedule {seed}"


class Overtaken(Failing):
    """Right before call `at`, something else happens; the call `stops` fails."""

    def __init__(self, inner: object, at: int, meanwhile: Callable[[], object], stops: int = -1) -> None:
        super().__init__(inner, stops, "before")
        self.overtaken, self.meanwhile = at, meanwhile

    def called(self, name: str, method: Callable[..., object], args: tuple, kwargs: dict) -> object:
        if len(self.names) - 1 == self.overtaken:
            self.meanwhile()
        return super().called(name, method, args, kwargs)


def test_overtaken_at_any_call_and_killed_at_any_later_one_it_leaves_nothing_behind(tmp_path, after):
    ends, kills = [after(FIRST, SECOND), after(SECOND)], 0
    for at, stops in itertools.combinations(range(1, 40), 2):
        world = World(tmp_path)
        overtaken = Overtaken(world.storage, at, partial(world.run, SECOND), stops)
        with suppress(StorageError):
            world.run(FIRST, overtaken)
        if len(overtaken.names) > stops:
            kills += 1
            world.run(SECOND)  # the killed run's event comes again, and reads what is there now
            assert world.state in ends, (at, stops)
    assert kills > 50


def test_an_upload_that_is_replaced_by_what_was_there_before_is_not_forgotten_while_it_is_at_work(tmp_path, after):
    for at, stops in itertools.combinations(range(1, 30), 2):
        world = World(tmp_path)
        world.run(FIRST)
        overtaken = Overtaken(world.storage, at, partial(world.run, AGAIN), stops)
        with suppress(StorageError):
            world.run(SECOND, overtaken)
        world.run(AGAIN)
        assert world.state in (after(FIRST, AGAIN), after(FIRST, SECOND, AGAIN)), (at, stops)


def test_a_successor_of_the_same_second_keeps_its_mark(tmp_path, after):
    """While content runs again that was published already, its successor is published and marks it."""
    for at in range(1, 20):
        world = World(tmp_path)
        world.run(FIRST)
        overtaken = Overtaken(world.storage, at, partial(world.run, TIED))
        with suppress(StorageError):
            world.run(FIRST, overtaken)
        if len(overtaken.names) <= at:
            assert at > 5
            return
        world.run(TIED)
        assert world.state == after(FIRST, TIED), at


# On a disk and on S3


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _publish_locally(folder: Path, *cases: Case) -> None:
    for case in cases:
        publish(replace(case, base=f"{folder}/").publication(folder.parent), LocalStorage())


def test_on_a_disk_no_partition_is_left_empty(tmp_path):
    folder = tmp_path / "out"
    _publish_locally(folder, FIRST, SECOND, replace(THIRD, days=()))
    empty = [path for path in folder.rglob("*") if path.is_dir() and not any(path.iterdir())]
    assert empty == [folder / "lake" / "orders"]


def killed_at_every_sync(staging: Path) -> int:
    """Kill a process in the midst of each of its writes, then replace the upload; how often. Runs alone: it forks."""
    for at in range(100):
        folder = staging / f"{at}"
        if not (child := os.fork()):
            _die_at_sync(at)
            _publish_locally(folder, FIRST, SECOND)
            os._exit(0)
        if os.waitpid(child, 0)[1] == 0:
            return at
        _publish_locally(folder, SECOND, SECOND)
        left = _tree(folder)
        assert [name for name in left if "intents" in name or ".etl-part" in name] == [], at
        assert {name for name in left if name.startswith(LAKE)} == set(SECOND.lake), at
    raise AssertionError("it never ends")


def _die_at_sync(number: int) -> None:
    left = itertools.count(number, -1)
    os.fsync = lambda file: None if next(left) else os.kill(os.getpid(), signal.SIGKILL)


def test_killed_in_the_middle_of_a_write_on_a_disk(tmp_path):
    code = f"import sys, pathlib, test_commit as t; print(t.killed_at_every_sync(pathlib.Path({str(tmp_path)!r})))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert int(done.stdout) > 10


def test_on_s3_a_first_upload_takes_five_requests_and_a_correction_replaces_it(s3, tmp_path):
    from etl.storage.s3 import S3Storage

    storage, calls = S3Storage(), []
    storage._client.meta.events.register("before-call.s3", lambda model, **_: calls.append(model.name))
    first = replace(FIRST, days=(10,), rejected=False, base="s3://orders/")
    publish(first.publication(tmp_path), storage)
    assert calls == ["PutObject", "ListObjectsV2", "PutObject", "PutObject", "DeleteObjects"]
    assert publish(replace(SECOND, base="s3://orders/").publication(tmp_path), storage) == "committed"
    assert publish(first.publication(tmp_path), storage) == "superseded"
    lake = [upload.location for upload in storage.list("s3://orders/lake/")]
    assert lake == [f"s3://orders/{RUNS}{ID}.json", *replace(SECOND, base="s3://orders/").lake]
