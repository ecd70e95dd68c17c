"""The wall round the application: what comes in is asked for its host, its session and its form's token.

Everything that goes out, errors too, carries the headers that keep a browser from doing more than was meant.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Mapping
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from etl.web.sessions import Door, Session

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
MOST = 8 << 20  # bytes of a form: a document as edited, and what percent-encoding adds to it
OPEN = "/static/"  # needs no session: the style sheet of the page that says so
_FORM = "application/x-www-form-urlencoded"

Refusal = Callable[[Scope, int, str, str], Response]
"""A page with a status, a title, and what to do."""


class Refused(Exception):
    """A request that goes no further."""

    def __init__(self, status: int, title: str, advice: str) -> None:
        super().__init__(title)
        self.status, self.title, self.advice = status, title, advice


class Guard:
    """ASGI round ASGI. Behind it, `scope["state"]` has `session`, and `form` where there is one."""

    def __init__(self, app: ASGIApp, port: int, door: Door, refusal: Refusal) -> None:
        self._app = app
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
        self._hosts |= {"127.0.0.1", "localhost"} if port == 80 else set()
        self._cookie = f"etl_review_{port}"  # cookies know no ports: another review has another name
        self._door = door
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # no websockets
            return
        started = False

        async def sealed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        try:
            response = await self._let_in(scope, receive)
            await (response or self._app)(scope, receive, sealed)
        except Refused as refused:
            await self._refusal(scope, refused.status, refused.title, refused.advice)(scope, receive, sealed)
        except Exception as error:  # noqa: BLE001  the outermost edge: nobody is shown a traceback
            print(f"etl: {scope['path']!r}: {_where(error)}", file=sys.stderr)  # noqa: T201
            if not started:
                advice = "Nothing that was at work is lost. Please report this bug, with the line in the terminal."
                await self._refusal(scope, 500, "Something went wrong here", advice)(scope, receive, sealed)

    async def _let_in(self, scope: Scope, receive: Receive) -> Response | None:
        """What is answered at once; None: go on. Raises `Refused`."""
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        if host not in self._hosts:
            raise Refused(400, "This is not the address of the review", "Use the link that the terminal shows.")
        scope.setdefault("state", {})
        scope["state"]["session"] = session = self._door.session(self._cookie_of(headers))
        if scope["path"].startswith(OPEN):
            return None
        token = QueryParams(scope["query_string"]).get("token")
        if token is not None and scope["path"] == "/" and scope["method"] == "GET":
            return self._enter(token, session, headers)
        if session is None:
            advice = f"{_KEEP} {_HOW}" if scope["method"] == "POST" else _HOW
            raise Refused(403, "Please use the link that the terminal shows", advice)
        if scope["method"] == "POST":
            scope["state"]["form"] = await self._form(scope, receive, headers, host, session)
        return None

    def _enter(self, token: str, session: Session | None, headers: Mapping[str, str]) -> Response:
        home = RedirectResponse("/", 303)
        if session is not None:  # the same link again, in the browser that has used it
            return home
        if "prefetch" in headers.get("sec-purpose", ""):
            raise Refused(403, "Please open the link itself", _HOW)
        name = self._door.enter(token)
        if name is None:
            raise Refused(403, "This link has been used, or is not the right one", _USED)
        home.set_cookie(self._cookie, name, path="/", httponly=True, samesite="strict")
        return home

    def _cookie_of(self, headers: Headers) -> str | None:
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return None
        return found.value if found else None

    async def _form(
        self, scope: Scope, receive: Receive, headers: Headers, host: str, session: Session
    ) -> dict[str, list[str]]:
        """The fields of a form that was made here, each with its values. Raises `Refused`."""
        if not _is_ours(headers, host):
            raise Refused(403, "This form comes from another site", "Nothing was done.")
        if headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            raise Refused(415, "This is no form of these pages", "Nothing was done.")
        found = await Request(scope, _limited(receive, headers)).form()
        fields: dict[str, list[str]] = {}
        for name, value in found.multi_items():
            fields.setdefault(name, []).append(str(value))
        if not secrets.compare_digest(fields.get("csrf", [""])[0].encode(), session.csrf.encode()):
            raise Refused(403, "This form is out of date", f"{_KEEP} Then load the page again, and repeat.")
        return fields


_KEEP = "Nothing was done. If you were editing, go back to copy your text before anything else."
_HOW = (
    "It works once, in the browser that opens it first. Where it was opened by a click in another web page, "
    "follow the link below once more."
)
_USED = "The terminal where etl review runs shows a new one, for this browser."


def _is_ours(headers: Headers, host: str) -> bool:
    """A browser says where a form comes from; with our policy on referrers its origin may be `null`."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site != "same-origin":
        return False
    return origin in (None, f"http://{host}") or (origin == "null" and site == "same-origin")


def _limited(receive: Receive, headers: Headers) -> Receive:
    too_large = Refused(413, "This is too large for a form", f"At most {MOST >> 20} MB can be sent. Nothing was done.")
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > MOST:
        raise too_large
    size = 0

    async def limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MOST:
            raise too_large
        return message

    return limited


def _where(error: Exception) -> str:
    """Its kind, and the line that raised it: its words may quote a document."""
    at = error.__traceback__
    while at and at.tb_next:
        at = at.tb_next
    return f"{type(error).__name__} in {at.tb_frame.f_code.co_filename}:{at.tb_lineno}" if at else type(error).__name__
