"""The plots' geometry: what is drawn is what was counted."""

from __future__ import annotations

import pytest

from etl.web.plots import Day, by_day, by_rule

ONE = Day("2024-03-01", 200, 50)


def test_a_bar_is_as_high_as_its_share() -> None:
    plot = by_day({"2024-03-01": ONE, "2024-02-28": Day("2024-02-28", 10, 1), "2024-02-29": Day("2024-02-29", 10, 0)})
    assert plot
    heights = {bar.day.day: bar.height for bar in plot.bars if bar.day}
    assert heights["2024-03-01"] / heights["2024-02-28"] == pytest.approx(2.5, rel=0.01)
    assert heights["2024-02-29"] == 0
    assert [day.day for day in plot.table] == ["2024-03-01", "2024-02-29", "2024-02-28"]


@pytest.mark.parametrize(
    ("days", "bars"), [({"2024-03-01": ONE}, 14), ({"2023-01-01": Day("2023-01-01", 1, 1), "2024-03-01": ONE}, 30)]
)
def test_how_many_days_there_are(days: dict[str, Day], bars: int) -> None:
    plot = by_day(days)
    assert plot
    assert len(plot.bars) == bars
    assert plot.labels[-1].text == "1 Mar"
    assert all(bar.x + bar.width <= plot.width for bar in plot.bars)


@pytest.mark.parametrize(
    ("percent", "top"), [(0, "4%"), (3, "4%"), (5, "8%"), (25, "40%"), (81, "100%"), (100, "100%")]
)
def test_the_axis_ends_at_a_round_number(percent: int, top: str) -> None:
    plot = by_day({"2024-03-01": Day("2024-03-01", 100, percent)})
    assert plot
    assert plot.ticks[-1].text == top


def test_a_share_that_can_hardly_be_seen_is_seen() -> None:
    plot = by_day({"2024-03-01": Day("2024-03-01", 10**6, 1), "2024-02-28": Day("2024-02-28", 1, 1)})
    assert plot
    assert next(bar.height for bar in plot.bars if bar.day == Day("2024-03-01", 10**6, 1)) == 2


@pytest.mark.parametrize("days", [{}, {"no day": Day("no day", 1, 1)}])
def test_without_days_there_is_no_plot(days: dict[str, Day]) -> None:
    assert by_day(days) is None


def test_rules_by_their_records() -> None:
    assert [(each.name, each.percent) for each in by_rule({"a": 1, "b": 4, "c": 4})] == [
        ("b", 100),
        ("c", 100),
        ("a", 25),
    ]
    assert by_rule({}) == ()
    assert len(by_rule({str(at): at for at in range(50)})) == 8
