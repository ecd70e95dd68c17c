"""The records inside a wrapping document: `{"page": 1, "orders": [{...}, {...}]}` and the path `$.orders[*]`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from etl.contract.expressions import Each, Path
from etl.read.values import Fault, Malformed, Misfit, Value, document, elements, kind, member


def inside(values: Iterable[Value], records: Path) -> Iterator[Value]:
    """The records of wrapping documents. `records` has names and indexes, and `[*]` as its last step.

    Raises `Fault` where the path meets what it can't enter or nothing at all (an error message in place of an export
    must not pass for an empty one), and for a key that an object has twice: the records under one would be lost.
    """
    for text, start in values:
        yield from _shifted(_records(text, records, 0), start)


def inside_line(line: bytes, records: Path) -> Iterator[Value]:
    """The same for a line of NDJSON; one that is not JSON is itself the record, for the flattener to explain."""
    try:
        found = list(inside(document(line), records))
    except Malformed:
        found = [(line, 0)]
    yield from found


def _records(value: bytes, records: Path, depth: int) -> Iterator[Value]:
    """The records in what lies `depth` steps down the path; places count from there."""
    what = f"{Path(records.steps[:depth])} of the wrapping document" if depth else "the wrapping document"
    step = records.steps[depth]
    if isinstance(step, Each):
        yield from elements(value, what)
        return
    entered = member(value, step, what) if isinstance(step, str) else _item(value, step, what)
    if entered is None or kind(entered[0]) == "null":
        raise Misfit(f"there is nothing at {records}, where the contract's policy 'records' says the records are", 0)
    yield from _shifted(_records(entered[0], records, depth + 1), entered[1])


def _item(array: bytes, index: int, what: str) -> Value | None:
    items = list(elements(array, what))
    return items[index] if -len(items) <= index < len(items) else None


def _shifted(found: Iterator[Value], start: int) -> Iterator[Value]:
    """The same values and the same fault, in what surrounds them."""
    try:
        for text, position in found:
            yield text, start + position
    except Fault as fault:
        raise type(fault)(fault.reason, start + fault.position) from fault
