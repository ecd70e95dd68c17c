"""Values of a result as JSON and as text. Decimals keep their digits, times are ISO 8601, in UTC with a Z."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
from pyarrow import types

from etl.errors import UsageError
from etl.query.database import Result

_encoder = msgspec.json.Encoder(enc_hook=str)


def rows(result: Result) -> Iterator[tuple[Any, ...]]:
    """The rows of a result: values that `document` and `text` take. Raises as `asked` does, and `UsageError`."""
    forms = [_form(kind) for kind in result.types]
    for batch in result.batches:
        columns = [_values(*of) for of in zip(result.names, batch.columns, forms, strict=True)]
        yield from zip(*columns, strict=True) if columns else iter(())


def document(names: Sequence[str], row: Sequence[Any]) -> str:
    """One row as one JSON document."""
    return _encoder.encode(dict(zip(names, row, strict=True))).decode()


def text(value: Any) -> str:
    """A value as one reads it; nothing for null."""
    match value:
        case None:
            return ""
        case str():
            return value
        case float():
            return repr(value)
        case _:
            found = _encoder.encode(value).decode()
            return found.strip('"') if isinstance(value, date | time | bytes) else found


Form = Callable[[Any], Any]


def _values(name: str, column: pa.Array, form: Form | None) -> list[Any]:
    try:
        values = column.to_pylist()
    except (ValueError, OverflowError) as error:  # beyond the year 9999, say
        raise UsageError(f"{name}: a value that can't be shown as it is; CAST it to VARCHAR") from error
    return values if form is None else [None if value is None else form(value) for value in values]


def _form(kind: pa.DataType) -> Form | None:
    """How the values of a type are to be written; None: as they are."""
    if types.is_timestamp(kind):
        return _moment
    if types.is_decimal(kind):
        return _digits
    if types.is_floating(kind):
        return _double
    if types.is_map(kind):
        return _pairs(_form(kind.key_type), _form(kind.item_type))
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _each(_form(kind.value_type))
    if types.is_struct(kind):
        return _fields({field.name: _form(field.type) for field in kind})
    return None


def _moment(value: datetime) -> str:
    """Nanoseconds come as a kind of datetime that says them, and that an encoder of datetimes would cut."""
    return value.isoformat().replace("+00:00", "Z")


def _digits(value: Decimal) -> msgspec.Raw:
    """As a number of JSON: all digits, where an encoder of decimals would write 0E-10."""
    return msgspec.Raw(f"{value:f}".encode())


def _double(value: float) -> float | str:
    """JSON has no NaN and no infinity, and null is something else."""
    return value if math.isfinite(value) else repr(value)


def _formed(value: Any, form: Form | None) -> Any:
    return value if form is None or value is None else form(value)


def _each(form: Form | None) -> Form | None:
    return None if form is None else lambda values: [_formed(value, form) for value in values]


def _fields(forms: dict[str, Form | None]) -> Form | None:
    if not any(forms.values()):
        return None
    return lambda value: {name: _formed(one, forms[name]) for name, one in value.items()}


def _pairs(key: Form | None, item: Form | None) -> Form:
    return lambda pairs: [{"key": _formed(one, key), "value": _formed(other, item)} for one, other in pairs]
