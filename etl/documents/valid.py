"""Valid documents: candidates are built and judged until enough of them break nothing.

What a value must be, its pool knows. What several values must be together (keys, SQL) is met by trying: with any
values first, then, of the columns that the unmet rules speak of, with few and plain ones, which agree by chance soon.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Any

from etl.contract.expressions import paths
from etl.contract.model import Column, Contract, UploadRule
from etl.documents.builder import Builder, Wishes
from etl.documents.encoding import encoded
from etl.documents.judge import Judge, KeyValue, Verdict, rows_of
from etl.documents.places import Place, Steps, leading, plant
from etl.errors import UsageError
from etl.records import Rows, Rule

_CHUNK, _PILOT = 200, 30
_MOST_AT_ONCE = 100_000
_MODELS = 12  # so many documents are found by trying; then others are made like them
_SEARCHES, _SEARCHED = 12, 100
_ALIKE = 0.9
_TRIED, _ASKED = 60, 5
_WIDE, _FOCUSED, _ROUNDS = 5, 60, 90  # rounds with any values; then with plain ones where it matters; then everywhere
_NAMED = 5  # rules in a message


@dataclass(frozen=True, slots=True)
class Made:
    """A document, and what the engine says of it."""

    document: dict[str, Any]
    verdict: Verdict


@dataclass(slots=True)
class _Chunk:
    """Documents on their way: those that are done, those that break no more than warnings, and what the others of the
    last round broke, and how often."""

    done: list[Made | None]
    spare: dict[int, Made] = field(default_factory=dict)
    unmet: Counter[Rule] = field(default_factory=Counter)

    def missing(self) -> list[int]:
        return [at for at, made in enumerate(self.done) if made is None]


class Valid:
    """Makes valid documents, one after the other; no key comes twice among them, nor among those in `seen`."""

    def __init__(self, contract: Contract, seed: int) -> None:
        self.contract = contract
        self.random = Random(f"{seed}:{contract.name}")  # noqa: S311  # test data, that must come again
        root = plant(contract)
        self.places = {
            (table.name, column.name): _places(root, column) for table in contract.tables for column in table.columns
        }
        self.keys = self._key_places()
        self.builder = Builder(root, self.random, self.keys)
        self.judge = Judge(contract)
        self.seen: set[KeyValue] = set()
        self._errors = [rule for rule in contract.upload_rules if rule.rule.severity == "error"]
        self._demanded: list[UploadRule] = []  # those that each document has to keep by itself
        self._focus: set[Place] = set()  # of columns that rules bring together, and hardly any values meet
        self._models: list[dict[str, Any]] = []  # documents that met them

    def documents(self, count: int) -> Iterator[Made]:
        """So many documents that an upload can consist of, made as they are taken.

        Rules on an upload as a whole are judged over all of it: under such, all are made first, and they may not be
        more than memory holds. Raises `UsageError` where that is so, or some rule can't be met.
        """
        if self._errors and count > _MOST_AT_ONCE:
            raise UsageError(
                f"{self.contract.file}: {subject(self._errors[0].rule)} is judged over all documents at once, "
                f"which are held in memory; give -n {_MOST_AT_ONCE} or less"
            )
        self._focus |= self._hardly_met()
        return iter(self._keeping_all(count)) if self._errors else self._made(count)

    def _keeping_all(self, count: int) -> list[Made]:
        """So many that together keep the upload rules."""
        if self._demands_more(self._many(min(count, _PILOT)), is_pilot=True):
            self._models.clear()
        found = self._many(count)
        while self._demands_more(found):
            self._models.clear()
            found = self._many(count)
        return found

    def _hardly_met(self) -> set[Place]:
        """The places of conditions that documents break nearly always, once they have what the condition is about."""
        documents = [self.builder.document() for _ in range(_TRIED)]
        verdicts = self.judge.judge([encoded(document) for document in documents])[0]
        found: set[Place] = set()
        for rule in (condition.rule for table in self.contract.tables for condition in table.conditions):
            places = self._spoken_of([rule])
            asked = [
                rule in verdict.broken
                for document, verdict in zip(documents, verdicts, strict=True)
                if all(reaches(document, place.steps) for place in places)
            ]
            found |= places if len(asked) >= _ASKED and sum(asked) * 10 >= len(asked) * 9 else set()
        return found

    def _many(self, count: int) -> list[Made]:
        self.seen.clear()
        return list(self._made(count))

    def _made(self, count: int) -> Iterator[Made]:
        for start in range(0, count, _CHUNK):
            yield from self._chunk(min(_CHUNK, count - start))

    def _demands_more(self, found: Sequence[Made], *, is_pilot: bool = False) -> bool:
        """Whether upload rules are unmet that no document was asked to keep by itself; from now on each is.

        Raises `UsageError` for one that is unmet all the same. From a pilot, which is a few of many, only those rules
        are taken that some documents keep by themselves and some break.
        """
        if not found:
            return False
        rows = self.judge.judge([encoded(made.document) for made in found])[1]
        broken = self.judge.upload_rules(self._errors, {name: each.table() for name, each in rows.items()})
        unmet = [rule for rule in self._errors if rule.rule in broken]
        if is_pilot:
            unmet = [rule for rule in unmet if self._divides(rule, rows, len(found))]
        elif hopeless := [rule for rule in unmet if rule in self._demanded or _counts_all(rule)]:
            raise UsageError(
                f"{self.contract.file}: an upload of {len(found)} documents breaks {subject(hopeless[0].rule)}; "
                "try another number"
            )
        self._demanded += unmet
        self._focus |= self._spoken_of(rule.rule for rule in unmet)
        return bool(unmet)

    def _divides(self, rule: UploadRule, rows: Mapping[str, Rows], records: int) -> bool:
        each = (self.judge.upload_rules([rule], rows_of(rows, [number])) for number in range(1, records + 1))
        return len(set(map(bool, each))) == 2

    def _key_places(self) -> set[Place]:
        return {
            place
            for table in self.contract.tables
            for key in table.keys
            for name in key.columns
            for place in self.places[table.name, name]
        }

    def _chunk(self, count: int) -> list[Made]:
        chunk = _Chunk([None] * count)
        if self._focus and not self._models:
            self._search()
        for round_ in range(_ROUNDS):
            missing = chunk.missing()
            if not missing:
                break
            if round_ == _WIDE and len(missing) * 10 > count * 9:
                self._focus |= self._spoken_of(chunk.unmet)
                self._search()
            self._round(missing, chunk, round_)
        for at in chunk.missing():
            made = chunk.spare.get(at)
            if made is None or made.verdict.keys & self.seen:
                raise UsageError(self._hopeless(chunk.unmet))
            self._take(at, made, chunk)
        return [made for made in chunk.done if made]

    def _wishes(self, round_: int, unmet: Counter[Rule]) -> Wishes:
        if self._models and self.random.random() < _ALIKE:
            return self.alike()
        if round_ < _WIDE:
            return Wishes(plain=self._focus)
        focus = self._focus | self._spoken_of(unmet)
        return Wishes(plain=focus - self.keys if round_ < _FOCUSED else focus)

    def alike(self) -> Wishes:
        """Such a document as met, with these very values, what is hardly met; any, if no rule is like that."""
        if not self._models:
            return Wishes()
        kept = leading(self.builder.root, self._focus - self.keys)
        return Wishes(kept=kept, model=self.random.choice(self._models))

    def _round(self, missing: Sequence[int], chunk: _Chunk, round_: int) -> None:
        """One candidate for each missing document."""
        documents = [self.builder.document(self._wishes(round_, chunk.unmet)) for _ in missing]
        verdicts, rows = self.judge.judge([encoded(document) for document in documents])
        chunk.unmet = Counter()
        right = [number for number, verdict in enumerate(verdicts, start=1) if not verdict.errors(self.seen)]
        keeping = self._keeping(rows, right, chunk.unmet)
        for number, (at, document, verdict) in enumerate(zip(missing, documents, verdicts, strict=True), start=1):
            chunk.unmet.update([*verdict.broken, *(rule for rule, _ in verdict.keys & self.seen)])
            if number not in keeping or verdict.errors(self.seen):
                continue
            made = Made(document, verdict)
            if verdict.is_clean(self.seen):
                self._take(at, made, chunk)
            else:
                chunk.spare.setdefault(at, made)

    def _keeping(self, rows: Mapping[str, Rows], numbers: Sequence[int], unmet: Counter[Rule]) -> set[int]:
        """Those documents that keep the demanded upload rules, by themselves or together with others of them."""
        broken = self.judge.upload_rules(self._demanded, rows_of(rows, numbers)) if self._demanded and numbers else []
        if not broken:
            return set(numbers)
        if len(numbers) == 1:
            unmet.update(broken)
            return set()
        half = len(numbers) // 2
        return self._keeping(rows, numbers[:half], unmet) | self._keeping(rows, numbers[half:], unmet)

    def _search(self) -> None:
        """Find documents that meet by chance what is hardly met; others are then made like them."""
        wishes = Wishes(plain=self._focus - self.keys, there=leading(self.builder.root, self._focus))
        for _ in range(_SEARCHES):
            documents = [self.builder.document(wishes) for _ in range(_SEARCHED)]
            verdicts, rows = self.judge.judge([encoded(document) for document in documents])
            clean = [at for at, verdict in enumerate(verdicts) if verdict.is_clean() and self._is_model(documents[at])]
            kept = (self._keeping(rows, [at + 1], Counter()) for at in clean)
            found = (documents[at] for at, keeps in zip(clean, kept, strict=False) if keeps)
            self._models += islice(found, _MODELS - len(self._models))
            if len(self._models) >= _MODELS:
                return

    def _take(self, at: int, made: Made, chunk: _Chunk) -> None:
        chunk.done[at] = made
        self.seen |= made.verdict.keys

    def _is_model(self, document: dict[str, Any]) -> bool:
        """Whether it has what the rules bring together: nothing would meet most of them, too."""
        return all(reaches(document, place.steps) for place in self._focus)

    def _spoken_of(self, rules: Iterable[Rule]) -> set[Place]:
        """The places of the columns that these rules name: conditions, and queries whose words the columns are."""
        return {place for rule in rules for names in self._columns(rule) for place in self.places[names]}

    def _columns(self, rule: Rule) -> Iterator[tuple[str, str]]:
        for table in self.contract.tables:
            for condition in table.conditions:
                if condition.rule == rule:
                    yield from ((table.name, name) for name in condition.columns)
        words = {
            word for each in self.contract.upload_rules if each.rule == rule for word in re.findall(r"\w+", each.query)
        }
        yield from (names for names in self.places if names[1] in words)

    def _hopeless(self, unmet: Counter[Rule]) -> str:
        named = ", ".join(subject(rule) for rule, _ in unmet.most_common(_NAMED))
        return f"{self.contract.file}: after {_ROUNDS} tries no document was found that keeps {named}"


def _places(root: Place, column: Column) -> list[Place]:
    found = []
    for path in paths(column.source):
        place = root
        for step in path.steps:
            place = place.child(step)
        found.append(place)
    return found


def subject(rule: Rule) -> str:
    """A rule as messages name it."""
    return f"{rule.subject} {rule.name} ({rule.expected})".strip()


def reaches(value: Any, steps: Steps) -> bool:
    """Whether there is a value at a place; of an array, in any of its elements."""
    if value is None or not steps:
        return value is not None
    if isinstance(steps[0], str):
        return isinstance(value, dict) and reaches(value.get(steps[0]), steps[1:])
    return isinstance(value, list) and any(reaches(each, steps[1:]) for each in value)


def _counts_all(rule: UploadRule) -> bool:
    """Whether the rule is about how many there are, which no document decides."""
    return rule.percent_of is None and re.fullmatch(r"SELECT count\(\*\) FROM .* WHERE TRUE", rule.query) is not None
