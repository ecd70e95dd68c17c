"""Pages -> HTML and Markdown, by the templates. All text is escaped there, unless a filter here has made it markup."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from etl.pages import markdown
from etl.pages.drawing import draw
from etl.pages.model import Page
from etl.pages.outline import document, mermaid, tree
from etl.report.look import allowed, tokens
from etl.report.texts import sentence, visible


def html(page: Page) -> str:
    """One contract, as a file that needs nothing else."""
    drawing = draw(page.diagram) if page.diagram else None
    return _html().get_template("contract.html").render(page=page, drawing=drawing, **_style())


def html_index(pages: Sequence[Page]) -> str:
    """The page that leads to those of several contracts, which lie beside it."""
    return _html().get_template("index.html").render(pages=pages, **_style())


def text(page: Page) -> str:
    """One contract, as Markdown."""
    return _tidy(_markdown().get_template("contract.md").render(page=page))


def text_index(pages: Sequence[Page]) -> str:
    """What leads to the Markdown of several contracts."""
    return _tidy(_markdown().get_template("index.md").render(pages=pages))


@functools.cache
def _html() -> Environment:
    environment = _environment(autoescape=True, finalize=_visible)
    environment.filters["foldable"] = _foldable
    return environment


@functools.cache
def _markdown() -> Environment:
    """Not Jinja's escaping, which is for HTML: `finalize` escapes for Markdown whatever is not `Raw`."""
    environment = _environment(autoescape=False, finalize=markdown.finalize)
    environment.filters |= {"code": markdown.code, "fence": markdown.fence, "mermaid": mermaid}
    environment.filters |= {"tree": tree, "document": document}
    return environment


def _environment(**options: Any) -> Environment:
    environment = Environment(  # noqa: S701  each of the two says how it escapes
        loader=PackageLoader("etl.pages"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **options,
    )
    environment.filters |= {"sentence": sentence, "ordinal": _ordinal}
    return environment


def _ordinal(place: int, word: str, every: Sequence[object]) -> str:
    """`key 2` of several, `key` of one."""
    return f"{word} {place}" if len(every) > 1 else word


def _foldable(name: str) -> Markup:
    """A name that may go on in the next line after each `_`."""
    return Markup("_<wbr>").join(name.split("_"))


def _visible(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@functools.cache
def _style() -> dict[str, Markup]:
    """The style sheet, and the hash by which the page's policy allows it and no other."""
    sheet = tokens() + (resources.files("etl.pages") / "templates" / "style.css").read_text(encoding="utf-8")
    return {"style": Markup(sheet), "style_hash": Markup(allowed(sheet))}  # noqa: S704  files of this program


def _tidy(markdown_: str) -> str:
    """One blank line at most between two parts, outside of fences, where lines of spaces never are blank."""
    lines: list[str] = []
    fence = ""
    for line in markdown_.split("\n"):
        ticks = line[: len(line) - len(line.lstrip("`"))]
        if len(ticks) >= 3 and (not fence or line == fence):
            fence = "" if fence else ticks
        if fence or line.strip() or (lines and lines[-1]):
            lines.append(line.rstrip() if not fence else line)
    return "\n".join(lines).strip() + "\n"
