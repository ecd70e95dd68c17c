"""An upload's page: the verdict, the rules that broke, its records, and what has been done about it since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from etl import replay
from etl.errors import EtlError
from etl.report.words import Sentence, Verdict, asked, broken, subject, verdict
from etl.review import Folder, report
from etl.review.folders import REJECTED
from etl.review.history import Event, history
from etl.web import rejected
from etl.web.corrections import corrected
from etl.web.desk import Desk, address
from etl.web.judges import Judge, judge_of
from etl.web.violations import briefly

PAGE = 50
_NAMED = 3  # violations of a record in the list

Progress = Literal["waits", "kept", "released", "corrected", "erased", "unknown"]
"""`kept`: it was corrected, and waits with its upload, which was rejected as a whole."""


_KINDS = {"+": "add", "-": "cut", "@": "at"}


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A broken rule, its bar in percent of the records read, and its first violation in words."""

    subject: str
    rule: str
    is_warning: bool
    asked: Sentence
    records: int
    violations: int
    percent: float
    first: Sentence | None


@dataclass(frozen=True, slots=True)
class Edit:
    """A suggested edit of the contract; `lines` are those of its patch, with what each is: `add`, `cut`, `at`, `as`."""

    says: str
    releases: int
    effect: str
    step: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """A field that no column reads."""

    path: str
    records: int
    first: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A rejected record in the list."""

    record: int
    line: int | None
    address: str
    said: tuple[tuple[str, Sentence], ...]
    more: int
    progress: Progress


@dataclass(frozen=True, slots=True)
class UploadPage:
    """All of it. What can't be read is in `problems`; the rest is shown all the same."""

    key: str
    folder: Folder
    report: Mapping[str, Any] | None
    verdict: Verdict | None
    rules: tuple[RuleLine, ...]
    judge: Judge
    entries: tuple[Entry, ...]
    total: int
    page: int
    pages: int
    waiting: int | None
    history: tuple[Event, ...]
    suggestions: tuple[Edit, ...]
    unknown: tuple[Unread, ...]
    unknown_more: int
    problems: tuple[str, ...]

    def address(self, page: int) -> str:
        """This page, at another page of its records."""
        return f"{address(self.key)}?page={page}#records"

    @property
    def location(self) -> str:
        return str(self.report["upload"]["location"]) if self.report else self.folder.location

    @property
    def arrived(self) -> str:
        """The moment, or at least the day."""
        return str((self.report or {}).get("upload", {}).get("arrival") or self.folder.day)

    @property
    def read(self) -> int:
        return _count(self.report["records"].get("read")) if self.report else 0

    @property
    def workable(self) -> bool:
        """Whether anything can be replayed."""
        return self.judge.judges and bool(self.waiting) and self.folder.state != "superseded"

    @property
    def open(self) -> bool:
        return self.folder.state in ("open", "partly_resolved")


def upload_page(desk: Desk, key: str, page: int) -> UploadPage:
    """The page of a folder. Raises `UsageError` where there is none, and `StorageError`."""
    folder = desk.folder(key)
    problems: list[str] = []
    body = _tried(lambda: report(folder, desk.storage), problems)
    judge = judge_of(body, desk)
    waiting = _waiting(folder, desk, problems)
    entries, total, page, pages = _entries(desk, key, folder, judge, waiting, page, problems)
    return UploadPage(
        key=key,
        folder=folder,
        report=body,
        verdict=verdict(body) if body else None,
        rules=tuple(_rules(body)) if body else (),
        judge=judge,
        entries=entries,
        total=total,
        page=page,
        pages=pages,
        waiting=len(waiting) if waiting is not None else None,
        history=_history(folder, desk, problems),
        suggestions=tuple(_suggestions(body or {})),
        unknown=tuple(_unknown(body or {})),
        unknown_more=_count((body or {}).get("unknownFieldsOmitted")),
        problems=tuple(problems),
    )


def _tried(work: Any, problems: list[str]) -> Any:
    try:
        return work()
    except EtlError as error:
        if str(error) not in problems:
            problems.append(str(error))
        return None


def waiting(folder: Folder, desk: Desk) -> frozenset[int]:
    """The numbers of the records that wait. Raises `QuarantineError`, `StorageError`."""
    return frozenset(replay.waiting(folder, desk.storage))


def _waiting(folder: Folder, desk: Desk, problems: list[str]) -> frozenset[int] | None:
    found: frozenset[int] | None = _tried(lambda: waiting(folder, desk), problems)
    return found


def _rules(body: Mapping[str, Any]) -> Iterator[RuleLine]:
    rules = _mappings(body, "rules")
    read = _count(body["records"].get("read"))
    for rule in rules:
        examples = rule.get("examples")
        example = examples[0] if isinstance(examples, list) and examples and isinstance(examples[0], dict) else None
        records = _count(rule.get("records"))
        yield RuleLine(
            subject=subject(rule),
            rule=str(rule.get("rule")),
            is_warning=rule.get("severity") == "warning",
            asked=asked(rule),
            records=records,
            violations=_count(rule.get("violations")),
            percent=min(round(100 * (records or read) / read, 1), 100) if read else 0,
            first=broken({**rule, **example}) if example else None,
        )


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def _mappings(body: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """A list of a report; what was edited by hand into something else is passed over."""
    found = body.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _suggestions(body: Mapping[str, Any]) -> Iterator[Edit]:
    for each in _mappings(body, "suggestions"):
        lines = tuple((_kind(line), line) for line in str(each.get("patch") or "").splitlines())
        said, effect, step = (str(each.get(name) or "") for name in ("says", "effect", "step"))
        yield Edit(said, _count(each.get("releases")), effect, step, lines)


def _kind(line: str) -> str:
    """What a line of a patch is."""
    return "at" if line.startswith(("---", "+++")) else _KINDS.get(line[:1], "as")


def _unknown(body: Mapping[str, Any]) -> Iterator[Unread]:
    for each in _mappings(body, "unknownFields"):
        yield Unread(str(each.get("path")), _count(each.get("records")), _count(each.get("first")))


def _entries(
    desk: Desk,
    key: str,
    folder: Folder,
    judge: Judge,
    waits: frozenset[int] | None,
    page: int,
    problems: list[str],
) -> tuple[tuple[Entry, ...], int, int, int]:
    """The records of a page, how many there are in all, the page's number, and how many pages there are."""
    try:
        found = rejected.page(folder, desk.storage, (page - 1) * PAGE, PAGE)
    except EtlError as error:
        _say_of_records(str(error), folder, problems)
        return (), 0, 1, 1
    if found.faulty:
        _say_of_records(_faulty(folder, found.faulty), folder, problems)
    pages = max(-(-found.total // PAGE), 1)
    if page > pages:
        return _entries(desk, key, folder, judge, waits, pages, [])
    return tuple(_entry(key, folder, each, judge, waits) for each in found.records), found.total, page, pages


def _say_of_records(fault: str, folder: Folder, problems: list[str]) -> None:
    """In place of what was said of the same file before."""
    at = f"{folder.location}{REJECTED}:"
    problems[:] = [each for each in problems if not (each.startswith(at) and fault.startswith(at))] + [fault]


def _faulty(folder: Folder, numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:5])) + (" and others" if len(numbers) > 5 else "")
    lines = "line" if len(numbers) == 1 else "lines"
    return (
        f"{folder.location}rejected.ndjson: {lines} {shown} can't be read; the file was edited by hand or cut off. "
        "The other records are shown; to have all of them, run the upload again"
    )


def _entry(key: str, folder: Folder, one: rejected.Rejected, judge: Judge, waits: frozenset[int] | None) -> Entry:
    said = briefly(one.violations[:_NAMED], judge.contract)
    more = max(len(one.violations) - _NAMED, 0)
    return Entry(one.record, one.line, address(key, one.record), said, more, progress(one, folder, waits))


def progress(one: rejected.Rejected, folder: Folder, waits: frozenset[int] | None) -> Progress:
    """What became of a record."""
    if one.document is None:
        return "erased"
    if waits is None:
        return "unknown"
    is_corrected = one.record in corrected(folder)
    if one.record in waits:
        return "kept" if is_corrected else "waits"
    return "corrected" if is_corrected else "released"


def _history(folder: Folder, desk: Desk, problems: list[str]) -> tuple[Event, ...]:
    """What was done about it, in order."""
    found: list[Event] | None = _tried(lambda: history(folder, desk.storage), problems)
    return tuple(found or ())
