"""What is listed once is not listed again at once, and what is done here is seen at once."""

from __future__ import annotations

import pytest

from etl.commit import states
from etl.storage import MemoryStorage
from etl.web import index as index_module
from etl.web.home import Wanted, home, waiting
from etl.web.index import Index
from tests.web.desks import NOW, desk, folder_of, key_of


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds; each listing takes one."""
    now = [0.0]

    def monotonic() -> float:
        now[0] += 0.5
        return now[0]

    monkeypatch.setattr(index_module.time, "monotonic", monotonic)
    return now


def test_it_is_kept_for_a_few_times_as_long_as_it_took(storage: MemoryStorage, clock: list[float]) -> None:
    index = Index(desk(storage))
    assert home(index, Wanted()).states["open"] == 20
    states.append(folder_of(storage, "bad-email"), "dismissed", "bia", NOW, storage)
    assert home(index, Wanted()).states["open"] == 20
    clock[0] += 60
    assert home(index, Wanted()).states["open"] == 19


def test_what_is_done_here_is_seen_at_once(storage: MemoryStorage, clock: list[float]) -> None:
    index = Index(desk(storage))
    key = key_of(storage, "bad-email")
    assert key in waiting(index, Wanted())
    states.append(folder_of(storage, "bad-email"), "dismissed", "bia", NOW, storage)
    index.renew([key, "0/no/such"])
    assert home(index, Wanted()).states["dismissed"] == 1
    assert key not in waiting(index, Wanted())


def test_only_what_has_rejected_records_waits(storage: MemoryStorage) -> None:
    index = Index(desk(storage))
    assert key_of(storage, "warning-only") not in waiting(index, Wanted())
    assert waiting(index, Wanted(rule="orders.email format")) == [key_of(storage, "bad-email")]
