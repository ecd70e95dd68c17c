"""Samples -> what was seen in them, and which of their records no contract accepts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from etl.contract.expressions import Path as JsonPath
from etl.flatten.record import parse
from etl.infer.seen import DEEPEST, MOST_MEMBERS, MOST_PLACES, Keys, Seen
from etl.infer.words import event_rank, id_rank, is_reference
from etl.read import Delimiter, read
from etl.records import Block, Unreadable

Steps = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample upload: its location, as messages name it, and a local file with its bytes."""

    location: str
    path: Path


@dataclass(slots=True)
class LeftOut:
    """Records of one sample that no contract accepts, for one reason; where the first of them is."""

    location: str
    reason: str
    records: int
    first: str

    def __str__(self) -> str:
        some = "1 record" if self.records == 1 else f"{self.records:,} records, the first"
        return f"{self.location}: left out {some} at {self.first}: {self.reason}"


@dataclass(slots=True)
class Scanned:
    """All samples: the records, as the tree of what was seen, how many they are, and what was left out of it."""

    root: Seen = field(default_factory=Seen)
    records: int = 0
    left_out: list[LeftOut] = field(default_factory=list)


def scan(
    samples: Sequence[Sample], noun: str, records: JsonPath | None = None, delimiter: Delimiter | None = None
) -> Scanned:
    """Read samples. `noun` is what a record is called; `records` leads to the records inside a wrapping document.

    `delimiter` states how they are written, where their content should not tell it.
    Raises `NotFound` and `StorageError`.
    """
    scanner = _Scanner(noun)
    for sample in samples:
        scanner.sample(sample, records, delimiter)
    return scanner.scanned


class _Scanner:
    """One pass over all samples. `places` counts those that are kept."""

    def __init__(self, noun: str) -> None:
        self.scanned = Scanned()
        self.noun = noun
        self.places = 0

    def sample(self, sample: Sample, records: JsonPath | None, delimiter: Delimiter | None) -> None:
        reasons: dict[str, LeftOut] = {}
        for item in read(sample.path, records=records, delimiter=delimiter):
            if isinstance(item, Unreadable):
                where = "its beginning" if item.line is None else f"line {item.line:,}"
                reason = f"can't be taken apart any further: {item.reason}"
                self.scanned.left_out.append(LeftOut(sample.location, reason, 1, where))
            else:
                self.block(sample, item, reasons)
        self.scanned.left_out += reasons.values()

    def block(self, sample: Sample, block: Block, reasons: dict[str, LeftOut]) -> None:
        for at in range(len(block)):
            document, violation = parse(block.text(at))
            if document is not None:
                self.scanned.records += 1
                self.object(self.scanned.root, document, (), inside=False)
            elif violation is not None:
                reason = f"{violation.detail}, expected {violation.rule.expected}"
                line = f"line {int(block.lines[at]):,}"
                known = reasons.setdefault(violation.rule.name, LeftOut(sample.location, reason, 0, line))
                known.records += 1

    def value(self, seen: Seen, value: Any, names: Steps, *, inside: bool) -> None:
        """`names` lead from the record's root to the value; elements of arrays are `inside` and have none."""
        if isinstance(value, dict):
            self.object(seen, value, names, inside=inside)
        elif isinstance(value, list):
            self.array(seen, value, names)
        else:
            seen.scalar(value)

    def object(self, seen: Seen, members: dict[str, Any], names: Steps, *, inside: bool) -> None:
        seen.kinds["object"] += 1
        for name, value in members.items():
            member = seen.members.get(name) or self.member(seen, (*names, name), inside=inside)
            if member is not None:
                self.value(member, value, (*names, name), inside=inside)

    def member(self, seen: Seen, names: Steps, *, inside: bool) -> Seen | None:
        """A place for a member that is new here; None where there is no more room."""
        if self.places >= MOST_PLACES or len(seen.members) >= MOST_MEMBERS or len(names) > DEEPEST:
            seen.crowded = True
            return None
        self.places += 1
        made = seen.members[names[-1]] = Seen()
        if not inside:
            made.keys = Keys() if id_rank(names, self.noun) is not None else None
            made.days = set() if event_rank(names, self.noun) is not None else None
        return made

    def array(self, seen: Seen, elements: list[Any], names: Steps) -> None:
        seen.kinds["array"] += 1
        seen.longest = max(seen.longest, len(elements))
        if len(names) > DEEPEST:
            seen.crowded = True
            return
        if elements and seen.element is None:
            seen.element = Seen()
        for element in elements:
            assert seen.element is not None  # noqa: S101  there is an element
            self.value(seen.element, element, (*names, "[]"), inside=True)
        if seen.element is not None and len(elements) > 1:
            seen.element.repeated |= _repeated(elements)


def _repeated(elements: list[Any]) -> set[str]:
    """The names of ids that do not tell these elements apart, whosever ids they are: that is for `keys` to judge."""
    objects = [element for element in elements if isinstance(element, dict)]
    names = {name for name in (objects[0] if objects else ()) if is_reference(name)}
    return {name for name in names if max(Counter(map(_comparable, (one.get(name) for one in objects))).values()) > 1}


def _comparable(value: Any) -> Any:
    return str(value) if isinstance(value, str | int) else None
