"""A headless Chromium, spoken to by the DevTools protocol over pipes: https://chromedevtools.github.io/devtools-protocol/

What it evaluates in a page runs beside the page's own policy, so pages that allow no script can be measured.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SECONDS = 60
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND",
    "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip
_ON_ITS_PIPES = """
import os, sys
to_read, to_write = (os.dup(int(each)) for each in sys.argv[1:3])
while min(to_read, to_write) < 5:  # 3 and 4 are the protocol's
    to_read, to_write = os.dup(to_read), os.dup(to_write)
os.dup2(to_read, 3)
os.dup2(to_write, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


def installed() -> str | None:
    """Where a Chromium is; None: nowhere."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def needed(what: str) -> None:
    """Skips the test module, saying so, where there is no browser; with REQUIRE_BROWSER=1 it fails."""
    if installed() is not None:
        return
    missing = f"{what} was not looked at: none of {', '.join(NAMES)} is on the path"
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(f"{missing}, and REQUIRE_BROWSER=1 asks for one", pytrace=False)
    pytest.skip(missing, allow_module_level=True)


class Browser:
    """A running browser with one tab."""

    def __init__(self, command: str, folder: Path) -> None:
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        self._buffer = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []
        start = [sys.executable, "-c", _ON_ITS_PIPES, str(to_read), str(to_write), command]
        self._process = subprocess.Popen(
            [*start, *_FLAGS, f"--user-data-dir={folder}", "about:blank"],
            pass_fds=(to_read, to_write),
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Log", "Runtime", "Network"):
            self.tell(f"{domain}.enable")

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            self.call("Browser.close")
            self._process.wait(_SECONDS)
        finally:
            self._process.kill()
        os.close(self._read)
        os.close(self._write)

    def call(self, method: str, session: str | None = None, /, **parameters: Any) -> dict[str, Any]:
        """A command's answer; events on the way are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        os.write(self._write, json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0")
        while (found := self._next()).get("id") != self._number:
            self.events.append(found)
        if "error" in found:
            raise RuntimeError(f"{method}: {found['error']}")
        return found["result"]

    def tell(self, method: str, /, **parameters: Any) -> dict[str, Any]:
        """A command to the tab."""
        return self.call(method, self._session, **parameters)

    def _next(self) -> dict[str, Any]:
        until = time.monotonic() + _SECONDS
        while b"\0" not in self._buffer:
            if not select.select([self._read], [], [], max(until - time.monotonic(), 0))[0]:
                raise TimeoutError("the browser does not answer")
            data = os.read(self._read, 1 << 20)
            if not data:
                raise RuntimeError("the browser has ended")
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def open(self, path: Path, width: int, height: int = 900, *, scheme: str = "light", media: str = "") -> None:
        """Load a file at this size, in a light or dark scheme; `media` as printed, if it says `print`."""
        self.tell(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.tell("Emulation.setEmulatedMedia", media=media, features=features)
        self.events.clear()
        self.tell("Page.navigate", url=path.as_uri())
        while not any(each.get("method") == "Page.loadEventFired" for each in self.events):
            self.events.append(self._next())

    def value(self, expression: str) -> Any:
        """What an expression comes to in the page."""
        found = self.tell("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(str(found["exceptionDetails"]))
        return found["result"].get("value")

    def happened(self, method: str) -> list[dict[str, Any]]:
        """The events of a kind since the page was opened."""
        self.value("1")  # what has happened before is told by now
        return [each["params"] for each in self.events if each.get("method") == method]

    def screenshot(self, path: Path) -> None:
        """The whole page as a picture."""
        found = self.tell("Page.captureScreenshot", captureBeyondViewport=True, format="png")
        path.write_bytes(base64.b64decode(found["data"]))


@contextmanager
def running(folder: Path) -> Iterator[Browser]:
    """A browser while it is needed. One must be installed."""
    command = installed()
    assert command
    with Browser(command, folder) as browser:
        yield browser
