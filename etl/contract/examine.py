"""Contract files as `lint` wants them: whatever state they are in, with all that is to be said of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from etl.contract import advice
from etl.contract.folder import together
from etl.contract.loader import Loaded, loaded, text_of
from etl.contract.model import Contract
from etl.contract.source import Place
from etl.errors import ContractError, Fault


@dataclass(frozen=True, slots=True)
class Examined:
    """A contract file. Where it has faults, there is neither a contract nor a hint, which might follow from them.

    `places` leads to tables, by their name, and to columns, by the table's and their own.
    """

    file: str
    text: str
    faults: tuple[Fault, ...]
    hints: tuple[Fault, ...] = ()
    contract: Contract | None = None
    places: Mapping[tuple[str, ...], Place] = field(default_factory=dict)


def hints(text: str, file: str = "contract") -> tuple[Fault, ...]:
    """What a contract allows but hardly means; nothing of one with faults. Never raises."""
    try:
        return advice.hints(loaded(text, file, {}))
    except ContractError:
        return ()


def examine(paths: Sequence[Path], env: Mapping[str, str]) -> list[Examined]:
    """Read contract files that lie side by side. Raises nothing: what is wrong with a file is in its faults."""
    found = [_read(path, env) for path in paths]
    together([one for one in found if isinstance(one, Loaded)])
    return [one if isinstance(one, Examined) else _examined(one) for one in found]


def _read(path: Path, env: Mapping[str, str]) -> Loaded | Examined:
    text = ""
    try:
        text = text_of(path)
        return loaded(text, str(path), env)
    except ContractError as error:
        return Examined(str(path), text, error.faults)


def _examined(one: Loaded) -> Examined:
    source = one.root.source
    if source.faults:
        return Examined(source.file, source.text, tuple(sorted(source.faults)))
    return Examined(source.file, source.text, (), advice.hints(one), one.contract, advice.places(one))
