"""Whether the samples are documents that wrap the records: `{"page": 1, "orders": [{...}, {...}]}`.

An order with its lines has the same shape. What tells them apart are names: an order has an id, or at least fields that
are about something; a wrapping document has none but those of an envelope.
"""

from __future__ import annotations

from collections.abc import Iterator

from etl.contract.expressions import EACH, Path
from etl.infer.seen import Seen
from etl.infer.texts import identifies
from etl.infer.vocabulary import ENVELOPE
from etl.infer.words import words

_DEEPEST = 3  # names from the root to the array

Names = tuple[str, ...]


def records_path(root: Seen) -> Path | None:
    """The path to the records inside wrapping documents; None where the documents are the records."""
    arrays = list(_arrays(root, ()))
    if len(arrays) != 1:
        return None
    names, array = arrays[0]
    if not _holds_records(array, root.values):
        return None
    beside = (name for level in _beside(root, names) for name in level)
    return Path((*names, EACH)) if all(map(_is_envelope, beside)) else None


def _is_envelope(name: str) -> bool:
    return bool(words(name)) and set(words(name)) <= ENVELOPE


def _arrays(seen: Seen, names: Names) -> Iterator[tuple[Names, Seen]]:
    """Arrays with objects in them that the document has by name."""
    if seen.element is not None and "object" in seen.element.only:
        yield names, seen
    for name, member in seen.members.items() if len(names) < _DEEPEST else ():
        if not identifies(name):
            yield from _arrays(member, (*names, name))


def _holds_records(array: Seen, documents: int) -> bool:
    """Whether each document has it (else it would be unreadable to the contract), and objects are all that is in it."""
    assert array.element is not None  # noqa: S101  `_arrays` gives no others
    return array.kinds["array"] == documents and set(array.element.kinds) == {"object"}


def _beside(root: Seen, names: Names) -> Iterator[list[str]]:
    """What stands beside the way to the array, level by level."""
    seen = root
    for name in names:
        yield [other for other in seen.members if other != name]
        seen = seen.members[name]
