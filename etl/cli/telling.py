"""Lineage of what commands do: what can't be told is said, at the place that it is of."""

from __future__ import annotations

from etl.cli.exits import complain
from etl.cli.show import near
from etl.lineage import Lineage


def lineage() -> Lineage:
    """One for all that a command does."""
    return Lineage(lambda location, reason: complain(f"{near(location)}: {reason}"))
