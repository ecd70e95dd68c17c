"""Semantic versions (semver.org, 2.0.0), and whether one makes a step from another.

`1` and `1.2` are taken for `1.0.0` and `1.2.0`. Of versions `0.y.z`, which promise little, the steps are one place
further right, as Cargo and npm have it: what breaks raises `y`, all else `z`. A pre-release promises nothing yet: what
comes after it only has to come after it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from etl.diff.nouns import Step

_VERSION = re.compile(r"v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")
Numbers = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Version:
    """`numbers`, and the parts of a pre-release's name."""

    numbers: Numbers
    before: tuple[str, ...] = ()

    @property
    def rank(self) -> tuple[Numbers, bool, list[tuple[bool, int, str]]]:
        """The order of versions (semver, 11): a pre-release comes before its release, numbers before words."""
        parts = [(False, int(part), "") if part.isdigit() else (True, 0, part) for part in self.before]
        return self.numbers, not self.before, parts


def _read(text: str) -> _Version | None:
    found = _VERSION.fullmatch(text.strip())
    if not found:
        return None
    major, minor, patch = (int(part or 0) for part in found.groups()[:3])
    return _Version((major, minor, patch), tuple(found[4].split(".")) if found[4] else ())


def least(version: str, step: Step) -> str | None:
    """The least version that makes this step; None where `version` is no semantic version."""
    old = _read(version)
    return ".".join(map(str, _least(old, step))) if old else None


def _least(old: _Version, step: Step) -> Numbers:
    major, minor, patch = old.numbers
    if old.before:
        return old.numbers
    if step == "major" and major:
        return major + 1, 0, 0
    if step == "major" or (step == "minor" and major):
        return major, minor + 1, 0
    return major, minor, patch + 1


def shortfall(old: str, new: str, step: Step | None) -> str | None:
    """Why `new` does not make this step from `old`; None where it does, or nothing is asked."""
    if step is None:
        return None
    before, now = _read(old), _read(new)
    if before is None:
        return f"the version is '{new}' as before: raise it" if new == old else None
    enough = ".".join(map(str, _least(before, step)))
    if now is None:
        return f"'{new}' is no semantic version (MAJOR.MINOR.PATCH): it should be at least {enough}"
    if now.numbers < _least(before, step) or now.rank <= before.rank:
        return f"{old} -> {new} is too small: it should be at least {enough}"
    return None
