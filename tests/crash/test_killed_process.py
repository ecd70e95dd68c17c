"""`etl run` on a large upload on a real S3 server, killed at random moments: the next run leaves what was due."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.crash import SOAK
from tests.crash.tally import Figures
from tests.examples import ROOT
from tests.orders_on_s3 import KEY, LOCATION, restore, results
from tests.seaweed import BUCKET, Seaweed

SUITE = "process killed on a 50 MB upload" if SOAK else "process killed on a 10 MB upload"
ORDERS = 80_000 if SOAK else 16_000
KILLS = 40 if SOAK else 4
SEED = int(os.environ.get("SEED", "1"))
HANGS = 120  # seconds


@pytest.fixture(scope="module")
def upload(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Orders, of which 1% is broken in every way there is."""
    path = tmp_path_factory.mktemp("upload") / "orders.ndjson"
    command = [sys.executable, ROOT / "bench" / "generate.py", str(ORDERS), path, "--bad", "0.01"]
    subprocess.run(command, check=True)
    return path


@dataclass
class Command:
    """`etl run` of the upload, in a temporary folder of its own."""

    seaweed: Seaweed
    temporary: Path

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", "from etl.cli import main; main()", "run", LOCATION],
            cwd=ROOT,
            env={
                **self.seaweed.environment(),
                "PATH": os.environ["PATH"],
                "ORDERS_BUCKET": BUCKET,
                "TMPDIR": str(self.temporary),
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def run(self) -> tuple[float, float]:
        """To its end; after how long it began to publish, and ended."""
        began = time.monotonic()
        with self.start() as process:
            self._await_intent(process)
            publishes = time.monotonic() - began
            _, complaint = process.communicate(timeout=HANGS)
        assert (process.returncode, complaint) == (0, b"")
        return publishes, time.monotonic() - began

    def kill(self, after: float, *, publishing: bool) -> bool:
        """Kill it after that many seconds, or that long after it began to publish. Whether it was still at work."""
        with self.start() as process:
            if publishing:
                self._await_intent(process)
            time.sleep(after)
            process.send_signal(signal.SIGKILL)
        return process.returncode == -signal.SIGKILL

    def _await_intent(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + HANGS
        while process.poll() is None and not any(".intents/" in key for key in self.seaweed.listed()):
            assert time.monotonic() < until
            time.sleep(0.01)

    @property
    def left(self) -> list[str]:
        return sorted(path.name for path in self.temporary.glob("etl-*"))

    def sweep(self) -> None:
        """What the function does when it starts: it is alone in its temporary folder."""
        code = "from etl import pipeline; pipeline.sweep()"
        subprocess.run([sys.executable, "-c", code], env={"TMPDIR": str(self.temporary)}, cwd=ROOT, check=True)


def _sums(found: dict[str, bytes]) -> dict[str, str]:
    return {key: hashlib.sha256(data).hexdigest() for key, data in found.items()}


def test_killed_at_random_moments_it_leaves_what_was_due(
    seaweed: Seaweed, upload: Path, tmp_path: Path, figures: Figures
) -> None:
    seaweed.admin.upload_file(str(upload), BUCKET, KEY)
    command = Command(seaweed, tmp_path)
    publishes, ends = command.run()
    due = results(seaweed)
    assert sum(key.endswith(".parquet") for key in due) == 30
    draw, stages = random.Random(SEED), Counter[str]()
    while figures.faults < KILLS:
        restore(seaweed, {})
        moments = []
        for _ in range(draw.choice([1, 1, 2])):
            publishing = draw.random() < 0.5
            moments.append((round(draw.uniform(0, ends - publishes if publishing else ends), 3), publishing))
            if command.kill(moments[-1][0], publishing=publishing):
                figures.faults += 1
                stages[_stage(seaweed)] += 1
            figures.runs += 1
        command.run()
        figures.runs += 1
        found = results(seaweed)
        figures.compare(found, due)
        assert _sums(found) == _sums(due), f"SEED={SEED}, killed after {moments} s"
    assert stages["publishing"]
    assert command.left
    command.sweep()
    assert command.left == []


def _stage(seaweed: Seaweed) -> str:
    """How far a killed run has come."""
    listed = seaweed.listed()
    if any("/_runs/" in key and ".intents/" not in key for key in listed):
        return "committed"
    return "publishing" if any(".intents/" in key for key in listed) else "judging"
