"""Expressions of the flattening map, written out as what is done with one of the fields they read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Literal

from etl.contract.expressions import (
    Coalesce,
    Day,
    Expression,
    Index,
    Json,
    NullIf,
    Path,
    Scale,
    Step,
    Text,
    written,
)

FIELD = "·"  # stands for the field that a function is put round
_REST = "…"


@dataclass(frozen=True, slots=True)
class Use:
    """A field that an expression reads, and what is done with it: `lower(·)`, `coalesce(…, ·)`; None: nothing.

    `taken` is its value, `whole` whatever is there as JSON text, or the element's `position`, no value at all.
    """

    path: Path
    function: str | None
    taken: Literal["value", "whole", "position"]


def uses(expression: Expression) -> Iterator[Use]:
    """Every field that the expression reads, left to right."""
    leaves = list(_leaves(expression))
    for at, leaf in enumerate(leaves):
        function = _marked(expression, at)
        yield _use(leaf, None if function == FIELD else function)


def _marked(expression: Expression, at: int) -> str:
    """The expression with a mark for its field of this number, left to right."""
    numbers = count()
    return written(expression, lambda _: FIELD if next(numbers) == at else _REST)


def _use(leaf: Path | Index | Json, function: str | None) -> Use:
    if isinstance(leaf, Path):
        return Use(leaf, function, "value")
    return Use(leaf.path, function, "position" if isinstance(leaf, Index) else "whole")


def field_name(step: Step) -> str:
    """A step of a path, alone: `email`, `['utm-source']`, `[*]`."""
    return str(Path((step,)))[1:].removeprefix(".")


def _leaves(expression: Expression) -> Iterator[Path | Index | Json]:
    """In the order in which `written` comes to them."""
    match expression:
        case Path() | Index() | Json():
            yield expression
        case Coalesce(arguments):
            for argument in arguments:
                yield from _leaves(argument)
        case Text(_, argument) | NullIf(argument) | Scale(argument) | Day(argument):
            yield from _leaves(argument)
