"""Processes: whichever dies, only its upload has failed; and none outlives the backfill."""

import errno
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from etl.backfill import Outcome, Task, local
from etl.backfill.local import LocalEngine, processors
from etl.errors import EngineError
from tests.backfill.processes import below
from tests.backfill.uploads import command, environment, made, mixed, to
from tests.examples import EXAMPLES


@dataclass(frozen=True)
class Acting:
    """A work that does what its task is called; it notes in a folder who did it."""

    folder: str

    def __call__(self, task: Task) -> Outcome:
        act = task.location.split("-")[0]
        Path(self.folder, f"{task.location}.{os.getpid()}").touch()
        if act == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if act == "leave":
            os._exit(3)
        return Outcome(task, "published", {"read": 1})


def outcomes(tmp_path: Path, processes: int, *names: str) -> dict[str, Outcome]:
    tasks = [Task(name, 1, 0) for name in names]
    found = list(LocalEngine(processes).outcomes(Acting(str(tmp_path)), tasks))
    assert len(found) == len(tasks)
    return {one.task.location: one for one in found}


@pytest.mark.parametrize("processes", [1, 2, 5])
def test_each_task_is_done_once(tmp_path: Path, processes: int) -> None:
    names = [f"do-{number}" for number in range(4)]
    assert {one.status for one in outcomes(tmp_path, processes, *names).values()} == {"published"}
    done = sorted(path.name.rsplit(".", 1)[0] for path in tmp_path.iterdir())
    assert done == names
    assert len({path.suffix for path in tmp_path.iterdir()}) <= processes


@pytest.mark.parametrize(("act", "said"), [("die", "was killed, most likely for"), ("leave", "ended (exit code 3)")])
def test_a_process_that_dies_takes_its_own_upload_and_no_other(tmp_path: Path, act: str, said: str) -> None:
    names = [f"{act}-0", "do-1", f"{act}-2", "do-3", f"{act}-4"]
    found = outcomes(tmp_path, 2, *names)
    assert {name: one.status for name, one in found.items()} == {
        name: "published" if name.startswith("do") else "failed" for name in names
    }
    assert f"{act}-2: its process {said}" in str(found[f"{act}-2"].reason)
    assert not found[f"{act}-2"].again, "it would die again"


def test_a_machine_that_starts_no_more_processes_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(worker: local._Worker) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(local._Worker, "_start", refuse)
    with pytest.raises(
        EngineError, match=r"no process can be started \(Resource temporarily .*; have fewer --processes"
    ):
        outcomes(tmp_path, 2, "do-0")


def test_nothing_to_do(tmp_path: Path) -> None:
    assert outcomes(tmp_path, 2) == {}


def test_the_same_lake_and_quarantine_as_etl_run(tmp_path: Path) -> None:
    uploads, out = mixed(tmp_path / "uploads", [300, 40, 2000, 1]), tmp_path / "out"

    def make(*name: object) -> None:
        done = subprocess.run(command(*name, uploads, *to(out)), env=environment(), capture_output=True, check=False)
        assert (done.returncode <= 1, done.stderr) == (True, b""), "some examples are rejected as a whole"

    expected = made(out, lambda: make("run"))
    assert made(out, lambda: make("backfill", "--processes", 2)) == expected

    def in_two_parts() -> None:
        make("run")
        make("backfill")

    assert made(out, in_two_parts) == expected


def test_ctrl_c_leaves_no_process_and_nothing_staged(tmp_path: Path) -> None:
    uploads, staged, out = mixed(tmp_path / "uploads", [60_000] * 3), tmp_path / "staged", tmp_path / "out"
    staged.mkdir()
    process = subprocess.Popen(
        command("backfill", uploads, *to(out), "--processes", 2),
        env=environment(TMPDIR=str(staged)),
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # who runs tests may ignore it
    )
    _wait(lambda: len(list(staged.glob("etl-*/*"))) > 1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
    assert process.communicate(timeout=60)[1] == (
        b"etl: interrupted: uploads at work were not committed; run it again\n"
    )
    assert process.returncode == 130
    _wait(lambda: not _is_there(process.pid))
    assert list(staged.iterdir()) == []


def test_ctrl_c_while_processes_start_is_one_line_too(tmp_path: Path) -> None:
    process = subprocess.Popen(
        command("backfill", EXAMPLES[0].parent, *to(tmp_path / "out"), "--processes", 2),
        env=environment(),
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    _wait(lambda: len(list(below(process.pid, b"spawn_main"))) == 2)
    time.sleep(0.3)  # they import for longer than that
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=60)[1] == (
        b"etl: interrupted: uploads at work were not committed; run it again\n"
    )
    assert process.returncode == 130
    _wait(lambda: not _is_there(process.pid))


def test_without_the_systems_word_it_takes_all_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    assert processors() == len(os.sched_getaffinity(0))
    monkeypatch.delattr(os, "sched_getaffinity")  # as on macOS
    assert processors() == os.cpu_count()


def _is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _wait(reached: object, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not reached():  # type: ignore[operator]
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.02)
