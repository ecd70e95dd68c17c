"""The page of a run report in a real browser: on a desk, on a telephone, in the dark, on paper."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.report.page import page
from tests.pages.browser import Browser, needed, running
from tests.pages.test_browser import CONTRAST, OVERFLOWING
from tests.report.reports import HOSTILE_TEXTS, LONG, example, full, hostile

needed("a report's page")

PAGES = {
    "full": full(),
    "rejected": example("broken-upload-rule"),
    "warned": example("warning-only"),
    "shape": example("wrong-shape"),
    "script": hostile(HOSTILE_TEXTS[0]),
    "attribute": hostile(HOSTILE_TEXTS[1]),
    "long": hostile(LONG),
    "arabic": hostile("العربية نص من اليمين إلى اليسار"),
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with running(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    for name, report in PAGES.items():
        (folder / f"{name}.html").write_bytes(page(report))
    return folder


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_sticks_out_at_the_side(name: str, width: int, browser: Browser, folder: Path) -> None:
    browser.open(folder / f"{name}.html", width)
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value(OVERFLOWING) == []


@pytest.mark.parametrize("name", PAGES)
def test_the_browser_has_nothing_to_complain_of(name: str, browser: Browser, folder: Path) -> None:
    browser.open(folder / f"{name}.html", 1280)
    assert browser.happened("Log.entryAdded") == []
    assert browser.happened("Runtime.exceptionThrown") == []
    asked = {each["request"]["url"].partition("#")[0] for each in browser.happened("Network.requestWillBeSent")}
    assert asked == {(folder / f"{name}.html").as_uri()}
    assert browser.value("document.compatMode") == "CSS1Compat"
    assert browser.value("getComputedStyle(document.body).maxWidth") == "960px"  # the policy let the style sheet in
    assert browser.value("document.querySelectorAll('script, img, iframe, object, [onerror], [style], b').length") == 0
    assert browser.value("document.title") != "owned"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["full", "rejected", "warned"])
def test_text_stands_out_from_its_ground(name: str, scheme: str, browser: Browser, folder: Path) -> None:
    """WCAG 2.2, 1.4.3: a ratio of 4.5."""
    browser.open(folder / f"{name}.html", 1280, scheme=scheme)
    grounds = {"light": "rgb(244, 246, 248)", "dark": "rgb(15, 19, 23)"}
    assert browser.value("getComputedStyle(document.body).backgroundColor") == grounds[scheme]
    assert browser.value(CONTRAST) == []


@pytest.mark.parametrize("width", [360, 1280])
def test_bars_are_as_long_as_shares(width: int, browser: Browser, folder: Path) -> None:
    browser.open(folder / "shape.html", width)
    drawn = """[...document.querySelectorAll('.bars .bar')].map(each =>
      each.querySelector('.bad').getBoundingClientRect().width / each.getBoundingClientRect().width)"""
    assert browser.value(drawn) == pytest.approx([1 / 11] * 5, abs=0.001)


@pytest.mark.parametrize("width", [360, 1280])
def test_it_can_be_listened_to(width: int, browser: Browser, folder: Path) -> None:
    """Tables stay tables on a telephone, where they are laid out as blocks."""
    browser.open(folder / "full.html", width)
    nodes = browser.tell("Accessibility.getFullAXTree")["nodes"]
    roles = [node["role"]["value"] for node in nodes if not node["ignored"]]
    assert roles.count("table") == 5  # of four rules, and of unknown fields
    assert {"banner", "main", "contentinfo", "rowheader", "columnheader", "insertion", "deletion"} <= set(roles)
    headings = browser.value("[...document.querySelectorAll('h1, h2, h3')].map(each => each.tagName)")
    assert headings[0] == "H1"
    assert "H1" not in headings[1:]
    assert browser.value("document.documentElement.lang") == "en"


def test_a_rule_is_one_step_from_its_bar(browser: Browser, folder: Path) -> None:
    browser.open(folder / "full.html", 1280)
    browser.value("document.querySelector('.bars a').focus()")
    assert browser.value("document.activeElement.textContent") == "orders.category"
    browser.value("document.activeElement.click()")
    assert browser.value("document.querySelector(':target').textContent").startswith("orders.category")


def test_it_prints(browser: Browser, folder: Path) -> None:
    browser.open(folder / "full.html", 1280, scheme="dark", media="print")
    assert browser.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    printed = base64.b64decode(browser.tell("Page.printToPDF")["data"])
    assert printed.startswith(b"%PDF")
