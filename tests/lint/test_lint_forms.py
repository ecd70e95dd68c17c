"""The forms in which findings are given."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from etl.cli.lint import Form, Linted, lines, lint
from etl.cli.lint.findings import Finding
from etl.errors import Fault
from etl.storage import AnyStorage

TEXT = "id: shop\nname: «shop»\n  long: " + "x" * 200 + "\nhostile: \x1b[31m, 100%: 商店!\n"


def linted(*findings: tuple[int, int, str, str], file: str = "c/shop.odcs.yaml") -> Linted:
    found = (Finding(Fault(file, line, column, message), level) for line, column, message, level in findings)
    return Linted(file, TEXT, tuple(found), "; its sample passes (1 record)")


def shown(form: Form, *every: Linted) -> list[str]:
    return list(lines(every, form))


def test_text_has_a_caret_under_the_place_and_a_summary() -> None:
    one = linted((2, 7, "what is this", "error"), (2, 1, "hardly meant", "hint"))
    assert shown(Form.TEXT, one) == [
        "c/shop.odcs.yaml:2:7: what is this",
        "    name: «shop»",
        "          ^",
        "c/shop.odcs.yaml:2:1: hint: hardly meant",
        "    name: «shop»",
        "    ^",
        "c/shop.odcs.yaml: 1 fault, 1 hint",
    ]


def test_text_says_when_all_is_well() -> None:
    expected = ["c/shop.odcs.yaml: no faults; its sample passes (1 record)"]
    assert shown(Form.TEXT, linted()) == expected
    hinted = linted((1, 1, "no sample", "hint"))
    assert shown(Form.TEXT, hinted)[-1] == "c/shop.odcs.yaml: no faults, 1 hint; its sample passes (1 record)"


@pytest.mark.parametrize(("line", "column"), [(3, 9), (3, 150), (3, 206), (4, 10), (4, 25), (2, 14), (9, 1)])
def test_the_caret_stands_under_the_character(line: int, column: int) -> None:
    _, *excerpt, _ = shown(Form.TEXT, linted((line, column, "m", "error")))
    if line > TEXT.count("\n"):
        assert excerpt == []
        return
    text, caret = excerpt
    assert "\x1b" not in text
    assert len(text) < 140
    wide = re.sub(r"[商店]", "ww", text)  # as a terminal gives them room
    at = caret.index("^")
    expected = TEXT.split("\n")[line - 1][column - 1 : column]
    assert wide[at : at + 1] == expected.replace("\x1b", "\\")


def test_json_is_one_object_a_line() -> None:
    one = linted((4, 10, "an \x1b escape, 100%\n:", "error"), (2, 1, "hardly meant", "hint"))
    first, second = map(json.loads, shown(Form.JSON, one))
    assert first == {
        "file": "c/shop.odcs.yaml",
        "line": 4,
        "column": 10,
        "level": "error",
        "message": "an \x1b escape, 100%\n:",
    }
    assert second["level"] == "hint"
    assert shown(Form.JSON, linted()) == []


def test_github_gets_its_own_escapes() -> None:
    one = linted((4, 10, "100%: a, b\r\n::error::c", "error"), (2, 1, "hint", "hint"), file="a,b:c%.yaml")
    assert shown(Form.GITHUB, one) == [
        "::error file=a%2Cb%3Ac%25.yaml,line=4,col=10::100%25: a, b%0D%0A::error::c",
        "::warning file=a%2Cb%3Ac%25.yaml,line=2,col=1::hint",
    ]
    assert shown(Form.GITHUB, linted()) == []


ROOT = Path(__file__).parents[2]


def test_readme_shows_what_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "contracts/orders.odcs.yaml").read_text(encoding="utf-8")
    broken = text.replace("mustBeLessThan: 50", "mustBeAtLeast: 50").replace("[*].price", "[*.price")
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts/orders.odcs.yaml").write_text(broken, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    printed = "\n".join(lines(lint(["contracts"], AnyStorage()), Form.TEXT))
    assert f"```text\n{printed}\n```" in (ROOT / "README.md").read_text(encoding="utf-8")
