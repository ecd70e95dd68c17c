"""The look of pages: one set of colours, light, dark and printed, for all of them; and the style sheet of reports."""

from __future__ import annotations

import base64
import functools
import hashlib
from importlib import resources


@functools.cache
def tokens() -> str:
    """Colours as custom properties of CSS, by what they are for: `--ink`, `--bad-ground`."""
    return _template("tokens.css")


@functools.cache
def stylesheet() -> str:
    """What a page of a report needs: the tokens, and everything that stands on such a page."""
    return tokens() + _template("style.css")


def allowed(sheet: str) -> str:
    """The hash by which a content security policy allows a style sheet, and no other: `sha256-...`."""
    return f"sha256-{base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()}"


def _template(name: str) -> str:
    return (resources.files("etl.report") / "templates" / name).read_text(encoding="utf-8")
