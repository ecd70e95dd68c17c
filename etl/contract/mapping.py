"""`transformLogic`: the flattening map of a column, checked against its type; and the grain of a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from open_data_contract_standard.model import SchemaProperty

from etl.contract.expressions import (
    Coalesce,
    Day,
    Expression,
    ExpressionError,
    Index,
    Json,
    NullIf,
    Path,
    Scale,
    Text,
    parse,
    paths,
)
from etl.contract.model import Kind, Type
from etl.contract.patterns import EPOCHS
from etl.contract.readings import readings
from etl.contract.source import Place

_NESTED: tuple[Kind, ...] = ("array", "object")
_NUMERIC: tuple[Kind, ...] = ("integer", "number", "decimal")


def source_of(node: SchemaProperty, place: Place) -> Expression | None:
    """The column's expression, `$.<name>` where none is given; None with the fault reported."""
    if node.transformLogic is None:
        return None if place.tried("transformLogic") or not node.name else Path((node.name,))
    try:
        return parse(node.transformLogic)
    except ExpressionError as error:
        cut = "; YAML took ' #' and what follows for a comment: put the value in quotes"
        here = place / "transformLogic"
        here.fault_at(error.position, f"{error}{cut if here.ends_in_comment else ''}")
    except RecursionError:
        (place / "transformLogic").fault("these functions are nested too deeply")
    return None


def fit(expression: Expression, kind: Kind, place: Place) -> bool:
    """Whether the expression can give values of this kind; a fault at `transformLogic` where it can't."""
    reason = _misfit(expression, kind)
    if reason:
        (place / "transformLogic").fault(reason)
    return reason is None


def readable(expression: Expression, type_: Type, place: Place) -> bool:
    """Whether texts of the column's format can be read; a fault there where all go through `date()`, as what a date's
    pattern gives is no timestamp."""
    if type_.kind != "date" or type_.format is None or type_.format in EPOCHS:
        return True
    if any(reading.kind == "date" for reading in readings(expression, type_)):
        return True
    (place / "logicalTypeOptions" / "format").fault(
        f"date() reads timestamps, and '{type_.format}' is of dates: no text would pass. Leave date() out if the texts "
        "are dates, else the format, which may be epochSeconds or epochMillis"
    )
    return False


def _misfit(expression: Expression, kind: Kind) -> str | None:
    if isinstance(expression, Coalesce):
        return next((reason for part in expression.arguments if (reason := _misfit(part, kind))), None)
    if isinstance(expression, Path):
        return None
    if kind in _NESTED:
        return f"an {kind} column takes a path or coalesce of paths, no other function"
    match expression:
        case Text(function, argument):
            return _not_text(function, argument)
        case NullIf(argument):
            return _not_text("nullif", argument)
        case Index():
            return None if kind == "integer" else f"index gives an integer, this column is of type {kind}"
        case Scale(argument):
            return _misfit_scale(argument, kind)
        case Day(argument):
            return _misfit_day(argument, kind)
        case Json():
            return None if kind == "string" else f"json gives a string, this column is of type {kind}"


def _not_text(function: str, argument: Expression) -> str | None:
    """`trim`, `lower`, `upper` and `nullif` work on text; what they give then converts as JSON text does."""
    parts = argument.arguments if isinstance(argument, Coalesce) else (argument,)
    if any(isinstance(part, Index | Scale | Day) for part in parts):
        return f"{function} works on text: a path or another text function is expected in it"
    inner = (part.argument for part in parts if isinstance(part, Text | NullIf))
    return next((reason for part in inner if (reason := _not_text(function, part))), None)


def _misfit_scale(argument: Expression, kind: Kind) -> str | None:
    if kind not in _NUMERIC:
        return f"scale gives a number, this column is of type {kind}"
    return None if _converts(argument) else "scale works on a number: a path is expected in it"


def _misfit_day(argument: Expression, kind: Kind) -> str | None:
    if kind != "date":
        return f"date gives a date, this column is of type {kind}"
    return None if _converts(argument) else "date works on a timestamp: a path is expected in it"


def _converts(argument: Expression) -> bool:
    """What the conversion functions take: a path, a text, or the first of several."""
    if isinstance(argument, Coalesce):
        return all(_converts(part) for part in argument.arguments)
    if isinstance(argument, Text | NullIf):
        return _not_text("", argument) is None
    return isinstance(argument, Path)


def grain_of(columns: Iterable[tuple[str, Expression, Place]]) -> Path:
    """The longest `[*]` chain of a table's columns; all others lie on it. Each that does not is one fault."""
    readers: dict[Path, list[tuple[str, Place]]] = {}
    for name, expression, place in columns:
        for path in paths(expression):
            readers.setdefault(path.grain, []).append((name, place))
    inner = {shorter for chain in readers for shorter in _shorter(chain)}
    whole = [chain for chain in readers if chain not in inner]
    weights = {chain: sum(len(readers.get(part, ())) for part in (chain, *_shorter(chain))) for chain in whole}
    main, *others = sorted(whole, key=lambda chain: -weights[chain]) or [Path(())]
    for chain in others:
        _cross(chain, readers[chain], main, readers[main])
    return main


def _shorter(chain: Path) -> Iterator[Path]:
    """The chains that this one begins with."""
    while chain.steps:
        chain = Path(chain.steps[:-1]).grain
        yield chain


def _cross(chain: Path, readers: list[tuple[str, Place]], main: Path, others: list[tuple[str, Place]]) -> None:
    """The fault of two chains, at the first column of the one that fewer follow."""
    (readers[0][1] / "transformLogic").fault(
        f"{_who(readers)} {chain}, {_who(others)} {main}: one table follows one [*] chain; put {chain} into a table of "
        "its own"
    )


def _who(readers: list[tuple[str, Place]]) -> str:
    first, *more = dict.fromkeys(name for name, _ in readers)
    return f"'{first}' and {len(more)} more read" if more else f"'{first}' reads"
