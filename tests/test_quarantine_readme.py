"""The table in quarantine_examples/README.md names every example."""

from __future__ import annotations

import re
from pathlib import Path

EXAMPLES = Path(__file__).parent.parent / "quarantine_examples"


def test_the_table_names_every_example():
    named = re.findall(r"^\| `([a-z-]+)` \|", (EXAMPLES / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir())
