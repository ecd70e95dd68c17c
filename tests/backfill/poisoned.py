"""A script: tasks of which one ends whatever runs it, by Spark at a master. Prints what came of each."""

import json
import os
import signal
import sys
from pathlib import Path

from etl.backfill import Outcome, Task
from etl.backfill.spark import spark


class Poison:
    """A work that notes each attempt in a folder, and dies of one task."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __call__(self, task: Task) -> Outcome:
        Path(self.folder, f"{task.location}.{os.getpid()}").touch()
        if task.location == "poison":
            os.kill(os.getpid(), signal.SIGKILL)
        return Outcome(task, "published", {"read": 1})


def main(master: str, folder: str) -> None:
    tasks = [Task(name, 1, 0) for name in ("first", "poison", "last")]
    with spark(master) as engine:
        found = engine.outcomes(Poison(folder), tasks)
        print(json.dumps({one.task.location: [one.status, one.reason] for one in found}))  # noqa: T201  it is a script


if __name__ == "__main__":
    main(*sys.argv[1:])
