"""Tells OpenLineage of the runs, where OpenLineage is configured; where not, its library is not even imported.

    lineage = Lineage(warn)
    report = lineage.follow(location, contract, lambda: pipeline.run(...))

following.py    what goes on round a run
configured.py   whether OpenLineage is configured
sending.py      one run's events on their way, which nobody waits for longer than a few seconds
events.py       what is told: pure, (run report, contract) -> event
datasets.py     uploads, tables and quarantine as datasets
columns.py      the contract's columns: schema, where each comes from, classification
assertions.py   the contract's rules, and whether they held
facets.py       what OpenLineage has no facet for
"""

from etl.lineage.following import Lineage

__all__ = ["Lineage"]
