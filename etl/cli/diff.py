"""Two versions of a contract, compared for a person at a terminal; and what the new one makes of past uploads."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from etl import diff
from etl.cli.show import near, plain
from etl.contract.loader import decoded
from etl.diff import Change, Document
from etl.errors import NotFound, StorageError, UsageError
from etl.rejudge import Evidence, evidence
from etl.storage import Storage, is_s3, normal

_STDIN = "-"
_HEADS = {
    ("breaking", "major"): "breaking: readers of the lake break, or values come to mean something else",
    ("tightening", "minor"): "tightening: some uploads that passed will be quarantined",
    ("safe", "minor"): "safe: older uploads still pass; readers may meet what was refused, or was not there, before",
    ("safe", "patch"): "safe: older uploads still pass, and nothing changes for readers of the lake",
}


def read(path: str, storage: Storage) -> Document:
    """The contract at a path, an `s3://` location or `-`. Raises `ContractError`, `UsageError`, `StorageError`."""
    file = "standard input" if path == _STDIN else path
    data = sys.stdin.buffer.read() if path == _STDIN else _stored(path, storage)
    return diff.document(decoded(data, file), file)


def _stored(path: str, storage: Storage) -> bytes:
    try:
        return storage.read(path)[0]
    except NotFound as error:
        raise UsageError(str(error)) from error
    except StorageError as error:
        if is_s3(path):
            raise
        raise UsageError(str(error)) from error


def compared(old: str, new: str, storage: Storage, lake: str | None, most: int, *, as_json: bool) -> tuple[str, bool]:
    """What is to be printed, and whether the new version makes the step. Raises `EtlError`."""
    if lake is not None and not lake.strip():
        raise UsageError("--against: the lake's root is expected, a folder or s3://bucket/prefix/, found nothing")
    before, now = read(old, storage), read(new, storage)
    changes = diff.changes(before, now)
    found = None
    if lake is not None:
        root = normal(f"{lake.rstrip('/')}/")
        found = evidence(root, before.contract.name, now.contract, storage, most)
    said, makes = verdict(before, now, changes)
    if as_json:
        return json.dumps(document(before, now, changes, found), ensure_ascii=False), makes
    more = evidence_lines(found, str(lake)) if found else ()
    return "\n".join([*lines(changes), *filter(None, [said]), *more]), makes


# For people.


def lines(changes: Sequence[Change]) -> Iterator[str]:
    """One line a change, in columns, under a head for each effect."""
    if not changes:
        yield "no change in meaning"
    widths = [max((len(_left(change)[at]) for change in changes), default=0) for at in (0, 1)]
    for (effect, step), head in _HEADS.items():
        chosen = [change for change in changes if (change.effect, change.step) == (effect, step)]
        if chosen:
            yield f"{head} ({step})"
        for change in chosen:
            left = (f"{text:<{width}}  " for text, width in zip(_left(change), widths, strict=True))
            yield f"  {''.join(left)}{_right(change)}".rstrip()


def _left(change: Change) -> tuple[str, str]:
    return plain(change.place), plain(change.what)


def _right(change: Change) -> str:
    values = " -> ".join(part for part in (change.old, change.new) if part is not None)
    return plain("; ".join(part for part in (values, change.why) if part))


def verdict(old: Document, new: Document, changes: Sequence[Change]) -> tuple[str, bool]:
    """What is said of the versions, and whether the step is made."""
    before, now, step = old.contract.version, new.contract.version, diff.greatest(changes)
    if step is None:
        return "", True
    if old.contract.status == "draft":
        return f"version: {plain(before)} was a draft, which promises nothing: any step will do", True
    short = diff.shortfall(before, now, step)
    if short:
        return f"version: a {step} step is asked for; {plain(short)}", False
    return f"version: a {step} step is asked for, and {plain(before)} -> {plain(now)} makes it", True


def evidence_lines(found: Evidence, lake: str) -> Iterator[str]:
    """What the new contract makes of what there was."""
    seen = f"of the last {_count(found.records, 'record')} ({_count(found.uploads, 'upload')} in {near(lake)})"
    passing = f"{found.passing:,} of {found.quarantined:,} quarantined ones would pass"
    yield f"{seen}, {found.newly:,} would be newly quarantined, {passing}"
    if found.unknown:
        yield f"  not known of {_count(found.unknown, 'record')}: the upload is gone, or has changed since"
    if found.rejected:
        yield f"  {_count(found.rejected, 'upload')} would be newly rejected as a whole"
    for rule, count in sorted(found.broken.items(), key=lambda item: (-item[1], item[0])):
        yield f"  newly broken: {plain(rule)} ({_count(count, 'record')})"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


# For programs.


def document(old: Document, new: Document, changes: Sequence[Change], found: Evidence | None) -> Mapping[str, Any]:
    """All of it as plain data."""
    before, now, step = old.contract.version, new.contract.version, diff.greatest(changes)
    return {
        "changes": [asdict(change) for change in changes],
        "step": step,
        "version": {
            "old": before,
            "new": now,
            "least": diff.least(before, step) if step else None,
            "enough": verdict(old, new, changes)[1],
        },
        "against": asdict(found) if found else None,
    }
