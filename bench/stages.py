"""Where the time of one upload goes: CPU seconds by stage, one stage after the other.

python bench/stages.py [--orders 200000]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from etl import contract as contracts
from etl.flatten import Flattener, lexical
from etl.flatten.parsing import Parser
from etl.lake import LakeWriter
from etl.read import read
from etl.records import Block
from etl.report import Account
from etl.split import split
from etl.validate import Validator

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "bench" / "results"
ORDERS = ROOT / "contracts" / "orders.odcs.yaml"


class Clock:
    """Seconds by stage. A stage within another is taken out of that."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._open: list[str] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.process_time()
        self._open.append(name)
        try:
            yield
        finally:
            self._open.pop()
            spent = time.process_time() - start
            self.seconds[name] += spent
            if self._open:
                self.seconds[self._open[-1]] -= spent

    def timed(self, owner: Any, name: str, stage: str) -> None:
        """Have a function of the engine counted as a stage of its own."""
        work: Callable[..., Any] = getattr(owner, name)

        def counted(*given: Any, **more: Any) -> Any:
            with self.stage(stage):
                return work(*given, **more)

        setattr(owner, name, counted)


def profile(source: Path, folder: Path) -> dict[str, float]:
    """One pass over an upload, without publishing it."""
    clock, contract = Clock(), contracts.load(ORDERS)
    clock.timed(lexical, "has_exponents", "look at the bytes")
    clock.timed(lexical, "has_texts_only", "look at the bytes")
    clock.timed(Parser, "_read", "parse (Arrow)")
    flattener, validator = Flattener(contract), Validator(contract)
    lake, account = LakeWriter(contract, folder, str(source), "0" * 16), Account(contract)
    blocks = iter(read(source))
    while True:
        with clock.stage("read"):
            block = next(blocks, None)
        if not isinstance(block, Block):
            break
        with clock.stage("flatten"):
            flat = flattener.flatten(block)
        with clock.stage("validate (Pandera, keys, DuckDB)"):
            violations = [*flat.violations, *validator.judge(flat.rows)]
        with clock.stage("split, account"):
            parts = split(flat.rows, violations, contract)
            account.add(block, flat.rows, parts)
        with clock.stage("write (Parquet)"):
            for name, rows in parts.published.items():
                lake.write(name, rows)
    with clock.stage("write (Parquet)"):
        lake.close()
    return dict(clock.seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=200_000)
    orders = parser.parse_args().orders
    with tempfile.TemporaryDirectory() as name:
        source = Path(name, "orders.ndjson")
        generate = [sys.executable, ROOT / "bench" / "generate.py", str(orders), source]
        subprocess.run(generate, check=True, stdout=subprocess.DEVNULL)
        seconds = profile(source, Path(name))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "stages.json").write_text(json.dumps(seconds, indent=1) + "\n", encoding="utf-8")
    whole = sum(seconds.values())
    for stage, spent in seconds.items():
        print(f"{stage:34}{spent:7.2f} s{spent / whole:7.0%}")
    print(f"{f'{orders:,} orders one after the other':34}{whole:7.2f} s")


if __name__ == "__main__":
    main()
