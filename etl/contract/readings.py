"""As what a column's values are read: its format is that of its own type, but of a timestamp under `date()`."""

from __future__ import annotations

import pyarrow as pa

from etl.contract.expressions import Coalesce, Day, Expression
from etl.contract.model import Type


def moment(type_: Type) -> Type:
    """What `date()` reads, for a column of this type."""
    return Type("timestamp", pa.timestamp("us", "UTC"), format=type_.format)


def readings(source: Expression, type_: Type) -> tuple[Type, ...]:
    """The types that the values of a column of this type are read as: mostly one, of `coalesce` perhaps two."""
    if isinstance(source, Coalesce):
        return tuple(dict.fromkeys(one for argument in source.arguments for one in readings(argument, type_)))
    return (moment(type_) if isinstance(source, Day) else type_,)
