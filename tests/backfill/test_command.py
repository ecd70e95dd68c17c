"""`etl backfill`: what it says, and its exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.backfill.uploads import CONTRACT, command, environment, to
from tests.examples import ROOT

SAMPLE = ROOT / "contracts" / "orders.sample.json"
REJECTED = ROOT / "quarantine_examples" / "truncated-array" / "upload.json"


def backfill(*arguments: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    done = command("backfill", *arguments)
    return subprocess.run(done, env=environment(), cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["-"], 2, "-: standard input is one upload; `etl run -` takes it"),
        (["nowhere/"], 3, "nowhere/: there is no such file"),
        (["nowhere*"], 3, "nowhere*: there is nothing here"),
        ([SAMPLE, "--master", "local[2]"], 2, "--master: this is of the engine spark; give --engine spark, too"),
        ([SAMPLE, "--engine", "spark", "--processes", "2"], 2, "--processes: this is of the engine local"),
        ([SAMPLE, "--contract", "nowhere.odcs.yaml"], 2, "nowhere.odcs.yaml"),
    ],
)
def test_what_is_wrong_is_one_line(arguments: list[object], code: int, said: str, tmp_path: Path) -> None:
    where = [] if "--contract" in arguments else to(tmp_path)
    done = backfill(*arguments, *where)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith("etl: ")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_pyspark_it_says_what_to_install(tmp_path: Path) -> None:
    hidden = "import sys; sys.modules['pyspark'] = None; from etl.cli import main; main()"
    arguments = ["backfill", str(SAMPLE), *to(tmp_path), "--engine", "spark"]
    done = subprocess.run(
        [sys.executable, "-c", hidden, *arguments], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "PySpark is not installed; pip install 'pyspark>=4'" in done.stderr


def test_outcomes_as_json(tmp_path: Path) -> None:
    bad = tmp_path / "lake" / "among-the-outputs.json"
    bad.parent.mkdir()
    bad.write_bytes(SAMPLE.read_bytes())
    done = backfill(SAMPLE, REJECTED, bad, "--json", *to(tmp_path))
    assert (done.returncode, done.stderr) == (2, "")
    found = {Path(line["upload"]).name: line for line in map(json.loads, done.stdout.splitlines())}
    assert {name: (line["status"], line["size"]) for name, line in found.items()} == {
        SAMPLE.name: ("published", SAMPLE.stat().st_size),
        REJECTED.name: ("rejected", REJECTED.stat().st_size),
        bad.name: ("failed", bad.stat().st_size),
    }
    assert found[SAMPLE.name]["records"] == {"read": 10, "published": 10, "quarantined": 0, "split": 0}
    assert found[bad.name]["records"] is None
    assert "so it is no upload" in found[bad.name]["reason"]


def test_what_needs_somebody_is_named_and_the_rest_is_counted(tmp_path: Path) -> None:
    first, second = (backfill(SAMPLE, REJECTED, "--processes", 1, *to(tmp_path)) for _ in range(2))
    assert first.returncode == 1
    firsts = [line.split()[0] for line in first.stdout.splitlines()]
    assert firsts == ["rejected", "2", "published", "rejected", "records"]
    assert "2 uploads in " in first.stdout
    assert "by 1 process\n" in first.stdout
    assert second.returncode == 0, "nothing was judged"
    assert [line.split()[:2] for line in second.stdout.splitlines()][1:] == [["passed", "over"], ["records", "0"]]


def test_without_a_contract_for_it_an_upload_fails_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "contracts").mkdir()
    text = CONTRACT.read_text("utf-8").replace("type: s3", "type: local", 1)
    text = text.replace("location: s3://${ORDERS_BUCKET}/orders_json_incoming/", f"path: {tmp_path}/incoming/")
    (tmp_path / "contracts" / "orders.odcs.yaml").write_text(text, "utf-8")
    for folder in ("incoming", "elsewhere"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "orders.json").write_bytes(SAMPLE.read_bytes())
    done = backfill("incoming", "elsewhere", "--processes", 1, *to(tmp_path)[2:], cwd=tmp_path)
    assert done.returncode == 2
    assert "elsewhere/orders.json: no contract in contracts/ has an 'incoming' server that covers it" in done.stderr
    assert [line.split()[:2] for line in done.stdout.splitlines()[1:]] == [
        ["published", "1"],
        ["failed", "1"],
        ["records", "10"],
    ]
