"""YAML text -> plain data, and the place of every key and value in it.

The dialect is YAML with JSON's scalars: plain `true`, `false`, `null`, `~` and JSON numbers mean what they mean in
JSON, every other scalar is text. So dates stay text, `no` is not false and `010` is not 8. Numbers with a fraction
are `Decimal`: a bound of money is not rounded. Aliases and `<<` merges are expanded, up to a limit.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

from etl.contract.words import did_you_mean
from etl.errors import ContractError, Fault

Route = tuple[str | int, ...]
"""Keys and list indexes from the document's root to a value."""

MAX_NODES = 100_000  # an alias bomb of 400 bytes expands to billions
MAX_DEPTH = 100  # libyaml composes by recursion in C and crashes the process on deep nesting

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?")  # RFC 8259, 6
_NAMED = {"": None, "~": None, "null": None, "Null": None, "NULL": None, "true": True, "True": True, "TRUE": True}
_NAMED |= {"false": False, "False": False, "FALSE": False}
_COMMENT = re.compile(r"[ \t]+#")
_MERGE = "tag:yaml.org,2002:merge"


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a scalar, a list or a mapping begins; line and column count from 1.

    `inner` is the column of a one-line scalar's first character (past the quote), None where the text in the file
    is not the value as such: escapes, several lines. `comment` tells that ` #` ended the scalar on its line.
    """

    line: int
    column: int
    inner: int | None = None
    comment: bool = False


@dataclass(slots=True)
class Source:
    """A parsed contract file, and the faults found in it so far."""

    file: str
    text: str = ""
    data: Any = None
    values: dict[Route, Mark] = field(default_factory=dict)
    keys: dict[Route, Mark] = field(default_factory=dict)
    faults: set[Fault] = field(default_factory=set)

    def add(self, mark: Mark, message: str) -> None:
        self.faults.add(Fault(self.file, mark.line, mark.column, message))

    def mark(self, route: Route) -> Mark:
        """The place of a value; of the nearest thing round it where there is none."""
        while route and route not in self.values:
            route = route[:-1]
        return self.values.get(route, Mark(1, 1))

    def raise_faults(self) -> None:
        if self.faults:
            raise ContractError(tuple(self.faults))


@dataclass(frozen=True, slots=True)
class Place:
    """One value in a contract file: `place / "schema" / 0` leads down, `fault` says what is wrong there."""

    source: Source
    route: Route = ()

    def __truediv__(self, step: str | int) -> Place:
        return Place(self.source, (*self.route, step))

    @property
    def is_there(self) -> bool:
        return self.route in self.source.values

    @property
    def value(self) -> Any:
        """What the file holds here; None where there is nothing."""
        return functools.reduce(lambda node, step: node[step], self.route, self.source.data) if self.is_there else None

    @property
    def is_null(self) -> bool:
        """Whether the key is there with nothing behind it."""
        return self.is_there and self.value is None

    def fault(self, message: str) -> None:
        self.source.add(self.source.mark(self.route), message)

    def fault_at(self, offset: int, message: str) -> None:
        """A fault at a character of a one-line scalar (from 0); at the scalar where that can't be told."""
        mark = self.source.mark(self.route)
        if mark.inner is not None:
            mark = Mark(mark.line, mark.inner + offset)
        self.source.add(mark, message)

    def fault_key(self, message: str) -> None:
        """A fault at the key rather than at its value."""
        self.source.add(self.source.keys.get(self.route) or self.source.mark(self.route), message)

    def tried(self, key: str) -> bool:
        """Whether the key is there, or something misspelt for it that has its own fault already."""
        if (self / key).is_there:
            return True
        faulty = {(fault.line, fault.column) for fault in self.source.faults}
        names = self.value if isinstance(self.value, dict) else ()
        marks = ((name, self.source.keys.get((*self.route, name))) for name in names)
        return any(
            did_you_mean(str(name), [key]) for name, mark in marks if mark and (mark.line, mark.column) in faulty
        )

    @property
    def ends_in_comment(self) -> bool:
        return self.source.mark(self.route).comment


def read(text: str, file: str) -> Source:
    """Parse `text`. Faults of the YAML itself are in the result; its data is then incomplete or None."""
    text = text.removeprefix("\ufeff")
    source = Source(file, text)
    try:
        _screen(text)
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
        if root is None:
            source.add(Mark(1, 1), "the file is empty; a contract is expected")
        else:
            source.data = _Walk(source, text).value(root, ())
    except yaml.MarkedYAMLError as error:
        source.add(*(_open_quote(text, error) or _syntax(error)))
    except yaml.reader.ReaderError as error:
        source.add(_at(text, error.position), f"the character #x{_code(error):04x} is not allowed in YAML")
    return source


def _screen(text: str) -> None:
    """Refuse nesting that the composer can't take, tags, and what is endless. Raises `yaml.MarkedYAMLError`."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.CSafeLoader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        problem = f"nested over {MAX_DEPTH} levels" if depth > MAX_DEPTH else None
        if tag := getattr(event, "tag", None):
            problem = f"the tag {tag} is not supported"
        if count > 4 * MAX_NODES:  # at most four for a value: its key, itself, and a beginning and an end
            problem = f"this document has over {MAX_NODES} values"
        if problem:
            raise _unreadable(event, problem)


def _unreadable(at: Any, problem: str) -> yaml.MarkedYAMLError:
    """What this dialect leaves out of YAML, at a node or an event."""
    return yaml.MarkedYAMLError(None, None, problem, at.start_mark)


def _syntax(error: yaml.MarkedYAMLError) -> tuple[Mark, str]:
    mark = error.problem_mark or error.context_mark
    context = f" ({error.context})" if error.context else ""
    hint = next((hint for words, hint in _REMEDIES.items() if words in f"{error.problem}{context}"), "")
    return _place(mark) if mark else Mark(1, 1), f"the YAML can't be read: {error.problem}{context}{hint}"


_REMEDIES = {
    "mapping values": ": indent the line as those round it, or put the value in quotes",
    "tab character": ": indent with blanks",
    "block": ": is this line indented as those round it?",
}


def _open_quote(text: str, error: yaml.MarkedYAMLError) -> tuple[Mark, str] | None:
    """The quote that was never closed, where that is what is wrong: YAML takes the next one, far below, for its end."""
    if "quoted scalar" in str(error.context) and error.context_mark:
        return _place(error.context_mark), "the YAML can't be read: the quote that opens here is never closed"
    quoted = None
    with contextlib.suppress(yaml.YAMLError):
        for token in yaml.scan(text, Loader=yaml.CSafeLoader):
            if error.problem_mark and token.start_mark.index >= error.problem_mark.index:
                break
            if isinstance(token, yaml.ScalarToken) and token.style in ("'", '"'):
                quoted = token
    if not quoted or not error.problem_mark or quoted.start_mark.line == quoted.end_mark.line:
        return None
    if quoted.end_mark.line != error.problem_mark.line:
        return None
    line = quoted.end_mark.line + 1
    return _place(quoted.start_mark), f"the YAML can't be read: the quote that opens here closes only in line {line}"


def _code(error: yaml.reader.ReaderError) -> int:
    return error.character if isinstance(error.character, int) else ord(error.character)


def _at(text: str, position: int) -> Mark:
    before = text[:position]
    return Mark(before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)


def _place(mark: yaml.Mark) -> Mark:
    return Mark(mark.line + 1, mark.column + 1)


class _Walk:
    """One walk over composed nodes: values out, marks and faults into the source."""

    def __init__(self, source: Source, text: str) -> None:
        self.source = source
        self.text = text
        self.nodes = 0
        self.open: list[yaml.Node] = []

    def count(self, node: yaml.Node, more: int) -> None:
        self.nodes += more
        if self.nodes > MAX_NODES:
            raise _unreadable(node, f"aliases expand this document to over {MAX_NODES} values")

    def value(self, node: yaml.Node, route: Route) -> Any:
        self.count(node, 1)
        self.source.values[route] = self.mark(node)
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        return self.collection(node, route)

    def collection(self, node: yaml.Node, route: Route) -> Any:
        if any(outer is node for outer in self.open):
            raise _unreadable(node, "this value contains itself through an alias")
        if len(self.open) >= MAX_DEPTH:
            raise _unreadable(node, f"aliases nest this document over {MAX_DEPTH} levels")
        self.open.append(node)
        result = self.mapping(node, route) if isinstance(node, yaml.MappingNode) else self.items(node.value, route)
        self.open.pop()
        return result

    def items(self, nodes: Sequence[yaml.Node], route: Route) -> list[Any]:
        return [self.value(node, (*route, index)) for index, node in enumerate(nodes)]

    def mapping(self, node: yaml.MappingNode, route: Route) -> dict[str, Any]:
        seen: dict[str, yaml.Node] = {}
        merged: list[tuple[yaml.Node, yaml.Node]] = []
        result: dict[str, Any] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                merged += self.merge(value)
            elif (name := self.key(key)) is not None and self.first(name, key, seen):
                result[name] = self.entry(key, value, (*route, name))
        for key, value in merged:
            if (name := self.key(key)) is not None and name not in result:
                result[name] = self.entry(key, value, (*route, name))
        return result

    def entry(self, key: yaml.Node, value: yaml.Node, route: Route) -> Any:
        self.source.keys[route] = _place(key.start_mark)
        return self.value(value, route)

    def key(self, node: yaml.Node) -> str | None:
        value = _scalar(node) if isinstance(node, yaml.ScalarNode) else None
        if isinstance(value, str):
            return value
        self.source.add(_place(node.start_mark), "a key must be text: put it in quotes")
        return None

    def first(self, name: str, node: yaml.Node, seen: dict[str, yaml.Node]) -> bool:
        if name in seen:
            line = seen[name].start_mark.line + 1
            self.source.add(_place(node.start_mark), f"the key '{name}' is there twice: first in line {line}")
            return False
        seen[name] = node
        return True

    def merge(self, node: yaml.Node) -> list[tuple[yaml.Node, yaml.Node]]:
        """The entries that `<<:` brings in; of several mappings, the earlier wins."""
        parts: list[Any] = node.value if isinstance(node, yaml.SequenceNode) else [node]
        if all(isinstance(part, yaml.MappingNode) for part in parts):
            self.count(node, sum(len(part.value) for part in parts))  # also of entries that earlier ones hide
            return [entry for part in parts for entry in _entries(part)]
        self.source.add(_place(node.start_mark), "<<: takes a mapping or a list of mappings")
        return []

    def mark(self, node: yaml.Node) -> Mark:
        start, end = node.start_mark, node.end_mark
        if not isinstance(node, yaml.ScalarNode) or start.line != end.line:
            return _place(start)
        quote = 1 if node.style in ("'", '"') else 0
        exact = self.text[start.index + quote : end.index - quote] == node.value
        comment = not quote and bool(_COMMENT.match(self.text, end.index))
        return Mark(start.line + 1, start.column + 1, start.column + 1 + quote if exact else None, comment)


def _entries(node: yaml.MappingNode) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    return ((key, value) for key, value in node.value if key.tag != _MERGE)


def _scalar(node: yaml.ScalarNode) -> Any:
    """A scalar by JSON's grammar; text where it is quoted or anything else."""
    text: str = node.value
    if node.style:
        return text
    if text in _NAMED:
        return _NAMED[text]
    if found := _NUMBER.fullmatch(text):
        return Decimal(text) if found[2] or found[3] else _integer(text)
    return text


def _integer(text: str) -> int | Decimal:
    """Python refuses integers of over 4,300 digits; a decimal holds them."""
    return int(text) if len(text) < 1000 else Decimal(text)
