"""A desk in memory, with examples in its quarantine; and somebody who sits at it, as a browser would."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
from httpx import Response
from starlette.testclient import TestClient

from etl import contract as contracts
from etl import pipeline
from etl.contract.model import Contract
from etl.lineage import Lineage
from etl.storage import MemoryStorage
from etl.web.desk import Desk
from etl.web.serving import guarded
from etl.web.sessions import Door
from tests.examples import ARRIVAL, EXAMPLES, OUTPUTS, contract_of, location_of, upload_of

ROOT = Path(__file__).parent.parent.parent
ORDERS = contracts.load(ROOT / "contracts" / "orders.odcs.yaml", env={})
NOW = datetime(2024, 2, 3, 9, 15, tzinfo=UTC)
PORT = 8484
HOST = f"http://127.0.0.1:{PORT}"


@pytest.fixture(scope="session")
def _quarantined() -> Mapping[str, tuple[bytes, datetime]]:
    """What all examples come to, once for all tests."""
    storage = MemoryStorage(now=ARRIVAL)
    for folder in EXAMPLES:
        storage.objects[location_of(folder)] = (upload_of(folder).read_bytes(), ARRIVAL)
        pipeline.run(location_of(folder), contract_of(folder), storage, OUTPUTS)
    return dict(storage.objects)


@pytest.fixture
def storage(_quarantined: Mapping[str, tuple[bytes, datetime]], remembering: None) -> MemoryStorage:
    """Every example in quarantine; one storage for each test."""
    found = MemoryStorage(now=NOW)
    found.objects = dict(_quarantined)
    return found


@pytest.fixture
def remembering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered of reports lies in a folder of the test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def desk(storage: MemoryStorage, known: Sequence[Contract] = (ORDERS,)) -> Desk:
    return Desk(
        storage, (OUTPUTS.quarantine,), (OUTPUTS.lake,), lambda: known, "ana", lambda: NOW, Lineage(pytest.fail)
    )


def client(found: Desk, announced: list[str] | None = None) -> tuple[TestClient, Door]:
    """Somebody outside, and the door."""
    door = Door((announced if announced is not None else []).append)
    return TestClient(guarded(found, PORT, door), base_url=HOST, follow_redirects=False), door


class Person:
    """Somebody who came in by the link: reads pages, and presses buttons of their forms."""

    def __init__(self, found: Desk) -> None:
        self.client, door = client(found)
        assert self.client.get("/", params={"token": door.token}).status_code == 303
        session = door.session(self.client.cookies[f"etl_review_{PORT}"])
        assert session
        self.csrf = session.csrf

    def get(self, address: str) -> Response:
        return self.client.get(address)

    def read(self, address: str) -> str:
        """A page that is there."""
        found = self.get(address)
        assert found.status_code == 200, found.text
        return found.text

    def press(self, address: str, fields: Mapping[str, str | Iterable[str]] | None = None) -> Response:
        """Send a form, and follow where it leads."""
        data = {"csrf": self.csrf} | {
            name: value if isinstance(value, str) else list(value) for name, value in (fields or {}).items()
        }
        return self.client.post(address, data=data, follow_redirects=True)


def field(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, page
    return unescape(found[1])


def key_of(storage: MemoryStorage, example: str) -> str:
    """What stands for the folder of an example in addresses."""
    at = location_of(ROOT / "quarantine_examples" / example)
    for location, (data, _) in storage.objects.items():
        if location.endswith("/report.json") and f'"{at}"'.encode() in data:
            return f"0/{location.removeprefix(OUTPUTS.quarantine).removesuffix('/report.json')}"
    raise AssertionError(example)


def folder_of(storage: MemoryStorage, example: str) -> str:
    """The folder's location."""
    return f"{OUTPUTS.quarantine}{key_of(storage, example)[2:]}/"


def text_of(page: str) -> str:
    """A page's words, without its marks."""
    return " ".join(unescape(re.sub(r"<[^>]*>", "", page)).split())
