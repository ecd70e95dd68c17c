"""A fake of the Lambda Runtime API: what AWS documents of it, for one sandbox, on a free port of loopback.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

    GET  /2018-06-01/runtime/invocation/next             waits for an invocation: the event, and headers about it
    POST /2018-06-01/runtime/invocation/<id>/response    what the handler returned
    POST /2018-06-01/runtime/invocation/<id>/error       what it raised
    POST /2018-06-01/runtime/init/error                  why there is no handler
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from queue import Queue
from socketserver import ThreadingTCPServer
from threading import Thread

_ARN = "arn:aws:lambda:us-east-1:123456789012:function:etl"
_TOLD = re.compile(r"/2018-06-01/runtime/(?:invocation/[^/]+/(response|error)|init/(error))")


@dataclass(frozen=True, slots=True)
class Invocation:
    """One event for the function, as JSON text; `deadline` in milliseconds since the epoch."""

    request_id: str
    event: str
    deadline: int

    def headers(self) -> Mapping[str, str]:
        return {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": self.request_id,
            "Lambda-Runtime-Deadline-Ms": str(self.deadline),
            "Lambda-Runtime-Invoked-Function-Arn": _ARN,
            "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1",
        }


@dataclass(frozen=True, slots=True)
class Said:
    """What a runtime has said: `next` (it is ready), `response` or `error`, with the body; or `exit`, by ending."""

    kind: str
    body: str = ""


class RuntimeApi(ThreadingTCPServer):
    """Hands out what is put into `given`, and puts what it is told into `said`, each in order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Requests)
        self.given: Queue[Invocation | None] = Queue()
        self.said: Queue[Said] = Queue()
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return "{}:{}".format(*self.server_address)

    def close(self) -> None:
        self.given.put(None)  # a request that still waits for an invocation waits no more
        self.shutdown()
        self.server_close()
        self._thread.join()


class _Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for its second half
    server: RuntimeApi

    def do_GET(self) -> None:
        self.server.said.put(Said("next"))
        invocation = self.server.given.get()
        if invocation is None:
            self.close_connection = True
        else:
            self._answer(200, invocation.event.encode(), invocation.headers())

    def do_POST(self) -> None:
        told = _TOLD.fullmatch(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if told:
            self.server.said.put(Said(told[1] or told[2], body))
        self._answer(202 if told else 404, b"", {})

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Requests are not worth a line each."""
