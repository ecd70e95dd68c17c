"""A run report as what its page shows: plain words and numbers, and nothing that a template has to work out.

No text here is escaped, and none is to be trusted. What an edited report lacks is left out.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from etl.report.account import MASK
from etl.report.pieces import QUOTED, SAID, Sentence, count, number, text
from etl.report.rules import asked, subject
from etl.report.texts import sentence, shortened
from etl.report.violations import broken
from etl.report.words import Verdict, verdict

_LEAST = 0.5  # percent of a bar's width, so that one record of a million is seen
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*Z")
_FOLDER = re.compile(r"(.*?/)[^/]+/\d{4}-\d\d-\d\d/[^/]+/", re.DOTALL)  # quarantine, contract, day, upload
_FILES = {
    "report.html": "this page",
    "report.json": "the same account, for programs",
    "rejected.ndjson": "the rejected records as they were received, with personal values",
    "upload": "the upload as it was received",
}
_EFFECTS = {
    "safe": "loosens the contract",
    "tightening": "tightens the contract",
    "breaking": "breaks readers of the lake",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar, in percent of its width: `start` and `width` as SVG takes them."""

    kind: str
    start: str
    width: str


@dataclass(frozen=True, slots=True)
class Spot:
    """A violation. `record` and `line` are None where they are not known, or it is about the upload as a whole."""

    record: str | None
    line: str | None
    said: Sentence


@dataclass(frozen=True, slots=True)
class RulePage:
    """A broken rule. `name` is the contract's word for it; `bar` is empty where the upload as a whole breaks it."""

    subject: str
    asked: Sentence
    name: str
    warning: bool
    share: str
    times: str  # in how many places, where there are more of them than records
    bar: tuple[Part, ...]
    spots: tuple[Spot, ...]
    omitted: int

    @property
    def numbered(self) -> bool:
        """Whether any place has a record's number."""
        return any(spot.record for spot in self.spots)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a unified diff."""

    kind: Literal["add", "remove", "place", "same"]
    text: str


@dataclass(frozen=True, slots=True)
class SuggestionPage:
    """An edit of the contract, and what it would come to."""

    says: str
    effect: str
    patch: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do next, and the commands that do it, quoted for a shell; in parts that are best not torn apart."""

    words: str
    commands: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """The page of an upload."""

    contract: str
    version: str
    name: str
    received: str
    verdict: Verdict
    sums: tuple[tuple[str, str], ...]  # a number, and what it counts: one word, which is its colour too
    bar: tuple[Part, ...]
    rules: tuple[RulePage, ...]
    masked: bool
    suggestions: tuple[SuggestionPage, ...]
    unknown: tuple[tuple[str, str, str], ...]  # path, records, the first of them
    unknown_omitted: int
    steps: tuple[Step, ...]
    places: tuple[tuple[str, str], ...]  # what, and where it lies
    tables: tuple[tuple[str, str], ...]  # of the lake, and what of the upload is in each
    files: tuple[tuple[str, str], ...]  # in quarantine


def view(report: Mapping[str, Any]) -> View:
    """What the page of a run report shows."""
    contract, upload = _part(report, "contract"), _part(report, "upload")
    sums = _sums(_part(report, "records"))
    read = number(report.get("records"), "read")
    return View(
        contract=shortened(text(contract, "name") or "", QUOTED),
        version=shortened(text(contract, "version") or "", QUOTED),
        name=shortened((text(upload, "location") or "").rstrip("/").rpartition("/")[2], QUOTED),
        received=_received(upload),
        verdict=verdict(report),
        sums=tuple((f"{found:,}", name) for name, found in sums if found or name != "split"),
        bar=_stacked(sums[1:], read),
        rules=tuple(_rule(rule, read) for rule in _entries(report, "rules")),
        masked=any(text(one, "value") == MASK for rule in _entries(report, "rules") for one in _examples(rule)),
        suggestions=tuple(map(_suggestion, _entries(report, "suggestions"))),
        unknown=tuple(map(_unknown, _entries(report, "unknownFields"))),
        unknown_omitted=number(report, "unknownFieldsOmitted"),
        steps=tuple(_steps(report)),
        places=tuple(_places(report)),
        tables=tuple(_tables(report)),
        files=tuple((name, _FILES[name]) for name in _files(report) if name in _FILES),
    )


def _received(upload: Mapping[str, Any]) -> str:
    arrival = text(upload, "arrival") or ""
    when = _MOMENT.fullmatch(arrival)
    at = f"{when[1]} at {when[2]} UTC" if when else shortened(arrival, QUOTED)
    return f"uploaded {at}, {count(number(upload, 'size'), 'byte')}"


# Numbers.


def _sums(records: Mapping[str, Any]) -> list[tuple[str, int]]:
    return [(name, number(records, name)) for name in ("read", "published", "split", "quarantined")]


def _stacked(parts: Iterable[tuple[str, int]], whole: int) -> tuple[Part, ...]:
    """The parts of a whole, side by side."""
    start, made = 0.0, []
    for kind, size in parts:
        width = 100 * size / whole if whole > 0 else 0
        if width > 0:
            made.append(Part(kind, _percent(start), _percent(width)))
        start += width
    return tuple(made)


def _percent(width: float) -> str:
    return f"{min(max(width, 0), 100):.2f}".rstrip("0").rstrip(".")


def _share(records: int, read: int) -> str:
    """`17%`; nothing is rounded to none, nor to all."""
    percent = 100 * records / read
    if percent < 1:
        return "under 1%"
    return "over 99%" if 99 < percent < 100 else f"{percent:.0f}%"


# Rules.


def _rule(rule: Mapping[str, Any], read: int) -> RulePage:
    records, violations = number(rule, "records"), number(rule, "violations")
    warning = text(rule, "severity") == "warning"
    known = 0 < records <= read
    wide = max(100 * records / read, _LEAST) if known else 0
    return RulePage(
        subject=subject(rule) if text(rule, "table") else sentence(subject(rule)),
        asked=asked(rule),
        name=shortened(text(rule, "rule") or "", QUOTED),
        warning=warning,
        share=f"{records:,} of {count(read, 'record')}, {_share(records, read)}" if known else "the upload as a whole",
        times=f"{count(violations, 'place')} in {count(records, 'record')}" if known and violations > records else "",
        bar=(Part("warned" if warning else "bad", "0", _percent(wide)),) if known else (),
        spots=tuple(_spot(rule, example) for example in _examples(rule)),
        omitted=number(rule, "omitted"),
    )


def _spot(rule: Mapping[str, Any], example: Mapping[str, Any]) -> Spot:
    record, line = number(example, "record"), number(example, "line")
    return Spot(
        f"{record:,}" if record else None, f"{line:,}" if line else None, broken({**rule, **example}, brief=True)
    )


def _suggestion(found: Mapping[str, Any]) -> SuggestionPage:
    releases, effect, step = number(found, "releases"), text(found, "effect") or "", text(found, "step")
    parts = [
        f"Would release {count(releases, 'record')}",
        _EFFECTS.get(effect),
        f"asks for a {step} step of its version" if step in ("major", "minor", "patch") else None,
    ]
    return SuggestionPage(
        shortened(text(found, "says") or "", QUOTED),
        f"{'; '.join(filter(None, parts))}.",
        tuple(map(_line, (text(found, "patch") or "").splitlines())),
    )


def _line(line: str) -> Line:
    shown = shortened(line, QUOTED)
    if line.startswith(("+++", "---", "@@")):
        return Line("place", shown)
    return Line("add" if line.startswith("+") else "remove" if line.startswith("-") else "same", shown)


def _unknown(found: Mapping[str, Any]) -> tuple[str, str, str]:
    path = shortened(text(found, "path") or "", QUOTED)
    return path, f"{number(found, 'records'):,}", f"{number(found, 'first'):,}"


# What to do, and where.


def _steps(report: Mapping[str, Any]) -> Iterator[Step]:
    folder = text(_part(report, "quarantine"), "location")
    if folder is None:
        return
    lake, quarantine = _option("--lake", text(report, "lake")), _option("--quarantine", _root(folder))
    here = shlex.quote(folder)
    show = Step("Read this at a terminal, with the records.", (("etl quarantine show", here),))
    records = _part(report, "records")
    if not number(records, "quarantined") + number(records, "split"):
        yield Step("Nothing has to be done: every record is in the lake.")
        yield show
        return
    yield show
    again = "Is a record wrong? Have it put right where it comes from, and the upload sent again to the same place"
    yield Step(f"{again}: it then replaces this one.")
    yield Step(
        "Is the contract wrong? Change it, raise its version, and ask what a replay would come to. Then have it done.",
        (("etl quarantine replay --dry-run", here), ("etl quarantine replay", here)),
    )
    yield Step("Or correct records one by one, in the browser.", (("etl review", *lake, *quarantine),))


def _option(name: str, value: str | None) -> tuple[str, ...]:
    return (f"{name} {shlex.quote(value)}",) if value else ()


def _root(folder: str) -> str | None:
    """The quarantine that a folder of it lies in."""
    found = _FOLDER.fullmatch(folder)
    return found[1] if found else None


def _places(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    contract = _part(report, "contract")
    named = " ".join(filter(None, (text(contract, "name"), text(contract, "version"))))
    for what, where in (
        ("Upload", text(_part(report, "upload"), "location")),
        ("Contract", named),
        ("Quarantine", text(_part(report, "quarantine"), "location")),
        ("Lake", text(report, "lake")),
    ):
        if where:
            yield what, shortened(where, SAID)


def _tables(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """By table: how many rows, of how many, are in the lake."""
    tables, files = _part(report, "tables"), Counter(text(file, "table") for file in _entries(report, "files"))
    for name in tables:
        published, read = (number(tables[name], which) for which in ("published", "read"))
        within = f", in {count(files[name], 'file')}" if files[name] else ""
        yield shortened(name, QUOTED), f"{published:,} of {count(read, 'row')} published{within}"


# What a report has, if it is as it should be.


def _part(mapping: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = mapping.get(name)
    return found if isinstance(found, Mapping) else {}


def _entries(mapping: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = mapping.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list | tuple) else []


def _examples(rule: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return _entries(rule, "examples")


def _files(report: Mapping[str, Any]) -> list[str]:
    found = _part(report, "quarantine").get("files")
    return [name for name in found if isinstance(name, str)] if isinstance(found, list | tuple) else []
