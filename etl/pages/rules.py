"""Rules in words: every test of a column, keys, conditions, and rules on the upload as a whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from etl.contract.checks import literal
from etl.contract.model import (
    Bound,
    Check,
    Column,
    Condition,
    Count,
    DistinctItems,
    FolderName,
    Key,
    MultipleOf,
    NoneOf,
    OneOf,
    Operator,
    Pattern,
    Required,
    UploadRule,
)
from etl.contract.words import number
from etl.pages.model import Statement
from etl.records import Rule

STATED = frozenset({
    "required", "minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "minLength", "maxLength", "minItems",
    "maxItems", "minProperties", "maxProperties", "multipleOf", "pattern", "format", "uniqueItems", "enum",
    "partitioned", "primaryKey", "unique",
})  # fmt: skip
"""The rules that columns state without a name or a description of their own."""

_SHOWN = 40  # values of a list
_AUTOMATIC = re.compile(r"(\w+) must(Not)?Be\w* .*", re.DOTALL)  # what the loader says where the contract is silent
_BOUNDS = {">=": "at least", ">": "more than", "<=": "at most", "<": "less than"}
_MOMENTS = {">=": "not before", ">": "after", "<=": "not after", "<": "before"}
_COUNTED = {"string": "character", "array": "item", "object": "field"}
_OPERATORS: dict[Operator, str] = {
    "mustBe": "must be {}",
    "mustNotBe": "must not be {}",
    "mustBeGreaterThan": "must be more than {}",
    "mustBeGreaterOrEqualTo": "must be at least {}",
    "mustBeLessThan": "must be less than {}",
    "mustBeLessOrEqualTo": "must be at most {}",
    "mustBeBetween": "must be from {} to {}",
    "mustNotBeBetween": "must be less than {} or more than {}",
}


def check(check: Check, column: Column) -> Statement:
    """What a check asks of the values of its column, or of a part of them."""
    about = _part(check.within)
    match check.test:
        case Required():
            return _stated(check.rule, "there has to be a value", about=about)
        case Bound(op, limit):
            moment = isinstance(limit, date | datetime | time)
            return _stated(check.rule, f"{(_MOMENTS if moment else _BOUNDS)[op]} {_shown(limit)}", about=about)
        case MultipleOf(step):
            return _stated(check.rule, f"a multiple of {number(step)}", about=about)
        case Count(op, limit):
            what = _COUNTED[column.type.within(check.within).kind]
            return _stated(check.rule, f"{_BOUNDS[op]} {limit:,} {what}{'' if limit == 1 else 's'}", about=about)
        case Pattern(regex):
            return _pattern(check.rule, regex, about)
        case OneOf(values):
            return _values(check.rule, "one of", values, about)
        case NoneOf(values, null):
            words = "there has to be a value" + (", and none of" if values else "") if null else "none of"
            return _values(check.rule, words, values, about)
        case DistinctItems():
            return _stated(check.rule, "no item twice", about=about)
        case FolderName(_, most):
            return _stated(check.rule, f"at most {most} bytes long as a folder's name", about=about)


def _part(steps: Sequence[str]) -> str | None:
    """`each item`, `latitude`, `size of each item`"""
    words = ["each item" if step == "[]" else step for step in reversed(steps)]
    return " of ".join(words) or None


def _pattern(rule: Rule, regex: str, about: str | None) -> Statement:
    if rule.name == "format":
        return _stated(rule, rule.expected, about=about)
    whole = regex.startswith("^") and regex.endswith("$")
    return _stated(rule, "has the form" if whole else "has in it, anywhere,", (regex,), about=about)


def _values(rule: Rule, words: str, values: Sequence[Any], about: str | None) -> Statement:
    shown = tuple(literal(value) for value in values[:_SHOWN])
    return _stated(rule, words, shown, max(len(values) - _SHOWN, 0), about)


def _shown(limit: Any) -> str:
    match limit:
        case datetime():
            return limit.isoformat().replace("+00:00", "Z")
        case date() | time():
            return limit.isoformat()
        case float():
            return number(Decimal(repr(limit)))
        case _:
            return number(limit)


def _stated(
    rule: Rule, words: str, codes: tuple[str, ...] = (), omitted: int = 0, about: str | None = None
) -> Statement:
    """A rule's statement; its name and description where the contract gives it any."""
    named = rule.name not in STATED
    own = named and not _AUTOMATIC.fullmatch(rule.expected) and rule.expected not in codes
    return Statement(
        words=words,
        codes=codes,
        omitted=omitted,
        about=about,
        name=rule.name if named else None,
        description=rule.expected if own else None,
        warning=rule.severity == "warning",
    )


def key(key: Key) -> Statement:
    """Columns that are unique, alone or together."""
    if len(key.columns) == 1:
        return _stated(key.rule, "no value comes twice in an upload:", key.columns)
    return _stated(key.rule, "no two rows of an upload are the same in all of", key.columns)


def condition(condition: Condition) -> Statement:
    """A condition across the columns of a row."""
    return _stated(condition.rule, "every row meets (one that comes to no answer counts as met)", (condition.sql,))


def upload_rule(rule: UploadRule) -> Statement:
    """A rule on the upload as a whole: what its query gives, compared."""
    asked = _OPERATORS[rule.operator].format(*map(_operand, rule.operands))
    share = f", in percent of the rows of {rule.percent_of}," if rule.percent_of else ""
    words = f"what this query gives{share} {asked}:"
    return _stated(rule.rule, words, (rule.query,), about=rule.rule.subject or None)


def _operand(value: Any) -> str:
    return value if isinstance(value, str) else literal(value)
