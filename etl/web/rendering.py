"""Pages from templates. All text is escaped there; what would be invisible in it is written out."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from etl.report import look
from etl.report.texts import sentence, visible
from etl.report.words import count
from etl.web.places import near
from etl.web.sessions import Session

_WORDS = {
    "open": "open",
    "partly_resolved": "partly resolved",
    "resolved": "resolved",
    "dismissed": "dismissed",
    "superseded": "superseded",
    "erased": "erased",
}


def page(name: str, session: Session | None, who: str, status: int = 200, **content: Any) -> HTMLResponse:
    """A page by its template. The session's messages are shown on it, and seen with it."""
    messages = session.told() if session else []
    csrf = session.csrf if session else ""
    text = _environment().get_template(name).render(messages=messages, csrf=csrf, who=who, **content)
    return HTMLResponse(text, status)


@functools.cache
def style() -> str:
    """The colours that reports have, and what these pages add."""
    return look.tokens() + (resources.files("etl.web") / "static" / "style.css").read_text(encoding="utf-8")


@functools.cache
def icon() -> str:
    """The picture in a browser's tab."""
    return (resources.files("etl.web") / "static" / "icon.svg").read_text(encoding="utf-8")


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("etl.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    environment.filters |= {
        "sentence": sentence,
        "count": count,
        "state": lambda state: _WORDS.get(state, state),
        "near": near,
        "name": _name,
        "moment": _moment,
        "foldable": _foldable,
    }
    return environment


def _visible(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _name(location: str) -> str:
    """The last two parts of a location: what a person calls an upload."""
    return "/".join(location.rstrip("/").split("/")[-2:]) or location


def _moment(moment: datetime | str) -> str:
    """`2024-01-10 12:30`, in UTC."""
    if isinstance(moment, datetime):
        return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"
    return moment[:16].replace("T", " ")


def _foldable(text: str) -> Markup:
    """A path or a name that may go on in the next line after each `/`, `_`, `-` and `.`."""
    found = Markup.escape(visible(text))
    for sign in "/_-.":
        found = found.replace(sign, Markup(f"{sign}<wbr>"))  # noqa: S704  our own
    return found
