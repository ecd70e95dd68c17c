"""The values that a contract itself names, `examples` and `enum`, held to the rules that stand beside them.

They are judged by the stages that judge uploads, so that there is one opinion of what fits: each list of them becomes
a table of one column, with its type and its checks, and each value a record that fills that column alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import msgspec

from etl.cli.lint.findings import Finding
from etl.contract import Examined
from etl.contract.checks import literal
from etl.contract.expressions import Json, Path
from etl.contract.model import Check, Column, Contract, NoneOf, OneOf, Policies, Required, Table, Type
from etl.contract.source import Place
from etl.contract.types import words
from etl.errors import Fault
from etl.records import Rule

_JSON = msgspec.json.Encoder(decimal_format="number")
_TYPE = "type"
_POLICIES = Policies(empty_records="allow", unknown_fields="ignore", lineage_columns=False)


@dataclass(frozen=True, slots=True)
class _Values:
    """Values that the contract names, and what they are values of: a column, or a part of one."""

    word: str
    places: Sequence[Place]
    type: Type
    checks: Sequence[Check]

    @property
    def types(self) -> tuple[Type, ...]:
        """How they may be written: as the documents have it, or, where they have a format of their own, as ISO."""
        return (self.type, replace(self.type, format=None)) if self.type.format else (self.type,)


def findings(one: Examined) -> list[Finding]:
    """A fault for each example, and each value of an enum, that breaks a rule."""
    lists = list(_lists(one))
    return list(_wrong(lists)) if lists else []


def _finding(word: str, place: Place, rule: Rule) -> Finding:
    mark = place.source.mark(place.route)
    shown = f"this {word}" if isinstance(place.value, list | dict) else f"the {word} {literal(place.value)}"
    message = f"{shown} breaks {rule.name} (expected {rule.expected})"
    return Finding(Fault(place.source.file, mark.line, mark.column, message), "error")


# Which values there are.


def _lists(one: Examined) -> Iterator[_Values]:
    for table in one.contract.tables if one.contract else ():
        for column in table.columns:
            if not isinstance(column.source, Json):  # its text is made of whatever is there
                yield from _within(one.places[table.name, column.name], column.type, column.checks)


def _within(place: Place, type_: Type, checks: Sequence[Check]) -> Iterator[_Values]:
    """The values of a column or a part of one, then of its parts."""
    if examples := [place / "examples" / at for at in _entries(place / "examples")]:
        yield _Values("example", examples, type_, checks)
    listed = [place / "enum" / at / "value" for at in _entries(place / "enum")]
    if listed and any(not isinstance(check.test, OneOf | Required) for check in checks):
        yield _Values("enum value", listed, type_, checks)
    if type_.item:
        yield from _within(place / "items", type_.item, _inner(checks, "[]"))
    types = {field.name: field.type for field in type_.fields}
    for at in _entries(place / "properties"):
        name = (place / "properties" / at / "name").value
        yield from _within(place / "properties" / at, types[name], _inner(checks, name))


def _entries(place: Place) -> range:
    return range(len(place.value)) if isinstance(place.value, list) else range(0)


def _inner(checks: Sequence[Check], step: str) -> list[Check]:
    return [replace(check, within=check.within[1:]) for check in checks if check.within[:1] == (step,)]


# What records of them come to.


def _wrong(lists: Sequence[_Values]) -> Iterator[Finding]:
    """A fault for each that is right in none of the ways in which it may be written."""
    from etl.documents.judge import Judge  # time that contracts without examples, and other commands, save

    named = [(values, place) for values in lists for place in values.places]
    records = [_JSON.encode({f"v{at}": place.value}) for at, values in enumerate(lists) for place in values.places]
    verdicts, _ = Judge(_contract(lists)).judge(records)
    for (values, place), verdict in zip(named, verdicts, strict=True):
        broken = sorted(verdict.broken, key=lambda rule: (rule.name == _TYPE, rule.table))  # a type says least
        if len({rule.table for rule in broken}) == len(values.types):
            yield _finding(values.word, place, broken[0])


def _contract(lists: Sequence[_Values]) -> Contract:
    tables = tuple(
        _table(f"v{at}_{way}", f"v{at}", type_, values.checks)
        for at, values in enumerate(lists)
        for way, type_ in enumerate(values.types)
    )
    return Contract("lint", "lint", "1", None, "lint", "", tables, policies=_POLICIES)


def _table(name: str, field: str, type_: Type, checks: Sequence[Check]) -> Table:
    """A table that judges one list's values, and has nothing against the records of the others."""
    tests = tuple(replace(check, rule=replace(check.rule, table=name)) for each in checks for check in _of_values(each))
    cast = Rule(_TYPE, words(type_), name, "value")
    return Table(name, (Column("value", type_, Path((field,)), checks=tests, cast=cast),), Path(()))


def _of_values(check: Check) -> Iterator[Check]:
    """The check without what it says of null."""
    if check.within or not isinstance(check.test, Required | NoneOf):
        yield check
    elif isinstance(check.test, NoneOf) and check.test.values:
        yield replace(check, test=replace(check.test, null=False))
