"""Violations as the pages show them: in plain words, beside the rule; personal values masked unless revealed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from etl.contract.model import Contract
from etl.records import Violation
from etl.report import MASK
from etl.report.words import Sentence, asked, broken, subject
from etl.web.document import Mark, byte_of
from etl.web.stated import Stated, places, stated
from etl.web.tree import Node, find
from etl.web.veil import masked_rules

_OF_A_RULE = 50  # violations of one rule that are shown


@dataclass(frozen=True, slots=True)
class Shown:
    """One violation. `found` is the value that the rule saw, `written` its text in the document, where they differ."""

    number: int
    subject: str
    rule: str
    is_warning: bool
    sentence: Sentence
    asked: Sentence
    path: str | None
    found: str | None
    written: str | None
    stated: Stated | None
    mark: Mark


def as_mapping(violation: Violation) -> Mapping[str, Any]:
    """A violation as an envelope has it."""
    rule = violation.rule
    return {
        "record": violation.record,
        "table": rule.table,
        "column": rule.column,
        "rule": rule.name,
        "severity": rule.severity,
        "expected": rule.expected,
        "path": violation.path,
        "value": violation.value,
        "detail": violation.detail,
    }


def masked(violation: Mapping[str, Any], rules: Mapping[tuple[Any, Any, Any], bool]) -> Mapping[str, Any]:
    """The violation with its value masked where it is personal, or may be."""
    at = violation.get("table"), violation.get("column"), violation.get("rule")
    hidden = violation.get("value") is not None and rules.get(at, True)
    return {**violation, "value": MASK} if hidden else violation


def shown(
    violations: Iterable[Mapping[str, Any]], text: str, root: Node | None, contract: Contract | None, *, revealed: bool
) -> tuple[Shown, ...]:
    """The violations of a record whose document is `text`, and `root` its tree: the first of each rule, from 1 on."""
    rules = masked_rules(contract)
    every = [each if revealed else masked(each, rules) for each in _first(violations)]
    return tuple(_shown(number, each, text, root, contract) for number, each in enumerate(every, 1))


def _first(violations: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    seen: Counter[str] = Counter()
    for each in violations:
        rule = f"{subject(each)} {each.get('rule')}"
        seen[rule] += 1
        if seen[rule] <= _OF_A_RULE:
            yield each


def _shown(number: int, violation: Mapping[str, Any], text: str, root: Node | None, contract: Contract | None) -> Shown:
    mark = Mark(number, places(violation, contract), byte_of(_text(violation, "detail")))
    found, as_written = _differing(violation, mark, text, root)
    return Shown(
        number=number,
        subject=subject(violation),
        rule=str(violation.get("rule")),
        is_warning=violation.get("severity") == "warning",
        sentence=broken(violation),
        asked=asked(violation),
        path=_text(violation, "path"),
        found=found,
        written=as_written,
        stated=stated(violation, contract) if contract else None,
        mark=mark,
    )


def _differing(violation: Mapping[str, Any], mark: Mark, text: str, root: Node | None) -> tuple[str | None, str | None]:
    """The value after the flattening map, and as it stands in the document; None where they are the same."""
    value = _text(violation, "value")
    if value is None or value == MASK or root is None or len(mark.places) != 1:
        return None, None
    nodes, lacks = find(root, mark.places[0])
    if lacks is not None or len(nodes) != 1 or nodes[0].kind not in ("text", "plain"):
        return None, None
    written = text[nodes[0].start : nodes[0].end]
    return (None, None) if _same(value, written) else (value, written)


def _same(one: str, other: str) -> bool:
    if one == other or one.endswith("characters)"):  # the latter was cut
        return True
    try:
        return one.startswith('"') and other.startswith('"') and json.loads(one) == json.loads(other)
    except ValueError:
        return False


def _text(violation: Mapping[str, Any], name: str) -> str | None:
    found = violation.get(name)
    return found if isinstance(found, str) else None


def briefly(violations: Sequence[Mapping[str, Any]], contract: Contract | None) -> tuple[tuple[str, Sentence], ...]:
    """Each violation as its rule and a sentence, masked: for lists."""
    rules = masked_rules(contract)
    return tuple((f"{subject(each)} {each.get('rule')}", broken(masked(each, rules))) for each in violations)
