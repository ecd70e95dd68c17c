"""What the terminal says of suggestions."""

import io

from rich.console import Console

from etl.cli import show
from tests.suggest.feeds import BLOCK, judged, order

ORDERS = [
    order(1),
    order(2, status="gift"),
    order(3, status="gift"),
    order(4, day=None),
    order(5, **{"fee\x1b[31m": 1}),
]


def printed(report: dict[str, object]) -> list[str]:
    out = io.StringIO()
    show.summary(report, Console(file=out, width=100))
    return [line.strip() for line in out.getvalue().splitlines() if line.strip().startswith("suggestion")]


def test_each_is_a_line_with_its_effect() -> None:
    file = "(contracts/feed.odcs.yaml)"
    assert printed(judged(BLOCK, ORDERS)) == [
        f"suggestion      add 'gift' to the values of orders.status {file}: would release 2 records; loosens the "
        "contract: minor version",
        f"suggestion      let orders.day have no value {file}: would release 1 record; breaks a promise to readers of "
        "the lake: major version",
        f"suggestion      read $['fee\\u001b[31m'] into the new column orders.fee_31m {file}: would release 1 record; "
        "loosens the contract: minor version",
    ]


def test_reports_of_before_have_none() -> None:
    report = judged(BLOCK, ORDERS)
    del report["suggestions"]
    assert printed(report) == []
