"""The records inside a wrapping document: `{"page": 1, "orders": [{...}, {...}]}` and the path `$.orders[*]`."""

from __future__ import annotations

import numpy as np

from etl.contract.expressions import Each, Path
from etl.read.values import Fault, Json, Misfit, Spans, Value, elements, kind, member


def inside(data: bytes, documents: Spans, records: Path) -> Spans:
    """The records of the wrapping documents in `data`. `records` has names and indexes, and `[*]` as its last step.

    Raises `Fault` where the path meets what it can't enter or nothing at all (an error message in place of an export
    must not pass for an empty one), and for a key that an object has twice: the records under one would be lost.
    """
    each = zip(documents[0].tolist(), documents[1].tolist(), strict=True)
    found = [_shifted(memoryview(data)[start:end], records, 0, start) for start, end in each]
    nothing = np.array([], np.int64)
    starts, ends = ([nothing, *(spans[side] for spans in found)] for side in (0, 1))
    return np.concatenate(starts), np.concatenate(ends)


def _shifted(value: Json, records: Path, depth: int, start: int) -> Spans:
    """The records in what lies `depth` steps down the path and begins at `start`; the same for the place of a fault."""
    try:
        starts, ends = _records(value, records, depth)
    except Fault as fault:
        raise type(fault)(fault.reason, start + fault.position) from fault
    return starts + start, ends + start


def _records(value: Json, records: Path, depth: int) -> Spans:
    what = f"{Path(records.steps[:depth])} of the wrapping document" if depth else "the wrapping document"
    step = records.steps[depth]
    if isinstance(step, Each):
        return elements(value, what)
    entered = member(value, step, what) if isinstance(step, str) else _item(value, step, what)
    if entered is None or kind(entered[0]) == "null":
        raise Misfit(f"there is nothing at {records}, where the contract's policy 'records' says the records are", 0)
    return _shifted(entered[0], records, depth + 1, entered[1])


def _item(array: Json, index: int, what: str) -> Value | None:
    starts, ends = elements(array, what)
    if not -len(starts) <= index < len(starts):
        return None
    return memoryview(array)[starts[index] : ends[index]], int(starts[index])
