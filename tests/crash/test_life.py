"""The life of a bucket as Hypothesis draws it: uploads, replacements, late and doubled events, replays; all cut short.

Beside it a model: what the lake must hold once a run has come to its end undisturbed.
"""

import io
import json
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from etl import contract as contracts
from etl import replay
from etl.contract.model import Contract
from etl.errors import QuarantineError, StorageError
from etl.records import Upload, digest
from etl.review import folders
from etl.storage import MemoryStorage
from tests.crash import SOAK
from tests.crash.bucket import OUTPUTS, START, Bucket
from tests.crash.failing import Failing, Fault, Killed
from tests.crash.tally import Figures

SUITE = "a bucket's life"
pytestmark = pytest.mark.usefixtures("judged_once")

FEED = """
apiVersion: v3.1.0
kind: DataContract
id: {name}
name: {name}
version: {version}
status: active
customProperties: [{{property: maxQuarantined, value: {limit} percent}}]
schema:
  - name: {name}_orders
    properties:
      - {{name: id, logicalType: integer, required: true, primaryKey: true}}
      - {{name: day, logicalType: date, required: true, partitioned: true, partitionKeyPosition: 1}}
      - {{name: price, logicalType: number, physicalType: "decimal(8,2)", logicalTypeOptions: {{minimum: {least}}}}}
"""
LIMITS = {"shop": 100, "market": 50}  # percent of an upload's orders; above it, the upload is rejected as a whole


def _contract(name: str, version: str, least: int) -> Contract:
    return contracts.loads(FEED.format(name=name, limit=LIMITS[name], version=version, least=least), "", {})


CONTRACTS = {name: _contract(name, "1.0.0", 0) for name in LIMITS}
LOOSE = {name: _contract(name, "1.1.0", -9) for name in LIMITS}  # what replays go by: every order passes
KEYS = ["s3://shop/in/shop/a.json", "s3://shop/in/shop/b.json", "s3://shop/in/market/a.json"]

Content = tuple[int, ...] | None  # orders by number, bad ones negative; None: it can't be taken apart
CONTENTS: list[Content] = [(1, 2), (1, -2), (-1, -2, 3), (3,), (1, 2, 3, 4, 5), (-4,), (), None]


def _bytes(content: Content) -> bytes:
    if content is None:
        return b'[{"id": 1'
    return json.dumps([{"id": abs(n), "day": f"2024-01-1{n % 3}", "price": n} for n in content]).encode()


class Model:
    """What was uploaded last to each key, and what of it the lake must hold."""

    def __init__(self) -> None:
        self.newest: dict[str, Content] = {}

    def read(self, key: str) -> int:
        content = self.newest[key]
        return 1 if content is None else len(content)

    def most(self, key: str) -> Counter[int]:
        """With all that a replay releases."""
        return Counter(map(abs, self.newest[key] or ()))

    def lake(self, key: str) -> Counter[int]:
        """Without any replay."""
        content = self.newest[key] or ()
        good = [order for order in content if order > 0]
        rejected = 100 * (len(content) - len(good)) > LIMITS[_name(key)] * len(content)
        return Counter() if rejected else Counter(good)


def _of_replay(intent: str) -> bool:
    """Whether an intent is of a replay that was cut short: it stays until that is done again."""
    return "-" in intent.rpartition("/")[2]


def _name(key: str) -> str:
    return key.split("/")[-2]


class Late:
    """A storage whose first `fetch` gives what lay there before: a run that begins late, or is slow."""

    def __init__(self, storage: MemoryStorage, key: str, version: tuple[bytes, datetime]) -> None:
        self._storage = storage
        self._before: MemoryStorage | None = MemoryStorage()
        self._before.objects[key] = version

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return getattr(self._storage, name)

    def fetch(self, location: str) -> AbstractContextManager[tuple[Upload, Any]]:
        storage, self._before = self._before or self._storage, None
        return storage.fetch(location)


keys = st.sampled_from(KEYS)
contents = st.sampled_from(CONTENTS)
calls = st.integers(1, 9) | st.integers(10, 24)  # of a first run, and of one that replaces another's files
faults = st.builds(Fault, calls, st.sampled_from(["before", "amid", "after"]), st.sampled_from(["error", "kill"]))


class Life(RuleBasedStateMachine):
    """Uploads come, and events at least once, in any order; a run that comes to its end leaves what the model says."""

    def __init__(self, figures: Figures) -> None:
        super().__init__()
        self.figures = figures
        self.bucket = Bucket()
        self.model = Model()
        self.versions: dict[str, list[tuple[bytes, datetime]]] = {}
        self.minute = 0
        self.replayed: set[str] = set()  # keys whose newest upload was replayed to the end

    # What happens

    @initialize(key=keys, content=contents)
    def begins(self, key: str, content: Content) -> None:
        self.arrives(key, content, same_second=False)

    @rule(key=keys, content=contents, same_second=st.booleans())
    def arrives(self, key: str, content: Content, same_second: bool) -> None:
        """An upload, or a replacement: by other content, by the same, or by what was there before."""
        versions = self.versions.setdefault(key, [])
        before = {data for data, arrival in versions if arrival == START + timedelta(minutes=self.minute)}
        self.minute += not same_second or _bytes(content) in before  # back within a second: can't be told apart
        self.bucket.upload(key, _bytes(content), self.minute)
        self.replayed.discard(key)
        self.model.newest[key] = content
        versions.append(self.bucket.storage.objects[key])

    @rule(key=keys)
    def event(self, key: str) -> None:
        """An event comes, the first or one more; the run is undisturbed."""
        if key in self.versions:
            self.run(key)
            self.check(key)

    @rule(key=keys, fault=faults)
    def crash(self, key: str, fault: Fault) -> None:
        """A run is cut short."""
        if key in self.versions and self.run(key, fault):
            self.check(key)

    @rule(data=st.data(), key=keys, fault=st.none() | faults)
    def late(self, data: st.DataObject, key: str, fault: Fault | None) -> None:
        """A run has read an earlier version, and goes on only now."""
        if key in self.versions:
            version = data.draw(st.sampled_from(self.versions[key]))
            self.run(key, fault, late=Late(self.bucket.storage, key, version))

    @rule(key=keys, content=contents, at=calls, faults=st.tuples(*[st.none() | faults] * 2), same_second=st.booleans())
    def overtaken(
        self, key: str, content: Content, at: int, faults: tuple[Fault | None, Fault | None], same_second: bool
    ) -> None:
        """In mid-run a replacement comes, and a run of its own; then the first goes on. Each may be cut short."""
        if key in self.versions:
            first, second = faults
            self.run(key, first, meanwhile=(at, lambda: self._replace(key, content, second, same_second)))

    @rule(key=keys)
    def replay(self, key: str) -> None:
        """Somebody replays what is in quarantine, once the newest upload was run."""
        if key in self.versions:
            self.event(key)
            assert self.try_again(key)
            self.replayed.add(key)
            self.check(key)

    @rule(key=keys, fault=faults)
    def replay_cut_short(self, key: str, fault: Fault) -> None:
        if key in self.versions:
            self.try_again(key, fault)

    @rule(key=keys, content=contents, at=calls, fault=st.none() | faults)
    def replay_overtaken(self, key: str, content: Content, at: int, fault: Fault | None) -> None:
        """In the middle of a replay a replacement comes, and a run of its own; then the replay goes on."""
        if key in self.versions:
            self.try_again(key, fault, (at, lambda: self._replace(key, content, None, same_second=False)))

    @rule(key=keys, at=calls, fault=st.none() | faults)
    def event_in_mid_replay(self, key: str, at: int, fault: Fault | None) -> None:
        """In the middle of a replay the event comes again, and runs; then the replay goes on."""
        if key in self.versions:
            self.event(key)
            if self.try_again(key, fault, (at, lambda: self.run(key))):
                self.replayed.add(key)
            self.check(key)

    @rule(key=keys, at=calls, faults=st.tuples(*[st.none() | faults] * 2))
    def replayed_in_mid_run(self, key: str, at: int, faults: tuple[Fault | None, Fault | None]) -> None:
        """In mid-run somebody replays; then the run goes on. Each may be cut short."""
        if key in self.versions:
            first, second = faults
            self.run(key, first, meanwhile=(at, lambda: self.try_again(key, second)))

    def _replace(self, key: str, content: Content, fault: Fault | None, same_second: bool) -> None:
        self.arrives(key, content, same_second)
        self.run(key, fault)

    @rule(key=keys, at=calls, faults=st.tuples(*[st.none() | faults] * 2))
    def doubled(self, key: str, at: int, faults: tuple[Fault | None, Fault | None]) -> None:
        """In mid-run the same event comes again, and runs; then the first goes on. Each may be cut short."""
        if key in self.versions:
            first, second = faults
            self.run(key, first, meanwhile=(at, lambda: self.run(key, second)))

    @precondition(lambda self: self.versions)
    @rule()
    def quiet(self) -> None:
        """All events that are left over come: those of the last uploads, and those of runs that were cut short."""
        for key in [*self.versions, *self.versions]:
            self.event(key)
        assert not [at for at in self.bucket.state if ".intents/" in at and not _of_replay(at)]

    def teardown(self) -> None:
        self.quiet()
        for key in self.versions:
            self.replay(key)

    # How it is run, and what must hold

    def run(
        self,
        key: str,
        fault: Fault | None = None,
        late: Any = None,
        meanwhile: tuple[int, Callable[[], object]] | None = None,
    ) -> bool:
        """Whether the run came to its end."""
        failing = Failing(late or self.bucket.storage, fault, meanwhile)
        self.figures.runs += 1
        try:
            self.bucket.run(key, CONTRACTS[_name(key)], failing)
        except (StorageError, Killed):
            self.figures.faults += fault is not None
            assert fault or meanwhile or late
            return False
        return True

    def try_again(
        self, key: str, fault: Fault | None = None, meanwhile: tuple[int, Callable[[], object]] | None = None
    ) -> bool:
        """Replay all folders of a key. Whether it came to its end."""
        self.figures.runs += 1
        failing = Failing(self.bucket.storage, fault, meanwhile)
        contract = LOOSE[_name(key)]
        try:
            for one in folders(OUTPUTS.quarantine, self.bucket.storage):
                if one.upload_id == digest(key.encode()) and one.judged:  # else a killed run has left half a folder
                    replay.replay(one, contract, failing, who="ana", when=START)
        except QuarantineError:  # a run is in the middle of it; `replay` asks that there is none once all are through
            return False
        except (StorageError, Killed):
            self.figures.faults += fault is not None
            assert fault or meanwhile
            return False
        return True

    def check(self, key: str) -> None:
        """What replays release is in the lake after one that came to its end; before, some of it may be."""
        report = json.loads(self.bucket.reports[self._report_of(key)])
        due, found, most = self.model.lake(key), self._lake(report["upload"]["id"]), self.model.most(key)
        least = most if key in self.replayed else due
        self.figures.lost += len(least - found)
        self.figures.doubled += len(found - most)
        assert least <= found <= most
        self._check_report(report, self.model.read(key), len(due))
        self._check_quarantine(report)

    def _report_of(self, key: str) -> str:
        known = {json.loads(data)["upload"]["location"]: at for at, data in self.bucket.reports.items()}
        return known[key]

    def _lake(self, upload: str) -> Counter[int]:
        """The orders in the lake that come from an upload."""
        files = [data for at, data in self.bucket.state.items() if at.endswith(".parquet") and f"/{upload}-" in at]
        return Counter(order for data in files for order in pq.read_table(io.BytesIO(data))["id"].to_pylist())

    def _check_report(self, report: dict[str, Any], read: int, published: int) -> None:
        records = {"read": read, "published": published, "quarantined": read - published}
        assert report["records"] == {**records, "duplicates": 0, "split": 0}

    def _check_quarantine(self, report: dict[str, Any]) -> None:
        """It holds what the lake does not; what was there before is marked, and nothing else is there."""
        own = (report["quarantine"] or {}).get("location")
        known: dict[str, dict[str, bytes]] = {}
        for at, data in self.bucket.state.items():
            if at.startswith(OUTPUTS.quarantine) and f"/{report['upload']['id']}-" in at:
                folder, _, name = at.partition(f"{report['upload']['id']}-")[2].partition("/")
                known.setdefault(folder, {})[name] = data
        current = known.pop(report["upload"]["contentId"], {}) if own else {}
        if own:
            assert sorted(name for name in current if "/" not in name) == sorted(report["quarantine"]["files"])
            if report["status"] == "partial":
                assert len(current["rejected.ndjson"].splitlines()) == report["records"]["quarantined"]
        for files in known.values():
            assert [name for name in files if name.endswith("-superseded.json")], (report, list(self.bucket.state))


@pytest.mark.parametrize("part", range(8 if SOAK else 1))
def test_every_run_that_ends_leaves_what_the_model_says(figures: Figures, part: int) -> None:
    run_state_machine_as_test(
        lambda: Life(figures),
        settings=settings(
            max_examples=300 if SOAK else 150,
            stateful_step_count=30,
            deadline=None,
            derandomize=not SOAK,
            suppress_health_check=list(HealthCheck),
        ),
    )
