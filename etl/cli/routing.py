"""Which contract an upload falls under, and where what it becomes goes: options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from etl import contract as contracts
from etl import pipeline
from etl.cli import show
from etl.cli.places import CONTRACTS
from etl.contract.model import Contract
from etl.errors import UsageError

ContractPath = Annotated[
    Path | None, typer.Option("--contract", help="Use this contract. Without it, those in contracts/ say whose it is.")
]
Lake = Annotated[str | None, typer.Option(help="Where the Parquet data lake lies: a folder or s3://...")]
Quarantine = Annotated[str | None, typer.Option(help="Where rejected records go: a folder or s3://...")]


def chooser(contract: Path | None, given: Sequence[str]) -> Callable[[str], Contract]:
    """Which contract an upload falls under. Raises `ContractError`, `UsageError`."""
    if contract is not None:
        agreed = contracts.load(contract)
        return lambda _: agreed
    if pipeline.STDIN in given:
        raise UsageError("-: standard input comes from nowhere, so no contract claims it; give --contract PATH")
    if not CONTRACTS.is_dir():
        raise UsageError("there is no folder contracts/ here; give --contract PATH")
    known = contracts.load_all(CONTRACTS)
    return lambda location: _routed(location, known)


def _routed(location: str, known: Sequence[Contract]) -> Contract:
    agreed = contracts.route(location, known)
    if agreed is None:
        raise UsageError(
            f"{show.near(location)}: no contract in contracts/ has an 'incoming' server that covers it (or its "
            "${ORDERS_...} variable is not set, or names another place); set it, or give --contract PATH"
        )
    return agreed
