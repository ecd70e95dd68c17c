"""Processes below a process, by what they were started with."""

from collections.abc import Iterator
from pathlib import Path

EXECUTOR = b"CoarseGrainedExecutorBackend"  # of Spark


def below(process: int, word: bytes) -> Iterator[int]:
    """Those with a word in their command line; not what is below these."""
    for child in _children(process):
        if word in Path(f"/proc/{child}/cmdline").read_bytes():
            yield child
        else:
            yield from below(child, word)


def _children(process: int) -> list[int]:
    threads = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for thread in threads for child in thread.read_text().split()]
