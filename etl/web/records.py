"""A record's page: its document with what breaks rules marked in place, and each violation beside the rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from etl.errors import EtlError
from etl.records import digest
from etl.replay import KeyChange
from etl.review import Folder, report
from etl.web import rejected, reveals
from etl.web.corrections import Correction, latest
from etl.web.desk import Desk, address
from etl.web.document import Line, lines, pretty
from etl.web.judges import Judge, judge_of
from etl.web.sessions import Session
from etl.web.tree import tree
from etl.web.uploads import Progress, progress, waiting
from etl.web.veil import veil
from etl.web.violations import Shown, shown

EDITABLE = 1 << 20  # bytes of a document: what a form can hold


@dataclass(frozen=True, slots=True)
class Draft:
    """A document as edited, what it breaks, and what becomes of its key. `asks`: one is to say that it is meant."""

    text: str
    violations: Sequence[Mapping[str, Any]] = ()
    fault: str = ""
    checked: bool = False
    keys: Sequence[KeyChange] = ()
    asks: bool = False

    @property
    def seen(self) -> str:
        """What a form says to which somebody has been told of these changes of the key."""
        return digest(repr(self.keys).encode(errors="surrogatepass")) if self.keys else ""

    @property
    def passes(self) -> bool:
        return self.checked and not self.fault and all(each.get("severity") == "warning" for each in self.violations)


@dataclass(frozen=True, slots=True)
class RecordPage:
    """All of it; with a `draft`, document and violations are those of what was edited. `after`: as it was corrected.

    `whole`: its upload was rejected as a whole. `more` is how many violations are not shown.
    """

    key: str
    folder: Folder
    location: str
    neighbours: rejected.Neighbours
    judge: Judge
    document: tuple[Line, ...]
    violations: tuple[Shown, ...]
    more: int
    progress: Progress
    is_json: bool
    is_utf8: bool
    revealed: datetime | None
    past: Sequence[reveals.Reveal]
    text: str
    draft: Draft | None
    correction: Correction | None
    after: tuple[Line, ...]
    too_large: bool
    whole: bool
    problems: tuple[str, ...]

    @property
    def record(self) -> int:
        return self.neighbours.record.record

    @property
    def address(self) -> str:
        return address(self.key, self.record)

    @property
    def upload_address(self) -> str:
        return address(self.key)

    def beside(self, record: int) -> str:
        """The page of another record."""
        return address(self.key, record)

    @property
    def rows(self) -> int:
        """How high the text area is, in lines."""
        return min(max(self.text.count("\n") + 2, 8), 36)

    @property
    def editable(self) -> bool:
        """Whether it can be corrected on its page."""
        return self.workable and not self.too_large

    @property
    def key_changes(self) -> tuple[str, ...]:
        """In words; personal values only where the record is revealed."""
        keys = self.draft.keys if self.draft else ()
        return tuple(
            f"{each.column} is another one"
            if each.masked and not self.revealed
            else f"{each.column} {each.before} becomes {each.after}"
            for each in keys
        )

    @property
    def most(self) -> int:
        """What can be edited here, in MB."""
        return EDITABLE >> 20

    @property
    def unreadable(self) -> bool:
        """Whether it is a whole upload that can't be taken apart, which counts as one record."""
        return any(each.get("rule") == "unreadable" for each in self.neighbours.record.violations)

    @property
    def workable(self) -> bool:
        """Whether it can be corrected."""
        return (
            self.judge.judges
            and self.progress in ("waits", "kept")
            and self.folder.state != "superseded"
            and not self.unreadable
        )


def record_page(desk: Desk, key: str, record: int, session: Session, draft: Draft | None = None) -> RecordPage:
    """The page of a record. Raises `UsageError`, `QuarantineError` where there is none, and `StorageError`."""
    folder = desk.folder(key)
    problems: list[str] = []
    neighbours = rejected.one(folder, desk.storage, record)
    judge, location, whole = _judge(folder, desk, problems)
    data = neighbours.record.document or b""
    correction = latest(folder, record, desk.storage)
    revealed = session.revealed.get((folder.location, record))
    text = draft.text if draft else data.decode(errors="replace")
    violations = draft.violations if draft else neighbours.record.violations
    over = veil(judge.contract)
    root = tree(text)
    said = shown(violations, text, root, judge.contract, revealed=revealed is not None)
    return RecordPage(
        key=key,
        folder=folder,
        location=location,
        neighbours=neighbours,
        judge=judge,
        document=lines(text, [each.mark for each in said], None if revealed else over, root),
        violations=said,
        more=len(violations) - len(said),
        progress=progress(neighbours.record, folder, _waiting(folder, desk, problems)),
        is_json=root is not None,
        is_utf8=_is_utf8(data),
        revealed=revealed,
        past=reveals.past(folder, record, desk.storage),
        text=draft.text if draft else _editable(data, correction) if revealed else "",
        correction=correction,
        after=lines(correction.text, (), None if revealed else over) if correction and correction.text else (),
        draft=draft,
        too_large=len(data) > EDITABLE,
        whole=whole,
        problems=tuple(dict.fromkeys(problems)),
    )


def _judge(folder: Folder, desk: Desk, problems: list[str]) -> tuple[Judge, str, bool]:
    """By what it is judged, where its upload was, and whether that was rejected as a whole."""
    try:
        body = report(folder, desk.storage)
    except EtlError as error:
        problems.append(str(error))
        return judge_of(None, desk), folder.location, False
    return judge_of(body, desk), str(body["upload"]["location"]), body["status"] == "rejected"


def _editable(data: bytes, correction: Correction | None) -> str:
    """What to begin an edit with: the document as it was corrected last, else as received."""
    if len(data) > EDITABLE:
        return ""
    return pretty(correction.text if correction and correction.text else data.decode(errors="replace"))


def _waiting(folder: Folder, desk: Desk, problems: list[str]) -> frozenset[int] | None:
    try:
        return waiting(folder, desk)
    except EtlError as error:
        problems.append(str(error))
        return None


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
