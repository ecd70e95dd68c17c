"""Addresses and what answers them. Every `POST` has passed the guard: its form was made here, by this session."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from etl.errors import EtlError, UsageError
from etl.replay import Replayed
from etl.report.words import count
from etl.web import actions, rendering
from etl.web.desk import Desk, address
from etl.web.home import Wanted, home, waiting
from etl.web.index import Index
from etl.web.records import Draft, record_page
from etl.web.rejected import NoRecord
from etl.web.sessions import Message, Session
from etl.web.uploads import upload_page

MOST = 100  # uploads that are replayed together

_Answer = Callable[[Request], Response]
_UPLOAD = "/uploads/{key:path}"
_RECORD = "/uploads/{key:path}/records/{record:int}"


def application(desk: Desk) -> Starlette:
    """The pages of a desk, without the guard."""
    views = _Views(desk)
    routes: list[tuple[str, str, _Answer]] = [
        ("GET", "/", views.home),
        ("GET", "/static/style.css", _style),
        ("GET", "/static/icon.svg", _icon),
        ("GET", _RECORD, views.record),
        ("POST", f"{_RECORD}/reveal", views.reveal),
        ("POST", f"{_RECORD}/hide", views.hide),
        ("POST", f"{_RECORD}/check", views.check),
        ("POST", f"{_RECORD}/correct", views.correct),
        ("GET", _UPLOAD, views.upload),
        ("POST", "/replay", views.replay),
        ("POST", "/dismiss", views.dismiss),
    ]
    return Starlette(
        routes=[Route(path, _threaded(answer), methods=[method]) for method, path, answer in routes],
        exception_handlers={EtlError: views.failed, HTTPException: views.refused},  # type: ignore[dict-item]
    )


def _threaded(answer: _Answer) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(answer, request)

    return endpoint


def _style(_: Request) -> Response:
    return Response(rendering.style(), media_type="text/css")


def _icon(_: Request) -> Response:
    return Response(rendering.icon(), media_type="image/svg+xml")


class _Views:
    """One for each address."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._index = Index(desk)

    def _page(self, request: Request, name: str, status: int = 200, **content: Any) -> Response:
        return rendering.page(name, _session(request), self._desk.who, status, **content)

    def failed(self, request: Request, error: Exception) -> Response:
        """What an error of ours says, on a page of its own."""
        missing = isinstance(error, UsageError | NoRecord)
        title = "There is no such page" if missing else "This can't be shown"
        title = "There is no such record" if isinstance(error, NoRecord) else title
        back = address(request.path_params["key"]) if "record" in request.path_params else ""
        return self._page(request, "error.html", 404 if missing else 502, title=title, advice=str(error), back=back)

    def refused(self, request: Request, error: HTTPException) -> Response:
        title = "There is no such page" if error.status_code == 404 else "This can't be done here"
        return self._page(
            request, "error.html", error.status_code, title=title, advice="Begin with the list of uploads.", back=""
        )

    def home(self, request: Request) -> Response:
        return self._page(request, "home.html", home=home(self._index, Wanted.of(request.query_params)))

    def upload(self, request: Request) -> Response:
        page = upload_page(self._desk, request.path_params["key"], _number(request.query_params.get("page")))
        return self._page(request, "upload.html", page=page)

    def record(self, request: Request) -> Response:
        return self._record(request)

    def _record(self, request: Request, draft: Draft | None = None, status: int = 200) -> Response:
        key, record = _of_record(request)
        page = record_page(self._desk, key, record, _session(request), draft)
        return self._page(request, "record.html", status, page=page)

    def reveal(self, request: Request) -> Response:
        key, record = _of_record(request)
        actions.reveal(self._desk, key, record, _session(request))
        return RedirectResponse(address(key, record), 303)

    def hide(self, request: Request) -> Response:
        key, record = _of_record(request)
        _session(request).revealed.pop((self._desk.folder(key).location, record), None)
        return RedirectResponse(address(key, record), 303)

    def check(self, request: Request) -> Response:
        key, record = _of_record(request)
        return self._record(request, actions.check(self._desk, key, record, _one(request, "document")))

    def correct(self, request: Request) -> Response:
        key, record = _of_record(request)
        draft, done = actions.correct(self._desk, key, record, _one(request, "document"), _one(request, "seen"))
        if done is None:
            return self._record(request, draft, 200 if draft.asks else 422)
        self._index.renew([key])
        _session(request).tell(_corrected(key, record, done))
        return RedirectResponse(address(key, record) + "#content", 303)  # else the form's own #edit would stay

    def replay(self, request: Request) -> Response:
        """A dry run, and the question whether to do it; or what came of doing it."""
        keys, left = self._keys(request)
        numbers = [int(each) for each in _all(request, "record") if each.isascii() and each.isdigit()][:10_000]
        only = numbers if _one(request, "which") == "selected" and len(keys) == 1 else None
        if not keys or only == []:
            return self._nothing_selected(request)
        dry = _one(request, "step") != "do"
        outcomes = actions.try_out(self._desk, keys, only, dry=dry)
        if not dry:
            self._index.renew(keys)
        if not dry and len(keys) == 1 and outcomes[0].replayed and not outcomes[0].replayed.note:
            _session(request).tell(_replayed(outcomes[0].replayed))
            return RedirectResponse(address(keys[0]), 303)
        first = actions.first_waiting(self._desk, keys[0], only) if dry and len(keys) == 1 else None
        outcomes.sort(key=lambda each: not each.released)
        return self._page(
            request, "replay.html", outcomes=outcomes, dry=dry, only=only, left=left, keys=keys, first=first
        )

    def dismiss(self, request: Request) -> Response:
        """The question why; or what came of it."""
        keys, left = self._keys(request)
        if not keys:
            return self._nothing_selected(request)
        why = " ".join(_one(request, "why").split())[: actions.REASON]
        if not why:
            asked = _one(request, "step") == "do"
            return self._page(request, "dismiss.html", 422 if asked else 200, keys=keys, asked=asked, left=left)
        outcomes = actions.dismiss(self._desk, keys, why)
        self._index.renew(keys)
        failed = [each for each in outcomes if each.fault]
        done = len(outcomes) - len(failed)
        if done:
            _session(request).tell(Message(f"{count(done, 'upload')} dismissed: {why}", "good"))
        for each in failed:
            _session(request).tell(Message(f"{each.location}: {each.fault}", "bad"))
        return RedirectResponse(address(keys[0]) if len(keys) == 1 else "/", 303)

    def _keys(self, request: Request) -> tuple[Sequence[str], int]:
        """The folders that a form names, or those of its filter that wait; and how many more there are."""
        if _one(request, "which") == "filter":
            found = waiting(self._index, Wanted.of({name: _one(request, name) for name in _FILTER}))
        else:
            found = list(dict.fromkeys(_all(request, "upload")))
        return found[:MOST], max(len(found) - MOST, 0)

    def _nothing_selected(self, request: Request) -> Response:
        _session(request).tell(Message("Nothing is selected: tick what is meant first.", "bad"))
        keys = _all(request, "upload")
        return RedirectResponse(address(keys[0]) if _one(request, "which") == "selected" and keys else "/", 303)


_NAMED = 5  # rules in a message
_FILTER = ("contract", "rule", "status", "state", "day")


def _replayed(done: Replayed) -> Message:
    released, waiting = done.released, done.waiting
    if released == waiting:
        return Message(f"{count(released, 'record')} published.", "good")
    left = count(waiting - released, "record")
    published = count(released, "record") if released else "No record"
    verb = "waits" if waiting - released == 1 else "wait"
    broken = ", ".join(f"{rule} ({count(records, 'record')})" for rule, records in islice(done.broken.items(), _NAMED))
    more = f" and {count(len(done.broken) - _NAMED, 'more rule')}" if len(done.broken) > _NAMED else ""
    why = f" By the contract as it is now, what waits breaks {broken}{more}." if broken else ""
    return Message(f"{published} published; {left} still {verb}.{why}", "plain")


def _corrected(key: str, record: int, done: Replayed) -> Message:
    back = ("Back to the upload", address(key))
    if done.released:
        return Message(f"Record {record} is published as corrected.", "good", back)
    broken = ", ".join(done.broken)
    kept = f"The correction of record {record} is kept. The upload waits as a whole: it still breaks {broken}."
    return Message(f"{kept} When its other records are right, replay all of it.", link=back)


def _session(request: Request) -> Session:
    found = request.scope["state"]["session"]
    return found if isinstance(found, Session) else Session()


def _of_record(request: Request) -> tuple[str, int]:
    return request.path_params["key"], request.path_params["record"]


def _form(request: Request) -> Mapping[str, Sequence[str]]:
    found: Mapping[str, Sequence[str]] = request.scope["state"].get("form", {})
    return found


def _one(request: Request, name: str) -> str:
    return next(iter(_form(request).get(name, ())), "")


def _all(request: Request, name: str) -> list[str]:
    return list(_form(request).get(name, ()))


def _number(text: str | None) -> int:
    return max(int(text), 1) if text and text.isascii() and text.isdigit() and len(text) < 8 else 1
