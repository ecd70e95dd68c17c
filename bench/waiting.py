"""How long uploads wait in the queue: a day of arrivals, minute by minute, and functions that take them in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import aws

# Uploads by the hour, of a shop's day; assumed. The busiest hour has three times the average.
SHOP = (1, 1, 1, 1, 1, 2, 3, 4, 5, 5, 5, 5, 5, 4, 4, 4, 5, 6, 8, 11, 13, 10, 6, 2)
EVEN = (1,) * 24
NIGHT = (0, 0, 1, *(0,) * 21)  # all of a day within one hour


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds of the upload that waits longest, to the minute; how many wait at most; and how many are left."""

    longest: float
    most: float
    left: float


def arrivals(day: Sequence[float], uploads: int) -> list[float]:
    """Of each minute of a day."""
    whole = sum(day)
    return [uploads * hour / whole / 60 for hour in day for _ in range(60)]


def wait(day: Sequence[float], uploads: int, seconds: float, at_once: int, days: int = 14) -> Wait:
    """So many days of it, one like the other; an upload takes so many seconds. SQS keeps messages for 14 days."""
    line: deque[list[float]] = deque()  # the minute they came in, and how many
    longest = most = waiting = 0.0
    running = min(at_once, aws.POLLED)
    for minute, came in enumerate(arrivals(day, uploads) * days):
        if came:
            line.append([minute, came])
        able = running * 60 / seconds
        waiting += came
        while line and able > 0:
            taken = min(able, line[0][1])
            able -= taken
            waiting -= taken
            line[0][1] -= taken
            if line[0][1] <= 1e-9:
                longest = max(longest, 60 * (minute - line.popleft()[0]))
        most = max(most, waiting)
        used = running - able * seconds / 60
        running = min(at_once, running + aws.POLLED_MORE) if line else min(at_once, max(aws.POLLED, int(used) + 1))
    if line:
        longest = max(longest, 60 * (len(day) * 60 * days - line[0][0]))
    return Wait(longest, most, max(waiting, 0.0))


def needed(day: Sequence[float], uploads: int, seconds: float) -> float:
    """Functions at a time for the busiest minute."""
    return max(arrivals(day, uploads)) / 60 * seconds
