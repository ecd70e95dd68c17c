"""What a rule is about while the contract is being read: a column or a part of one, and what stands round it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from etl.contract.model import Type
from etl.records import Rule


@dataclass(frozen=True, slots=True)
class Target:
    """What rules are about: a column, or a part of it (`within`) that `column` then names: `address.zip`, `tags[]`."""

    table: str
    column: str
    type: Type
    masked: bool
    within: tuple[str, ...] = ()
    personal: bool = False  # a column of which any part is masked: its values as a whole are, too

    def rule(self, name: str, expected: str) -> Rule:
        return Rule(name, expected, self.table, self.column, masked=self.masked)

    def field(self, name: str, type_: Type, *, masked: bool) -> Target:
        return Target(self.table, f"{self.column}.{name}", type_, self.masked or masked, (*self.within, name))

    def item(self, type_: Type, *, masked: bool) -> Target:
        return Target(self.table, f"{self.column}[]", type_, self.masked or masked, (*self.within, "[]"))


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a quality rule stands: its table, a column of it or none (`target`), and everything it may name."""

    table: str
    target: Target | None
    columns: Sequence[str]
    targets: Mapping[str, Target]  # of this table's columns, those with a type
    tables: Mapping[str, Sequence[str]]  # the columns of every table
    masked: bool  # whether values of any column, in any table, are masked

    @property
    def column(self) -> str | None:
        return self.target.column if self.target else None


def is_masked(classification: str | None) -> bool:
    """Values of any classification but `public` stay out of reports."""
    return classification is not None and classification.strip().lower() != "public"
