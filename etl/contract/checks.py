"""Row rules of one value: `required`, `logicalTypeOptions`, `enum`, at a column and inside it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from open_data_contract_standard.model import SchemaProperty

from etl.contract.formats import STRING_FORMATS
from etl.contract.model import (
    Bound,
    Check,
    Count,
    DistinctItems,
    MultipleOf,
    OneOf,
    Pattern,
    Required,
    Test,
    Type,
)
from etl.contract.scope import Target, is_masked
from etl.contract.source import Place
from etl.contract.values import Op, bound, convert, exact
from etl.contract.words import Unfit, did_you_mean, listed, number

_BOUNDS: dict[str, Op] = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
_COUNTS = {  # keyword: what is counted, and which way
    "minLength": ("character", ">="),
    "maxLength": ("character", "<="),
    "minItems": ("item", ">="),
    "maxItems": ("item", "<="),
    "minProperties": ("field", ">="),
    "maxProperties": ("field", "<="),
}
Made = tuple[str, Test, str]
"""A rule's name, its test and what it expects, in words."""


def checks(node: SchemaProperty, place: Place, target: Target) -> Iterator[Check]:
    """The checks that a property states for itself, without those inside it."""
    if node.required:
        yield Check(target.rule("required", "a value"), Required(), target.within)
    for name, test, expected in (
        *_options(node, place / "logicalTypeOptions", target.type),
        *_enum(node, place, target),
    ):
        yield Check(target.rule(name, expected), test, target.within)
    yield from _required_fields(node, place / "logicalTypeOptions" / "required", target)


def inner(node: SchemaProperty, place: Place, target: Target) -> Iterator[tuple[SchemaProperty, Place, Target]]:
    """Every part of a list or object column, outermost first: its node, its place and what its rules are about."""
    for part, there, aim in _parts(node, place, target):
        yield part, there, aim
        yield from inner(part, there, aim)


def _parts(node: SchemaProperty, place: Place, target: Target) -> Iterator[tuple[SchemaProperty, Place, Target]]:
    if node.items and target.type.item:
        masked = is_masked(node.items.classification)
        yield node.items, place / "items", target.item(target.type.item, masked=masked)
    types = {field.name: field.type for field in target.type.fields}
    for index, child in enumerate(node.properties or ()):
        if child.name in types:
            masked = is_masked(child.classification)
            yield child, place / "properties" / index, target.field(child.name, types[child.name], masked=masked)


def _options(node: SchemaProperty, place: Place, type_: Type) -> list[Made]:
    made: list[Made] = []
    for keyword, value in (node.logicalTypeOptions or {}).items():
        build = _MAKERS.get(keyword)
        if build is None or (keyword == "format" and type_.kind != "string"):
            continue
        try:
            if (one := build(keyword, value, type_)) is not None:
                made.append(one)
        except Unfit as error:
            (place / keyword).fault(str(error))
    _contradictions({name: test for name, test, _ in made}, place)
    return made


def _bound(keyword: str, value: Any, type_: Type) -> Made:
    op = _BOUNDS[keyword]
    shown = value if isinstance(value, str) else number(value)
    return keyword, bound(op, value, type_), f"{op} {shown}"


def _count(keyword: str, value: Any, type_: Type) -> Made:
    what, op = _COUNTS[keyword]
    limit = int(value)
    words = f"at {'least' if op == '>=' else 'most'} {limit} {what}{'' if limit == 1 else 's'}"
    return keyword, Count(op, limit), words  # type: ignore[arg-type]  # one of the two


def _multiple(keyword: str, value: Any, type_: Type) -> Made:
    return keyword, MultipleOf(exact(value)), f"a multiple of {number(value)}"


def _pattern(keyword: str, value: Any, type_: Type) -> Made:
    return keyword, pattern(value), f"matches {value}"


def pattern(regex: str) -> Pattern:
    """A pattern that RE2 takes. Raises `Unfit` with RE2's reason."""
    try:
        pc.match_substring_regex(pa.scalar(""), regex)  # an array would have pandas imported
    except pa.ArrowInvalid as error:
        reason = str(error).removeprefix("Invalid regular expression: ")
        raise Unfit(
            f"pattern {regex} is not one of RE2: {reason}. Patterns run in linear time: lookaround and backreferences "
            "are not supported"
        ) from error
    return Pattern(regex)


def _format(keyword: str, value: Any, type_: Type) -> Made | None:
    known = STRING_FORMATS.get(value)
    if known is None:
        hint = did_you_mean(value, STRING_FORMATS) or f"; there are {listed(STRING_FORMATS)}"
        raise Unfit(f"unknown string format '{value}'{hint}")
    return (keyword, Pattern(known.pattern), known.expected) if known.pattern else None


def _unique_items(keyword: str, value: Any, type_: Type) -> Made | None:
    return (keyword, DistinctItems(), "no item twice") if value else None


_MAKERS: dict[str, Callable[[str, Any, Type], Made | None]] = {
    **dict.fromkeys(_BOUNDS, _bound),
    **dict.fromkeys(_COUNTS, _count),
    "multipleOf": _multiple,
    "pattern": _pattern,
    "format": _format,
    "uniqueItems": _unique_items,
}


def _contradictions(tests: dict[str, Test], place: Place) -> None:
    """Bounds that leave nothing between them, at the upper one."""
    for low, high in (("minLength", "maxLength"), ("minItems", "maxItems"), ("minProperties", "maxProperties")):
        least, most = tests.get(low), tests.get(high)
        if isinstance(least, Count) and isinstance(most, Count) and least.limit > most.limit:
            (place / high).fault(f"nothing can be right: {low} is {least.limit}, {high} {most.limit}")
    for low, high in itertools.product(("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        least, most = tests.get(low), tests.get(high)
        if isinstance(least, Bound) and isinstance(most, Bound) and _empty(least, most):
            span = f"{least.op} {least.limit} and {most.op} {most.limit}"
            (place / high).fault(f"nothing can be right: the value is {span}")


def _empty(least: Bound, most: Bound) -> bool:
    both = least.op == ">=" and most.op == "<="
    return bool(least.limit > most.limit or (least.limit == most.limit and not both))


def _enum(node: SchemaProperty, place: Place, target: Target) -> list[Made]:
    given = [(place / "enum" / index / "value", entry.value) for index, entry in enumerate(node.enum or ())]
    values = [converted for there, value in given for converted in listed_value(there, value, target.type)]
    return [("enum", OneOf(tuple(values)), one_of(values))] if values else []


def listed_value(place: Place, value: Any, type_: Type) -> list[Any]:
    """The value in the column's type, alone in a list; an empty list with the fault reported."""
    if not place.is_there:
        return []  # refused by the schema check already
    try:
        return [convert(value, type_)]
    except Unfit as error:
        place.fault(str(error))
        return []


def one_of(values: list[Any]) -> str:
    """`one of 'a', 'b'`"""
    return f"one of {listed(literal(value) for value in values)}"


def literal(value: Any) -> str:
    """A value as reports and messages show it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return number(value)
    return f"'{value}'" if isinstance(value, str) else str(value)


def _required_fields(node: SchemaProperty, place: Place, target: Target) -> Iterator[Check]:
    """`logicalTypeOptions.required` of an object: these fields have values."""
    types = {field.name: field.type for field in target.type.fields}
    names = (node.logicalTypeOptions or {}).get("required", ())
    for index, name in enumerate(names if target.type.kind == "object" else ()):
        if name in types:
            aim = target.field(name, types[name], masked=False)
            yield Check(aim.rule("required", "a value"), Required(), aim.within)
        else:
            (place / index).fault(f"there is no field '{name}'{did_you_mean(name, types)}")
