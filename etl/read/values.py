"""JSON taken apart without being decoded: the elements of an array, or one document, as the bytes they are.

`msgspec.Raw` is strict about the grammar (no line break inside a string, no `01`, no `NaN`) and blind to UTF-8,
which is for the flattener to judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec
import numpy as np

T = TypeVar("T")
Value = tuple[bytes, int]
"""A JSON text, and the position where it begins in the text that it was cut from."""

_GAP = re.compile(rb"[ \t\r\n]*,?[ \t\r\n]*")
_PLACE = re.compile(r"(?:JSON is malformed: )?(.*) \(byte (\d+)\)")
_KINDS = {b"{": "an object", b"[": "an array", b'"': "a text", b"t": "true", b"f": "false", b"n": "null"}


class Fault(Exception):
    """Something that can't be taken apart; `position` counts bytes from its beginning. Becomes `Broken`."""

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position


class Malformed(Fault):
    """It is not JSON, or none that can be read."""


class Misfit(Fault):
    """It is JSON, but not of the kind that is expected here."""


def elements(array: bytes, what: str = "the array") -> Iterator[Value]:
    """The elements of a JSON array that begins with its bracket. Raises `Fault`."""
    position = 1
    for raw in _decode(array, list[msgspec.Raw], what, "an array"):
        position = _GAP.match(array, position).end()  # type: ignore[union-attr]  # it matches nothing, too
        text = bytes(raw)
        yield text, position
        position += len(text)


def member(value: bytes, name: str, what: str) -> Value | None:
    """The member of a JSON object with this name, None where it has none. Raises `Fault`; for equal keys, too."""
    found = _decode(value, dict[_Key, msgspec.Raw], what, "an object")
    if len({key.name for key in found}) < len(found):
        raise Misfit(f"{what} has a key twice, expected every key once", 0)
    return next(((raw, _address(raw) - _address(value)) for key, raw in found.items() if key.name == name), None)


def document(data: bytes) -> Iterator[Value]:
    """The one JSON value that `data` begins with, and holds nothing after but blanks. Raises `Fault`."""
    yield bytes(_decode(data, msgspec.Raw, "the document", "JSON")), 0


def kind(value: bytes) -> str:
    """What a JSON text is, by its first character: `an object`."""
    return _KINDS.get(bytes(memoryview(value)[:1]), "a number")


class _Key:
    """A key where it occurs: of equal texts a `dict` keeps one, of these all."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


def _address(view: bytes) -> int:
    """Where its bytes lie: a `Raw` is a view into what it was decoded from."""
    return int(np.frombuffer(view, np.uint8).__array_interface__["data"][0])


def _hook(shape: type, value: Any) -> Any:
    return shape(value)


def _decode(data: bytes, shape: type[T], what: str, expected: str) -> T:
    """`msgspec.json.decode`, and everything that it raises as a `Fault`. (To mypy and here, a `Raw` is bytes.)"""
    try:
        return msgspec.json.decode(data, type=shape, dec_hook=_hook)
    except msgspec.ValidationError as error:
        raise Misfit(f"{what}: found {kind(data)}, expected {expected}", 0) from error
    except msgspec.DecodeError as error:
        raise _malformed(what, str(error), len(data)) from error
    except RecursionError as error:
        raise Malformed(f"{what} is nested too deep: about 1,000 levels can be read", 0) from error
    except UnicodeDecodeError as error:
        raise Malformed(f"{what} has a key that is not UTF-8", 0) from error


def _malformed(what: str, message: str, length: int) -> Malformed:
    """`Input data was truncated`, or `JSON is malformed: expected ',' or ']' (byte 3)`."""
    place = _PLACE.fullmatch(message)
    if place is None:
        return Malformed(f"{what} is not closed: the upload ends", length)
    cause, position = place[1], int(place[2])
    if cause == "trailing characters":  # here, unlike elsewhere, msgspec has already passed the first of them
        return Malformed(f"{what} has ended, but the upload goes on: expected blanks only", position - 1)
    return Malformed(f"{what} is not valid JSON: {cause}", position)
