"""OpenLineage as it is for somebody who has not configured it; and a server of it on loopback."""

import json
import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from unittest.mock import patch

import pytest

KEY = "k3y-S3CRET"


@pytest.fixture(autouse=True)
def unconfigured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing in the environment, nothing here and at home; OpenLineage's client sets variables, which go again."""
    (tmp_path / "home").mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENLINEAGE")}
    monkeypatch.chdir(tmp_path / "home")
    with patch.dict(os.environ, {**kept, "HOME": str(tmp_path / "home")}, clear=True):
        yield


class Server:
    """Takes events as Marquez does. `statuses` are what it answers, the last one on and on; None: nothing, ever."""

    def __init__(self) -> None:
        self.statuses: list[int | None] = [201]
        self.events: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str | None]] = []
        self.over = Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked.append((self.path, self.headers["Authorization"]))
                status = outer.statuses.pop(0) if len(outer.statuses) > 1 else outer.statuses[0]
                if status is None:
                    outer.over.wait(60)
                    return
                if status == 201:
                    outer.events.append(json.loads(body))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.address}"
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def states(self) -> list[str]:
        return [event["eventType"] for event in self.events]


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.close()
