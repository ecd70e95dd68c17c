"""Unified diffs of a contract's text, as `patch` takes them.

The same edit gives the same bytes on every machine: the file is named as seen from the folder round its own.
"""

from __future__ import annotations

import difflib
import re
from pathlib import PurePath

_NO_NEWLINE = "\\ No newline at end of file\n"


def name_of(file: str) -> str:
    """`contracts/orders.odcs.yaml`, wherever that is."""
    path = PurePath(file)
    parts = path.parts[-2:] if path.is_absolute() or "://" in file or ".." in path.parts else path.parts
    name = "/".join(part for part in parts if part not in (path.anchor, ".."))
    return name if name.isprintable() else "contract.odcs.yaml"


def patch(old: str, new: str, file: str) -> str:
    """What makes the new text of the old one, for `patch -p0`."""
    name = name_of(file)
    name = f"{name}\t" if " " in name else name
    return "".join(map(_ended, difflib.unified_diff(_lines(old), _lines(new), name, name)))


def _lines(text: str) -> list[str]:
    """At line feeds alone, unlike `splitlines`; each with its own."""
    return [line for line in re.split(r"(?<=\n)", text) if line]


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}"
