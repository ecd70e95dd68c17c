"""Rules about an upload as a whole: one value, computed by DuckDB over its staged tables, compared exactly."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal, localcontext
from typing import Any

import pyarrow as pa
from pyarrow.dataset import Dataset

from etl.contract.model import Operator, UploadRule
from etl.errors import StorageError
from etl.records import Violation
from etl.validate import sql
from etl.validate.arrays import whole
from etl.validate.texts import json_texts, plain

_COMPARE: Mapping[Operator, Callable[..., bool]] = {
    "mustBe": operator.eq,
    "mustNotBe": operator.ne,
    "mustBeGreaterThan": operator.gt,
    "mustBeGreaterOrEqualTo": operator.ge,
    "mustBeLessThan": operator.lt,
    "mustBeLessOrEqualTo": operator.le,
    "mustBeBetween": lambda value, low, high: low <= value <= high,
    "mustNotBeBetween": lambda value, low, high: not low <= value <= high,
}
_DIGITS = 200  # enough to multiply any two numbers exactly
_SHOWN_DIGITS = 12  # of a percentage, which may have no end


def judge(rule: UploadRule, datasets: Mapping[str, Dataset]) -> Violation | None:
    """The violation, if the upload breaks the rule; a query that gives no value breaks it.

    Raises `sql.Unusable` with the name of the rule, and `StorageError` where the staged tables cannot be read.
    """
    try:
        result = sql.query(rule.query, datasets, limit=2)
    except sql.Uncomputable as error:
        return Violation(rule.rule, 0, detail=f"the query could not be computed: {error}")
    except sql.Unusable as error:
        raise sql.Unusable(f"rule '{rule.rule.name}': {error}") from error
    if result.num_rows > 1:
        return Violation(rule.rule, 0, detail="the query gave more than one row; one value is expected")
    values = whole(result.column(0)).drop_null()
    if not len(values):
        return Violation(rule.rule, 0, detail="the query gave no value")
    [value], [text] = values.to_pylist(), json_texts(values)
    if rule.percent_of is not None:
        return _judge_share(rule, value, text, _count_rows(datasets[rule.percent_of]))
    if any(isinstance(operand, str) for operand in rule.operands):
        return _judge_text(rule, value if isinstance(value, str) else str(text).strip('"'), text)
    return _judge_number(rule, value, text)


def _judge_text(rule: UploadRule, value: str, text: str | None) -> Violation | None:
    met = _COMPARE[rule.operator](value, *map(str, rule.operands))
    return None if met else Violation(rule.rule, 0, value=text)


def _judge_number(rule: UploadRule, value: Any, text: str | None) -> Violation | None:
    number = _number(value)
    if number is None:
        return Violation(rule.rule, 0, value=text, detail="a number is expected")
    return None if _met(rule, number) else Violation(rule.rule, 0, value=text)


def _judge_share(rule: UploadRule, value: Any, text: str | None, rows: int) -> Violation | None:
    """`value` of `rows` as a percentage; 0 of no rows. Multiplied out, since a quotient would be rounded."""
    number = _number(value)
    if number is None:
        return Violation(rule.rule, 0, value=text, detail="a number is expected")
    share = (number, rows) if rows else (Decimal(0), 1)
    if _met(rule, *share):
        return None
    with localcontext(prec=_SHOWN_DIGITS):
        percent = plain((share[0] * 100 / share[1]).normalize())
    return Violation(rule.rule, 0, value=percent, detail=f"{percent} percent of {rows:,} rows")


def _met(rule: UploadRule, part: Decimal, whole: int | None = None) -> bool:
    with localcontext(prec=_DIGITS):
        value, times = (part, 1) if whole is None else (part * 100, whole)
        return _COMPARE[rule.operator](value, *(_exact(operand) * times for operand in rule.operands))


def _number(value: Any) -> Decimal | None:
    """The decimal that a number reads as; None for anything else, NaN included."""
    return _exact(value) if isinstance(value, int | float | Decimal) and value == value else None


def _exact(number: float | Decimal) -> Decimal:
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)


def _count_rows(dataset: Dataset) -> int:
    try:
        return int(dataset.count_rows())
    except (OSError, pa.ArrowException) as error:
        raise StorageError("the staged tables of the upload cannot be read; run it again") from error
