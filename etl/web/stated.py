"""A rule as the contract states it, in lines of its YAML; and where in a document it looks."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from etl.contract.expressions import EACH, Path, paths, written
from etl.contract.model import Column, Condition, Contract, Key, Table
from etl.contract.source import Route, Source, read
from etl.records import Same
from etl.web.tree import Steps, steps_of

_LINES = 30
_TYPE = ("logicalType", "physicalType")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a contract's file from `line` (from 1) on; those that are `said` state the rule itself."""

    line: int
    lines: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Stated:
    """What the contract says where a rule stands. `maps`, by column, are the functions that a value goes through."""

    file: str
    excerpts: tuple[Excerpt, ...]
    maps: tuple[tuple[str, str], ...] = ()


def stated(violation: Mapping[str, Any], contract: Contract) -> Stated | None:
    """Where the contract states the rule of a violation; None where it does not, or no more."""
    source = _source(Same(contract))
    routes = list(dict.fromkeys(_routes(violation, contract, source)))
    excerpts = tuple(_excerpt(source.text, source.mark(route).line, str(violation.get("rule"))) for route in routes)
    maps = tuple((each.name, written(each.source)) for each in columns(violation, contract) if _is_mapped(each))
    return Stated(contract.file, excerpts, maps) if excerpts else None


def columns(violation: Mapping[str, Any], contract: Contract) -> tuple[Column, ...]:
    """The columns that the rule of a violation is about: its own, those of a key, those that a condition names."""
    table = _table(violation, contract)
    if table is None:
        return ()
    names = {str(violation.get("column"))}
    several: list[Key | Condition] = [*table.keys, *table.conditions]
    for each in several:
        if (each.rule.column, each.rule.name) == (violation.get("column"), violation.get("rule")):
            names.update(each.columns)
    return tuple(column for column in table.columns if column.name in names)


def places(violation: Mapping[str, Any], contract: Contract | None) -> tuple[Steps, ...]:
    """Where in the document a violation is: its path; and, of a rule of several columns, the paths of all of them."""
    own = steps_of(violation.get("path") if isinstance(violation.get("path"), str) else None)
    if own is None:
        return ()
    about = columns(violation, contract) if contract else ()
    indexes = [step for step in own if isinstance(step, int)]
    if len(about) < 2:
        return (own,)
    found = [_placed(path, indexes) for column in about for path in paths(column.source)]
    return tuple(dict.fromkeys(each for each in found if each is not None)) or (own,)


def _placed(path: Path, indexes: Sequence[int]) -> Steps | None:
    """The path with an index for each `[*]`; None where there are not so many."""
    left = iter(indexes)
    steps = tuple(next(left, EACH) if step is EACH else step for step in path.steps)
    return None if EACH in steps else steps


def _is_mapped(column: Column) -> bool:
    return not isinstance(column.source, Path)


def _table(violation: Mapping[str, Any], contract: Contract) -> Table | None:
    return next((table for table in contract.tables if table.name == violation.get("table")), None)


@functools.lru_cache(maxsize=32)
def _source(contract: Same[Contract]) -> Source:
    return read(contract.one.text, contract.one.file)


def _routes(violation: Mapping[str, Any], contract: Contract, source: Source) -> Iterator[Route]:
    """The parts of the file that state the rule: quality rules of its name, its columns, policies."""
    data = source.data if isinstance(source.data, dict) else {}
    for at, node in _named(data.get("schema"), "name", violation.get("table")):
        yield from _quality(node, ("schema", at), violation.get("rule"))
        about = {column.name for column in columns(violation, contract)}
        for place, column in _each(node.get("properties")):
            if column.get("name") in about:
                yield "schema", at, "properties", place
    for at, _ in _named(data.get("customProperties"), "property", violation.get("rule")):
        yield "customProperties", at


def _quality(node: Mapping[str, Any], route: Route, rule: Any) -> Iterator[Route]:
    for at, _ in _named(node.get("quality"), "name", rule):
        yield (*route, "quality", at)


def _named(nodes: Any, key: str, name: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    yield from ((at, node) for at, node in _each(nodes) if name is not None and node.get(key) == name)


def _each(nodes: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if isinstance(nodes, list):
        yield from ((at, node) for at, node in enumerate(nodes) if isinstance(node, dict))


def _excerpt(text: str, first: int, rule: str) -> Excerpt:
    """The item that begins in a line: what is indented below it, without the comments that lead to the next."""
    lines = text.splitlines()
    indent = _indent(lines[first - 1])
    end = next(
        (at for at in range(first, len(lines)) if lines[at].strip() and _indent(lines[at]) <= indent), len(lines)
    )
    some = lines[first - 1 : min(end, first - 1 + _LINES)]
    while some and (not some[-1].strip() or some[-1].lstrip().startswith("#")):
        some.pop()
    words = _TYPE if rule == "type" else (rule,)
    return Excerpt(first, tuple((line[indent:], _says(line, words)) for line in some))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _says(line: str, words: Sequence[str]) -> bool:
    """Whether a line has one of these as its key, or is the name of a rule of this name."""
    bare = line.strip().removeprefix("- ")
    inline = any(f"{{{word}:" in bare or f", {word}:" in bare for word in words)
    return inline or any(bare.startswith((f"{word}:", f"name: {word}", f"property: {word}")) for word in words)
