"""The policies in words: what becomes of an upload that is not perfect."""

from __future__ import annotations

from collections.abc import Iterator

from etl.contract.model import Policies
from etl.contract.words import size
from etl.pages.model import PolicyPage

_GRAIN = {
    "record": "A broken rule takes the whole record out, so that what is in the lake is always complete.",
    "row": "A broken rule takes only the rows out that it touches; the rest of the record is published.",
}
_EMPTY = {
    "reject": "A record that gives no row in any table is quarantined.",
    "allow": "A record that gives no row in any table is right, and counts as published.",
}
_UNKNOWN = {
    "ignore": "Fields that no column reads are not looked for.",
    "warn": "Fields that no column reads are listed in the report of each upload.",
    "reject": "A record with a field that no column reads is quarantined.",
}
_UPLOAD = "An upload of more than {}, uncompressed, is rejected."
_DOCUMENT = "An upload with a line, or as a whole document, of more than {} is rejected."
_COMPRESSION = "An upload that was compressed by more than {} to 1 is rejected."


def policies(given: Policies) -> tuple[PolicyPage, ...]:
    """Every policy, also those left as they are."""
    usual = Policies()
    return tuple(
        PolicyPage(name, setting, words, getattr(given, field) != getattr(usual, field))
        for field, name, setting, words in _policies(given)
    )


def _policies(given: Policies) -> Iterator[tuple[str, str, str | None, str]]:
    """The field of `Policies`, the policy's name in the contract, its setting, what follows."""
    grain, empty, unknown = given.quarantine_grain, given.empty_records, given.unknown_fields
    yield "quarantine_grain", "quarantineGrain", grain, _GRAIN[grain]
    yield "empty_records", "emptyRecords", empty, _EMPTY[empty]
    yield "unknown_fields", "unknownFields", unknown, _UNKNOWN[unknown]
    yield "max_quarantined", "maxQuarantined", *_most_quarantined(given)
    yield "records", "records", *_records(given)
    yield "max_upload_size", "maxUploadSize", *_largest(size(given.max_upload_size), _UPLOAD)
    yield "max_document_size", "maxDocumentSize", *_largest(size(given.max_document_size), _DOCUMENT)
    yield "max_compression", "maxCompression", *_largest(str(given.max_compression), _COMPRESSION)
    yield "lineage_columns", "lineageColumns", str(given.lineage_columns).lower(), _lineage(given)


def _most_quarantined(given: Policies) -> tuple[str | None, str]:
    limit = given.max_quarantined
    if limit is None:
        return None, "However many records are quarantined, the others are published."
    setting = str(limit)
    return setting, f"If more than {setting} of an upload would be quarantined, all of it is, and nothing published."


def _records(given: Policies) -> tuple[str | None, str]:
    if given.records is None:
        return None, "Each JSON document of an upload is a record; so is each element, if it is an array."
    return str(given.records), f"Each element of {str(given.records)[:-3]} in a document is a record, and $ its root."


def _largest(setting: str, words: str) -> tuple[str, str]:
    return setting, words.format(setting)


def _lineage(given: Policies) -> str:
    if given.lineage_columns:
        return "Each row ends with _record_id, _upload and _contract_version: where it comes from."
    return "Rows do not say where they come from."
