"""Names for columns and tables: valid, in snake_case, and none twice, however fields are called."""

from __future__ import annotations

from collections.abc import Sequence

from etl.infer.words import is_bare_id, snake

_LONGEST = 63  # of 128 that the engine takes: other databases take no more
_FALLBACK = "field"


class Names:
    """The names of one table's columns, or of the tables."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, wanted: str) -> str:
        """A valid name like this one that is not taken yet."""
        name = valid(wanted)
        count = 1
        while name in self._taken:
            count += 1
            name = f"{valid(wanted)[: _LONGEST - len(str(count)) - 1]}_{count}"
        self._taken.add(name)
        return name


def valid(wanted: str, fallback: str = _FALLBACK) -> str:
    """In snake_case, a letter first: no name of the engine's own columns and folders begins with one."""
    name = snake(wanted)
    if len(name) > _LONGEST:
        name = (name[:_LONGEST].rpartition("_")[0] or name)[:_LONGEST].strip("_")
    if not name:
        return fallback
    return name if name[0].isalpha() else f"{fallback}_{name}"[:_LONGEST]


def column_name(names: Sequence[str]) -> str:
    """`customer_name` of `$.customer.name`, `customer_id` of `$.customer.customer_id`: no word follows itself."""
    joined: list[str] = []
    for part in (spelt.split("_") for spelt in map(snake, names) if spelt):
        overlap = next(size for size in range(len(part), -1, -1) if joined[len(joined) - size :] == part[:size])
        joined += part[overlap:]
    return "_".join(joined)


def carried(name: str, field: str, noun: str) -> str:
    """What a table's key is called in the tables below it: `order_id` of an order's `id`."""
    return f"{noun}_{name}" if is_bare_id(field) else name
