"""AWS events -> the uploads they announce. Pure: no SDK, no network; the shapes are those of AWS's documentation.

    S3 notification        {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {...}}, ...]}
    EventBridge            {"source": "aws.s3", "detail-type": "Object Created", "detail": {...}}
    the backfill's, of     the same, with {"reason": "Backfill", "prefix": "<what it was asked for>"} in its detail
      `template.yaml`
    S3's test event        {"Service": "Amazon S3", "Event": "s3:TestEvent", ...}
    SNS round any of them  {"Type": "Notification", "Message": "<the event as text>", ...}
    SQS round any of them  {"Records": [{"eventSource": "aws:sqs", "body": "<the event as text>", ...}, ...]}

An event's own version, size and entity tag of an object are not handed on: what is read is the object as it is now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from etl.errors import UsageError
from etl.records import hidden

_ACCEPTED = (
    "S3 notifications of ObjectCreated, directly, in SQS or in SNS in SQS, EventBridge's 'Object Created' of aws.s3, "
    "and s3:TestEvent"
)
_KINDS = ("eventSource", "eventName", "EventSource", "source", "detail-type", "Type", "Event")  # AWS's own words only
_SHOWN = 10  # keys of an event that is not understood
_LENGTH = 40  # characters of each, since anybody may have made them up


class UnknownEvent(UsageError):
    """An event that announces no upload. Its text names the event's keys and kind, never its data."""

    def __init__(self, event: object) -> None:
        super().__init__(f"the event is not understood: found {_shape(event)}; accepted are {_ACCEPTED}")


@dataclass(frozen=True, slots=True)
class Announced:
    """One object that an event announces. `ignored` says why there is nothing to do about it, if so.

    `backfill`: nobody has uploaded it just now; it was found among others, and may have been processed long ago.
    """

    location: str
    ignored: str | None = None
    backfill: bool = False


def is_batch(event: object) -> bool:
    """Whether the messages of an SQS queue came in, each to succeed or fail by itself."""
    match event:
        case {"Records": [{"eventSource": "aws:sqs"}, *_]}:
            return True
    return False


def records(event: object) -> list[object]:
    """What `announced` is to look at, one by one: an event (a text of it) out of its envelopes.

    An event of a shape that is not known is its own only record, so that nothing is passed over.
    """
    match event:
        case str():
            return _unwrapped(event)
        case {"Type": "Notification", "Message": str(message)}:
            return _unwrapped(message)
        case {"Records": [_, *_] as found}:
            return list(found)
    return [event]


def announced(record: object) -> Announced:
    """The object that a record announces. Raises `UnknownEvent`."""
    match record:
        case {
            "eventSource": "aws:s3",
            "eventName": str(name),
            "s3": {"bucket": {"name": str(bucket)}, "object": {"key": str(key)} as entry},
        } if name.startswith("ObjectCreated:"):
            return _object(bucket, unquote_plus(key), entry)
        case {
            "source": "aws.s3",
            "detail-type": "Object Created",
            "detail": {
                "reason": "Backfill",
                "prefix": str(prefix),
                "bucket": {"name": str(bucket)},
                "object": {"key": str(key)} as entry,
            },
        }:
            return _found(_object(bucket, key, entry), key.removeprefix(prefix))
        case {
            "source": "aws.s3",
            "detail-type": "Object Created",
            "detail": {"bucket": {"name": str(bucket)}, "object": {"key": str(key)} as entry},
        }:
            return _object(bucket, key, entry)  # EventBridge, unlike S3's notifications, has keys as they are
        case {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": str(bucket)}:
            return Announced(f"s3://{bucket}/", "S3 sends this to try a new notification out")
    raise UnknownEvent(record)


def _unwrapped(text: str) -> list[object]:
    try:
        return records(msgspec.json.decode(text))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return [text]


def _object(bucket: str, key: str, entry: Mapping[Any, Any]) -> Announced:
    location, folder = f"s3://{bucket}/{key}", key.endswith("/") and not entry.get("size")
    try:
        location.encode()
    except UnicodeEncodeError as error:  # half a character: no key of S3's, and nothing that could be logged
        raise UnknownEvent(entry) from error
    return Announced(location, "it is the marker of a folder" if folder else None)


def _found(announced: Announced, below: str) -> Announced:
    ignored = "its name is that of a folder, or has a part that begins with . or _" if hidden(below) else None
    return replace(announced, ignored=announced.ignored or ignored, backfill=True)


def _shape(event: object) -> str:
    if not isinstance(event, Mapping):
        return "text that is not JSON" if isinstance(event, str) else f"{type(event).__name__} in place of an object"
    keys = f"the keys {_listed(event)}" if event else "no keys"
    kinds = [f"{key} {_short(event[key])}" for key in _KINDS if isinstance(event.get(key), str)]
    return f"{keys} ({', '.join(kinds)})" if kinds else keys


def _listed(keys: Iterable[object]) -> str:
    some = [_short(key) for key in keys]
    return ", ".join(some[:_SHOWN]) + (f" and {len(some) - _SHOWN} more" if len(some) > _SHOWN else "")


def _short(text: object) -> str:
    return repr(str(text)[:_LENGTH])
