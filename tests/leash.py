"""Servers that tests start, on a leash: they never outlive the tests, however these end."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

_LEASH = """
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
{ read -r _ <&3; kill -9 $server; } &
wait $server
"""  # ends the server when the pipe that is its standard input does


def start(
    command: Sequence[str | Path], folder: Path, environment: Mapping[str, str], log: IO[bytes]
) -> subprocess.Popen[bytes]:
    """The command as a group of processes of its own, in the folder, with this environment and no more."""
    return subprocess.Popen(
        ["sh", "-c", _LEASH, "sh", *command],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    """End it at once, as a machine that goes dark does."""
    with process:  # closes the pipe, and waits
        os.killpg(process.pid, signal.SIGKILL)
