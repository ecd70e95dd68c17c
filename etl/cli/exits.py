"""What a command ends with: its exit code, and the words for people."""

from __future__ import annotations

import typer

from etl.errors import ContractError, EtlError, UsageError

FELL_SHORT, WRONG_USAGE, BROKEN = 1, 2, 3
INTERRUPTED = 130  # as shells say it


def failed(error: EtlError) -> int:
    """Say what is wrong; return the exit code."""
    complain(str(error))
    return WRONG_USAGE if isinstance(error, ContractError | UsageError) else BROKEN


def complain(message: str) -> None:
    """Say it on standard error."""
    typer.echo(f"etl: {message}", err=True)
