"""One run's events on their way, by a thread of their own: who runs waits for it only at the end, and not for long.

Reasons name no addresses beyond a host, and none of the library's own texts: those may hold keys and passwords.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from openlineage.client import OpenLineageClient
    from openlineage.client.event_v2 import RunEvent
    from openlineage.client.transport import Transport

Make = Callable[[], "RunEvent"]

_THREAD = "etl-lineage"
_CLOSING = 5.0  # seconds for a transport that sends in the background
_WHERE = "see OPENLINEAGE_URL, OPENLINEAGE__TRANSPORT__... or openlineage.yml"


class _Unsent(Exception):
    """Why an event was not sent, in words for people."""


class Sending:
    """Events of one run, in order. What OpenLineage's library does it does in the thread, its import included."""

    def __init__(self) -> None:
        self._made: SimpleQueue[Make | None] = SimpleQueue()
        self._fault: str | None = None
        self._thread = Thread(target=self._work, name=_THREAD, daemon=True)  # one that hangs holds up no exit
        self._thread.start()

    def send(self, make: Make) -> None:
        """Have an event made and sent, unless one before it could not be."""
        self._made.put(make)

    def finish(self, patience: float) -> str | None:
        """Wait for the last of them, for at most so many seconds. Gives what went wrong, if anything."""
        self._made.put(None)
        self._thread.join(patience)
        return f"no answer within {patience:g} seconds; {_WHERE}" if self._thread.is_alive() else self._fault

    def _work(self) -> None:
        try:
            with _listening() as heard:
                if client := _client():
                    self._emit(client)
            self._fault = next((f"{_reason(error)}; {_WHERE}" for error in heard), None)
        except _Unsent as error:
            self._fault = str(error)
        except Exception as error:  # noqa: BLE001  an outermost edge: what is told of a run must not break it
            self._fault = f"{type(error).__name__}: this is a bug, please report it"

    def _emit(self, client: OpenLineageClient) -> None:
        where = _place(client.transport)
        while make := self._made.get():
            event = make()
            with _translated(where):
                client.emit(event)
        with _translated(where):
            closed = client.close(_CLOSING)
        if not closed:
            raise _Unsent(f"{where}: not all was sent within {_CLOSING:g} seconds; {_WHERE}")


def _client() -> OpenLineageClient | None:
    """OpenLineage's client as it is configured; None where its files say nothing of a transport."""
    from openlineage.client import OpenLineageClient

    try:
        client = OpenLineageClient()
        stated = bool((client.config.transport or {}).get("type"))
    except Exception as error:  # its constructors raise what they like
        raise _Unsent(f"OpenLineage's configuration can't be used ({type(error).__name__}); {_WHERE}") from error
    if client.transport.kind == "console" and not stated:  # what it does where it finds nothing
        if os.environ.get("OPENLINEAGE_CONFIG"):
            raise _Unsent("OPENLINEAGE_CONFIG is set, and names no file that has a transport; check the path")
        return None
    if client.transport.kind == "console":
        _show_console()
    _hasten(client.transport)
    return client


def _hasten(transport: Transport) -> None:
    """Two tries more, unless another number is configured: by default there are five, over nine seconds."""
    from openlineage.client.transport.http import HttpTransport
    from openlineage.client.transport.http_common import DEFAULT_RETRY_CONFIG

    if isinstance(transport, HttpTransport) and transport.config.retry == DEFAULT_RETRY_CONFIG:
        transport.config.retry = {**DEFAULT_RETRY_CONFIG, "total": 2}


@contextmanager
def _translated(where: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # transports raise what they like
        raise _Unsent(f"{where}: {_reason(error)}; {_WHERE}") from error


def _reason(error: BaseException) -> str:
    """What went wrong, by the kinds of errors that this one came from."""
    import requests

    each: BaseException | None = error
    while each is not None:
        match each:
            case requests.HTTPError(response=requests.Response() as response):
                return f"the server answers {response.status_code}"
            case requests.exceptions.RetryError():
                return "the server answers with errors"
            case requests.Timeout():
                return "the server does not answer in time"
            case requests.ConnectionError():
                return "the server can't be reached"
            case OSError(strerror=str(text)):
                return text.lower()
        each = each.__cause__
    return type(error).__name__


def _place(transport: Transport) -> str:
    """Where events go: a server without path, user and password, or a file, or the kind of transport."""
    config = getattr(transport, "config", None)
    if url := getattr(transport, "url", None):
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    return str(getattr(config, "log_file_path", None) or transport.kind)


# Logs of the libraries. Their warnings come beside exceptions that are told anyway, and quote what must not be shown.


@contextmanager
def _listening() -> Iterator[list[Exception]]:
    """Collects the errors that OpenLineage's library logs and does not raise (as one of several transports fails).

    Its log goes nowhere else, unless OPENLINEAGE_CLIENT_LOGGING, its own switch, says so.
    """
    heard: list[Exception] = []
    log, ear = logging.getLogger("openlineage"), _Ear(heard)
    log.propagate = bool(os.environ.get("OPENLINEAGE_CLIENT_LOGGING"))
    log.addHandler(ear)
    logging.getLogger("urllib3.connectionpool").addFilter(_is_not_ours)
    try:
        yield heard
    finally:
        log.removeHandler(ear)


class _Ear(logging.Handler):
    def __init__(self, heard: list[Exception]) -> None:
        super().__init__(logging.WARNING)
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        self._heard += [each for each in record.args or () if isinstance(each, Exception)]


def _is_not_ours(record: logging.LogRecord) -> bool:
    return record.threadName != _THREAD


def _show_console() -> None:
    """The console transport logs events as information, which nobody sees until the log is told to."""
    log = logging.getLogger("openlineage.client.transport.console")
    log.setLevel(logging.INFO)
    log.handlers = [logging.StreamHandler(sys.stderr)]
