"""Work in a process of its own: what hangs, eats memory or crashes is a failed test and not a dead machine."""

import importlib
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

MEGABYTE = 10**6
SOAK = bool(os.environ.get("SOAK"))  # then sizes are those of the real thing, and tests take minutes


def bounded(work: str, *arguments: object, megabytes: int = 1500, seconds: int = 120) -> Any:
    """What the function `module:name` of this package returns, given these arguments; both as JSON."""
    command = [sys.executable, "-m", __name__, work, json.dumps(arguments), str(megabytes), str(seconds)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, capture_output=True, cwd=root, timeout=seconds * 4, check=False)
    assert done.returncode == 0, f"{done.returncode}: {done.stderr.decode()[-2000:]}"
    return json.loads(done.stdout)


def main(work: str, arguments: str, megabytes: str, seconds: str) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (int(megabytes) * MEGABYTE,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds),) * 2)
    module, _, name = work.partition(":")
    found = getattr(importlib.import_module(f"tests.hostile.{module}"), name)(*json.loads(arguments))
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
