"""Whether OpenLineage is configured: told without its library, by the places where that looks (client 1.54)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_TRANSPORT = "OPENLINEAGE__TRANSPORT"
_FILE = "openlineage.yml"


def is_configured(environ: Mapping[str, str] = os.environ) -> bool:
    """A transport, in the environment or a file of configuration, and no word to leave it off."""
    if environ.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true":
        return False
    if environ.get("OPENLINEAGE_URL") or environ.get("OPENLINEAGE_CONFIG"):
        return True
    return any(name.startswith(_TRANSPORT) for name in environ) or any(map(_is_file, _files()))


def _files() -> tuple[Path, ...]:
    return Path(_FILE), Path("~/.openlineage", _FILE)


def _is_file(path: Path) -> bool:
    try:
        return path.expanduser().is_file()
    except (OSError, RuntimeError):  # denied, or nobody's home
        return False
