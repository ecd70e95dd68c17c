"""A record's document, line by line: its tokens as they were written, what breaks rules marked in place.

Works for any text: one that is not JSON is shown as it is, marked at the byte that its violation names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from etl.report import MASK
from etl.web.tree import Node, Steps, find, tree
from etl.web.veil import Veil

_LINES = 600  # shown of a document; beyond that, the beginning and what is near a mark
_NEAR = 8
_LENGTH = 4_000  # characters of one token
_UNREAD = "…"
_BYTE = re.compile(r"\bbyte ([\d,]+)\b")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line: `key`, `text`, `plain`, `mark`, `masked`, `unread`, `missing` or `note`.

    `broken` are the numbers of the violations here; `first`, of those, the ones that stand nowhere before.
    """

    kind: str
    text: str
    broken: tuple[int, ...] = ()
    first: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A line at its depth; `touched`: it lies in something that breaks a rule."""

    depth: int
    pieces: tuple[Piece, ...]
    touched: bool = False

    @property
    def broken(self) -> bool:
        return any(piece.broken for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a violation is: `number` as on the page; paths in the document, or the byte that its detail names."""

    number: int
    places: tuple[Steps, ...] = ()
    byte: int | None = None


def byte_of(detail: str | None) -> int | None:
    """The byte of the record that a violation's detail names."""
    found = _BYTE.search(detail or "")
    return int(found[1].replace(",", "")) if found else None


def pretty(text: str) -> str:
    """The document over several lines, its tokens as written; a text that is not JSON as it is."""
    root = tree(text)
    if root is None:
        return text
    found = _lines(text, root, length=len(text))
    return "\n".join("  " * line.depth + "".join(piece.text for piece in line.pieces) for line in found)


def lines(text: str, marks: Sequence[Mark], veil: Veil | None) -> tuple[Line, ...]:
    """The document with its marks. `veil` says what is hidden; None: nothing is. A long one is cut, and says so."""
    root = tree(text)
    if root is not None:
        return _anchored(_cut(list(_lines(text, root, _Marks.of(text, root, marks), veil))))
    return _anchored(_cut(list(_plain(text, marks)))) if veil is None else ()


def _anchored(found: Iterable[Line]) -> tuple[Line, ...]:
    """The lines, with what a link to each number leads to."""
    seen: set[int] = set()
    anchored = []
    for line in found:
        pieces = []
        for piece in line.pieces:
            new = tuple(number for number in piece.broken if number not in seen)
            seen.update(new)
            pieces.append(replace(piece, first=new) if new else piece)
        anchored.append(replace(line, pieces=tuple(pieces)) if line.broken else line)
    return tuple(anchored)


# A document that is JSON.


@dataclass(frozen=True, slots=True)
class _Marks:
    """The numbers of violations by the node they are at, and by the member that a node lacks."""

    nodes: Mapping[Node, list[int]] = field(default_factory=dict)
    keys: Mapping[Node, list[int]] = field(default_factory=dict)
    lacking: Mapping[Node, Mapping[str, list[int]]] = field(default_factory=dict)

    @staticmethod
    def of(text: str, root: Node, marks: Iterable[Mark]) -> _Marks:
        nodes: dict[Node, list[int]] = {}
        keys: dict[Node, list[int]] = {}
        lacking: dict[Node, dict[str, list[int]]] = {}
        for mark in marks:
            for steps in mark.places:
                found, lacks = find(root, steps)
                for node in found:
                    if lacks is None:
                        nodes.setdefault(node, []).append(mark.number)
                    else:
                        lacking.setdefault(node, {}).setdefault(lacks, []).append(mark.number)
            if mark.byte is not None and (named := _named_at(root, _character(text, mark.byte))):
                keys.setdefault(named, []).append(mark.number)
        return _Marks(nodes, keys, lacking)


def _character(text: str, byte: int) -> int:
    return len(text.encode(errors="surrogatepass")[:byte].decode(errors="replace"))


def _named_at(root: Node, at: int) -> Node | None:
    """The member whose name ends at a character or closely before: where parsers find that it comes twice."""
    last, waiting = None, [root]
    while waiting:
        node = waiting.pop()
        if node.key and node.key[0] < at and (last is None or last.key is None or node.key[0] > last.key[0]):
            last = node
        waiting += [child for child in node.children if child.key is None or child.key[0] < at]
    return last


_Item = Line | tuple[Node, int, Veil | None, str, bool]


def _lines(
    text: str, root: Node, marks: _Marks | None = None, veil: Veil | None = None, length: int = _LENGTH
) -> Iterable[Line]:
    marks = marks or _Marks()
    waiting: list[_Item] = [(root, 0, veil, "", False)]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Line):
            yield item
            continue
        node, depth, over, after, touched = item
        broken = tuple(marks.nodes.get(node, ()))
        before = _key(text, node, tuple(marks.keys.get(node, ())))
        hidden = over.hides(container=bool(node.children), null=text[node.start : node.end] == "null") if over else None
        lacks = marks.lacking.get(node, {})
        if hidden or not (node.children or lacks):
            yield Line(depth, (*before, _single(text, node, hidden, broken, length), *_mark(after)), touched)
            continue
        opening, closing = "{}" if node.kind == "object" else "[]"
        touched = touched or bool(broken)
        yield Line(depth, (*before, Piece("mark", opening, broken)), touched)
        waiting.append(Line(depth, (Piece("mark", closing), *_mark(after)), touched))
        waiting += [_lacking(name, numbers, depth + 1) for name, numbers in lacks.items()]
        last = len(node.children) - 1
        inner = ((child, over.into(child.step, last + 1) if over else None) for child in node.children)
        waiting += [
            (child, depth + 1, below, "," if at < last else "", touched) for at, (child, below) in enumerate(inner)
        ][::-1]


def _key(text: str, node: Node, broken: tuple[int, ...]) -> tuple[Piece, ...]:
    return (Piece("key", text[slice(*node.key)], broken), Piece("mark", ": ")) if node.key else ()


def _mark(text: str) -> tuple[Piece, ...]:
    return (Piece("mark", text),) if text else ()


def _lacking(name: str, numbers: Sequence[int], depth: int) -> Line:
    return Line(depth, (Piece("missing", f"{name}: not there", tuple(numbers)),))


def _single(text: str, node: Node, hidden: str | None, broken: tuple[int, ...], length: int) -> Piece:
    if hidden:
        return Piece(hidden, MASK if hidden == "masked" else _UNREAD, broken)
    if node.kind in ("object", "array"):
        return Piece("mark", "{}" if node.kind == "object" else "[]", broken)
    return Piece(node.kind, _short(text[node.start : node.end], length), broken)


def _short(token: str, length: int = _LENGTH) -> str:
    return token if len(token) <= length else f"{token[:length]}… ({len(token):,} characters)"


# A text that is not.


def _plain(text: str, marks: Sequence[Mark]) -> Iterable[Line]:
    """Its own lines; the character that a violation names is marked."""
    at = {_character(text, mark.byte): mark.number for mark in marks if mark.byte is not None}
    start = 0
    for each in text.splitlines(keepends=True) or [""]:
        end = start + len(each)
        pieces, begin = [], start
        for place in sorted(place for place in at if start <= place < end):
            pieces += [Piece("plain", text[begin:place]), Piece("plain", text[place : place + 1], (at[place],))]
            begin = place + 1
        pieces.append(Piece("plain", _short(text[begin:end].rstrip("\r\n"))))
        yield Line(0, tuple(piece for piece in pieces if piece.text))
        start = end
    if any(place >= start for place in at):
        yield Line(0, (Piece("missing", "here it ends", tuple(n for place, n in at.items() if place >= start)),))


# A long one.


def _cut(found: Sequence[Line]) -> tuple[Line, ...]:
    if len(found) <= _LINES:
        return tuple(found)
    shown = set(range(_LINES // 4))
    for at, line in enumerate(found):
        if line.broken and len(shown) < _LINES:
            shown.update(range(max(at - _NEAR, 0), min(at + _NEAR + 1, len(found))))
    cut: list[Line] = []
    for is_shown, numbers in groupby(range(len(found)), key=shown.__contains__):
        some = list(numbers)
        if is_shown:
            cut += [found[at] for at in some]
        else:
            cut.append(Line(0, (Piece("note", f"… {len(some):,} more lines are not shown"),)))
    return tuple(cut)
