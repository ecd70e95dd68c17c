"""The commands: what they write, what they say, and their exit codes."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from etl.cli.app import app
from etl.cli.generate import replacing
from etl.errors import UsageError
from tests.documents.feeds import FEEDS
from tests.test_cli import ORDERS, ROOT, etl


def test_export_writes_a_schema_that_the_sample_keeps(tmp_path: Path) -> None:
    from jsonschema import Draft202012Validator

    printed = etl("contract", "export", ORDERS, "--format", "json-schema")
    done = etl("contract", "export", ORDERS, "--format", "json-schema", "-o", tmp_path / "s.json")
    assert (printed.returncode, done.returncode, done.stdout) == (0, 0, "")
    schema = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert schema == json.loads(printed.stdout)
    for order in json.loads((ROOT / "contracts/orders.sample.json").read_text(encoding="utf-8")):
        Draft202012Validator(schema).validate(order)


def test_generate_writes_an_upload_and_beside_it_what_is_broken(tmp_path: Path) -> None:
    contract = tmp_path / "c.odcs.yaml"
    contract.write_text(FEEDS["hostile_names"], encoding="utf-8")
    done = etl("contract", "generate", contract, "-n", 20, "--bad", "10%", "-o", tmp_path / "u.ndjson")
    assert (done.returncode, done.stdout) == (0, "")
    assert "20 records, 2 of them broken" in done.stderr
    manifest = json.loads((tmp_path / "u.ndjson.manifest.json").read_text(encoding="utf-8"))
    assert [bad["record"] for bad in manifest["bad"]] == [10, 20]
    assert etl("check", tmp_path / "u.ndjson", "--contract", contract).returncode == 1


@pytest.mark.parametrize("command", [["export", "--format", "json-schema"], ["generate"]])
def test_the_contract_itself_is_not_written_over(command: list[str], tmp_path: Path) -> None:
    contract = tmp_path / "c.odcs.yaml"
    contract.write_text(FEEDS["hostile_names"], encoding="utf-8")
    done = CliRunner().invoke(app, ["contract", *command, str(contract), "-o", str(contract)])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "this is the contract itself" in done.stderr
    assert contract.read_text(encoding="utf-8") == FEEDS["hostile_names"]


def write_a_part(path: Path) -> None:
    with replacing(path) as file:
        file.write(b"a part")
        raise UsageError("no more keys")


def test_an_upload_that_cannot_be_made_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "u.ndjson"
    path.write_text("as it was", encoding="utf-8")
    with pytest.raises(UsageError):
        write_a_part(path)
    assert [(each.name, each.read_text("utf-8")) for each in tmp_path.iterdir()] == [("u.ndjson", "as it was")]


def test_generate_prints_an_upload(tmp_path: Path) -> None:
    contract = tmp_path / "c.odcs.yaml"
    contract.write_text(FEEDS["deep"], encoding="utf-8")
    done = etl("contract", "generate", contract, "-n", 3)
    assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (0, "", 3)
    broken = etl("contract", "generate", contract, "-n", 4, "--bad", "50%", "--seed", 5)
    assert len(json.loads(broken.stderr)["bad"]) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["export", "nowhere.odcs.yaml", "--format", "json-schema"], 2, "can't be read"),
        (["export", ORDERS, "--format", "avro"], 2, "json-schema"),
        (["generate", "nowhere.odcs.yaml"], 2, "can't be read"),
        (["generate", ORDERS, "--bad", "half"], 2, "such as 5%"),
        (["generate", ORDERS, "--bad", "101%"], 2, "such as 5%"),
        (["generate", ORDERS, "-n", "0"], 2, "-n"),
        (["export", ORDERS, "--format", "json-schema", "-o", "/nowhere/s.json"], 3, "can't be written"),
    ],
)
def test_mistakes_are_said_in_a_line(arguments: list[object], code: int, message: str) -> None:
    done = CliRunner().invoke(app, ["contract", *map(str, arguments)])
    assert done.exit_code == code
    assert message in done.stderr
    assert done.exception is None or isinstance(done.exception, SystemExit)
