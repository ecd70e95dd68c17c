"""A folder with one contract, linted in this process."""

from __future__ import annotations

import textwrap
from pathlib import Path

from etl.cli import lint
from etl.storage import AnyStorage

HEAD = 'apiVersion: v3.2.0\nkind: DataContract\nid: shop\nname: shop\nversion: "1"\nschema:\n'


def write(folder: Path, schema: str, sample: str | None = None, policies: str = "") -> Path:
    """`shop.odcs.yaml` with these tables, and a sample beside it."""
    contract = folder / "shop.odcs.yaml"
    contract.write_text(HEAD + textwrap.indent(textwrap.dedent(schema), "  ") + policies, encoding="utf-8")
    if sample is not None:
        (folder / "shop.sample.json").write_text(sample, encoding="utf-8")
    return contract


def linted(contract: Path) -> lint.Linted:
    (one,) = lint.lint([str(contract)], AnyStorage())
    return one


def told(contract: Path, level: str) -> list[str]:
    """`line:column: message` of the faults or the hints; not that there is no sample."""
    findings = (finding for finding in linted(contract).findings if finding.level == level)
    texts = (f"{each.fault.line}:{each.fault.column}: {each.fault.message}" for each in findings)
    return [text for text in texts if "there is no sample beside it" not in text]
