"""Rules on the upload as a whole, paired by what they ask, else by their name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from etl.contract.model import Contract, UploadRule
from etl.contract.words import number
from etl.diff.nouns import At, Change
from etl.diff.words import NONE, line

_LESS, _GREATER = ("mustBeLessThan", "mustBeLessOrEqualTo"), ("mustBeGreaterThan", "mustBeGreaterOrEqualTo")


def changes(old: Contract, new: Contract) -> Iterator[Change]:
    gone = [rule for rule in old.upload_rules if not _asked(rule, new.upload_rules)]
    for rule in new.upload_rules:
        if not _asked(rule, old.upload_rules):
            before = next((other for other in gone if _named(other) == _named(rule)), None)
            gone = [other for other in gone if other is not before]
            yield _new(rule) if before is None else _changed(before, rule)
    yield from map(_gone, gone)


def _asked(rule: UploadRule, others: Sequence[UploadRule]) -> bool:
    return any(_asks(rule) == _asks(other) for other in others)


def _asks(rule: UploadRule) -> tuple[object, ...]:
    return rule.query, rule.operator, rule.operands, rule.percent_of, rule.rule.severity


def _named(rule: UploadRule) -> tuple[str | None, str | None, str]:
    return rule.rule.table, rule.rule.column, rule.rule.name


def _at(rule: UploadRule) -> At:
    return At(rule.rule.table, rule.rule.column)


def _judges(rule: UploadRule) -> bool:
    return rule.rule.severity == "error"


def _new(rule: UploadRule) -> Change:
    make = _at(rule).tightening if _judges(rule) else _at(rule).safe
    return make(rule.rule.name, NONE, _words(rule), "a rule on the upload as a whole")


def _gone(rule: UploadRule) -> Change:
    make = _at(rule).loosening if _judges(rule) else _at(rule).safe
    return make(rule.rule.name, _words(rule), NONE)


def _changed(old: UploadRule, new: UploadRule) -> Change:
    before, now = _difference(old, new)
    if not _judges(new):
        make = _at(new).loosening if _judges(old) else _at(new).safe
        return make(new.rule.name, before, now)
    return _at(new).moved(new.rule.name, before, now, tighter=not (_judges(old) and _is_looser(old, new)))


def _difference(old: UploadRule, new: UploadRule) -> tuple[str, str]:
    if _words(old) != _words(new):
        return _words(old), _words(new)
    return (line(old.query), line(new.query)) if old.query != new.query else (old.rule.severity, new.rule.severity)


def _is_looser(old: UploadRule, new: UploadRule) -> bool:
    """Whether what passed the old rule surely passes the new one."""
    if (old.query, old.percent_of, old.operator) != (new.query, new.percent_of, new.operator):
        return False
    was, now = old.operands[0], new.operands[0]
    if not all(isinstance(part, int | Decimal) for part in (was, now)):
        return False
    return bool((new.operator in _LESS and now >= was) or (new.operator in _GREATER and now <= was))


def _words(rule: UploadRule) -> str:
    operands = " and ".join(number(part) if isinstance(part, Decimal) else str(part) for part in rule.operands)
    return line(f"{rule.operator} {operands}{' percent' if rule.percent_of else ''}")
