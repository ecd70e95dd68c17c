"""The policies, and how uploads are written."""

from __future__ import annotations

from collections.abc import Iterator

from etl.contract.model import Contract, Limit, Policies
from etl.contract.words import size
from etl.diff import words
from etl.diff.nouns import At, Change

_HERE = At()


def changes(old: Contract, new: Contract) -> Iterator[Change]:
    before, now = old.policies, new.policies
    yield from _grain(before, now)
    yield from _empty(before, now)
    yield from _unknown(before, now)
    yield from _quarantined(before.max_quarantined, now.max_quarantined)
    yield from _sizes(before, now)
    yield from _records(before, now)
    yield from _lineage(before, now)
    yield from _delimiter(old, new)


def _grain(old: Policies, new: Policies) -> Iterator[Change]:
    was, now = old.quarantine_grain, new.quarantine_grain
    if now == "row" != was:
        yield _HERE.breaking("quarantineGrain", was, now, "readers may meet records without some of their rows")
    elif was != now:
        yield _HERE.tightening("quarantineGrain", was, now)


def _empty(old: Policies, new: Policies) -> Iterator[Change]:
    if old.empty_records != new.empty_records:
        tighter = new.empty_records == "reject"
        yield _HERE.moved("emptyRecords", old.empty_records, new.empty_records, tighter=tighter)


def _unknown(old: Policies, new: Policies) -> Iterator[Change]:
    was, now = old.unknown_fields, new.unknown_fields
    if was == now:
        return
    if "reject" in (was, now):
        yield _HERE.moved("unknownFields", was, now, tighter=now == "reject")
    else:
        yield _HERE.safe("unknownFields", was, now)


def _quarantined(old: Limit | None, new: Limit | None) -> Iterator[Change]:
    """Limits in percent and in records are not to be compared: either may be the stricter."""
    if old == new:
        return
    tighter = new is not None and (old is None or old.unit != new.unit or new.amount < old.amount)
    yield _HERE.moved("maxQuarantined", words.limit(old), words.limit(new), tighter=tighter)


def _sizes(old: Policies, new: Policies) -> Iterator[Change]:
    for name, was, now in (
        ("maxUploadSize", old.max_upload_size, new.max_upload_size),
        ("maxDocumentSize", old.max_document_size, new.max_document_size),
    ):
        if was != now:
            yield _HERE.moved(name, size(was), size(now), tighter=now < was)
    if old.max_compression != new.max_compression:
        tighter = new.max_compression < old.max_compression
        yield _HERE.moved("maxCompression", str(old.max_compression), str(new.max_compression), tighter=tighter)


def _records(old: Policies, new: Policies) -> Iterator[Change]:
    if old.records != new.records:
        was, now = (str(path or words.NONE) for path in (old.records, new.records))
        yield _HERE.breaking("records", was, now, "other parts of the documents are the records")


def _lineage(old: Policies, new: Policies) -> Iterator[Change]:
    if old.lineage_columns and not new.lineage_columns:
        why = "new files have no _record_id, _upload and _contract_version"
        yield _HERE.breaking("lineageColumns", "true", "false", why)
    elif new.lineage_columns and not old.lineage_columns:
        yield _HERE.loosening("lineageColumns", "false", "true", "older files have none: readers meet nulls there")


def _delimiter(old: Contract, new: Contract) -> Iterator[Change]:
    """What begins with `[` is told to be an array; any other statement may be what made an upload readable."""
    was, now = old.delimiter, new.delimiter
    if was == "array" and now is None:
        yield _HERE.loosening("delimiter", was, words.NONE)
    elif was != now:
        why = "uploads of another form can't be read"
        yield _HERE.tightening("delimiter", was or words.NONE, now or words.NONE, why)
