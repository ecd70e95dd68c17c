"""Runs are followed, wherever the events go and whatever becomes of them."""

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from etl.contract.model import Contract
from etl.errors import EtlError, StorageError
from etl.lineage import Lineage, following
from etl.lineage.configured import is_configured
from tests.examples import ROOT
from tests.lineage.conftest import KEY, Server
from tests.lineage.runs import lines, of_shop, order, processed
from tests.lineage.specification import faults

CONTRACT = of_shop()
REPORT = {"n": 1}


def follow(run: Callable[[], Mapping[str, Any]], contract: Contract = CONTRACT) -> list[tuple[str, str]]:
    """Follows a run; gives what was warned of."""
    warned: list[tuple[str, str]] = []
    Lineage(lambda *told: warned.append(told)).follow("/in/upload.json", contract, run)
    return warned


@pytest.fixture
def run(tmp_path: Path) -> Callable[[], dict[str, Any]]:
    return lambda: processed(lines(order(1), order(2)), CONTRACT, tmp_path)


# --- whether it is on ---


@pytest.mark.parametrize(
    ("environ", "on"),
    [
        ({}, False),
        ({"OPENLINEAGE_URL": ""}, False),
        ({"OPENLINEAGE_URL": "http://x"}, True),
        ({"OPENLINEAGE_CONFIG": "/somewhere.yml"}, True),
        ({"OPENLINEAGE__TRANSPORT": '{"type": "console"}'}, True),
        ({"OPENLINEAGE__TRANSPORT__TYPE": "console"}, True),
        ({"OPENLINEAGE__TAGS__JOB": "{}"}, False),
        ({"OPENLINEAGE_NAMESPACE": "shop"}, False),
        ({"OPENLINEAGE_URL": "http://x", "OPENLINEAGE_DISABLED": "True"}, False),
    ],
)
def test_it_is_on_where_openlineage_would_send(environ: dict[str, str], on: bool) -> None:
    assert is_configured(environ) is on


@pytest.mark.parametrize("folder", [".", "~/.openlineage"])
def test_a_file_of_configuration_turns_it_on(folder: str) -> None:
    at = Path(folder).expanduser()
    at.mkdir(exist_ok=True)
    (at / "openlineage.yml").write_text("transport: {type: console}\n")
    assert is_configured({})


def test_off_it_is_not_even_imported(tmp_path: Path) -> None:
    script = (
        "import sys, handler, etl.cli.app\nfrom etl.lineage import Lineage\n"
        "Lineage(print).follow('/x', None, dict)\n"
        "assert not [each for each in sys.modules if each.split('.')[0] in ('openlineage', 'requests', 'httpx2')]"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})


def test_what_a_run_gives_is_given_on(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Lineage(pytest.fail).follow("/x", CONTRACT, lambda: REPORT) is REPORT
    assert server.events == []


# --- what is sent, and where ---


def test_a_server_hears_of_a_run_from_its_beginning_to_its_end(
    server: Server, run: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", server.url)
    monkeypatch.setenv("OPENLINEAGE_API_KEY", KEY)
    monkeypatch.setenv("OPENLINEAGE_NAMESPACE", "shop")
    assert follow(run) == []
    assert server.states == ["START", "COMPLETE"]
    assert set(server.asked) == {("/api/v1/lineage", f"Bearer {KEY}")}
    begun, ended = server.events
    assert [fault for event in server.events for fault in faults(event)] == []
    assert begun["run"]["runId"] == ended["run"]["runId"]
    assert begun["run"]["runId"][14] == "7"  # a UUID of version 7
    assert begun["eventTime"] < ended["eventTime"]
    assert {(event["job"]["namespace"], event["job"]["name"]) for event in server.events} == {("shop", "etl.orders")}
    assert KEY not in json.dumps(server.events)


def test_without_a_namespace_it_is_openlineages_own(
    server: Server, run: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", server.url)
    follow(run)
    assert {event["job"]["namespace"] for event in server.events} == {"default"}


def to_file(path: Path) -> dict[str, Any]:
    return {"type": "file", "log_file_path": str(path), "append": True}


def test_a_file_hears_of_it(run: Callable[[], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT", json.dumps(to_file(tmp_path / "events.ndjson")))
    assert follow(run) == []
    events = [json.loads(line) for line in (tmp_path / "events.ndjson").read_text().splitlines()]
    assert [event["eventType"] for event in events] == ["START", "COMPLETE"]


def test_a_file_of_configuration_says_where(run: Callable[[], Any], tmp_path: Path) -> None:
    configuration = json.dumps({"transport": to_file(tmp_path / "events.ndjson")})  # JSON is YAML
    Path("openlineage.yml").write_text(configuration)
    assert follow(run) == []
    assert len((tmp_path / "events.ndjson").read_text().splitlines()) == 2


def test_the_console_shows_events_and_nothing_else(
    run: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__TYPE", "console")
    assert follow(run) == []
    shown = capsys.readouterr()
    assert [json.loads(line)["eventType"] for line in shown.err.splitlines()] == ["START", "COMPLETE"]
    assert shown.out == ""


def test_a_configuration_of_other_things_sends_nothing(
    run: Callable[[], Any], capfd: pytest.CaptureFixture[str]
) -> None:
    Path("openlineage.yml").write_text("tags: {job: {team: sales}}\n")
    assert follow(run) == []
    assert capfd.readouterr() == ("", "")


# --- how it ends ---


def ending(error: BaseException, server: Server, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("OPENLINEAGE_URL", server.url)

    def run() -> dict[str, Any]:
        raise error

    with pytest.raises(type(error)) as raised:
        follow(run)
    assert raised.value is error
    assert server.states[0] == "START"
    assert faults(server.events[1]) == []
    return server.events[1]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (StorageError("s3://orders/x.json: access is denied; allow this role"), None),
        (EtlError("two\nlines"), "two lines"),
        (ValueError("ana.lima@example.com is no number"), "ValueError: this is a bug"),
    ],
)
def test_a_failed_run_says_why_and_no_value(
    error: Exception, message: str | None, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = ending(error, server, monkeypatch)
    assert event["eventType"] == "FAIL"
    assert event["run"]["facets"]["errorMessage"]["message"] == (message or str(error))
    assert "ana.lima" not in json.dumps(event)


def test_a_run_that_is_interrupted_is_aborted(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    event = ending(KeyboardInterrupt(), server, monkeypatch)
    assert event["eventType"] == "ABORT"
    assert "errorMessage" not in event["run"]["facets"]


# --- when it can't be sent ---


@pytest.mark.parametrize(
    ("statuses", "reason"),
    [
        ([500], "the server answers with errors"),
        ([401], "the server answers 401"),
        ([404], "the server answers 404"),
        ([None], "no answer within 1 seconds"),
    ],
)
def test_a_server_that_does_not_take_events_is_a_warning(
    statuses: list[int | None],
    reason: str,
    server: Server,
    run: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    server.statuses = statuses
    monkeypatch.setattr(following, "_PATIENCE", 1.0 if statuses == [None] else 10.0)
    monkeypatch.setenv("OPENLINEAGE_URL", f"http://ana:{KEY}@{server.address}")
    monkeypatch.setenv("OPENLINEAGE_API_KEY", KEY)
    [(location, told)] = follow(run)
    assert location == "/in/upload.json"
    assert reason in told
    assert KEY not in told
    assert capfd.readouterr() == ("", "")  # the libraries' own warnings


def test_a_server_that_is_away_is_a_warning_within_seconds(
    server: Server, run: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.close()
    monkeypatch.setenv("OPENLINEAGE_URL", server.url)
    began = time.monotonic()
    [(_, told)] = follow(run)
    assert f"{server.url}: the server can't be reached; see OPENLINEAGE_URL" in told
    assert time.monotonic() - began < 8


def test_a_server_that_stumbles_is_tried_again(
    server: Server, run: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.statuses = [503, 201]
    monkeypatch.setenv("OPENLINEAGE_URL", server.url)
    assert follow(run) == []
    assert server.states == ["START", "COMPLETE"]


def test_after_a_failure_nobody_waits_for_a_minute(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.statuses = [401]
    monkeypatch.setenv("OPENLINEAGE_URL", server.url)
    warned: list[str] = []
    lineage = Lineage(lambda location, _: warned.append(location))
    for name in ("a", "b", "c"):
        assert lineage.follow(name, CONTRACT, lambda: REPORT) is REPORT
    assert (warned, len(server.asked)) == (["a"], 1)
    monkeypatch.setattr(following, "_PAUSE", 0.0)
    lineage._silent_until = 0.0
    lineage.follow("d", CONTRACT, lambda: REPORT)
    lineage.follow("e", CONTRACT, lambda: REPORT)
    assert warned == ["a", "d", "e"]


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({"OPENLINEAGE_URL": f"no-url-{KEY}"}, "configuration can't be used (ValueError)"),
        ({"OPENLINEAGE__TRANSPORT__TYPE": "http"}, "configuration can't be used (RuntimeError)"),
        ({"OPENLINEAGE__TRANSPORT__TYPE": "telepathy"}, "configuration can't be used (ImportError)"),
        ({"OPENLINEAGE_CONFIG": "/nowhere/openlineage.yml"}, "names no file that has a transport"),
        ({"OPENLINEAGE__TRANSPORT": json.dumps(to_file(Path("/nowhere/x")))}, "/nowhere/x: no such file or directory"),
        ({"OPENLINEAGE__TRANSPORT": f'{{"type": "http", "{KEY}'}, "configuration can't be used"),
    ],
)
def test_a_wrong_configuration_is_a_warning_without_secrets(
    environ: dict[str, str],
    reason: str,
    run: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    [(_, told)] = follow(run)
    assert reason in told
    assert KEY not in told
    assert capfd.readouterr() == ("", "")


def test_one_of_several_transports_that_fails_is_a_warning_too(
    server: Server, run: Callable[[], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.statuses = [401]
    parts = [to_file(tmp_path / "events.ndjson"), {"type": "http", "url": f"http://ana:{KEY}@{server.address}"}]
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT", json.dumps({"type": "composite", "transports": parts}))
    [(_, told)] = follow(run)
    assert "the server answers 401" in told
    assert KEY not in told
    assert len((tmp_path / "events.ndjson").read_text().splitlines()) == 2


def test_a_transport_in_the_background_is_waited_for(
    server: Server, run: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__TYPE", "async_http")
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__URL", server.url)
    assert follow(run) == []
    assert sorted(server.states) == ["COMPLETE", "START"]


def test_a_bug_in_what_is_told_is_a_warning(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", server.url)
    [(_, told)] = follow(lambda: REPORT)  # no run report
    assert told.endswith("KeyError: this is a bug, please report it")


def test_other_logs_are_as_they_were(
    server: Server, run: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", server.url)
    follow(run)
    logging.getLogger("urllib3.connectionpool").warning("Retrying")
    assert [record.getMessage() for record in caplog.records] == ["Retrying"]
