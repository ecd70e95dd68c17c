"""A function under AWS's own runtime (`awslambdaric`), in sandboxes that come and go as on Lambda.

A sandbox is a process: started for the first invocation, kept for the next, killed when an invocation passes its
deadline, and replaced after it has ended for whatever reason. As on Lambda, the folder for temporary files outlives it:
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from threading import Thread
from typing import Any

from tests.runtime.runtime_api import Invocation, RuntimeApi, Said

ROOT = Path(__file__).parents[2]
_INIT = 60  # seconds; Lambda allows 10, but there no other test wants the processor

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
_ENVIRONMENT = {
    "AWS_LAMBDA_FUNCTION_NAME": "etl",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_LAMBDA_LOG_FORMAT": "JSON",
    "AWS_LAMBDA_LOG_LEVEL": "INFO",
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/etl",
    "AWS_LAMBDA_LOG_STREAM_NAME": "2024/01/11/[$LATEST]0123456789abcdef0123456789abcdef",
    "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",  # decides how the runtime writes JSON
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "LANG": "en_US.UTF-8",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "TZ": ":UTC",
}


@dataclass(frozen=True, slots=True)
class Call:
    """What came of one invocation. `payload` is what the handler returned, or the error object that Lambda shows."""

    request_id: str
    failed: bool
    payload: Any
    printed: str  # from the start of the invocation (if cold, of the sandbox) to its end, or to the kill

    @property
    def error(self) -> tuple[str, str]:
        """Type and message of the failure."""
        assert self.failed, self.payload
        return self.payload["errorType"], self.payload["errorMessage"]

    @property
    def logs(self) -> list[dict[str, Any]]:
        return [line for line in self._lines() if "_aws" not in line]

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """What was printed in CloudWatch's embedded metric format."""
        return [line for line in self._lines() if "_aws" in line]

    def _lines(self) -> list[dict[str, Any]]:
        """Raises if anything that was printed is not a line of JSON."""
        return [json.loads(line) for line in self.printed.split("\n") if line]


class Sandbox:
    """One process of the runtime, and the API it talks to. Its output, errors too, is added to `log`."""

    def __init__(self, handler: str, root: Path, environment: Mapping[str, str], log: Path) -> None:
        self._api = RuntimeApi()
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "awslambdaric", handler],
                cwd=root,
                env={**environment, "AWS_LAMBDA_RUNTIME_API": self._api.address},
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._watcher = Thread(target=self._watch)
        self._watcher.start()

    def _watch(self) -> None:
        self._api.said.put(_exited(self._process.wait()))

    def give(self, invocation: Invocation) -> None:
        self._api.given.put(invocation)

    def hear(self, until: float) -> Said:
        """The next thing the runtime says, `until` a time of `time.monotonic`; past it, that it has timed out."""
        try:
            return self._api.said.get(timeout=max(0.0, until - time.monotonic()))
        except Empty:
            return _ended("Sandbox.Timedout", "Task timed out")

    def kill(self) -> None:
        """Ends the whole process group at once, as a deadline or the want of memory does."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._watcher.join()

    def close(self) -> None:
        self.kill()
        self._api.close()


class Function:
    """A deployed function with at most one sandbox at a time; called with an event, it is invoked synchronously.

    `tmp` is where it stages, and `timeout` what the next invocation may take, in seconds.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], handler: str, root: Path, timeout: float) -> None:
        self.tmp = folder / "tmp"
        self._log = folder / "log"
        self._handler, self._root, self.timeout = handler, root, timeout
        self._environment = {**_ENVIRONMENT, "LAMBDA_TASK_ROOT": str(root), "TMPDIR": str(self.tmp), **environment}
        self._sandbox: Sandbox | None = None
        self.tmp.mkdir()
        self._log.touch()

    def __call__(self, event: object) -> Call:
        request_id, start = str(uuid.uuid4()), self._log.stat().st_size
        said = self._answer(request_id, json.dumps(event))
        printed = self._log.read_bytes()[start:].decode()
        return Call(request_id, said.kind != "response", json.loads(said.body), printed)

    def _answer(self, request_id: str, event: str) -> Said:
        ready = Said("next") if self._sandbox else self._start()
        if ready.kind == "next":
            return self._invoke(request_id, event)
        self.close()
        return ready

    def _start(self) -> Said:
        self._sandbox = Sandbox(self._handler, self._root, self._environment, self._log)
        return self._sandbox.hear(time.monotonic() + _INIT)

    def _invoke(self, request_id: str, event: str) -> Said:
        """What the runtime answers, if it then is ready for another invocation; else what became of it."""
        assert self._sandbox
        until = time.monotonic() + self.timeout
        self._sandbox.give(Invocation(request_id, event, int((time.time() + self.timeout) * 1000)))
        answer = self._sandbox.hear(until)
        after = self._sandbox.hear(until) if answer.kind in ("response", "error") else answer
        if after.kind == "next":
            return answer
        self.close()
        return after

    def kill(self) -> None:
        """Ends the sandbox: the invocation at work fails, the next has a new one."""
        if self._sandbox:
            self._sandbox.kill()

    def close(self) -> None:
        if self._sandbox:
            self._sandbox.close()
        self._sandbox = None


@contextmanager
def deployed(
    folder: Path,
    *,
    environment: Mapping[str, str] | None = None,
    handler: str = "handler.handler",
    root: Path = ROOT,
    timeout: float = 60,
) -> Iterator[Function]:
    """A `Function` whose code lies in `root`; logs and temporary files in `folder`, its timeout in seconds."""
    function = Function(folder, environment or {}, handler, root, timeout)
    try:
        yield function
    finally:
        function.close()


def _ended(kind: str, message: str) -> Said:
    return Said("exit", json.dumps({"errorType": kind, "errorMessage": message}))


def _exited(code: int) -> Said:
    reason = f"signal: {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
    return _ended("Runtime.ExitError", f"Runtime exited with error: {reason}")
