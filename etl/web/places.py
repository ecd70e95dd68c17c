"""Locations as people read them."""

from __future__ import annotations

from pathlib import Path


def near(location: str) -> str:
    """A local location as seen from the current folder, if it lies below it."""
    return location.removeprefix(f"{Path.cwd().as_posix()}/")
