"""The processes of one machine.

`concurrent.futures` gives up all of its processes when one dies, and does not tell at which task; Pebble's leave a
traceback on the terminal if they are still starting when the work is done (its locks are gone by then). So each
process here has a pipe of its own, and no locks.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.resource_tracker import ensure_running

from etl.backfill.work import Outcome, Task, Work
from etl.errors import EngineError

_SPAWN = get_context("spawn")  # a fork would share Arrow's threads, which it does not have
_FAREWELL = 10  # seconds in which a process that is told to stop removes what it has staged


def processors() -> int:
    """Those that this process may use; where the system does not tell (macOS), all there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class LocalEngine:
    """So many processes, each at one upload at a time. One that dies is replaced, and only its upload has failed."""

    def __init__(self, processes: int) -> None:
        self.processes = processes

    @property
    def name(self) -> str:
        return f"{self.processes} process{'es' if self.processes > 1 else ''}"

    def outcomes(self, work: Work, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """In the order in which they end. Raises `EngineError`."""
        left = iter(tasks)
        crew: list[_Worker] = []
        try:
            for _, task in zip(range(self.processes), left, strict=False):
                crew.append(_Worker(work, task))
            while crew:
                ready = wait([worker.line for worker in crew])
                for worker in [worker for worker in crew if worker.line in ready]:
                    yield worker.outcome()
                    if not worker.begin(next(left, None)):
                        crew.remove(worker)
        except OSError as error:
            why = f"no process can be started ({error.strerror or error})"
            raise EngineError(f"{why}; have fewer --processes, or raise this machine's limits") from error
        finally:
            for worker in crew:
                worker.stop()
            for worker in crew:
                worker.stopped()


class _Worker:
    """A process at one task after the other; another one in its place, if it dies."""

    def __init__(self, work: Work, task: Task) -> None:
        self._work = work
        self._task = task
        self._start()

    def _start(self) -> None:
        self.line, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(target=_serve, args=(self._work, theirs), daemon=True)
        with _deaf():
            process.start()
        self._process = process
        theirs.close()  # so that the line ends with the process
        self._send(self._task)

    def outcome(self) -> Outcome:
        """That of its task; waits for it."""
        try:
            outcome: Outcome = self.line.recv()
        except (EOFError, OSError):
            self._process.join()
            return Outcome(self._task, "failed", reason=f"{self._task.location}: {_died(self._process.exitcode)}")
        return outcome

    def begin(self, task: Task | None) -> bool:
        """Go on with a task; without one, end."""
        if task is None:
            self.line.close()
            self._process.join()
            return False
        self._task = task
        if self._process.is_alive():
            self._send(task)
        else:
            self.line.close()
            self._start()
        return True

    def _send(self, task: Task) -> None:
        with suppress(OSError):  # it has died: its line says so to whoever waits
            self.line.send(task)

    def stop(self) -> None:
        """Tell it to end in the middle of its task, of which it leaves nothing staged."""
        self._process.terminate()

    def stopped(self) -> None:
        """Wait until it has ended, but not for long."""
        self._process.join(_FAREWELL)
        self._process.kill()


def _died(code: int | None) -> str:
    """Systems that run out of memory kill; what ends otherwise has said why."""
    if code == -signal.SIGKILL:
        why = "its process was killed, most likely for want of memory"
        return f"{why}; give this machine more, or have fewer --processes"
    return f"its process ended (exit code {code}); if it has not said why, run this upload alone by `etl run`"


@contextmanager
def _deaf() -> Iterator[None]:
    """What is started within does not hear Ctrl-C, which is for who starts it; not while it imports things, either."""
    ensure_running()  # a process of multiprocessing's own: to start that would end this
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(work: Work, line: Connection) -> None:
    """What a process does. Who started it says when to stop."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with suppress(EOFError, OSError):  # the other end is closed: all is done, or whoever asked is gone
        while True:
            line.send(work(line.recv()))
