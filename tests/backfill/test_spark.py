"""Apache Spark for real: on this machine, and as a cluster of processes on it, whose executors are killed."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.backfill.processes import EXECUTOR, below
from tests.backfill.uploads import command, environment, made, mixed, to
from tests.examples import ROOT
from tests.seaweed import BUCKET, Seaweed

pytestmark = pytest.mark.skipif(
    shutil.which("java") is None and "REQUIRE_JAVA" not in os.environ, reason="Spark needs Java, and there is none here"
)

CONTRACTS = ROOT / "contracts"
CLUSTER = "local-cluster[2,1,1024]"  # two executors with a processor and 1 GB each, in processes of their own


def run(*arguments: object, **env: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command(*arguments), env=environment(**env), capture_output=True, check=False, timeout=600)


def backfill(uploads: object, out: Path, master: str = "local[2]", **env: str) -> str:
    done = run("backfill", uploads, *to(out), "--engine", "spark", "--master", master, **env)
    assert done.returncode == 1, done.stderr.decode()  # some examples are rejected as a whole
    return done.stdout.decode()


@pytest.fixture(scope="module")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mixed(tmp_path_factory.mktemp("spark") / "uploads", [2000, 30, 500, 1, 15_000, 200, 20_000, 7, 900, 9000])


@pytest.fixture
def expected(uploads: Path, tmp_path: Path) -> dict[str, bytes]:
    """What `etl run` gives, in `tmp_path / "out"`."""
    return made(tmp_path / "out", lambda: run("run", uploads, *to(tmp_path / "out")))


def test_the_same_lake_and_quarantine_as_etl_run(uploads: Path, tmp_path: Path, expected: dict[str, bytes]) -> None:
    said: list[str] = []
    assert made(tmp_path / "out", lambda: said.append(backfill(uploads, tmp_path / "out"))) == expected
    reports = [json.loads(data) for at, data in expected.items() if re.fullmatch(r"lake/_runs/orders/\w+\.json", at)]
    read = sum(report["records"]["read"] for report in reports)
    assert f"{len(reports)} uploads in " in said[0]
    assert "by Spark 4" in said[0]
    assert f"  records      {read:,} read = " in said[0]


def test_an_executor_that_is_killed_leaves_nothing(uploads: Path, tmp_path: Path, expected: dict[str, bytes]) -> None:
    def disturbed() -> None:
        arguments = ["backfill", uploads, *to(tmp_path / "out"), "--engine", "spark", "--master", CLUSTER]
        with subprocess.Popen(
            command(*arguments), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            reached(lambda: len(list((tmp_path / "out" / "lake" / "_runs").rglob("*.json"))) >= 3, process)
            os.kill(next(below(process.pid, EXECUTOR)), signal.SIGKILL)
            said = process.communicate(timeout=300)[0].decode()
        assert process.returncode == 1, said
        assert "failed" not in said

    assert made(tmp_path / "out", disturbed) == expected


def test_a_slow_task_that_is_run_twice_leaves_what_one_leaves(
    uploads: Path, tmp_path: Path, expected: dict[str, bytes]
) -> None:
    settings = {"": "true", ".interval": "10ms", ".quantile": "0.01", ".multiplier": "1.01", ".minTaskRuntime": "1ms"}
    told = " ".join(f"--conf spark.speculation{name}={value}" for name, value in settings.items())
    env = {"PYSPARK_SUBMIT_ARGS": f"{told} pyspark-shell"}
    assert made(tmp_path / "out", lambda: backfill(uploads, tmp_path / "out", CLUSTER, **env) and None) == expected


def test_an_upload_that_ends_its_process_ends_nothing_else(tmp_path: Path) -> None:
    script = [sys.executable, "-m", "tests.backfill.poisoned", "local[2]", str(tmp_path)]
    done = subprocess.run(script, env=environment(), cwd=ROOT, capture_output=True, check=False, timeout=300)
    found = json.loads(done.stdout)
    assert {name: status for name, (status, _) in found.items()} == {
        "first": "published",
        "poison": "failed",
        "last": "published",
    }
    assert "poison: its executor died 3 times" in found["poison"][1]
    assert len(list(tmp_path.glob("poison.*"))) == 3


def test_spark_submit_says_where(uploads: Path, tmp_path: Path) -> None:
    entry = tmp_path / "entry.py"
    entry.write_text("from etl.cli import main\nmain()\n", encoding="utf-8")
    submit = Path(sys.executable).with_name("spark-submit")
    arguments = ["--master", "local[1]", entry, "backfill", uploads / "001", *to(tmp_path / "out"), "--engine", "spark"]
    done = subprocess.run(
        [submit, *arguments],
        env=environment(PYSPARK_PYTHON=sys.executable),
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert "at local[1]" in done.stdout.decode()


def test_a_lake_on_s3(uploads: Path, seaweed: Seaweed) -> None:
    for path in sorted(uploads.iterdir())[:4]:
        seaweed.admin.upload_file(str(path), BUCKET, f"orders_json_incoming/{path.name}")
    arguments = ["--contract", CONTRACTS / "orders.odcs.yaml", "--engine", "spark", "--master", CLUSTER]
    env = {**seaweed.environment(), "ORDERS_BUCKET": BUCKET}
    source = f"s3://{BUCKET}/orders_json_incoming/"
    first, second = (run("backfill", source, *arguments, "--json", **env) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr.decode()
    statuses = [[json.loads(line)["status"] for line in one.stdout.splitlines()] for one in (first, second)]
    assert len(statuses[0]) == 4
    assert set(statuses[0]) <= {"published", "partial"}
    assert statuses[1] == ["passed over"] * 4


def test_a_master_that_is_not_there_is_one_line() -> None:
    done = run(
        "backfill",
        CONTRACTS,
        "--contract",
        CONTRACTS / "orders.odcs.yaml",
        "--engine",
        "spark",
        "--master",
        "nonsense",
    )
    assert done.returncode == 3
    assert "etl: Spark failed: " in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_a_driver_that_dies_is_one_line(uploads: Path, tmp_path: Path) -> None:
    arguments = ["backfill", uploads, *to(tmp_path / "out"), "--engine", "spark", "--master", "local[1]"]
    with subprocess.Popen(
        command(*arguments), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        reached(lambda: any((tmp_path / "out" / "lake" / "_runs").rglob("*.json")), process)
        java = next(below(process.pid, b"java"))
        os.kill(java, signal.SIGKILL)
        said = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 3
    assert said.splitlines()[-1].startswith("etl: Spark failed: ")
    assert "Traceback" not in said


def test_no_java_is_one_line(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "env", "dirname", "basename", "ps", "uname", "tr", "sed"):
        if found := shutil.which(name):
            (tools / name).symlink_to(found)
    done = run("backfill", CONTRACTS, "--engine", "spark", PATH=str(tools), JAVA_HOME="", ORDERS_BUCKET="orders")
    assert done.returncode == 3
    assert "Spark failed: it needs Java" in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def reached(what: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert process.poll() is None, "it has ended already"
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.02)
