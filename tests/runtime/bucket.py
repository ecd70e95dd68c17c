"""The bucket `orders` on loopback (moto), for functions in other processes; its requests can be held up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any
from urllib.request import Request, urlopen

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server


@dataclass(frozen=True)
class Hold:
    """Requests of a method whose path or query has a part are never served: `then` is called, and they wait."""

    method: str
    part: str
    then: Callable[[], None]
    reached: Event = field(default_factory=Event)
    released: Event = field(default_factory=Event)

    def fits(self, environ: dict[str, Any]) -> bool:
        asked = f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}"
        return environ["REQUEST_METHOD"] == self.method and self.part in asked

    def wait(self) -> None:
        self.reached.set()
        self.then()
        self.released.wait()


class Bucket:
    """S3 with one bucket."""

    def __init__(self) -> None:
        self._served = DomainDispatcherApplication(create_backend_app)
        self._held: list[Hold] = []
        self._server = make_server("127.0.0.1", 0, self._serve, threaded=True, request_handler=MotoRequestHandler)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._client = boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )
        urlopen(Request(f"{self.url}/moto-api/reset", method="POST")).close()  # all moto servers of a process are one
        self._client.create_bucket(Bucket="orders")

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def put(self, key: str, content: bytes) -> None:
        self._client.put_object(Bucket="orders", Key=key, Body=content)

    def json(self, key: str) -> Any:
        return json.loads(self._client.get_object(Bucket="orders", Key=key)["Body"].read())

    def keys(self, prefix: str) -> list[str]:
        found = self._client.list_objects_v2(Bucket="orders", Prefix=prefix)
        return [entry["Key"] for entry in found.get("Contents", [])]

    @contextmanager
    def held(self, method: str, part: str, then: Callable[[], None] = lambda: None) -> Iterator[Hold]:
        hold = Hold(method, part, then)
        self._held.append(hold)
        try:
            yield hold
        finally:
            self._held.remove(hold)
            hold.released.set()

    def _serve(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        for hold in self._held:
            if hold.fits(environ):
                hold.wait()
                start_response("503 Slow Down", [])
                return []
        return self._served(environ, start_response)
