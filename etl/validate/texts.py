"""Arrow values -> the JSON text a violation shows: numbers by their digits, text quoted, dates and times in ISO."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc

_ENCODER = json.JSONEncoder(ensure_ascii=False)


def json_texts(array: pa.Array) -> list[str | None]:
    """One JSON text per value, None for null. Values that are equal (of one type) give the same text."""
    for is_kind, render in _RENDERERS:
        if is_kind(array.type):
            return render(array)
    return _each(array.to_pylist(), lambda value: quoted(str(value)))


def quoted(text: str) -> str:
    """A JSON string; letters stay as they are."""
    return _ENCODER.encode(text)


def plain(number: Decimal) -> str:
    """The digits of a decimal, never with an exponent."""
    return format(number, "f")


def _each(values: Iterable[object], render: Callable[..., str]) -> list[str | None]:
    return [None if value is None else render(value) for value in values]


def _strings(array: pa.Array) -> list[str | None]:
    return _each(array.to_pylist(), quoted)


def _as_printed(array: pa.Array) -> list[str | None]:
    texts: list[str | None] = array.cast(pa.string()).to_pylist()
    return texts


def _decimals(array: pa.Array) -> list[str | None]:
    return _each(array.to_pylist(), plain)


def _floats(array: pa.Array) -> list[str | None]:
    return _each(array.to_pylist(), json.dumps)


def _temporals(array: pa.Array) -> list[str | None]:
    """By Arrow's own text, which knows nanoseconds and years that Python's types do not."""
    return _each(_as_printed(array), _iso)


def _instants(array: pa.Array) -> list[str | None]:
    """Likewise, in UTC: without their zone, for which Arrow would look in a folder that slim images lack."""
    return _each(_as_printed(array.cast(pa.timestamp(array.type.unit))), lambda text: _iso(text, "Z"))


def _iso(text: str, zone: str = "") -> str:
    whole, point, fraction = text.replace(" ", "T").partition(".")
    digits = fraction.rstrip("0")
    return f'"{whole}{point if digits else ""}{digits}{zone}"'


def _lists(array: pa.Array) -> list[str | None]:
    items = _with_nulls(json_texts(pc.list_flatten(array)))
    return _each(
        pc.list_value_length(array).to_pylist(),
        lambda length: f"[{', '.join(islice(items, length))}]",
    )


def _structs(array: pa.Array) -> list[str | None]:
    names = [quoted(field.name) for field in array.type]
    fields = [_with_nulls(json_texts(pc.struct_field(array, index))) for index in range(len(names))]
    rows = zip(*fields, strict=True) if fields else iter([()] * len(array))
    return [
        f"{{{', '.join(f'{name}: {text}' for name, text in zip(names, row, strict=True))}}}" if valid else None
        for valid, row in zip(array.is_valid().to_pylist(), rows, strict=True)
    ]


def _with_nulls(texts: list[str | None]) -> Iterator[str]:
    return ("null" if text is None else text for text in texts)


_RENDERERS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array], list[str | None]]], ...] = (
    (pa.types.is_string, _strings),
    (pa.types.is_integer, _as_printed),
    (pa.types.is_boolean, _as_printed),
    (pa.types.is_decimal, _decimals),
    (pa.types.is_floating, _floats),
    (pa.types.is_date, _temporals),
    (pa.types.is_time, _temporals),
    (pa.types.is_timestamp, _instants),
    (pa.types.is_list, _lists),
    (pa.types.is_struct, _structs),
)
