"""For each place of a document that holds one value: values that the engine takes there, and ones that break a rule.

Candidates are made by guess and judged by the engine itself, by all columns that read the place at once; nothing is
known here that could differ from what a run will say.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any

from etl.documents.candidates import plain, right, wrong
from etl.documents.encoding import encoded
from etl.documents.judge import LeafJudge
from etl.documents.places import Place
from etl.errors import UsageError
from etl.records import Rule

_BATCH = 64  # candidates of each reader at a time
_TRIES = 30  # batches until it is said that there is no value
_KEPT = 200  # values to draw from where none needs to be new


class Pool:
    """The values of one place. `nullable`: null breaks nothing here."""

    def __init__(self, place: Place, random: Random) -> None:
        self._place = place
        self._random = random
        self._judge = LeafJudge(place)
        self._fresh: list[Any] = []
        self.nullable = not self._judge.judge([b"null"])[0]
        self.kept = self._first()
        self.plain = self._good(value for column in place.readers for value in plain(column, random)) or self.kept
        self._broken: dict[Rule, list[Any]] | None = None

    @property
    def name(self) -> str:
        """The first of the columns that read it, for people."""
        return self._place.readers[0].cast.subject

    def draw(self, random: Random, *, fresh: bool, is_plain: bool) -> Any:
        """A value. `fresh`: one that has probably not been there yet; `is_plain`: one of a few."""
        if is_plain:
            return random.choice(self.plain)
        if not fresh:
            return random.choice(self.kept)
        if not self._fresh:
            self._fresh = self._batch(_BATCH) or list(self.kept)
        return self._fresh.pop()

    @property
    def broken(self) -> dict[Rule, list[Any]]:
        """By rule, values that break it; those first that break nothing else, and only the best of them."""
        if self._broken is None:
            values = [None, *(value for column in self._place.readers for value in wrong(column, self._random))]
            self._broken = _by_rule(values, self._judge)
        return self._broken

    def _first(self) -> list[Any]:
        found: list[Any] = []
        for _ in range(_TRIES):
            found += self._batch(_BATCH)
            if len(found) >= _BATCH // 4:
                break
        if not found and self.nullable:
            return [None]
        if not found:
            raise UsageError(
                f"{self.name}: no value was found that its rules accept together; a contract that lists some values "
                "(enum) says what they are"
            )
        return found[:_KEPT]

    def _batch(self, count: int) -> list[Any]:
        return self._good(value for column in self._place.readers for value in right(column, self._random, count))

    def _good(self, values: Iterable[Any]) -> list[Any]:
        """Those that break nothing; where there are none, those that only break warnings."""
        candidates = list(values)
        verdicts = self._judge.judge([encoded(value) for value in candidates])
        clean = [value for value, broken in zip(candidates, verdicts, strict=True) if not broken]
        return clean or [
            value
            for value, broken in zip(candidates, verdicts, strict=True)
            if all(rule.severity == "warning" for rule in broken)
        ]


def _by_rule(values: list[Any], judge: LeafJudge) -> dict[Rule, list[Any]]:
    found: dict[Rule, list[tuple[int, Any]]] = {}
    for value, broken in zip(values, judge.judge([encoded(value) for value in values]), strict=True):
        errors = [rule for rule in broken if rule.severity == "error"]
        for rule in errors:
            found.setdefault(rule, []).append((len(errors), value))
    return {rule: _fewest(sizes) for rule, sizes in found.items()}


def _fewest(sizes: list[tuple[int, Any]]) -> list[Any]:
    least = min(size for size, _ in sizes)
    return [value for size, value in sizes if size == least]
