"""`etl run` on a large upload on a real S3 server, killed at random moments: the next run leaves what was due."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
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

    def run(self) -> float:
        """To its end; how long that took."""
        began = time.monotonic()
        with self.start() as process:
            _, complaint = process.communicate(timeout=HANGS)
        assert (process.returncode, complaint) == (0, b"")
        return time.monotonic() - began

    def kill(self, after: float) -> bool:
        """Kill it after that many seconds. Whether it was still at work."""
        with self.start() as process:
            time.sleep(after)
            process.send_signal(signal.SIGKILL)
        return process.returncode == -signal.SIGKILL

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
    took = command.run()
    due = results(seaweed)
    assert sum(key.endswith(".parquet") for key in due) == 30
    draw, moments, stages = random.Random(SEED), [], []
    while figures.faults < KILLS:
        restore(seaweed, {})
        for _ in range(draw.choice([1, 1, 2])):
            moments.append(round(draw.uniform(0, took), 3))
            if command.kill(moments[-1]):
                figures.faults += 1
                stages.append(_stage(seaweed))
        took = (took + command.run()) / 2
        figures.runs += 1
        found = results(seaweed)
        figures.compare(found, due)
        assert _sums(found) == _sums(due), f"SEED={SEED}, killed after {moments} s"
    if SOAK:
        assert len(set(stages)) > 1, stages
    assert command.left
    command.sweep()
    assert command.left == []


def _stage(seaweed: Seaweed) -> str:
    """How far a killed run has come."""
    listed = seaweed.listed()
    if any("/_runs/" in key and ".intents/" not in key for key in listed):
        return "committed"
    return "publishing" if any(".intents/" in key for key in listed) else "judging"
