"""Who gets in, and what can be done from outside: nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from etl.storage import MemoryStorage
from etl.web import guard
from etl.web.guard import HEADERS
from etl.web.sessions import _SESSIONS, Door
from tests.web.desks import HOST, PORT, Person, client, desk, key_of

EMPTY = MemoryStorage()


@pytest.fixture(autouse=True)
def _apart(remembering: None) -> None:
    """Nothing is remembered outside of the test."""


def test_the_link_opens_once_and_leaves_the_address() -> None:
    someone, door = client(desk(EMPTY))
    entered = someone.get(f"/?token={door.token}")
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    cookie = entered.headers["set-cookie"]
    assert cookie.startswith(f"etl_review_{PORT}=")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "token" not in someone.get("/").text


def test_a_spent_link_opens_no_more_and_a_new_one_is_announced_once() -> None:
    announced: list[str] = []
    someone, door = client(desk(EMPTY), announced)
    first = door.token
    someone.get(f"/?token={first}")
    someone.cookies.clear()
    for _ in range(3):
        refused = someone.get(f"/?token={first}")
        assert refused.status_code == 403
        assert "set-cookie" not in refused.headers
    assert announced == [door.token]
    assert door.token != first
    assert someone.get(f"/?token={door.token}").status_code == 303


def test_the_same_link_in_the_same_browser_leads_home() -> None:
    someone, door = client(desk(EMPTY))
    for _ in range(2):
        assert someone.get(f"/?token={door.token}").headers["location"] == "/"


def test_a_browser_that_looks_ahead_does_not_spend_the_link() -> None:
    someone, door = client(desk(EMPTY))
    ahead = someone.get(f"/?token={door.token}", headers={"Sec-Purpose": "prefetch;prerender"})
    assert ahead.status_code == 403
    assert someone.get(f"/?token={door.token}").status_code == 303


OUTSIDE = {
    "no token": ("GET", "/", {}, 403),
    "a wrong token": ("GET", "/?token=wrong", {}, 403),
    "no letters of ASCII": ("GET", "/?token=%C3%A9", {}, 403),
    "an empty token": ("GET", "/?token=", {}, 403),
    "a token elsewhere": ("GET", "/uploads/x?token=TOKEN", {}, 403),
    "a token by POST": ("POST", "/?token=TOKEN", {}, 403),
    "a made-up session": ("GET", "/", {"Cookie": f"etl_review_{PORT}=x"}, 403),
    "a broken cookie": ("GET", "/", {"Cookie": "\x01=;;=;\"'"}, 403),
    "another host": ("GET", "/?token=TOKEN", {"Host": "evil.example"}, 400),
    "another host at our port": ("GET", "/?token=TOKEN", {"Host": f"evil.example:{PORT}"}, 400),
    "another port": ("GET", "/?token=TOKEN", {"Host": "127.0.0.1:80"}, 400),
    "a host without port": ("GET", "/?token=TOKEN", {"Host": "127.0.0.1"}, 400),
    "all devices": ("GET", "/?token=TOKEN", {"Host": f"0.0.0.0:{PORT}"}, 400),
    "a style sheet of another host": ("GET", "/static/style.css", {"Host": "evil.example"}, 400),
}


@pytest.mark.parametrize("case", OUTSIDE.values(), ids=OUTSIDE)
def test_nobody_else_comes_in(case: tuple[str, str, Mapping[str, str], int]) -> None:
    method, address, headers, status = case
    someone, door = client(desk(EMPTY))
    found = someone.request(method, address.replace("TOKEN", door.token), headers=headers)
    assert found.status_code == status
    assert "Traceback" not in found.text
    assert someone.get(f"/?token={door.token}").status_code == 303  # and the link is as good as before


@pytest.mark.parametrize("host", [f"127.0.0.1:{PORT}", f"localhost:{PORT}", f"LOCALHOST:{PORT}"])
def test_both_names_of_this_machine_will_do(host: str) -> None:
    someone, door = client(desk(EMPTY))
    assert someone.get(f"/?token={door.token}", headers={"Host": host}).status_code == 303


def test_the_style_sheet_needs_no_session() -> None:
    someone, _ = client(desk(EMPTY))
    found = someone.get("/static/style.css")
    assert found.headers["content-type"].startswith("text/css")
    assert "--ink" in found.text
    assert someone.get("/static/icon.svg").headers["content-type"] == "image/svg+xml"


EVERY = ["/", "/?token=wrong", "/static/style.css", "/static/nothing", "/nothing", "/uploads/0/x", "/?page=99"]


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("address", EVERY)
def test_every_answer_carries_the_headers(address: str, inside: bool) -> None:
    someone = Person(desk(EMPTY)).client if inside else client(desk(EMPTY))[0]
    found = someone.get(address)
    assert {name: found.headers.get(name) for name in HEADERS} == HEADERS
    assert "server" not in found.headers


def test_the_policy_allows_nothing_but_what_is_needed() -> None:
    allowed = dict(part.split(" ", 1) for part in HEADERS["Content-Security-Policy"].split("; "))
    assert allowed == {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert HEADERS["Referrer-Policy"] == "no-referrer"
    assert HEADERS["Cache-Control"] == "no-store"
    assert HEADERS["X-Content-Type-Options"] == "nosniff"


FORMS: dict[str, tuple[dict[str, Any], int]] = {
    "no token of the form": ({"data": {"csrf": ""}}, 403),
    "a wrong one": ({"data": {"csrf": "wrong"}}, 403),
    "no field at all": ({"data": {}, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 403),
    "from another site": ({"headers": {"Origin": "http://evil.example"}}, 403),
    "from another port here": ({"headers": {"Origin": "http://127.0.0.1:9"}}, 403),
    "from a sandbox": ({"headers": {"Origin": "null"}}, 403),
    "a browser says another site": ({"headers": {"Sec-Fetch-Site": "cross-site"}}, 403),
    "a browser says another port": ({"headers": {"Sec-Fetch-Site": "same-site"}}, 403),
    "several parts": ({"files": {"x": b"y"}}, 415),
    "JSON": ({"json": {"csrf": "CSRF"}, "data": None}, 415),
    "ours": ({"headers": {"Origin": HOST, "Sec-Fetch-Site": "same-origin"}}, 303),
    "ours, without referrers": ({"headers": {"Origin": "null", "Sec-Fetch-Site": "same-origin"}}, 303),
    "ours, of an old browser": ({}, 303),
}


@pytest.mark.parametrize(
    "address", ["/dismiss", "/replay", "RECORD/reveal", "RECORD/hide", "RECORD/check", "RECORD/correct"]
)
@pytest.mark.parametrize("case", FORMS.values(), ids=FORMS)
def test_forms_are_ours_or_do_nothing(case: tuple[dict[str, Any], int], address: str, storage: MemoryStorage) -> None:
    given, status = case
    key = key_of(storage, "bad-email")
    address = address.replace("RECORD", f"/uploads/{key}/records/2")
    person = Person(desk(storage))
    fields = {"csrf": person.csrf, "upload": key, "why": "no need", "document": "{}", "step": "do", "which": "all"}
    before = dict(storage.objects)
    found = person.client.post(address, **{"data": fields, **given})
    if status == 303:
        assert found.status_code in (200, 303, 422)
    else:
        assert found.status_code == status
        assert storage.objects == before


@pytest.mark.parametrize("said", [True, False], ids=["with its length", "without"])
def test_a_form_that_is_too_large_is_not_read(said: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "MOST", 1000)
    person = Person(desk(EMPTY))
    body = f"csrf={person.csrf}&why={'x' * 2000}".encode()
    content = body if said else (body[at : at + 100] for at in range(0, len(body), 100))
    found = person.client.post(
        "/dismiss", content=content, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert found.status_code == 413


def test_a_form_of_another_session_does_nothing(storage: MemoryStorage) -> None:
    ana, other = Person(desk(storage)), Person(desk(storage))
    assert ana.client.post("/dismiss", data={"csrf": other.csrf, "upload": "x", "why": "y"}).status_code == 403


NO_FOLDERS = [
    "0/../../etc/passwd",
    "0/..%2f..%2fetc/2024-02-01/0000000000000000-0000000000000000",
    "0/../2024-02-01/0123456789abcdef-0123456789abcdef",
    "0/./2024-02-01/0123456789abcdef-0123456789abcdef",
    "1/orders/2024-02-01/0123456789abcdef-0123456789abcdef",
    "-1/orders/2024-02-01/0123456789abcdef-0123456789abcdef",
    "999/orders/2024-02-01/0123456789abcdef-0123456789abcdef",
    "0/orders/2024-02-01/0123456789abcdef-0123456789abcdef",
    "0/orders/2024-02-01/",
    "0/orders\\..\\x/2024-02-01/0123456789abcdef-0123456789abcdef",
    "0/a\x00b/2024-02-01/0123456789abcdef-0123456789abcdef",
    "0//2024-02-01/0123456789abcdef-0123456789abcdef",
    "",
    "é" * 3000,
]


@pytest.mark.parametrize("key", NO_FOLDERS)
def test_what_is_no_folder_leads_nowhere(key: str, storage: MemoryStorage) -> None:
    person = Person(desk(storage))
    before = dict(storage.objects)
    for address in (f"/uploads/{key}", f"/uploads/{key}/records/1"):
        assert person.client.get(address.replace("\x00", "%00")).status_code == 404
    for address, fields in (
        ("/dismiss", {"why": "x"}),
        ("/replay", {"step": "do", "which": "all"}),
        (f"/uploads/{key}/records/1/reveal".replace("\x00", "%00"), {}),
    ):
        found = person.press(address, {"upload": key, **fields})
        assert "Traceback" not in found.text
    assert storage.objects == before


def test_an_error_of_the_program_says_nothing_of_itself(
    storage: MemoryStorage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    person = Person(desk(storage))

    def broken(*_: object) -> None:
        raise RuntimeError("joao@example.com")

    monkeypatch.setattr("etl.web.routes.home", broken)
    found = person.get("/")
    assert found.status_code == 500
    assert {name: found.headers.get(name) for name in HEADERS} == HEADERS
    told = capsys.readouterr().err
    assert "RuntimeError in " in told
    for text in (found.text, told):
        assert "joao" not in text
        assert "Traceback" not in text


def test_other_methods_do_nothing(storage: MemoryStorage) -> None:
    person = Person(desk(storage))
    assert person.client.delete("/").status_code == 405
    assert person.client.get("/dismiss").status_code == 405


def test_sessions_do_not_grow_without_end() -> None:
    announced: list[str] = []
    door = Door(announced.append)
    first = door.enter(door.token)
    for _ in range(_SESSIONS):
        assert door.enter(door.token) is None
        assert door.enter(door.token)
    assert door.session(first) is None


def test_who_was_editing_is_told_to_keep_the_text(storage: MemoryStorage) -> None:
    outside, _ = client(desk(storage))
    assert "copy your text" not in outside.get("/").text
    found = outside.post("/uploads/0/x/records/1/correct", data={"document": "{}"})
    assert found.status_code == 403
    assert "go back to copy your text" in found.text
