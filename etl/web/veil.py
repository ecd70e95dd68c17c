"""What of a document is hidden until it is revealed: personal values, and fields that no column reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from etl.contract.expressions import EACH, Step
from etl.contract.model import Contract
from etl.pages.fields import Field, fields

Hidden = Literal["masked", "unread"]


@dataclass(frozen=True, slots=True)
class Veil:
    """What the contract says of one place in a document. `whole`: all of what is here is read; `known`: who reads it.

    `strict`: no contract says anything, so every single value is hidden.
    """

    known: tuple[Field, ...] = ()
    whole: bool = False
    strict: bool = False

    def into(self, step: Step | None, length: int) -> Veil:
        """What it says of a member, or of an element of an array that has so many."""
        if self.strict:
            return self
        names: tuple[Step, ...] = (EACH, step, step - length) if isinstance(step, int) else (step or "",)
        return Veil(tuple(found for field in self.known for found in field.inside(*names)), self._all)

    @property
    def alike(self) -> bool:
        """Whether it says the same of all elements of an array."""
        return not any(isinstance(step, int) for field in self.known for step in field.members)

    def hides(self, *, container: bool, null: bool = False) -> Hidden | None:
        """Whether, and why, what is here is hidden as one."""
        if self.strict:
            return None if container or null else "masked"
        if null:
            return None
        if any(field.masked for field in self.known):
            return "masked"
        if self._all or any(field.values for field in self.known):
            return None if not container or self._all or self._inner else "unread"
        return None if container and self._inner else "unread"

    @property
    def _all(self) -> bool:
        return self.whole or any(field.whole for field in self.known)

    @property
    def _inner(self) -> bool:
        return any(field.members for field in self.known)


def veil(contract: Contract | None) -> Veil:
    """That of a whole document."""
    return Veil(strict=True) if contract is None else Veil((fields(contract),))


def masked_rules(contract: Contract | None) -> Mapping[tuple[Any, Any, Any], bool]:
    """Whether values under each rule (table, column, name) are personal; what is not in it may be."""
    if contract is None:
        return {}
    found: dict[tuple[Any, Any, Any], bool] = {}
    for table in contract.tables:
        rules = [key.rule for key in table.keys] + [condition.rule for condition in table.conditions]
        for column in table.columns:
            rules += [column.cast, *(check.rule for check in column.checks)]
        for rule in rules:
            at = rule.table, rule.column, rule.name
            found[at] = found.get(at, False) or rule.masked
    return found
