"""A TCP proxy on loopback that breaks connections where a test says, as networks and dying servers do."""

from __future__ import annotations

import re
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

    `mark`, a regular expression, is found in the request that it happens to. Of that `side`, `after` bytes still pass;
    then both ends are closed. It happens `times` times.
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
            found = next((one for one in self.breaks if one.times and re.search(one.mark, request)), None)
            if found:
                found.times -= 1
            return found


class _Connection(socketserver.BaseRequestHandler):
    """One connection: requests are passed on here, answers by a thread."""

    server: BreakingProxy
    request: socket.socket

    def handle(self) -> None:
        self.left: dict[str, int] = {}  # how many bytes of a side still pass, once a break is due
        with socket.create_connection(self.server.target) as upstream:
            answers = threading.Thread(target=self._pass_on, args=("answer", upstream, self.request))
            answers.start()
            self._pass_on("request", self.request, upstream)
            answers.join()

    def _pass_on(self, side: str, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while self._piece(side, source, target):
                pass
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _piece(self, side: str, source: socket.socket, target: socket.socket) -> bool:
        """Pass on what is there; False if it was the last."""
        data = source.recv(_CHUNK)
        if side == "request" and (due := self.server.due(data)):
            self.left[due.side] = due.after
        left = self.left.get(side, len(data) + 1)
        target.sendall(data[:left])
        if side in self.left:
            self.left[side] -= len(data)
        return len(data) > 0 and len(data) < left


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
