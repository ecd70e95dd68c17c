"""A local AWS: ministack, over TLS on a free port of the loopback, with IAM enforced.

Functions run in its environment, so that has nothing of ours in it, and its variables are told here one by one.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from tests import leash

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-emulator" / "bin" / "python"
REGION = "us-east-1"
ROOT_USER = {"AWS_ACCESS_KEY_ID": "EMULATORROOT", "AWS_SECRET_ACCESS_KEY": "emulator-root-secret"}
_START = 60  # seconds


@dataclass(frozen=True)
class Emulator:
    """Where it is, whose certificate it has, and what it said."""

    endpoint: str
    certificate: Path
    log: Path

    @property
    def env(self) -> dict[str, str]:
        """For commands that talk to AWS, as the account's root user."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.log.parent),
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_CA_BUNDLE": str(self.certificate),
            "AWS_DEFAULT_REGION": REGION,
            **ROOT_USER,
        }

    def client(self, service: str, credentials: Mapping[str, str] | None = None) -> Any:
        """A client, as the root user or with an answer's `Credentials`."""
        who = credentials or {
            "AccessKeyId": ROOT_USER["AWS_ACCESS_KEY_ID"],
            "SecretAccessKey": ROOT_USER["AWS_SECRET_ACCESS_KEY"],
        }
        return boto3.session.Session().client(
            service,
            endpoint_url=self.endpoint,
            verify=str(self.certificate),
            region_name=REGION,
            aws_access_key_id=who["AccessKeyId"],
            aws_secret_access_key=who["SecretAccessKey"],
            aws_session_token=who.get("SessionToken"),
            config=Config(retries={"mode": "standard", "max_attempts": 3}, read_timeout=120),
        )


@contextmanager
def emulator(folder: Path) -> Iterator[Emulator]:
    """A running one, with all its files in `folder`; only its log stays there."""
    port, scratch = _free_port(), folder / "tmp"
    scratch.mkdir()
    found = Emulator(f"https://127.0.0.1:{port}", scratch / "ministack-tls" / "server.crt", folder / "emulator.log")
    with found.log.open("wb") as log:
        process = leash.start([PYTHON, "-m", "ministack"], folder, _environment(port, scratch), log)
    try:
        _wait(found, process)
        yield found
    finally:
        _stop(process, scratch)


def _environment(port: int, scratch: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "USE_SSL": "1",  # the bucket's policy refuses anything else
        "AUTH": "true",
        "SFN_WAIT_SCALE": "0.01",  # of the seconds until a state machine tries again
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "AWS_DEFAULT_REGION": REGION,
        **ROOT_USER,
    }


def _wait(found: Emulator, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            found.client("sts").get_caller_identity()
        except (BotoCoreError, OSError):  # not yet; no certificate yet
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"the emulator did not start:\n{found.log.read_text(errors='replace')[-4000:]}")


def _stop(process: subprocess.Popen[bytes], scratch: Path) -> None:
    """End it and its workers, which are in groups of their own: all whose scripts lie in the folder. Remove what it
    held, some gigabytes."""
    leash.kill(process)
    for pid in _running_from(scratch):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(scratch, ignore_errors=True)


def _running_from(folder: Path) -> Iterator[int]:
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes()
        except OSError:  # it has ended
            continue
        if str(folder).encode() in command:
            yield int(entry.parent.name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
