"""The command: what it prints, what it writes, and its exit codes."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from etl.cli.app import app

ROOT = Path(__file__).parent.parent
ORDERS = ROOT / "contracts" / "orders.odcs.yaml"
SAMPLE = ROOT / "contracts" / "orders.sample.json"
EXAMPLES = ROOT / "quarantine_examples"


def etl(*arguments: object, cwd: Path = ROOT, stdin: bytes = b"", **env: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(cwd), **env}
    command = [sys.executable, "-W", "error::UserWarning:etl", "-c", "from etl.cli import main; main()"]
    done = subprocess.run(
        [*command, *map(str, arguments)], input=stdin, capture_output=True, cwd=cwd, env=environment, check=False
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def outputs(folder: Path) -> list[object]:
    return ["--contract", ORDERS, "--lake", folder / "lake", "--quarantine", folder / "quarantine"]


def test_run_says_at_a_glance_what_happened(tmp_path: Path) -> None:
    done = etl("run", EXAMPLES / "negative-price" / "upload.json", *outputs(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    for words in ("partial", "6 read = 5 published + 1 quarantined", "orders.price minimum", "$.products[0].price"):
        assert words in done.stdout
    report = next((tmp_path / "quarantine").rglob("report.html"))
    assert str(report) in done.stdout


def test_nothing_good_is_not_called_some(tmp_path: Path) -> None:
    upload = tmp_path / "upload.ndjson"
    upload.write_text("not JSON\n[1]\n", encoding="utf-8")
    loose = tmp_path / "loose.odcs.yaml"
    loose.write_text(ORDERS.read_text(encoding="utf-8").replace("value: 20 percent", "value: 100 percent"), "utf-8")
    for command, words in (("run", "every record is in"), ("check", "every record would be")):
        where = ["--lake", tmp_path / "lake", "--quarantine", tmp_path / "bad"] if command == "run" else []
        assert words in etl(command, upload, "--contract", loose, *where).stdout


def test_json_is_one_run_report_a_line(tmp_path: Path) -> None:
    sources = [SAMPLE, EXAMPLES / "bad-date" / "upload.json"]
    done = etl("run", *sources, "--json", *outputs(tmp_path))
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == ["published", "partial"]


def test_check_writes_nothing_and_falls_short(tmp_path: Path) -> None:
    assert etl("check", SAMPLE, "--contract", ORDERS, cwd=tmp_path).returncode == 0
    assert etl("check", EXAMPLES / "bad-date" / "upload.json", "--contract", ORDERS, cwd=tmp_path).returncode == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("example", "code"), [("truncated-array", 1), ("too-many-bad-orders", 1), ("bad-email", 0)])
def test_only_an_upload_rejected_as_a_whole_falls_short(example: str, code: int, tmp_path: Path) -> None:
    assert etl("run", EXAMPLES / example / "upload.json", *outputs(tmp_path)).returncode == code


def test_standard_input_has_the_content_id_for_both(tmp_path: Path) -> None:
    done = etl("run", "-", "--json", *outputs(tmp_path), stdin=SAMPLE.read_bytes())
    upload = json.loads(done.stdout)["upload"]
    assert (done.returncode, upload["location"], upload["id"]) == (0, "-", upload["contentId"])


def test_folders_and_globs_give_their_uploads_in_order(tmp_path: Path) -> None:
    incoming = tmp_path / "incoming"
    (incoming / "deep").mkdir(parents=True)
    for name in ("b.json", "a.json", "deep/c.json", ".hidden", "_marker"):
        shutil.copy(SAMPLE, incoming / name)
    names = {"folder": ["a.json", "b.json", "deep/c.json"], "*.json": ["a.json", "b.json"]}
    for source, expected in ((incoming, names["folder"]), (f"{incoming}/*.json", names["*.json"])):
        done = etl("run", source, "--json", *outputs(tmp_path))
        locations = [json.loads(line)["upload"]["location"] for line in done.stdout.splitlines()]
        assert locations == [str(incoming / name) for name in expected]


def localise(contract: Path, **places: str) -> None:
    """Point a contract's servers at local folders."""
    lines = [line for line in contract.read_text(encoding="utf-8").splitlines() if "location: s3" not in line]
    for name, place in places.items():
        at = lines.index(f"  - server: {name}")
        lines[at + 1 : at + 2] = ["    type: local", f"    path: {place}"]
    contract.write_text("\n".join(lines), encoding="utf-8")


def test_contracts_route_uploads(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "contracts", tmp_path / "contracts")
    localise(tmp_path / "contracts" / "orders.odcs.yaml", incoming="in/", datalake="lake/{model}/", quarantine="bad/")
    (tmp_path / "in").mkdir()
    shutil.copy(SAMPLE, tmp_path / "in" / "orders.json")
    done = etl("run", "in", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["contract"]["name"] == "orders"
    assert list((tmp_path / "lake" / "orders").rglob("*.parquet"))
    assert not (tmp_path / "bad").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["run", "missing.json", "--contract", ORDERS, "--lake", "l", "--quarantine", "q"], 3, "missing.json"),
        (["run", SAMPLE, "--contract", "no.odcs.yaml"], 2, "no.odcs.yaml:1:1"),
        (["run", SAMPLE, "--contract", ORDERS], 2, "--lake"),
        (["run", SAMPLE], 2, "--contract"),
        (["run", "-"], 2, "--contract"),
        (["run", SAMPLE, "--contract", SAMPLE], 2, "orders.sample.json"),
        (["run"], 2, "SOURCE"),
        (["run", SAMPLE, "--colour"], 2, "--colour"),
        (["contract", "lint", "nowhere"], 2, "nowhere"),
        (["run", SAMPLE, "--contract", ORDERS, "--lake", "/proc/lake", "--quarantine", "q"], 3, "/proc/lake"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(arguments: list[object], code: int, words: str, tmp_path: Path) -> None:
    done = etl(*arguments, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_unreachable_s3_is_broken_infrastructure(tmp_path: Path) -> None:
    done = etl(
        "run", "s3://orders/in/a.json", *outputs(tmp_path),
        AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x",
        AWS_DEFAULT_REGION="us-east-1", AWS_MAX_ATTEMPTS="1",
    )  # fmt: skip
    assert done.returncode == 3
    assert "s3://orders/in/" in done.stderr
    assert "Traceback" not in done.stderr


def test_lint_names_all_faults_at_their_places(tmp_path: Path) -> None:
    contract = tmp_path / "orders.odcs.yaml"
    text = ORDERS.read_text(encoding="utf-8")
    contract.write_text(
        text.replace("required: true", "requred: true", 1).replace("logicalType: date", "logicalType: day")
    )
    done = etl("contract", "lint", contract)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert any("requred" in line and "required" in line and line.startswith(f"{contract}:") for line in lines)
    assert any("day" in line for line in lines)


def test_lint_runs_the_sample(tmp_path: Path) -> None:
    contract, sample = tmp_path / "orders.odcs.yaml", tmp_path / "orders.sample.json"
    shutil.copy(ORDERS, contract)
    assert etl("contract", "lint", contract).stdout.count("hint: ") == 1
    shutil.copy(EXAMPLES / "negative-price" / "upload.json", sample)
    done = etl("contract", "lint", contract)
    assert (done.returncode, "orders.sample.json" in done.stdout, "record 5" in done.stdout) == (1, True, True)
    shutil.copy(SAMPLE, sample)
    assert etl("contract", "lint", contract).returncode == 0


def test_lint_has_forms_for_programs_and_says_when_all_is_well(tmp_path: Path) -> None:
    contract = tmp_path / "orders.odcs.yaml"
    shutil.copy(ORDERS, contract)
    shutil.copy(SAMPLE, tmp_path)
    done = etl("contract", "lint", contract)
    assert (done.returncode, done.stdout) == (0, f"{contract}: no faults; its sample passes (10 records)\n")
    assert etl("contract", "lint", contract, "--format", "json").stdout == ""
    contract.write_text(ORDERS.read_text(encoding="utf-8").replace("$.total_amount", "total_amount"), encoding="utf-8")
    done = etl("contract", "lint", contract, "--format", "json")
    assert (done.returncode, json.loads(done.stdout)["level"]) == (1, "error")
    assert etl("contract", "lint", contract, "--format", "github").stdout.startswith(
        f"::error file={contract},line=78,"
    )


def test_hostile_text_is_shown_not_obeyed(tmp_path: Path) -> None:
    upload = tmp_path / "upload.json"
    orders = json.loads(SAMPLE.read_bytes())
    orders[0]["products"][0]["product_id"] = "\x1b[31m[bold]red[/bold]"
    upload.write_text(json.dumps(orders))
    done = etl("run", upload, *outputs(tmp_path))
    assert "\x1b[31m" not in done.stdout
    assert "[bold]red[/bold]" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["list", "--state", "foo"], "Invalid value for '--state': 'foo' is not one of 'open'"),
        (["list", "--since", "x"], "Invalid value for '--since': 'x' does not match"),
        (["purge", "--before", "yesterday"], "Invalid value for '--before': 'yesterday' does not match"),
        (["list", "--limit", "0"], "Invalid value for '--limit': Input should be"),
    ],
)
def test_a_wrong_value_is_said_in_plain_words(arguments, words, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    done = CliRunner().invoke(app, ["quarantine", *arguments])
    assert (done.exit_code, "Value error" in done.stderr, words in done.stderr) == (2, False, True)
