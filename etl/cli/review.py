"""The review in a browser: `etl review`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from etl.cli import places
from etl.cli.exits import failed
from etl.cli.show import near
from etl.errors import EtlError
from etl.storage import AnyStorage


def review(
    lake: Annotated[
        str | None, typer.Option(help="The data lake: a folder or s3://... Without it, those that contracts/ name.")
    ] = None,
    quarantine: Annotated[
        str | None, typer.Option(help="The quarantine: a folder or s3://... Without it, those that contracts/ name.")
    ] = None,
    contract: Annotated[
        Path | None, typer.Option("--contract", help="Judge by this contract. Without it, by those in contracts/.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port on this machine; 0: any that is free.")] = 8484,
) -> None:
    """Review the quarantine in a browser: what broke and where; correct orders, replay, dismiss."""
    from etl.web import Desk, serve  # time that other commands save

    try:
        desk = Desk(
            storage=AnyStorage(),
            quarantines=places.quarantines(quarantine, lambda: places.known(contract)),
            lakes=places.lakes(lake, lambda: places.known(contract)),
            contracts=lambda: places.known(contract),  # as they are now: they may be edited meanwhile
            who=places.person(),
            now=lambda: datetime.now(UTC),
        )
        serve(desk, port, lambda link: _opened(link, desk.quarantines, desk.lakes), _again)
    except EtlError as error:
        raise typer.Exit(failed(error)) from error


def _opened(link: str, quarantines: Sequence[str], lakes: Sequence[str]) -> None:
    typer.echo(f"Review it in your browser:  {link}\n")
    for name, roots in (("quarantine", quarantines), ("lake", lakes)):
        for root in roots:
            typer.echo(f"  {name:<10}  {near(root)}")
    typer.echo("\nThe link works once, on this machine alone. Ctrl-C ends the review.")


def _again(link: str) -> None:
    typer.echo(f"The link was used before. For another browser:  {link}")
