"""Samples in, a contract out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from etl.errors import UsageError
from etl.infer.draft import Draft
from etl.infer.names import valid
from etl.infer.render import render
from etl.infer.scan import LeftOut, Sample, Scanned, scan
from etl.infer.tables import tables
from etl.infer.words import singular
from etl.infer.wrapping import records_path
from etl.read import Delimiter

_CONTRACT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")
_ENDINGS = re.compile(r"(\.(odcs|sample|yaml|yml|json|jsonl|ndjson|txt|gz|gzip|zst|zstd))+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Inferred:
    """A contract's text, how many records it was made from, and which could have no part in it."""

    text: str
    records: int
    left_out: Sequence[LeftOut]


def infer(samples: Sequence[Sample], name: str) -> Inferred:
    """A contract of this name that takes all samples, but for the records that no contract takes.

    Raises `UsageError` where nothing is left, `NotFound` and `StorageError`.
    """
    table = valid(name)
    scanned, delimiter = _scan(samples, singular(table))
    if records := records_path(scanned.root):
        table = valid(str(records.steps[-2]), fallback=table)
        scanned = scan(samples, singular(table), records, delimiter)
    if not scanned.records:
        raise UsageError(_nothing(samples, scanned.left_out))
    origin = f"{scanned.records:,} {'record' if scanned.records == 1 else 'records'} of {_named(samples)}"
    draft = Draft(name, origin, scanned.records, tables(scanned.root, table), records, delimiter)
    return Inferred(render(draft), scanned.records, scanned.left_out)


def _scan(samples: Sequence[Sample], noun: str) -> tuple[Scanned, Delimiter | None]:
    """What was seen; and the delimiter, if documents of many lines were taken for a record a line."""
    scanned = scan(samples, noun)
    if sum(one.records for one in scanned.left_out) > scanned.records:
        whole = scan(samples, noun, delimiter="none")
        if whole.records and not whole.left_out:
            return whole, "none"
    return scanned, None


def contract_name(location: str) -> str:
    """The name of a contract that is written to a file, or made from a sample, of this location."""
    base = location.rstrip("/").rpartition("/")[2]
    name = _ENDINGS.sub("", base)
    return name if _CONTRACT_NAME.fullmatch(name) else valid(name, fallback="feed")


def _nothing(samples: Sequence[Sample], left_out: Sequence[LeftOut]) -> str:
    why = "; ".join(map(str, left_out)) or f"{_named(samples)}: there are no records in it"
    return f"{why}; a contract is inferred from JSON objects: give samples that have some"


def _named(samples: Sequence[Sample]) -> str:
    """`orders.json and 3 more samples`"""
    first = samples[0].location.rpartition("/")[2]
    more = len(samples) - 1
    return first if not more else f"{first} and {more} more {'sample' if more == 1 else 'samples'}"
