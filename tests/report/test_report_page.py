"""The page of a run report: what is on it, and that nothing in it is anything but text."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from etl.report.look import stylesheet
from etl.report.page import page
from tests.examples import EXAMPLES
from tests.report.reports import HOSTILE_TEXTS, PATCH, example, full, hostile, place, reports, rule

VOID = {"meta", "rect"}
TAGS = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "section", "footer", "h1", "h2", "h3", "p",
    "a", "ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th", "td", "span", "strong",
    "code", "pre", "ins", "del", "div", "svg", "rect",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "role", "scope", "data-name", "viewbox",
    "preserveaspectratio", "aria-hidden", "aria-label", "aria-labelledby", "width", "height", "x",
}  # fmt: skip


class Parsed(HTMLParser):
    """A page taken apart: its text, and its tags with their attributes. Each tag must be closed where it should be."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(data.decode())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


def check(data: bytes) -> Parsed:
    """The page is well-formed, and holds nothing that runs, loads or leads away."""
    found = Parsed(data)
    assert {tag for tag, _ in found.tags} <= TAGS
    assert {name for _, attributes in found.tags for name in attributes} <= ATTRIBUTES
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {each["href"] for each in found.all("a")} <= {f"#{name}" for name in ids}
    assert {each["aria-labelledby"] for each in found.all("section")} <= set(ids)
    assert len(found.all("style")) == len(found.all("h1")) == 1
    for bar in found.all("rect"):
        assert 0 <= float(bar["width"] or "") <= 100
        assert 0 <= float(bar.get("x", "0") or "") <= 100
    return found


def test_the_page_of_everything() -> None:
    text = check(page(full())).text
    for said in (
        "1,800 of 120,000 records are in quarantine",
        "The other 118,200 are in the lake. 100 of those in quarantine are split: the good rows are in the lake.",
        "uploaded 2024-02-01 at 08:30 UTC, 2,314 bytes",
        "orders.category : one of 'books', 'toys' 412 of 120,000 records, under 1%",
        '"pets" at $.products[0].category is none of these.',
        "1,204 places in 412 records. 1,203 more are not shown here.",
        "warning only: nothing is quarantined for it",
        "*** at $.email is not an e-mail address.",
        "*** stands for a personal value, which is not shown here.",
        "Would release 412 records; loosens the contract; asks for a minor step of its version.",
        "3 more are not listed.",
        "etl quarantine replay --dry-run s3://shop/orders_q",
        "etl review --lake s3://shop/lake/ --quarantine s3://shop/orders_quarantine/",
    ):
        assert said.replace(" :", ":") in text.replace(" :", ":"), said


def test_a_patch_is_shown_line_by_line() -> None:
    found = Parsed(page(full()))
    assert (len(found.all("ins")), len(found.all("del"))) == (1, 1)
    for line in PATCH.splitlines():
        assert line in found.texts


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_the_page_of_an_example(folder: Any) -> None:
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    found = check((folder / "report.html").read_bytes())
    assert len(found.all("tr")) >= sum(len(rule["examples"]) for rule in report["rules"])
    for rule_ in report["rules"]:
        for each in rule_["examples"]:
            assert each["path"] is None or each["path"] in found.text or rule_["rule"] == "json"


def test_the_same_report_gives_the_same_page() -> None:
    assert page(full()) == page(full())


def test_an_upload_that_is_all_right_but_for_warnings_asks_for_nothing() -> None:
    text = check(page(example("warning-only"))).text
    assert "Nothing has to be done: every record is in the lake." in text
    assert "replay" not in text


@pytest.mark.parametrize(
    ("records", "width", "share"),
    [
        (1, "0.5", "under 1%"),
        (6, "0.6", "under 1%"),
        (500, "50", "50%"),
        (999, "99.9", "over 99%"),
        (1000, "100", "100%"),
    ],
)
def test_a_bar_is_as_long_as_the_share(records: int, width: str, share: str) -> None:
    report = full()
    report["records"] = {"read": 1000, "published": 0, "quarantined": 1000, "split": 0, "duplicates": 0}
    report["rules"] = [rule("enum", "one of 'a'", "x", [place(1, "$.x", '"b"')], records, records)]
    found = check(page(report))
    assert [each["width"] for each in found.all("rect") if each["class"] == "bad"] == [width]
    assert share in found.text


def test_a_command_can_be_pasted_whatever_the_folder_is_called() -> None:
    report = full()
    report["quarantine"]["location"] = "/tmp/a b;rm -rf ~/orders/2024-02-01/x-y/"
    text = check(page(report)).text
    assert "show '/tmp/a b;rm -rf ~/orders/2024-02-01/x-y/'" in text


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=range(len(HOSTILE_TEXTS)))
def test_hostile_text_is_text(text: str) -> None:
    data = page(hostile(text))
    found = check(data)
    assert not any(character in data.decode() for character in "\x00\x1b\u202e\u2066\u200b")
    if text.startswith("<script>"):
        assert text in "".join(found.texts)


@settings(suppress_health_check=list(HealthCheck), deadline=None)
@given(reports)
def test_every_report_has_a_page(report: dict[str, Any]) -> None:
    """Edited ones too: an upload is never lost because of its page."""
    check(page(report))


def test_the_style_sheet_loads_nothing() -> None:
    assert not any(word in stylesheet() for word in ("url(", "@import", "http", "</"))
