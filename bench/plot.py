"""The plots: of what bench/compare.py and bench/stages.py have found, bench/results/plot.svg; and of what the models of
bench/scale.py come to for 10 TB, by the size of its uploads, bench/results/scale.svg."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws
import engines
import matplotlib as mpl
import matplotlib.pyplot as plt
import uploads

RESULTS = Path(__file__).parent / "results"
LINES = {"DuckDB, unchecked": "#8a8a8a", "etl run": "#0b6e99"}
TEN_TB = 10_000_000  # MB
SIZES = [10 ** (power / 8) for power in range(-16, 25)]  # MB, from 10 KB to 1 GB


def main() -> None:
    mpl.rcParams.update({"font.size": 9, "svg.hashsalt": "etl", "axes.spines.top": False, "axes.spines.right": False})
    _compared()
    _scaled()


def _compared() -> None:
    results = json.loads((RESULTS / "results.json").read_text(encoding="utf-8"))
    stages = json.loads((RESULTS / "stages.json").read_text(encoding="utf-8"))
    figure, (time, memory, shares) = plt.subplots(1, 3, figsize=(12, 3.4), layout="constrained")
    _lines(time, results, "wall", "seconds")
    _lines(memory, results, "peak", "MB of memory")
    _shares(shares, stages)
    figure.savefig(RESULTS / "plot.svg", metadata={"Date": None})


def _lines(axes: Any, results: list[dict[str, Any]], key: str, label: str) -> None:
    for name, colour in LINES.items():
        found = [one for one in results if one["name"] == name]
        axes.plot([one["bytes"] / 1e6 for one in found], [one[key] for one in found], "o-", color=colour, label=name)
    axes.set(xlabel="MB of NDJSON", ylabel=label, xlim=(0, None), ylim=(0, None))
    axes.legend(frameon=False)


def _shares(axes: Any, stages: dict[str, float]) -> None:
    whole = sum(stages.values())
    names = list(stages)[::-1]
    bars = axes.barh(names, [100 * stages[name] / whole for name in names], color="#0b6e99")
    axes.bar_label(bars, fmt="%.0f%%", padding=2)
    axes.set(xlabel="share of CPU time")


def _scaled() -> None:
    figure, (dollars, hours) = plt.subplots(1, 2, figsize=(12, 3.6), layout="constrained")
    for name, colour, plans in _engines(uploads.fitted(uploads.measured())):
        dollars.loglog(SIZES, [plan.dollars() for plan in plans], color=colour, label=name)
        hours.loglog(SIZES, [plan.seconds / 3600 for plan in plans], color=colour, label=name)
    requests = [plan.dollars("requests") for plan in plans]
    dollars.loglog(SIZES, requests, ":", color="#8a8a8a", label="of it, requests to S3")
    dollars.set(xlabel="MB of an upload", ylabel="dollars for 10 TB")
    hours.set(xlabel="MB of an upload", ylabel="hours for 10 TB")
    for axes in (dollars, hours):
        axes.xaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_major_formatter("{x:,g}")
        axes.legend(frameon=False)
    figure.savefig(RESULTS / "scale.svg", metadata={"Date": None})


def _engines(base: uploads.Base) -> list[tuple[str, str, list[engines.Plan]]]:
    shapes = [(round(TEN_TB / size), uploads.Shape("", size, size)) for size in SIZES]
    mapped = [engines.mapped(base, shape, number, aws.CONCURRENCY) for number, shape in shapes]
    spark = [engines.spark(base, shape, number, 256, "EMR") for number, shape in shapes]
    local = [engines.local(base, shape, number) for number, shape in shapes]
    return [
        ("Distributed Map, 1,000 functions", "#c2571a", mapped),
        ("Spark on EMR Serverless, 256 processors", "#5b8c2a", spark),
        ("local, 32 processes", "#0b6e99", local),
    ]


if __name__ == "__main__":
    main()
