"""The server on this machine, and nobody else's."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import closing, suppress

import uvicorn
from starlette.responses import Response
from starlette.types import Scope

from etl.errors import UsageError
from etl.web import rendering
from etl.web.desk import Desk
from etl.web.guard import Guard
from etl.web.routes import application
from etl.web.sessions import Door

HOST = "127.0.0.1"


def guarded(desk: Desk, port: int, door: Door) -> Guard:
    """The application behind its guard."""

    def refusal(_: Scope, status: int, title: str, advice: str) -> Response:
        return rendering.page("refusal.html", None, desk.who, status, title=title, advice=advice)

    return Guard(application(desk), port, door, refusal)


def serve(desk: Desk, port: int, opened: Callable[[str], None], again: Callable[[str], None]) -> None:
    """Serve until interrupted. `opened` is told the link, `again` a new one once it is spent and asked for again.

    Raises `UsageError` where the port is taken.
    """
    with closing(listening(port)) as found:
        number = found.getsockname()[1]
        door = Door(lambda token: again(link(number, token)))
        config = uvicorn.Config(
            guarded(desk, number, door), log_level="critical", access_log=False, server_header=False, lifespan="off",
            timeout_graceful_shutdown=2, limit_concurrency=64,
        )  # fmt: skip
        opened(link(number, door.token))
        with suppress(KeyboardInterrupt):  # raised once more when all is closed
            uvicorn.Server(config).run(sockets=[found])


def link(port: int, token: str) -> str:
    """What opens the session."""
    return f"http://{HOST}:{port}/?token={token}"


def listening(port: int) -> socket.socket:
    """A socket at this port of the loopback device; 0: any that is free. Raises `UsageError`."""
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((HOST, port))
        found.listen(128)
    except (OSError, OverflowError) as error:
        found.close()
        raise UsageError(
            f"port {port} can't be had ({getattr(error, 'strerror', None) or error}): another review may be running; "
            "give another with --port, or 0 for any that is free"
        ) from error
    return found
