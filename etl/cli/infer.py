"""A contract from samples: fetched, inferred, and written to where nothing is yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from etl.cli.show import near
from etl.errors import StorageError, UsageError
from etl.infer import Inferred, Sample, contract_name, infer
from etl.pipeline import STDIN
from etl.records import Upload

Fetch = Callable[[str], AbstractContextManager[tuple[Upload, Path]]]


def inferred(locations: Sequence[str], output: Path | None, fetch: Fetch) -> Inferred:
    """The contract of these samples, called like the output file, or else like the first sample.

    Raises `UsageError` where the output is there already, or nothing is in the samples; `NotFound`, `StorageError`.
    """
    if output is not None and output.exists():
        raise UsageError(_taken(output))
    with ExitStack() as held:
        samples = [Sample(_named(location), held.enter_context(fetch(location))[1]) for location in locations]
        return infer(samples, contract_name(str(output or samples[0].location)))


def write(text: str, output: Path) -> None:
    """Write a new file. Raises `UsageError` where there is one, `StorageError` where it can't be written."""
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(_taken(output)) from error
    except OSError as error:
        raise StorageError(f"{output}: it can't be written ({error.strerror}); give another -o PATH") from error


def _named(location: str) -> str:
    return "standard input" if location == STDIN else near(location)


def _taken(output: Path) -> str:
    return f"{output}: it is there already, and is not overwritten; give another -o PATH, or remove it"
