"""The three stories in a real browser, from the printed link on: find and fix an order, replay after an edit, dismiss.

The command runs as a person runs it; what it has done is looked up in the lake.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.dataset as datasets
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.pages.browser import installed, needed

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ("wrong-type", "out-of-range", "bad-email", "wrong-encoding", "not-json", "duplicate-key")

needed("the review")

expect.set_options(timeout=60_000)  # a machine may have much else to do
STICKS_OUT = """
() => [...document.querySelectorAll('body *')]
  .filter(each => !each.closest('pre, textarea, svg, .hidden, .skip, thead') &&
                  each.getBoundingClientRect().right > innerWidth + 1)
  .map(each => each.outerHTML.slice(0, 120))
"""
CONTRAST = """
() => {
  const canvas = document.createElement('canvas').getContext('2d');
  const parts = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = each => {
    for (; each; each = each.parentElement) {
      const colour = parts(getComputedStyle(each).backgroundColor);
      if (colour[3] > 250) return colour;
    }
    return [255, 255, 255];
  };
  const texts = [...document.querySelectorAll('body *')].filter(each => !each.closest('svg, .hidden, .skip, option') &&
    [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
  return texts.map(each => {
    const [a, b] = [light(parts(getComputedStyle(each).color)), light(ground(each))].sort((x, y) => y - x);
    return [Math.round((a + 0.05) / (b + 0.05) * 100) / 100, each.className + ' ' + each.tagName];
  }).filter(([ratio]) => ratio < 4.5);
}
"""


@dataclass(frozen=True)
class Review:
    """A running review: the folder it was started in, and its link."""

    folder: Path
    link: str

    @property
    def home(self) -> str:
        return self.link.partition("?")[0]

    def orders(self, upload: str) -> dict[int, dict[str, object]]:
        """What the lake holds of an upload, by order."""
        table = datasets.dataset(self.folder / "lake" / "orders", partitioning="hive").to_table()
        return {row["order_id"]: row for row in table.to_pylist() if f"/{upload}." in row["_upload"]}


def etl(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-c", "from etl.cli import main; main()", *arguments]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a person has after some runs."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "contracts", folder / "contracts")
    for name in EXAMPLES:
        upload = next((ROOT / "quarantine_examples" / name).glob("upload.*"))
        (folder / "incoming").mkdir(exist_ok=True)
        shutil.copy(upload, folder / "incoming" / f"{name}{upload.suffix}")
    given = ["--contract", "contracts/orders.odcs.yaml", "--lake", "lake", "--quarantine", "quarantine"]
    done = subprocess.run(
        etl(folder, "run", "incoming", *given), cwd=folder, env=_environment(folder), capture_output=True
    )
    assert done.returncode == 0, done.stderr
    return folder


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder / "cache")}


@pytest.fixture
def review(project: Path, tmp_path: Path) -> Iterator[Review]:
    """The command at work on a copy, for one test: uploads lie where they lay."""
    for name in ("lake", "quarantine", "contracts"):
        shutil.copytree(project / name, tmp_path / name)
    start = etl(project, "review", "--lake", "lake", "--quarantine", "quarantine", "--port", "0")
    pipe = subprocess.PIPE
    with subprocess.Popen(start, cwd=project, env=_environment(project), stdout=pipe, text=True) as process:
        assert process.stdout
        link = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", process.stdout.readline())
        assert link
        yield Review(project, link[0])
        process.send_signal(signal.SIGINT)
        assert process.wait(20) in (0, 130)
    for name in ("lake", "quarantine", "contracts"):
        shutil.rmtree(project / name)
        shutil.copytree(tmp_path / name, project / name)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=installed(), args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser, review: Review) -> Iterator[Page]:
    """At home, without scripts; whatever the browser complains of fails the test."""
    context = browser.new_context(java_script_enabled=False)
    yield _home(context, review)
    context.close()


def _home(context: BrowserContext, review: Review) -> Page:
    page = context.new_page()
    page.set_default_timeout(60_000)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    page.goto(review.link)
    assert page.url == review.home
    assert complaints == []
    return page


# The stories.


def test_find_and_fix_a_bad_order(page: Page, review: Review) -> None:
    assert 2002 not in review.orders("wrong-type")
    page.get_by_role("link", name="wrong-type").click()
    page.get_by_role("link", name="Record 2", exact=True).click()
    expect(page.get_by_role("heading", name="What is wrong")).to_be_visible()
    expect(page.locator("pre.json mark")).to_have_text('"one"')
    expect(page.locator("pre.excerpt mark")).to_have_text("  logicalType: integer")
    expect(page.get_by_text("João Conceição")).to_have_count(0)

    page.get_by_role("button", name="Reveal and edit").click()
    document = page.get_by_label("The document", exact=True).last
    assert "João Conceição" in document.input_value()
    document.fill(document.input_value().replace('"one"', '"two"'))
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("It still breaks a rule.")).to_be_visible()
    assert '"two"' in document.input_value()

    document.fill(document.input_value().replace('"two"', "2"))
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("It passes every rule of orders 1.0.0.")).to_be_visible()
    assert 2002 not in review.orders("wrong-type")
    page.get_by_role("button", name="Publish as corrected").click()

    expect(page.get_by_text("Record 2 is published as corrected.")).to_be_visible()
    assert review.orders("wrong-type")[2002]["quantity"] == 2
    assert 2009 not in review.orders("wrong-type")
    page.get_by_role("navigation", name="Where this is").get_by_role("link", name="wrong-type").click()
    expect(page.locator(".list tbody tr").first).to_contain_text("corrected")
    expect(page.locator(".history")).to_contain_text("partly resolved")


def test_replay_after_a_contract_was_edited(page: Page, review: Review) -> None:
    path = review.folder / "contracts" / "orders.odcs.yaml"
    text = path.read_text(encoding="utf-8")
    edited = text.replace('minimum: "2000-01-01"', 'minimum: "1970-01-01"').replace("version: 1.0.0", "version: 1.1.0")
    path.write_text(edited, encoding="utf-8")
    before = review.orders("out-of-range")

    page.get_by_role("button", name=re.compile("Dry run of all . that wait")).click()
    expect(page.get_by_role("heading", name="Dry run of a replay")).to_be_visible()
    expect(page.locator(".lead")).to_contain_text("1 of 9 records would pass. Nothing has been published yet.")
    assert review.orders("out-of-range") == before
    page.get_by_role("button", name="Publish it").click()

    expect(page.get_by_text("1 record published; 1 record still waits.")).to_be_visible()
    assert len(review.orders("out-of-range")) == len(before) + 1
    expect(page.locator(".history")).to_contain_text("partly resolved")
    page.get_by_role("button", name="Dry run of the one that waits").click()
    expect(page.locator(".lead")).to_contain_text("0 of 1 record would pass.")
    expect(page.get_by_text("orders.quantity minimum 1 record")).to_be_visible()


def test_dismiss_with_a_reason(page: Page, review: Review) -> None:
    page.get_by_label(re.compile("Select incoming/bad-email")).check()
    page.get_by_role("button", name="Dismiss …").click()
    page.get_by_label("Why nothing needs to be done about it").fill("A test order; nobody waits for it.")
    page.get_by_role("button", name="Dismiss").click()

    expect(page.get_by_text("1 upload dismissed: A test order; nobody waits for it.")).to_be_visible()
    expect(page.locator(".history")).to_contain_text("A test order; nobody waits for it.")
    page.get_by_role("link", name="Uploads").click()
    page.get_by_role("link", name="1 Dismissed").click()
    expect(page.locator(".list tbody tr")).to_have_count(1)
    expect(page.locator(".list tbody tr")).to_contain_text("bad-email")


# How it looks, and what it asks of a person.


def test_all_of_it_can_be_done_by_keyboard(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.locator("th a:focus").count():
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Rules broken")).to_be_visible()


def test_the_link_opens_no_second_browser(browser: Browser, page: Page, review: Review) -> None:
    other = browser.new_context().new_page()
    assert (answer := other.goto(review.link))
    assert answer.status == 403
    expect(other.get_by_role("heading", name="This link has been used")).to_be_visible()
    assert (answer := other.goto(review.home))
    assert answer.status == 403


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (360, "dark"), (768, "light"), (1280, "dark")])
def test_every_page_fits_and_can_be_read(scheme: str, width: int, browser: Browser, review: Review) -> None:
    """WCAG 2.2, 1.4.3 and 1.4.10: a ratio of 4.5, and nothing sticks out at the side."""
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page = _home(context, review)
    addresses = [review.home]
    for name in ("wrong-type", "not-json"):
        page.goto(review.home)
        page.get_by_role("link", name=name).click()
        addresses.append(page.url)
        page.locator("table.records th a").first.click()
        addresses.append(page.url)
    for address in [*addresses, review.home + "nothing"]:
        page.goto(address)
        _is_readable(page, width)
        for name in ("Reveal and edit", "Check", "Dry run"):
            if page.get_by_role("button", name=name).count():
                page.get_by_role("button", name=name).first.click()
                _is_readable(page, width)
    context.close()


def _is_readable(page: Page, width: int) -> None:
    page.wait_for_load_state("load")
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    assert page.evaluate(STICKS_OUT) == [], page.url
    assert page.evaluate(CONTRAST) == [], page.url
    assert page.locator("h1").count() == 1
    unnamed = (
        "() => [...document.querySelectorAll('input:not([type=hidden]), select, textarea, button, a, pre')]"
        ".filter(each => !(each.labels?.length || each.textContent.trim() || each.ariaLabel)).length"
    )
    assert page.evaluate(unnamed) == 0, page.url


def test_pages_are_made_without_scripts_and_styles_within(page: Page, review: Review) -> None:
    for _ in range(2):
        content = page.content()
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:", content)
        page.get_by_role("link", name="wrong-type").click() if page.url == review.home else None
