"""Documents that are broken on purpose, each by one rule of the contract.

A way to break a rule changes a document that should be right; what it has broken is the engine's to say. A document
that breaks anything else as well is used only where that can't be helped: an amount below 0 is below every price, too.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product, zip_longest
from random import Random
from typing import Any

from etl.contract.expressions import EACH, Each, paths
from etl.contract.model import Condition, Contract, Count, DistinctItems, Key, Required, Table
from etl.documents.builder import Wishes
from etl.documents.encoding import encoded
from etl.documents.judge import KeyValue, Verdict
from etl.documents.places import Place, Steps, leading
from etl.documents.valid import Made, Valid
from etl.records import Rule, Violation

_CANDIDATES = 12  # documents at a time
_WISHES = 3  # ways to build them
_ALIKE = 0.7  # how many of them are like those that are known to be right
_EARLIER = 50  # documents whose keys may be used again
_FOREIGN = "notInContract"

Change = Callable[[dict[str, Any], Random], bytes | None]
"""A document that may be changed -> the text of a broken one; None where it is not one that can be broken so."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to break `rule`. `there`: the places without which it can't be done."""

    rule: Rule
    change: Change
    there: frozenset[Place] = frozenset()
    apart: bool = False  # only a line of its own can be so; within an array it would break the upload as a whole


@dataclass(frozen=True, slots=True)
class Broken:
    """A document's text, the violation that was meant, and the other rules that can't but break with it."""

    text: bytes
    violation: Violation
    also: frozenset[Rule] = frozenset()


def _spread(rules: Iterable[Rule]) -> list[Rule]:
    """Rules of each name in turn: few broken documents show different faults, not one fault in each column."""
    named: dict[str, list[Rule]] = {}
    for rule in rules:
        named.setdefault(rule.name, []).append(rule)
    rounds = zip_longest(*named.values())
    return [rule for one in rounds for rule in one if rule is not None]


class Breaker:
    """Breaks documents of one contract, each rule in turn. `unbroken`: the rules that it could not break at all."""

    def __init__(self, valid: Valid, *, lines: bool) -> None:
        self._valid = valid
        self._before: set[KeyValue] = set()  # keys of the documents so far; `valid.seen` has those to come, too
        self.earlier: list[dict[str, Any]] = []
        found = [way for way in self._ways() if lines or not way.apart]
        broken = list(dict.fromkeys(way.rule for way in found if way.rule.severity == "error"))
        valid.random.shuffle(broken)
        self._turn = _spread(broken)
        self._by_rule = {rule: [way for way in found if way.rule == rule] for rule in self._turn}
        self.unbroken: list[Rule] = []
        self._also: dict[Rule, frozenset[Rule]] = {}  # of rules that do not break alone

    def next(self) -> Broken | None:
        """A document that breaks the rule whose turn it is, or the next that can be broken; None: none can."""
        waiting = 0
        while self._turn and waiting < len(self._turn):
            rule = self._turn.pop(0)
            if broken := self._broken(rule):
                self._turn.append(rule)
                return broken
            if self.earlier:
                self.unbroken.append(rule)
            else:
                self._turn.append(rule)  # once a good document stands before it
                waiting += 1
        return None

    def note(self, made: Made) -> None:
        """A valid document that comes before the next broken one."""
        self.earlier = [*self.earlier[-_EARLIER:], made.document]
        self._before |= made.verdict.keys

    def _broken(self, rule: Rule) -> Broken | None:
        """One that breaks this rule and no other; if there is none, with as few others as possible."""
        fewest: tuple[bytes, Verdict, frozenset[Rule]] | None = None
        for way, kind in product(self._by_rule[rule], range(_WISHES)):
            texts = list(self._candidates(way, kind))
            verdicts = self._valid.judge.judge(texts)[0] if texts else []
            for text, verdict in zip(texts, verdicts, strict=True):
                errors = verdict.errors(self._before)
                if rule not in errors or self._is_to_come(verdict.keys):
                    continue
                others = frozenset(errors - {rule})
                if fewest is None or len(others) < len(fewest[2]):
                    fewest = text, verdict, others
                if others == self._also.get(rule, frozenset()):
                    return self._done(rule, text, verdict, others)
        return self._done(rule, *fewest) if fewest else None

    def _done(self, rule: Rule, text: bytes, verdict: Verdict, others: frozenset[Rule]) -> Broken:
        self._also[rule] = others
        self._before |= verdict.keys
        self._valid.seen |= verdict.keys  # so that no valid document to come has one of them
        return Broken(text, verdict.broken.get(rule) or Violation(rule, 0), others)

    def _is_to_come(self, keys: set[KeyValue]) -> bool:
        """Whether a valid document that is made already, and comes later, has one of these."""
        return any(key in self._valid.seen and key not in self._before for key in keys)

    def _candidates(self, way: Way, kind: int) -> Iterator[bytes]:
        """Texts that might be broken so: of documents like any, of such with nothing idle, of plain ones."""
        random = self._valid.random
        there = leading(self._valid.builder.root, set(way.there))
        for _ in range(_CANDIDATES if self.earlier or not way.apart else 0):
            wishes = self._valid.alike() if kind == 0 and random.random() < _ALIKE else Wishes()
            wishes = replace(wishes, there=there, sparse=kind == 1, plain=set(way.there) if kind == 2 else ())
            text = way.change(self._valid.builder.document(wishes), random)
            if text is not None:
                yield text

    # The ways.

    def _ways(self) -> Iterator[Way]:
        contract = self._valid.contract
        for place in self._valid.builder.root.walk():
            yield from self._single(place)
            yield from self._whole(place)
        for table in contract.tables:
            yield from (self._repeated(table, key) for key in table.keys)
            yield from (self._unmet(table, condition) for condition in table.conditions)
        yield from _of_records(contract)

    def _single(self, place: Place) -> Iterator[Way]:
        pool = self._valid.builder.pools.get(place)
        for rule, values in pool.broken.items() if pool else ():
            yield Way(rule, _putting(place.steps, values), frozenset([place]))

    def _whole(self, place: Place) -> Iterator[Way]:
        """Lists and objects that are too short, too long, not there, or something else."""
        for check in place.checks:
            change = self._resized(place, check.test)
            if change:
                yield Way(check.rule, change, frozenset([place]))
        for rule in place.shape:
            yield Way(rule, _putting(place.steps, ["no such thing", 7]), frozenset([place]))

    def _resized(self, place: Place, test: object) -> Change | None:
        if isinstance(test, Required):
            return _putting(place.steps, [None])
        if isinstance(test, DistinctItems):
            return _changing(place.steps, _with_one_twice)
        if not isinstance(test, Count):
            return None
        size = test.limit - 1 if test.op == ">=" else test.limit + 1
        if place.element:
            return _changing(place.steps, lambda items, random: self._items(place, items, size))
        return _changing(place.steps, lambda members, random: self._members(place, members, size, random))

    def _items(self, place: Place, items: Any, size: int) -> Any:
        element = place.element
        if not isinstance(items, list) or element is None:
            return None
        return [*items[:size], *(self._valid.builder.value(element) for _ in range(size - len(items)))]

    def _members(self, place: Place, members: Any, size: int, random: Random) -> Any:
        if not isinstance(members, dict) or size > len(place.names):
            return None
        chosen = sorted(random.sample(sorted(place.names), size))
        return {name: self._valid.builder.value(place.names[name]) for name in chosen}

    def _repeated(self, table: Table, key: Key) -> Way:
        places = {place for name in key.columns for place in self._valid.places[table.name, name]}
        columns = {column.name: column for column in table.columns}
        read = [path.steps for name in key.columns for path in paths(columns[name].source)]

        def change(document: dict[str, Any], random: Random) -> bytes | None:
            if self.earlier and random.random() < 0.6:
                other = random.choice(self.earlier)
                if random.random() < 0.2:
                    return encoded(other)
                return encoded(_like(document, other, read))
            return encoded(_with_twins(document, table.grain.steps, read, random))

        return Way(key.rule, change, frozenset(places))

    def _unmet(self, table: Table, condition: Condition) -> Way:
        """Values at random do not meet it, now and then."""
        places = {place for name in condition.columns for place in self._valid.places[table.name, name]}
        return Way(condition.rule, lambda document, random: encoded(document), frozenset(places))


# Changes of documents.


def _putting(steps: Steps, values: Sequence[Any]) -> Change:
    return _changing(steps, lambda _, random: random.choice(values), absent=None in values)


def _changing(steps: Steps, new: Callable[[Any, Random], Any], *, absent: bool = False) -> Change:
    """Change the value at a place, in one of the elements of each array on the way."""

    def change(document: dict[str, Any], random: Random) -> bytes | None:
        holder, last = _holder(document, steps, random)
        if holder is None:
            return None
        old = holder.get(last) if isinstance(holder, dict) else holder[last]
        value = new(copy.deepcopy(old), random)
        if value is None and not absent:
            return None
        holder[last] = value
        return encoded(document)

    return change


def _holder(document: Any, steps: Steps, random: Random) -> tuple[Any, Any]:
    """What holds the value at a place, and its name or position in it."""
    value: Any = {"": document}
    last: Any = ""
    for step in steps:
        value = value.get(last) if isinstance(value, dict) else value[last]
        if isinstance(step, str):
            if not isinstance(value, dict):
                return None, None
            last = step
        else:
            if not isinstance(value, list) or not value:
                return None, None
            last = random.randrange(len(value))
    return value, last


def _with_one_twice(items: Any, random: Random) -> Any:
    return [*items, copy.deepcopy(random.choice(items))] if isinstance(items, list) and items else None


def _get(value: Any, steps: Steps, at: int) -> Any:
    """The value at a place, of arrays in the element `at`."""
    for step in steps:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            position = step if isinstance(step, int) else at
            value = value[position] if isinstance(value, list) and -len(value) <= position < len(value) else None
    return value


def _set(value: Any, steps: Steps, at: int, new: Any) -> None:
    """Put a value at a place, if what leads to it is there."""
    holder = _get(value, steps[:-1], at)
    step = at if isinstance(steps[-1], Each) else steps[-1]
    if isinstance(holder, dict) or (isinstance(holder, list) and isinstance(step, int) and step < len(holder)):
        holder[step] = copy.deepcopy(new)  # type: ignore[index]  # a name for objects, a position for arrays


def _like(document: dict[str, Any], other: dict[str, Any], read: Sequence[Steps]) -> dict[str, Any]:
    """With another document's values at these paths; of arrays, in the first element."""
    for steps in read:
        _set(document, steps, 0, _get(other, steps, 0))
    return document


def _with_twins(document: dict[str, Any], grain: Steps, read: Sequence[Steps], random: Random) -> dict[str, Any]:
    """With an element more that has the first one's values at these paths, or all of its values."""
    array = _get(document, grain[:-1], 0) if grain else None
    if not isinstance(array, list) or not array:
        return document
    twin = copy.deepcopy(random.choice(array) if random.random() < 0.5 else array[0])
    array.append(twin)
    for below in (steps[len(grain) :] for steps in read if steps[: len(grain)] == grain and len(steps) > len(grain)):
        _set(twin, below, 0, _get(array[0], below, 0))
    return document


# What breaks a record as such.


def _of_records(contract: Contract) -> Iterator[Way]:
    yield Way(Rule("json", "one JSON object"), lambda document, _: encoded(document)[:-1] + b",", apart=True)
    yield Way(Rule("encoding", "UTF-8"), _not_utf8, apart=True)
    yield Way(Rule("duplicateKeys", "every key once in its object"), _key_twice)
    if contract.policies.unknown_fields == "reject":
        yield Way(
            Rule("unknownFields", "only fields that the contract reads"),
            lambda document, _: encoded({**document, _FOREIGN: True}),
        )
    if contract.policies.empty_records == "reject" and all(table.grain.steps for table in contract.tables):
        yield Way(Rule("emptyRecords", "at least one row in some table"), _emptied(contract))


def _not_utf8(document: dict[str, Any], _: Random) -> bytes | None:
    before, quote, after = encoded(document).partition(b'"')
    return before + quote + b"\xe3" + after if quote else None


def _key_twice(document: dict[str, Any], random: Random) -> bytes | None:
    if not document:
        return None
    name = random.choice(sorted(document))
    return b"{" + encoded({name: document[name]})[1:-1] + b"," + encoded(document)[1:]


def _emptied(contract: Contract) -> Change:
    def change(document: dict[str, Any], random: Random) -> bytes | None:
        for table in contract.tables:
            steps = table.grain.steps[: table.grain.steps.index(EACH)]
            if _get(document, steps, 0):
                _set(document, steps, 0, [])
        return encoded(document)

    return change
