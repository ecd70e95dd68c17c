"""The plot of what bench/compare.py and bench/stages.py have found: bench/results/plot.svg."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

RESULTS = Path(__file__).parent / "results"
LINES = {"DuckDB, unchecked": "#8a8a8a", "etl run": "#0b6e99"}


def main() -> None:
    mpl.rcParams.update({"font.size": 9, "svg.hashsalt": "etl", "axes.spines.top": False, "axes.spines.right": False})
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


if __name__ == "__main__":
    main()
