"""`etl contract docs`: what it writes, and what it says where it can't."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from etl.cli.app import app
from tests.pages.feeds import CONTRACTS, column, document, table, ugly

Docs = Callable[..., Result]


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docs:
    """The command, run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, ["contract", "docs", *map(str, arguments)])


def test_a_folder_of_contracts_gives_their_pages_and_an_index(docs: Docs, tmp_path: Path) -> None:
    done = docs(CONTRACTS, "-o", "a/b")
    assert (done.exit_code, done.stderr) == (0, "")
    names = [path.name.removesuffix(".odcs.yaml") for path in sorted(CONTRACTS.glob("*.odcs.yaml"))]
    expected = {f"{name}.{kind}" for name in names for kind in ("html", "md")} | {"index.html", "README.md"}
    assert {path.name for path in (tmp_path / "a/b").iterdir()} == expected
    assert set(done.stdout.split()) == {f"a/b/{name}" for name in expected}
    for index, link in (("index.html", '<a href="{}.html"'), ("README.md", "]({}.md)")):
        shown = (tmp_path / "a/b" / index).read_text()
        assert all(link.format(name) in shown for name in names)
    again = tmp_path / "again"
    assert docs(*(CONTRACTS / f"{name}.odcs.yaml" for name in names), "-o", again).exit_code == 0
    for path in again.iterdir():  # the same contracts give the same bytes
        assert path.read_bytes() == (tmp_path / "a/b" / path.name).read_bytes()


def test_one_contract_needs_no_index_and_no_sample(docs: Docs, tmp_path: Path) -> None:
    shutil.copy(CONTRACTS / "orders.odcs.yaml", tmp_path)
    done = docs("orders.odcs.yaml")
    assert done.stdout.split() == ["contract-docs/orders.html", "contract-docs/orders.md"]
    assert 'id="example"' not in (tmp_path / "contract-docs/orders.html").read_text()


def test_links_of_a_page_lead_to_its_parts(docs: Docs, tmp_path: Path) -> None:
    text, _ = ugly()
    (tmp_path / "ugly.odcs.yaml").write_text(text)
    assert docs(CONTRACTS, tmp_path, "-o", "out").exit_code == 0
    for path in (tmp_path / "out").glob("*.html"):
        page = path.read_text()
        ids = re.findall(r' id="([^"]*)"', page)
        assert len(ids) == len(set(ids))
        for name, part in re.findall(r'href="([^"#]*)#([^"]*)"', page):
            there = (tmp_path / "out" / name).read_text() if name else page
            assert f'id="{part}"' in there


FEED = document(table("t", column("c")))


@pytest.mark.parametrize(
    ("files", "code", "words"),
    [
        ({}, 2, "there is no *.odcs.yaml in this folder"),
        ({"a.odcs.yaml": "schema: 1"}, 2, "a.odcs.yaml:1:"),
        ({"a.odcs.yaml": FEED, "b.odcs.yaml": document(table("u", column("c")))}, 2, "two contracts 'feed'"),
        (
            {"a.odcs.yaml": document(table("t", column("c")), name="Index"),
             "b.odcs.yaml": document(table("u", column("c")))}, 2, "'Index'",
        ),
        ({"a.odcs.yaml": FEED, "contract-docs": "a file"}, 3, "give another with -o"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said(files: dict[str, str], code: int, words: str, docs: Docs, tmp_path: Path) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    done = docs(".")
    assert (done.exit_code, done.stdout) == (code, "")
    assert words in done.stderr
    assert isinstance(done.exception, SystemExit)
    assert not list(tmp_path.glob("contract-docs/*"))


def test_other_commands_do_not_wait_for_jinja() -> None:
    script = "import sys, etl.cli; print('jinja2' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=CONTRACTS.parent, check=True
    )
    assert done.stdout == "False\n"
