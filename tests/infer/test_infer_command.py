"""The command `etl contract infer`: what it prints, what it writes, and its exit codes."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from etl.cli.app import app
from etl.infer import contract_name
from tests.infer.proposing import SAMPLES
from tests.test_cli import ROOT, SAMPLE, etl


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, stdin: bytes = b"") -> Result:
    """The command, in this process. What it raised, if anything, is raised."""
    return CliRunner().invoke(app, arguments, input=stdin, catch_exceptions=False)


def test_from_samples_to_a_lake_with_infer_lint_check_and_run(folder: Path) -> None:
    """As a new user would, with nothing but the samples."""
    (folder / "contracts").mkdir()
    contract, sample = "contracts/feed.odcs.yaml", "contracts/feed.sample.ndjson"
    shutil.copy(SAMPLES / "marketplace_feed.ndjson", sample)
    done = run("contract", "infer", sample, "-o", contract)
    assert (done.exit_code, done.output) == (0, "")
    done = run("contract", "lint", "contracts")
    assert (done.exit_code, done.output) == (0, f"{contract}: no faults; its sample passes (2 records)\n")
    assert "\nname: feed\n" in Path(contract).read_text(encoding="utf-8")
    assert run("check", sample, "--contract", contract).exit_code == 0
    assert run("run", sample, "--contract", contract, "--lake", "lake", "--quarantine", "bad").exit_code == 0
    assert list((folder / "lake" / "feed_items").rglob("*.parquet"))


def test_without_an_output_it_prints(tmp_path: Path) -> None:
    done = etl("contract", "infer", SAMPLE, cwd=tmp_path, PYTHONPATH=str(ROOT))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("# A proposal, made from 10 records of orders.sample.json:")
    assert "\nname: orders\n" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("sources", [["in"], ["in/*"], ["in/a.json", "in/b.json.gz"]])
def test_samples_are_files_folders_and_globs(sources: list[str], folder: Path) -> None:
    (folder / "in").mkdir()
    (folder / "in" / "a.json").write_bytes(b'{"id": 1, "page": 1}')
    (folder / "in" / "b.json.gz").write_bytes(gzip.compress(b'{"id": 2}\n{"id": 3}\n'))
    done = run("contract", "infer", *sources)
    assert "# A proposal, made from 3 records of a.json and 1 more sample:" in done.stdout


def test_a_sample_may_be_standard_input(folder: Path) -> None:
    done = run("contract", "infer", "-", "-o", "x.odcs.yaml", stdin=b'{"orders": [{"id": 1}, {"id": 2}]}')
    assert (done.exit_code, done.output) == (0, "")
    assert "made from 2 records of standard input:" in Path("x.odcs.yaml").read_text(encoding="utf-8")


def test_what_is_left_out_is_said_and_holds_no_values(folder: Path) -> None:
    lines = ['{"email": "a@b.example"}', '{"email": "c@d.example", "email": "e@f.example"}', "e@f.example"]
    Path("feed.json").write_text("\n".join([*lines, *lines[:1] * 2]), encoding="utf-8")
    done = run("contract", "infer", "feed.json")
    assert done.exit_code == 0
    first, second = done.stderr.splitlines()
    assert first.startswith("etl: feed.json: left out 1 record at line 2: a key that its object already has")
    assert second.startswith("etl: feed.json: left out 1 record at line 3: ")
    assert "@" not in done.output


@pytest.mark.parametrize(
    ("name", "content", "options", "code", "words"),
    [
        ("a.json", b'{"id": 1}', ["-o", "there.yaml"], 2, "there.yaml: it is there already, and is not overwritten"),
        ("a.json", b'{"id": 1}', ["-o", "no/folder/c.odcs.yaml"], 3, "no/folder/c.odcs.yaml: it can't be written"),
        ("a.json", b"", [], 2, "a.json: there are no records in it"),
        ("a.json", b"[]", [], 2, "give samples that have some"),
        ("a.json", b"id;price\n1;2\n", [], 2, "a.json: left out 2 records, the first at line 1: "),
        ("a.json", b"\x1f\x8bnonsense", [], 2, "can't be taken apart"),
        ("other.json", b'{"id": 1}', [], 3, "a.json"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(
    name: str, content: bytes, options: list[str], code: int, words: str, folder: Path
) -> None:
    (folder / name).write_bytes(content)
    (folder / "there.yaml").write_bytes(b"mine")
    done = run("contract", "infer", "a.json", *options)
    assert (done.exit_code, done.stdout) == (code, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert (folder / "there.yaml").read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("sample", "output", "name"),
    [
        ("orders-2024-01-10.json.gz", None, "orders-2024-01-10"),
        ("1st export.ndjson", None, "feed_1st_export"),
        ("日本.json", None, "feed"),
        ("x.json", "contracts of mine.odcs.yaml", "contracts_of_mine"),
        ("x.json", "shop.yaml", "shop"),
    ],
)
def test_the_contract_is_called_like_its_file_or_the_sample(sample: str, output: str | None, name: str) -> None:
    assert contract_name(output or f"/some/where/{sample}") == name
