"""What is published and what is not.

With `quarantineGrain: record` one broken rule takes the whole record, so that what belongs together stays together.
With `row` it takes the rows that it touches; a violation that touches no row takes the record all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from etl.contract.model import Contract
from etl.records import Rows, Split, Violation


def split(rows: Mapping[str, Rows], violations: Sequence[Violation], contract: Contract) -> Split:
    """Divide a block's rows by the violations (of any severity) found in them."""
    errors = [violation for violation in violations if violation.rule.severity == "error"]
    by_row = contract.policies.quarantine_grain == "row"
    whole = {violation.record for violation in errors if not (by_row and violation.rows)}
    kept = {name: _kept(name, table, whole, errors if by_row else ()) for name, table in rows.items()}
    published = {
        name: table if kept[name].all() else table.only(np.flatnonzero(kept[name])) for name, table in rows.items()
    }
    broken = {violation.record for violation in errors}
    partly = frozenset(number for number in broken - whole if _has_rows(number, published))
    taken = {number: _taken(number, rows, kept) for number in broken} if by_row else {}
    return Split(published, _by_record(violations, broken), partly, taken)


def _kept(name: str, table: Rows, whole: set[int], errors: Iterable[Violation]) -> np.ndarray:
    """A mask over a table's rows: those that are published."""
    kept = ~np.isin(table.records, np.fromiter(whole, dtype=np.int64, count=len(whole)))
    for violation in errors:
        if violation.rule.table == name and violation.rows:
            first = np.searchsorted(table.records, violation.record)
            kept[first + np.array(violation.rows)] = False
    return kept


def _taken(number: int, rows: Mapping[str, Rows], kept: Mapping[str, np.ndarray]) -> dict[str, list[int]]:
    """The rejected rows of a record, by table, counted from 0 within it."""
    taken = {}
    for name, table in rows.items():
        first, end = np.searchsorted(table.records, [number, number + 1])
        taken[name] = np.flatnonzero(~kept[name][first:end]).tolist()
    return {name: ordinals for name, ordinals in taken.items() if ordinals}


def _has_rows(number: int, rows: Mapping[str, Rows]) -> bool:
    return any(
        at < len(table) and table.records[at] == number
        for table in rows.values()
        for at in [np.searchsorted(table.records, number)]
    )


def _by_record(violations: Sequence[Violation], broken: set[int]) -> dict[int, list[Violation]]:
    found: dict[int, list[Violation]] = {number: [] for number in sorted(broken)}
    for violation in violations:
        if violation.record in found:
            found[violation.record].append(violation)
    return found
