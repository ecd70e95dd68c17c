"""Expressions of the flattening map, written out: whole, or as what is done with one of the fields they read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
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
)

FIELD = "·"  # stands for the field that a function is put round
_REST = "…"


def written(expression: Expression) -> str:
    """`lower(trim($.customer.email))`"""
    return _written(expression, (str(_path(leaf)) for leaf in _leaves(expression)))


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
        function = _written(expression, (FIELD if other == at else _REST for other in range(len(leaves))))
        yield _use(leaf, None if function == FIELD else function)


def _use(leaf: Path | Index | Json, function: str | None) -> Use:
    if isinstance(leaf, Path):
        return Use(leaf, function, "value")
    return Use(leaf.path, function, "position" if isinstance(leaf, Index) else "whole")


def field_name(step: Step) -> str:
    """A step of a path, alone: `email`, `['utm-source']`, `[*]`."""
    return str(Path((step,)))[1:].removeprefix(".")


def _leaves(expression: Expression) -> Iterator[Path | Index | Json]:
    """The fields, left to right."""
    match expression:
        case Path() | Index() | Json():
            yield expression
        case Coalesce(arguments):
            for argument in arguments:
                yield from _leaves(argument)
        case Text(_, argument) | NullIf(argument) | Scale(argument) | Day(argument):
            yield from _leaves(argument)


def _path(leaf: Path | Index | Json) -> Path:
    return leaf if isinstance(leaf, Path) else leaf.path


def _written(expression: Expression, names: Iterator[str]) -> str:
    """The expression with these names for its fields, left to right."""
    match expression:
        case Path():
            return next(names)
        case Text(function, argument):
            return f"{function}({_written(argument, names)})"
        case NullIf(argument, text):
            return f"nullif({_written(argument, names)}, {_quoted(text)})"
        case Coalesce(arguments):
            return f"coalesce({', '.join(_written(argument, names) for argument in arguments)})"
        case Index():
            return f"index({next(names)})"
        case Scale(argument, exponent):
            return f"scale({_written(argument, names)}, {exponent})"
        case Day(argument, timezone):
            return f"date({_written(argument, names)}{f', {_quoted(timezone)}' if timezone else ''})"
        case Json():
            return f"json({next(names)})"


def _quoted(text: str) -> str:
    inner = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"'{inner}'"
