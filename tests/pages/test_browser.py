"""The pages in a real browser: on a desk, on a telephone, in the dark, on paper."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl import contract as contracts
from etl.pages.example import example
from etl.pages.page import page
from etl.pages.rendering import html
from etl.pages.site import site
from tests.pages.browser import Browser, needed, running
from tests.pages.feeds import shipped, ugly

needed("a contract's page")

PAGES = ("orders", "marketplace", "marketplace_export", "ugly", "index")

OVERFLOWING = """
[...document.querySelectorAll('body *')]
  .filter(each => !each.closest('.scroll, .hidden, .skip, svg, thead') &&
                  each.getBoundingClientRect().right > innerWidth + 1)
  .map(each => each.outerHTML.slice(0, 120))
"""
CONTRAST = """
(() => {
  const parts = colour => colour.match(/[0-9.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = each => {
    for (; each; each = each.parentElement) {
      const colour = parts(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const texts = [...document.querySelectorAll('body *')].filter(each => !each.closest('svg') &&
    [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
  return texts.map(each => {
    const [a, b] = [light(parts(getComputedStyle(each).color)), light(ground(each))].sort((x, y) => y - x);
    return [Math.round((a + 0.05) / (b + 0.05) * 100) / 100, each.className + ' ' + each.tagName];
  }).filter(([ratio]) => ratio < 4.5);
})()
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with running(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of the contracts here and of the ugly one."""
    folder = tmp_path_factory.mktemp("pages")
    text, records = ugly()
    (folder / "ugly.sample.json").write_text(json.dumps(records))
    feed = contracts.loads(text, "ugly.odcs.yaml", {})
    ugly_page = page(feed, text, example(feed, folder / "ugly.sample.json"))
    pages = [*map(shipped, ("orders", "marketplace", "marketplace_export")), ugly_page]
    for name, content in site(pages).items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [320, 390, 820, 1280])
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
    assert browser.value("getComputedStyle(document.body).maxWidth") == "1248px"  # the policy let the style sheet in


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_text_stands_out_from_its_ground(name: str, scheme: str, browser: Browser, folder: Path) -> None:
    """WCAG 2.2, 1.4.3: a ratio of 4.5."""
    browser.open(folder / f"{name}.html", 1280, scheme=scheme)
    grounds = {"light": "rgb(244, 246, 248)", "dark": "rgb(15, 19, 23)"}
    assert browser.value("getComputedStyle(document.body).backgroundColor") == grounds[scheme]
    assert browser.value(CONTRAST) == []


def test_hostile_text_is_text(browser: Browser, folder: Path) -> None:
    browser.open(folder / "ugly.html", 1280)
    assert browser.value("document.title") == "ugly 1 <b>: contract"
    assert browser.value("document.querySelectorAll('script, img, iframe, object, [onerror], [style], b').length") == 0
    assert browser.value("document.querySelectorAll('h1').length") == 1
    assert browser.value("document.querySelector('.lead').textContent").startswith(
        "<script>document.title='owned'</script>"
    )
    assert "SECRET" not in browser.value("document.documentElement.outerHTML")
    assert browser.value("[...document.links].every(each => each.getAttribute('href').startsWith('#'))")


def test_the_policy_stops_what_would_get_through(browser: Browser, tmp_path: Path) -> None:
    """If a text were ever not escaped: no script, no style, no picture, no form."""
    hostile = (
        "<script>document.title='owned'</script><img src='http://127.0.0.1:9/x.png' onerror=\"document.title='owned'\">"
        "<style>body{max-width:1px}</style><p id=styled style='color:red'></p><form action='http://127.0.0.1:9/'></form>"
    )
    path = tmp_path / "broken.html"
    path.write_text(html(shipped("orders")).replace("<main", f"{hostile}<main"), encoding="utf-8")
    browser.open(path, 1280)
    assert browser.value("document.title") == "orders 1.0.0: contract"
    assert browser.value("getComputedStyle(document.body).maxWidth") == "1248px"
    assert browser.value("getComputedStyle(document.getElementById('styled')).color") != "rgb(255, 0, 0)"
    refused = [each["entry"]["text"] for each in browser.happened("Log.entryAdded")]
    assert sum("Content Security Policy" in text for text in refused) >= 4, refused


@pytest.mark.parametrize("width", [390, 1280])
def test_tables_are_tables_to_those_who_listen(width: int, browser: Browser, folder: Path) -> None:
    """Also on a telephone, where they are laid out as blocks."""
    browser.open(folder / "orders.html", width)
    nodes = browser.tell("Accessibility.getFullAXTree")["nodes"]
    roles = [node["role"]["value"] for node in nodes if not node["ignored"]]
    assert roles.count("rowheader") == 2 * 12  # of columns, and of the example's rows
    assert roles.count("columnheader") == 3 + 3
    assert {"banner", "navigation", "main", "contentinfo", "table"} <= set(roles)
    headings = browser.value("[...document.querySelectorAll('h1, h2, h3')].map(each => each.tagName)")
    assert headings[0] == "H1"
    assert "H1" not in headings[1:]
    assert browser.value("document.documentElement.lang") == "en"
    named = "[...document.querySelectorAll('[role=region], nav, svg')].every(each => each.ariaLabel)"
    assert browser.value(named)


def test_the_map_leads_from_fields_to_columns(browser: Browser, folder: Path) -> None:
    browser.open(folder / "marketplace.html", 1280)
    lines = browser.value("[...document.querySelectorAll('.map .line')].map(each => each.innerText)")
    assert "email → becomes lower(trim(·)) orders.buyer_email masked" in [" ".join(line.split()) for line in lines]
    edges = browser.value(
        "[...document.querySelectorAll('.map .flows')].map(each => Math.round(each.getBoundingClientRect().left))"
    )
    assert len(set(edges)) == 1  # columns stand in line, however deep their fields are
    drawn = browser.value("[...document.querySelectorAll('svg text.entity')].map(each => each.firstChild.data)")
    assert drawn == ["orders", "order_items", "item_taxes", "payments"]


def test_long_names_stay_in_their_boxes(browser: Browser, folder: Path) -> None:
    browser.open(folder / "ugly.html", 1280)
    out = """[...document.querySelectorAll('svg g')].flatMap(group => {
      const box = group.querySelector('.box').getBBox();
      return [...group.querySelectorAll('text')].map(each => each.getBBox())
        .filter(text => text.x < box.x || text.x + text.width > box.x + box.width);
    }).length"""
    assert browser.value(out) == 0


def test_it_prints(browser: Browser, folder: Path) -> None:
    browser.open(folder / "marketplace.html", 1280, scheme="dark", media="print")
    assert browser.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.value("getComputedStyle(document.querySelector('nav')).display") == "none"
    printed = base64.b64decode(browser.tell("Page.printToPDF")["data"])
    assert printed.startswith(b"%PDF")
