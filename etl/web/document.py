"""A record's document, line by line: its tokens as they were written, what breaks rules marked in place.

Works for any text: one that is not JSON is shown as it is, marked at the byte that its violation names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar

from etl.contract.expressions import Step
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


def lines(text: str, marks: Sequence[Mark], veil: Veil | None, root: Node | None = None) -> tuple[Line, ...]:
    """The document with its marks. `veil` says what is hidden; None: nothing is. A long one is cut, and says so.

    `root` is the text's tree, where it is known already.
    """
    root = root or tree(text)
    if root is not None:
        by_node = _Marks.of(text, root, marks)
        return _anchored(_cut(list(_planned(text, root, by_node, veil)), lambda plan: _made(plan, text, by_node)))
    return _anchored(_cut(list(_plain(text, marks)), lambda line: line)) if veil is None else ()


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


class _Plan(NamedTuple):
    """A line before it is made: of a long document few are shown. `ends`: the one that closes a container."""

    node: Node
    depth: int
    after: str
    touched: bool
    broken: bool
    hidden: str | None = None
    opens: bool = False
    ends: bool = False
    lacks: str | None = None


def _lines(
    text: str, root: Node, marks: _Marks | None = None, veil: Veil | None = None, length: int = _LENGTH
) -> Iterable[Line]:
    marks = marks or _Marks()
    return (_made(plan, text, marks, length) for plan in _planned(text, root, marks, veil))


def _planned(text: str, root: Node, marks: _Marks, veil: Veil | None) -> Iterable[_Plan]:
    below = _Below()
    waiting: list[_Plan | tuple[Node, int, Veil | None, str, bool]] = [(root, 0, veil, "", False)]
    while waiting:
        item = waiting.pop()
        if isinstance(item, _Plan):
            yield item
            continue
        node, depth, over, after, touched = item
        here, lacks, children = node in marks.nodes, marks.lacking.get(node, {}), node.children
        broken = here or node in marks.keys
        hidden = below.hides(over, node, text) if over else None
        if hidden or not (children or lacks):
            yield _Plan(node, depth, after, touched, broken, hidden)
            continue
        touched = touched or here
        yield _Plan(node, depth, "", touched, broken, opens=True)
        waiting.append(_Plan(node, depth, after, touched, broken=False, ends=True))
        waiting += [_Plan(node, depth + 1, "", False, True, lacks=name) for name in lacks]
        for at in range(len(children) - 1, -1, -1):
            child = children[at]
            inner = below.into(over, child.step, len(children)) if over else None
            waiting.append((child, depth + 1, inner, "," if at < len(children) - 1 else "", touched))


class _Below:
    """What is hidden, asked once of all places that are alike."""

    def __init__(self) -> None:
        self._inner: dict[tuple[int, Step | None, int], Veil] = {}
        self._hidden: dict[tuple[int, bool, bool], str | None] = {}

    def into(self, over: Veil, step: Step | None, length: int) -> Veil:
        key = (id(over), step, length) if isinstance(step, str) or not over.alike else (id(over), 0, 1)
        found = self._inner.get(key)
        if found is None:
            found = self._inner[key] = over.into(*key[1:])
        return found

    def hides(self, over: Veil, node: Node, text: str) -> str | None:
        key = id(over), bool(node.children), text.startswith("null", node.start)
        if key not in self._hidden:
            self._hidden[key] = over.hides(container=key[1], null=key[2])
        return self._hidden[key]


def _made(plan: _Plan, text: str, marks: _Marks, length: int = _LENGTH) -> Line:
    node = plan.node
    if plan.lacks is not None:
        return _lacking(plan.lacks, marks.lacking[node][plan.lacks], plan.depth)
    opening, closing = "{}" if node.kind == "object" else "[]"
    if plan.ends:
        return Line(plan.depth, (Piece("mark", closing), *_mark(plan.after)), plan.touched)
    broken = tuple(marks.nodes.get(node, ()))
    before = _key(text, node, tuple(marks.keys.get(node, ())))
    value = Piece("mark", opening, broken) if plan.opens else _single(text, node, plan.hidden, broken, length)
    return Line(plan.depth, (*before, value, *_mark(plan.after)), plan.touched)


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


_T = TypeVar("_T", Line, _Plan)


def _cut(found: Sequence[_T], made: Callable[[_T], Line]) -> Iterable[Line]:
    """What is shown of these lines; only that is made."""
    if len(found) <= _LINES:
        yield from map(made, found)
        return
    shown = set(range(_LINES // 4))
    for at, line in enumerate(found):
        if line.broken and len(shown) < _LINES:
            shown.update(range(max(at - _NEAR, 0), min(at + _NEAR + 1, len(found))))
    last = -1
    for at in sorted(shown):
        yield from _gap(at - last - 1)
        yield made(found[at])
        last = at
    yield from _gap(len(found) - last - 1)


def _gap(lines: int) -> Iterable[Line]:
    if lines:
        yield Line(0, (Piece("note", f"… {lines:,} more lines are not shown"),))
