"""A run report as one HTML page that needs nothing else, and runs no script. The same report gives the same bytes."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from etl.report.look import allowed, stylesheet
from etl.report.texts import visible
from etl.report.view import view


def page(report: Mapping[str, Any]) -> bytes:
    """The page of a run report, in UTF-8."""
    return _template().render(page=view(report)).encode()


@functools.cache
def _template() -> Template:
    """Compiled once in a process; all text is escaped in it, and what can't be seen is written out."""
    environment = Environment(
        loader=PackageLoader("etl.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_visible,
    )
    sheet = stylesheet()
    style = {"style": Markup(sheet), "style_hash": Markup(allowed(sheet))}  # noqa: S704  files of this package
    return environment.get_template("report.html", globals=style)


def _visible(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
