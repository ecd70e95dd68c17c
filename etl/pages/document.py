"""An example document, line by line: as it was written, without what is personal or what no column reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from etl.contract.expressions import EACH
from etl.flatten.convert import json_text
from etl.pages.fields import Field
from etl.pages.model import Kind, Line, Piece
from etl.report import MASK

_LINES = 250
_ELEMENTS = 4  # of an array
_LENGTH = 200  # characters of a text, as in reports
_UNREAD = "..."


_Inside = Callable[..., Iterator[Line]]


def lines(document: Mapping[str, Any], root: Field) -> tuple[Line, ...]:
    """The lines of a record, parsed as the flattener does; a long one is cut and says so."""
    found = list(islice(_lines(document, [root], 0, whole=False), _LINES + 1))
    return tuple(found) if len(found) <= _LINES else (*found[:_LINES], _note(0, "and more"))


def _note(depth: int, words: str) -> Line:
    return Line(depth, (Piece("mark", f"… {words}"),))


def _lines(
    value: Any, known: Sequence[Field], depth: int, before: tuple[Piece, ...] = (), after: str = "", *, whole: bool
) -> Iterator[Line]:
    """A value between what stands `before` and `after` it. `known` is what the contract says of it, `whole` whether all
    of it is read."""
    whole = whole or any(field.whole for field in known)
    if isinstance(value, dict | list) and value and not _hidden(known, whole=whole):
        opening, closing = _brackets(value)
        yield Line(depth, (*before, Piece("mark", opening)))
        inside: _Inside = _members if isinstance(value, dict) else _elements
        yield from inside(value, known, depth + 1, whole=whole)
        yield Line(depth, (Piece("mark", closing + after),))
    else:
        end = (Piece("mark", after),) if after else ()
        yield Line(depth, (*before, _single(value, known, whole=whole), *end))


def _brackets(value: Any) -> tuple[str, str]:
    return ("{", "}") if isinstance(value, dict) else ("[", "]")


def _hidden(known: Sequence[Field], *, whole: bool) -> bool:
    """Whether it is shown as one word: a mask, or that nobody reads it."""
    return any(field.masked for field in known) or not (whole or any(map(_is_read, known)))


def _is_read(field: Field) -> bool:
    return field.values or bool(field.members)


def _single(value: Any, known: Sequence[Field], *, whole: bool) -> Piece:
    if value is None:
        return Piece("plain", "null")
    if any(field.masked for field in known):
        return Piece("masked", MASK)
    if not whole and not any(map(_is_read, known)):
        return Piece("unread", _UNREAD)
    if isinstance(value, dict | list):
        return Piece("mark", "".join(_brackets(value)))
    return _scalar(value) if whole or any(field.values for field in known) else Piece("unread", _UNREAD)


def _scalar(value: Any) -> Piece:
    kind: Kind = "text" if isinstance(value, str) else "plain"
    if isinstance(value, str) and len(value) > _LENGTH:
        value = f"{value[:_LENGTH]}… ({len(value):,} characters)"
    return Piece(kind, json_text(value) or "")


def _members(value: Mapping[str, Any], known: Sequence[Field], depth: int, *, whole: bool) -> Iterator[Line]:
    last = len(value) - 1
    for at, (name, member) in enumerate(value.items()):
        inner = [found for field in known for found in field.inside(name)]
        key = (Piece("key", json_text(name) or ""), Piece("mark", ": "))
        yield from _lines(member, inner, depth, key, "," if at < last else "", whole=whole)


def _elements(value: Sequence[Any], known: Sequence[Field], depth: int, *, whole: bool) -> Iterator[Line]:
    last = len(value) - 1
    for at, element in enumerate(value[:_ELEMENTS]):
        inner = [found for field in known for found in field.inside(EACH, at, at - len(value))]
        yield from _lines(element, inner, depth, (), "," if at < last else "", whole=whole)
    if last >= _ELEMENTS:
        yield _note(depth, f"{len(value) - _ELEMENTS:,} more")
