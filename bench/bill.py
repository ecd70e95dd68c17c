"""What AWS asks for uploads that go through the function."""

from __future__ import annotations

from typing import Literal, NamedTuple

import aws

GIB = 2.0  # of the function's memory, as template.yaml has it
LINES = 3_000  # bytes that an upload logs: its summary, its metrics, the platform's lines

Kind = Literal["computing", "requests", "others"]


class Line(NamedTuple):
    """Of a bill."""

    kind: Kind
    what: str
    dollars: float


def bill(
    uploads: int, duration: float, writes: float, reads: float, *, messages: int, notices: float, traces: float
) -> list[Line]:
    """`duration` is the seconds of one upload; all the other numbers are those of all uploads together. `writes` and
    `reads` are requests to S3, without DELETE, which is free; `messages` are requests to SQS.
    """
    used = uploads * duration * GIB
    return [
        Line("computing", f"{uploads:,} x {duration:.2f} s x {GIB:g} GB = {used:,.0f} GB-s", used * aws.GIB_SECOND),
        Line("computing", f"{uploads:,} invocations", uploads * aws.INVOCATION),
        *stored(writes, reads),
        Line("others", f"{messages:,} requests to SQS", messages * aws.MESSAGE),
        Line("others", f"{notices:,.0f} messages to SNS, by e-mail", notices * (aws.NOTICE + aws.MAIL)),
        Line("others", f"{traces:,.0f} traces", traces * aws.TRACE),
        Line("others", f"{uploads * LINES / 1e6:,.1f} MB of logs", uploads * LINES * aws.LOGGED),
    ]


def stored(writes: float, reads: float) -> list[Line]:
    """Requests to S3."""
    return [
        Line("requests", f"{writes:,.0f} writes to S3", writes * aws.WRITE),
        Line("requests", f"{reads:,.0f} reads from S3", reads * aws.READ),
    ]
