"""Rejected records as lines of `rejected.ndjson`, and back.

A line of `rejected.ndjson` is a versioned envelope round the original: where the record came from, what it broke, and
exactly one of `payload` (its own JSON text, number tokens and all), `payloadText` (not JSON) and `payloadBase64` (not
UTF-8). Its JSON Schema is `etl/schemas/rejected.schema.json`. A corrected document lies in an envelope of its own.
Where a record was erased, `erased` says who did it and when, in place of the payload.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from etl.contract.model import Contract
from etl.records import Place, Violation

VERSION = "1.0"
_ERASED_VERSION = "1.1"  # which knows erased lines
_PAYLOADS = ("payload", "payloadText", "payloadBase64")
_KEPT = ("version", "upload", "contract", "record", "line", "offset", "violations", "rows", "who", "when", "erased")


class _Envelope(msgspec.Struct):
    """The parts of an envelope that lead back to the record's bytes."""

    payload: msgspec.Raw = msgspec.Raw()  # msgspec takes Raw in no union
    payloadText: str | None = None  # noqa: N815  the line's own word
    payloadBase64: str | None = None  # noqa: N815


def envelope(
    upload: Mapping[str, Any],
    contract: Contract,
    record: int,
    place: Place,
    violations: Sequence[Violation],
    text: bytes,
    rows: Mapping[str, Sequence[int]] | None = None,
) -> bytes:
    """One line, without its line break. `upload` identifies the upload, `place` is the record's line and offset.

    `rows` are the rejected rows by table, counted from 0 within the record, of one that is published in part.
    """
    head = {
        "version": VERSION,
        "upload": dict(upload),
        "contract": {"id": contract.id, "name": contract.name, "version": contract.version},
        "record": record,
        "line": place[0],
        "offset": place[1],
        "violations": [_violation(violation) for violation in violations],
    }
    if rows is not None:
        head["rows"] = dict(rows)
    name, payload = _payload(text)
    return json.dumps(head, ensure_ascii=False).encode()[:-1] + f', "{name}": '.encode() + payload + b"}"


def original(line: bytes) -> bytes | None:
    """The record's bytes, as `envelope` got them (insignificant line breaks are blanks); None where it was erased."""
    found = msgspec.json.decode(line, type=_Envelope)
    if found.payloadBase64 is not None:
        return base64.b64decode(found.payloadBase64)
    return found.payloadText.encode() if found.payloadText is not None else bytes(found.payload) or None


def erased(line: bytes, who: str, when: str) -> bytes | None:
    """The line (or a correction's envelope) without its record, and without the values of its violations.

    None where it has no record any more. `when` is ISO 8601. Raises `ValueError` where it is no such line.
    """
    parts = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    if not any(name in parts for name in _PAYLOADS):
        return None
    head = {name: json.loads(bytes(parts[name])) for name in _KEPT if name in parts}
    try:
        if "violations" in head:
            head["violations"] = [each | {"value": None, "detail": None} for each in head["violations"]]
    except TypeError as error:
        raise ValueError("the violations of a line are objects") from error
    head |= {"version": _ERASED_VERSION, "erased": {"who": who, "when": when}}
    return json.dumps(head, ensure_ascii=False).encode()


def correction(upload: Mapping[str, Any], record: int, document: bytes, who: str, when: str) -> bytes:
    """A document that was corrected in a review, in an envelope of its own. `when` is ISO 8601."""
    head = {"version": VERSION, "upload": dict(upload), "record": record, "who": who, "when": when}
    name, payload = _payload(document)
    return json.dumps(head, ensure_ascii=False).encode()[:-1] + f', "{name}": '.encode() + payload + b"}\n"


def _violation(violation: Violation) -> dict[str, Any]:
    rule = violation.rule
    return {
        "table": rule.table,
        "column": rule.column,
        "rule": rule.name,
        "severity": rule.severity,
        "path": violation.path,
        "value": violation.value,
        "expected": rule.expected,
        "detail": violation.detail,
    }


def _payload(text: bytes) -> tuple[str, bytes]:
    try:
        decoded = text.decode()
    except UnicodeDecodeError:
        return "payloadBase64", json.dumps(base64.b64encode(text).decode()).encode()
    if not _is_json(text):
        return "payloadText", json.dumps(decoded, ensure_ascii=False).encode()
    return "payload", text.replace(b"\n", b" ").replace(b"\r", b" ")


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.MsgspecError, RecursionError):
        return False
    return True
