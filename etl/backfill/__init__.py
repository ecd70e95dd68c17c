"""Years of uploads, by the processes of one machine or by a cluster: the same run of each, unchanged.

An upload is one task, and has one outcome. Nothing is kept of how far a backfill has come: what has been published says
so itself (`pipeline.standing`), so one that was stopped is begun again, and passes over what is done. Tasks that die,
are tried again elsewhere, or are at work twice, are runs like any others: `commit` sees to it that they leave what one
leaves.

work.py       one upload, in whatever process: task -> outcome
backfill.py   which uploads, by which contract; the outcomes of all, and their sums
local.py      the engine of one machine: processes
spark.py      the engine of a cluster: Apache Spark (not imported until it is asked for)
"""

from etl.backfill.backfill import Engine, Plan, Tally, outcomes, plan
from etl.backfill.work import Feed, Outcome, Task, Work

__all__ = ["Engine", "Feed", "Outcome", "Plan", "Tally", "Task", "Work", "outcomes", "plan"]
