"""The grain of a table in words."""

from __future__ import annotations

from etl.contract.expressions import EACH, Path


def grain_words(grain: Path) -> str:
    """`one row for each element of taxes in each element of $.line_items`"""
    if not grain.steps:
        return "one row for each record"
    parts, last = [], 0
    for at, step in enumerate(grain.steps):
        if step is EACH:
            parts.append(Path(grain.steps[last:at]))
            last = at + 1
    outer, *inner = parts
    names = [*(f"{str(part)[1:].removeprefix('.')} in" if part.steps else "" for part in reversed(inner)), str(outer)]
    return "one row for " + " ".join(f"each element of {name}".strip() for name in names)
