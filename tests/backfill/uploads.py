"""A folder of mixed uploads, and what is made of it."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.examples import EXAMPLES, ROOT, contract_of, upload_of

CONTRACT = ROOT / "contracts" / "orders.odcs.yaml"
_FORMS = ("ndjson", "array", "gzip", "zstd")
_KINDS = "missing-field,wrong-type"


def mixed(folder: Path, amounts: Sequence[int]) -> Path:
    """An upload of so many orders each, of all forms, some with bad ones; and the examples of bad uploads."""
    folder.mkdir(parents=True)
    for number, amount in enumerate(amounts):
        to = ["--format", _FORMS[number % 4], "--bad", f"{number % 3}/100", "--kinds", _KINDS, "--seed", str(number)]
        command = [sys.executable, ROOT / "bench" / "generate.py", str(amount), folder / f"{number:03}", *to]
        subprocess.run(command, check=True)
    for example in (one for one in EXAMPLES if contract_of(one).name == "orders"):
        upload = upload_of(example)
        (folder / f"{example.name}{upload.suffix}").write_bytes(upload.read_bytes())
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    """Every file by its path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def made(out: Path, make: Callable[[], None]) -> dict[str, bytes]:
    """What `make` leaves in a folder that is not there before, nor after: what is written names it, so it is one."""
    assert not out.exists()
    make()
    found = tree(out)
    out.rename(out.with_name(f"{out.name}-{sum(1 for _ in out.parent.iterdir())}"))
    return found


def to(out: Path) -> list[str]:
    """The options for a lake and a quarantine below a folder."""
    return ["--contract", str(CONTRACT), "--lake", str(out / "lake"), "--quarantine", str(out / "quarantine")]


def command(*arguments: object) -> list[str]:
    """The command, by this Python."""
    return [sys.executable, "-c", "from etl.cli import main; main()", *map(str, arguments)]


def environment(**more: str) -> dict[str, str]:
    """Of a process that finds `etl` and these tests, and Java, and listens on loopback."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "JAVA_HOME": os.environ.get("JAVA_HOME", ""),
        "PYTHONPATH": str(ROOT),
        "SPARK_LOCAL_IP": "127.0.0.1",
        **more,
    }
