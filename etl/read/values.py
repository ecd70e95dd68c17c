"""JSON taken apart without being decoded: the elements of an array, or one document, as the bytes they are.

`msgspec.Raw` is strict about the grammar (no line break inside a string, no `01`, no `NaN`) and blind to UTF-8,
which is for the flattener to judge.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec
import numpy as np

T = TypeVar("T")
Json = bytes | memoryview
Value = tuple[Json, int]
"""A JSON text, and the position where it begins in the text that it was cut from."""
Spans = tuple[np.ndarray, np.ndarray]
"""Where values begin and where they end in the text that they were cut from (int64)."""

_GAP = re.compile(rb"[ \t\r\n]*,?[ \t\r\n]*")
_IN_GAP = np.isin(np.arange(256), list(b" \t\r\n,"))
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


def elements(array: Json, what: str = "the array") -> Spans:
    """The elements of a JSON array that begins with its bracket. Raises `Fault`."""
    raws = _decode(array, list[msgspec.Raw], what, "an array")
    lengths = np.fromiter(map(len, raws), np.int64, len(raws))
    starts = _evenly(array, lengths)
    if starts is None:
        starts = _one_by_one(array, lengths)
    return starts, starts + lengths


def _evenly(array: Json, lengths: np.ndarray) -> np.ndarray | None:
    """Where elements of these lengths begin if the same stands between any two of them; None if it does not."""
    if len(lengths) < 2:
        return None
    first = _gap_ends(array, 1)
    second = _gap_ends(array, first + int(lengths[0]))
    gap = bytes(memoryview(array)[first + int(lengths[0]) : second])
    starts = first + np.cumsum(lengths + len(gap)) - lengths - len(gap)
    if starts[-1] + lengths[-1] > len(array):
        return None
    characters = np.frombuffer(array, np.uint8)
    alike = all((characters[starts[1:] - len(gap) + at] == each).all() for at, each in enumerate(gap))
    return starts if alike and not _IN_GAP[characters[starts]].any() else None


def _one_by_one(array: Json, lengths: np.ndarray) -> np.ndarray:
    starts, position = [], 1
    for length in lengths.tolist():
        starts.append(_gap_ends(array, position))
        position = starts[-1] + length
    return np.array(starts, np.int64)


def _gap_ends(array: Json, position: int) -> int:
    """Where the next element begins."""
    return _GAP.match(array, position).end()  # type: ignore[union-attr]  # it matches nothing, too


def member(value: Json, name: str, what: str) -> Value | None:
    """The member of a JSON object with this name, None where it has none. Raises `Fault`; for equal keys, too."""
    found = _decode(value, dict[_Key, msgspec.Raw], what, "an object")
    if len({key.name for key in found}) < len(found):
        raise Misfit(f"{what} has a key twice, expected every key once", 0)
    raw = next((raw for key, raw in found.items() if key.name == name), None)
    return None if raw is None else (memoryview(raw), _address(raw) - _address(value))


def document(data: Json) -> Spans:
    """The one JSON value that `data` begins with, and holds nothing after but blanks. Raises `Fault`."""
    return np.array([0]), np.array([len(_decode(data, msgspec.Raw, "the document", "JSON"))])


def kind(value: Json) -> str:
    """What a JSON text is, by its first character: `an object`."""
    return _KINDS.get(bytes(memoryview(value)[:1]), "a number")


class _Key:
    """A key where it occurs: of equal texts a `dict` keeps one, of these all."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


def _address(view: Json) -> int:
    """Where its bytes lie: a `Raw` is a view into what it was decoded from."""
    return int(np.frombuffer(view, np.uint8).__array_interface__["data"][0])


def _hook(shape: type, value: Any) -> Any:
    return shape(value)


def _decode(data: Json, shape: type[T], what: str, expected: str) -> T:
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
