"""The review in a browser: `etl review`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from etl.cli import places
from etl.cli.exits import failed
from etl.cli.show import near
from etl.cli.telling import lineage
from etl.contract.model import Contract
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
        known = _watched(contract)
        desk = Desk(
            storage=AnyStorage(),
            quarantines=places.quarantines(quarantine, known),
            lakes=places.lakes(lake, known),
            contracts=known,
            who=places.person(),
            now=lambda: datetime.now(UTC),
            lineage=lineage(),
        )
        serve(desk, port, lambda link: _opened(link, desk.quarantines, desk.lakes), _again)
        typer.echo("The review has ended.")
    except EtlError as error:
        raise typer.Exit(failed(error)) from error


def _watched(contract: Path | None) -> Callable[[], Sequence[Contract]]:
    """The contracts as they are now: they are edited while the review is open. Read anew when a file has changed."""

    @functools.lru_cache(maxsize=1)
    def read(_: Sequence[tuple[str, int, int]]) -> Sequence[Contract]:
        return places.known(contract)

    return lambda: read(_as_it_is(contract or places.CONTRACTS))


def _as_it_is(path: Path) -> Sequence[tuple[str, int, int]]:
    """A file, or those of a folder: their names, times and sizes."""
    files = sorted(path.iterdir()) if path.is_dir() else [path] if path.is_file() else []
    return tuple((str(each), (found := each.stat()).st_mtime_ns, found.st_size) for each in files)


def _opened(link: str, quarantines: Sequence[str], lakes: Sequence[str]) -> None:
    typer.echo(f"Review it in your browser:  {link}\n")
    for name, roots in (("quarantine", quarantines), ("lake", lakes)):
        for root in roots:
            typer.echo(f"  {name:<10}  {near(root)}")
    typer.echo("\nThe link works once, on this machine alone. Ctrl-C ends the review.")


def _again(link: str) -> None:
    typer.echo(f"The link was used before. For another browser:  {link}")
