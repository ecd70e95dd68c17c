"""A TCP proxy on loopback that breaks connections where a test says, as networks and dying servers do."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

_CHUNK = 1 << 16


@dataclass
class Break:
    """Which connections break, and where.

    `mark` is found in the request that it happens to. Of that `side`, `after` bytes still pass; then both ends are
    closed. It happens `times` times.
    """

    mark: bytes
    side: Literal["request", "answer"]
    after: int
    times: int = 1


class BreakingProxy(socketserver.ThreadingTCPServer):
    """Passes everything on to the server at a port of this machine, but for what `breaks` say."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.target = ("127.0.0.1", port)
        self.endpoint = f"http://127.0.0.1:{self.server_address[1]}"
        self.breaks: list[Break] = []
        self._turn = threading.Lock()

    def due(self, request: bytes) -> Break | None:
        """The break that this piece of a request calls for, taken off the list once it has happened often enough."""
        with self._turn:
            found = next((one for one in self.breaks if one.times and one.mark in request), None)
            if found:
                found.times -= 1
            return found


class _Connection(socketserver.BaseRequestHandler):
    """One connection: requests are passed on here, answers by a thread."""

    server: BreakingProxy
    request: socket.socket

    def handle(self) -> None:
        self.answer_left: int | None = None
        with socket.create_connection(self.server.target) as upstream:
            answers = threading.Thread(target=self._answers, args=(upstream,), daemon=True)
            answers.start()
            with suppress(OSError):
                self._requests(upstream)
            self._close(upstream)
            answers.join()

    def _requests(self, upstream: socket.socket) -> None:
        while data := self.request.recv(_CHUNK):
            due = self.server.due(data)
            if due and due.side == "request":
                upstream.sendall(data[: due.after])
                return
            if due:
                self.answer_left = due.after
            upstream.sendall(data)

    def _answers(self, upstream: socket.socket) -> None:
        with suppress(OSError):
            while data := upstream.recv(_CHUNK):
                left = self.answer_left
                self.request.sendall(data[:left])
                if left is not None and len(data) >= left:
                    break
                self.answer_left = None if left is None else left - len(data)
        self._close(upstream)

    def _close(self, upstream: socket.socket) -> None:
        for end in (self.request, upstream):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def breaking_proxy(port: int) -> Iterator[BreakingProxy]:
    """A proxy before a port of this machine, for as long as the context lasts."""
    with BreakingProxy(port) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()
