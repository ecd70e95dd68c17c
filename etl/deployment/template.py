"""The section of `template.yaml` that follows from the contracts: everything between two marker lines."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from etl.contract.model import Contract
from etl.deployment.cloudformation import dump
from etl.deployment.resources import DATABASE, Resource, alarm, glue_table, remarks
from etl.errors import UsageError

BEGIN = "  # --- from the contracts: written by `etl template`, not by hand ---\n"
END = "  # --- end of what follows from the contracts ---\n"


def rewritten(template: str, contracts: Sequence[Contract], file: str) -> str:
    """The template's text with the section as these contracts, which have no faults, give it.

    Raises `UsageError`, which names the file, without the marker lines.
    """
    before, begin, rest = template.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after:
        lines = " and ".join(f"'{marker.strip()}'" for marker in (BEGIN, END))
        raise UsageError(f"{file}: the lines {lines} are expected once each, in this order, at the end of Resources")
    return before + begin + "\n" + "\n".join(_blocks(contracts)) + "\n" + end + after


def _blocks(contracts: Sequence[Contract]) -> Iterator[str]:
    yield _block(DATABASE)
    for contract in contracts:
        for table in contract.tables:
            yield _block(glue_table(contract, table), *remarks(table))
        yield _block(alarm(contract))


def _block(resource: Resource, *remarks: str) -> str:
    """A resource as it stands under `Resources`, with comments before it."""
    comments = [line for remark in remarks for line in textwrap.wrap(remark, 116, break_on_hyphens=False)]
    return textwrap.indent("".join(f"# {line}\n" for line in comments) + dump(resource), "  ")
