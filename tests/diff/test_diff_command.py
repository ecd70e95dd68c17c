"""`etl contract diff`: what it prints, and its exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from etl.cli import diff as comparing
from etl.cli.app import app
from etl.errors import ContractError, StorageError, UsageError
from etl.storage import AnyStorage, MemoryStorage
from tests.test_cli import EXAMPLES, ORDERS, ROOT, SAMPLE, etl

TEXT = ORDERS.read_text(encoding="utf-8")


def diff(*arguments: object, stdin: str = "") -> Result:
    """The command in this process, which is quicker."""
    return CliRunner().invoke(app, ["contract", "diff", *map(str, arguments)], input=stdin)


def edited(folder: Path, *edits: tuple[str, str]) -> Path:
    text = TEXT
    for before, after in edits:
        assert before in text
        text = text.replace(before, after)
    path = folder / "new.odcs.yaml"
    path.write_text(text, encoding="utf-8")
    return path


MINOR, MAJOR = ("version: 1.0.0", "version: 1.1.0"), ("version: 1.0.0", "version: 2.0.0")
TIGHTER, RENAMED = ("maximum: 1000", "maximum: 500"), ("- name: category\n", "- name: kind\n")


@pytest.mark.parametrize(
    ("edits", "code", "words"),
    [
        ([], 0, "no change in meaning"),
        ([("# one folder per day in the lake", "# by day")], 0, "no change in meaning"),
        ([TIGHTER], 1, "at least 1.1.0"),
        ([TIGHTER, MINOR], 0, "a minor step is asked for, and 1.0.0 -> 1.1.0 makes it"),
        ([TIGHTER, RENAMED, MINOR], 1, "at least 2.0.0"),
        ([TIGHTER, RENAMED, MAJOR], 0, "makes it"),
        ([("purpose: Orders", "purpose: All orders")], 1, "at least 1.0.1"),
        ([("status: active", "status: draft")], 1, "at least 1.0.1"),
    ],
)
def test_the_exit_code_says_whether_the_version_makes_the_step(
    edits: list[tuple[str, str]], code: int, words: str, tmp_path: Path
) -> None:
    done = diff(ORDERS, edited(tmp_path, *edits))
    assert (done.exit_code, done.stderr) == (code, "")
    assert words in done.stdout


def test_real_runs(tmp_path: Path) -> None:
    done = etl("contract", "diff", ORDERS, edited(tmp_path, TIGHTER))
    assert (done.returncode, done.stderr, "at least 1.1.0" in done.stdout) == (1, "", True)
    done = etl("contract", "diff", ORDERS, "no.odcs.yaml")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_changes_stand_in_columns_under_their_effects(tmp_path: Path) -> None:
    new = edited(
        tmp_path, TIGHTER, RENAMED, ("maxLength: 254", "maxLength: 320"), ("purpose: Orders", "purpose: All orders")
    )
    lines = diff(ORDERS, new).stdout.splitlines()
    heads = [line.partition(":")[0] for line in lines if not line.startswith(" ")]
    assert heads == ["breaking", "tightening", "safe", "safe", "version"]
    assert "  orders.quantity  maximum              1000 -> 500" in lines
    assert {line.index("->") for line in lines if "orders.quantity" in line or "orders.email" in line} == {45, 44}
    shown = [line for line in lines if line.startswith("  ")]
    assert (
        len(
            {
                line.index(word)
                for line, word in zip(shown, ("renamed", "maximum", "maxLength", "description"), strict=True)
            }
        )
        == 1
    )


def test_a_draft_promises_nothing(tmp_path: Path) -> None:
    draft = edited(tmp_path, ("status: active", "status: draft"))
    done = diff(draft, ORDERS)
    assert (done.exit_code, "draft" in done.stdout) == (0, True)


def test_the_old_contract_may_come_from_a_pipe(tmp_path: Path) -> None:
    done = etl("contract", "diff", "-", edited(tmp_path, TIGHTER, MINOR), stdin=TEXT.encode())
    assert (done.returncode, "1000 -> 500" in done.stdout) == (0, True)


def test_bytes_that_are_no_text_are_a_fault_at_their_place(tmp_path: Path) -> None:
    latin = tmp_path / "latin.odcs.yaml"
    latin.write_bytes(b"id: caf\xe9")
    with pytest.raises(ContractError, match=r"latin\.odcs\.yaml:1:1: the file is not UTF-8: byte 8 can't be read"):
        comparing.read(str(latin), AnyStorage())


def test_json_is_one_document(tmp_path: Path) -> None:
    done = diff(ORDERS, edited(tmp_path, TIGHTER), "--json")
    found = json.loads(done.stdout)
    assert (done.exit_code, found["step"], found["against"]) == (1, "minor", None)
    assert found["version"] == {"old": "1.0.0", "new": "1.0.0", "least": "1.1.0", "enough": False}
    (change,) = found["changes"]
    assert (change["table"], change["column"], change["old"], change["new"]) == ("orders", "quantity", "1000", "500")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What runs of the sample and of an upload with a bad order have left."""
    folder = tmp_path_factory.mktemp("lake")
    sources = [SAMPLE, EXAMPLES / "negative-price" / "upload.json"]
    where = ["--contract", ORDERS, "--lake", folder / "lake", "--quarantine", folder / "bad"]
    assert CliRunner().invoke(app, [str(each) for each in ("run", *sources, *where)]).exit_code == 0
    return folder


def test_against_a_lake(lake: Path, tmp_path: Path) -> None:
    before = sorted(lake.rglob("*"))
    prices = "          minimum: 0\n        required: true\n        classification: public\n\n      - name: quantity"
    looser = edited(tmp_path, (prices, prices.replace("minimum: 0", "minimum: -99")), MINOR)
    done = etl("contract", "diff", ORDERS, looser, "--against", lake / "lake")
    assert (done.returncode, done.stderr) == (0, "")
    seen = f"of the last 16 records (2 uploads in {lake}/lake)"
    said = f"{seen}, 0 would be newly quarantined, 1 of 1 quarantined ones would pass"
    assert said in done.stdout.splitlines()
    stricter = edited(tmp_path, ("maximum: 1000", "maximum: 1"), MINOR)
    against = json.loads(diff(ORDERS, stricter, "--against", lake / "lake", "--last", 5, "--json").stdout)["against"]
    assert (against["records"], against["newly"] > 0) == (5, True)
    assert set(against["broken"]) == {"orders.quantity maximum"}
    assert sorted(lake.rglob("*")) == before


def test_readme_shows_what_is_printed(lake: Path, tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme[readme.index("### Change a contract") : readme.index("## Upload")]
    shown, evidence = re.findall(r"^```text\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    new = edited(tmp_path, ("maximum: 1000", "maximum: 100"), MINOR)
    assert diff(ORDERS, new).stdout == shown
    assert diff(ORDERS, new, "--against", lake / "lake").stdout.splitlines()[-1].startswith(evidence[:12])


def test_nothing_personal_is_shown(lake: Path, tmp_path: Path) -> None:
    stricter = edited(tmp_path, ("maxLength: 254", "maxLength: 3"), ("20 percent", "100 percent"))
    done = diff(ORDERS, stricter, "--against", lake / "lake")
    assert "newly broken: orders.email maxLength" in done.stdout
    assert "@" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([ORDERS, "no.odcs.yaml"], 2, "no.odcs.yaml"),
        (["no.odcs.yaml", ORDERS], 2, "no.odcs.yaml"),
        ([ORDERS, ROOT / "contracts"], 2, "a file is expected"),
        ([ORDERS, SAMPLE], 2, "orders.sample.json"),
        ([ORDERS, ORDERS, "--against", "nowhere"], 2, "_runs/orders/"),
        ([ORDERS, ORDERS, "--against", ""], 2, "--against"),
        ([ORDERS, ORDERS, "--last", "0"], 2, "--last"),
        ([ORDERS], 2, "NEW"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(arguments: list[object], code: int, words: str) -> None:
    done = diff(*arguments)
    assert (done.exit_code, done.stdout) == (code, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_hostile_text_is_shown_not_obeyed(tmp_path: Path) -> None:
    done = diff(ORDERS, edited(tmp_path, ("purpose: Orders", 'purpose: "\\e[31m Orders"#')))
    assert "\x1b" not in done.stdout
    assert "\\x1b[31m" in done.stdout


def test_a_contract_on_s3_that_cannot_be_read_is_broken_infrastructure(tmp_path: Path) -> None:
    class Broken(MemoryStorage):
        def read(self, location: str) -> tuple[bytes, str]:
            raise StorageError(location)

    with pytest.raises(StorageError):
        comparing.read("s3://orders/a.odcs.yaml", Broken())
    with pytest.raises(UsageError):
        comparing.read("a.odcs.yaml", Broken())
    with pytest.raises(UsageError):
        comparing.read("s3://orders/a.odcs.yaml", MemoryStorage())
