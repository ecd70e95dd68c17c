"""The per-record path: one document -> rows, or the reasons why not. This is the specification of flattening.

The vectorised path (`vector`) does the same for straight records by the block; a property test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Any, TypeVar

import jiter
import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from etl.contract.expressions import (
    Coalesce,
    Day,
    Each,
    Expression,
    Index,
    Json,
    NullIf,
    Path,
    Scale,
    Step,
    Text,
    paths,
)
from etl.contract.model import Column, Contract, Table, Type
from etl.flatten import expansion, temporal
from etl.flatten.convert import Misfit, convert, found, instant, json_text, number_of, text_of
from etl.flatten.fields import Node, argument_type, unknown
from etl.flatten.temporal import Unfit
from etl.records import Rule, Same, Violation

NOT_UTF8 = Rule("encoding", "UTF-8")
NOT_JSON = Rule("json", "one JSON object")
DUPLICATE_KEY = Rule("duplicateKeys", "every key once in its object")
UNKNOWN = Rule("unknownFields", "only fields that the contract reads")
NO_ROWS = Rule("emptyRecords", "at least one row in some table")

Steps = tuple[Step, ...]
Positions = tuple[int, ...]  # the index of the element, for each `[*]`
Cell = tuple[Any, str, list[Misfit]]  # a typed value, or the path it was read at and what kept it from converting
T = TypeVar("T")

_TEXTS = {"trim": pc.utf8_trim_whitespace, "lower": pc.utf8_lower, "upper": pc.utf8_upper}
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])
_PLACE = re.compile(r" at line \d+ column (\d+)$")


@dataclass(slots=True)
class RecordRows:
    """Rows of one table from one record: typed values in column order, element positions, unknown columns."""

    values: list[list[Any]] = field(default_factory=list)
    positions: list[Positions] = field(default_factory=list)
    unknown: list[list[str]] = field(default_factory=list)


@dataclass(slots=True)
class FlatRecord:
    """What became of one record. `fields` are the fields that no column reads."""

    rows: dict[str, RecordRows]
    violations: list[Violation]
    fields: set[Path] = field(default_factory=set)


class Broken(Exception):
    """The document is not shaped as the path needs it; `at` is the place. Its value is nobody's to show."""

    def __init__(self, steps: Steps, positions: Positions, value: Any, expected: str) -> None:
        super().__init__(f"found {found(value)}, expected {expected}")
        self.at = Path(steps).at(positions)
        self.expected = expected


@dataclass(frozen=True, slots=True)
class _Typed:
    """A value that a function computed: of the column's own type, not a JSON value to convert."""

    value: Any


def parse(text: bytes) -> tuple[dict[str, Any] | None, Violation | None]:
    """The document, or why the text is not one JSON object (violation without its record number)."""
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return None, Violation(NOT_UTF8, 0, detail=f"invalid at byte {error.start} of the record")
    try:
        document = jiter.from_json(
            text, allow_inf_nan=False, catch_duplicate_keys=True, float_mode="lossless-float", cache_mode="keys"
        )
    except ValueError as error:
        return None, _not_json(str(error))
    if not isinstance(document, dict):
        return None, Violation(NOT_JSON, 0, path="$", detail=f"found {found(document)}")
    return document, None


def _not_json(message: str) -> Violation:
    """The parser's reason without the document's own words (a duplicate key is named in its message)."""
    place = _PLACE.search(message)
    where = f" at byte {max(int(place[1]) - 1, 0)} of the record" if place else ""
    if message.startswith("Detected duplicate key"):
        return Violation(DUPLICATE_KEY, 0, detail=f"a key that its object already has{where}")
    return Violation(NOT_JSON, 0, detail=f"{_PLACE.sub('', message)}{where}")


def flatten(number: int, text: bytes, contract: Contract, root: Node) -> FlatRecord:
    """Flatten one record's text under the contract. `root` is `fields.tree(contract)`."""
    document, violation = parse(text)
    if document is None:
        assert violation is not None  # noqa: S101  one of the two
        return FlatRecord({}, [_numbered(violation, number)])
    record = _Record(number, text, document)
    rows = {table.name: record.table(table) for table in contract.tables}
    fields = set(unknown(document, root))
    violations = [*record.violations, *_unknown_fields(number, fields, contract)]
    if not violations and not any(flat.values for flat in rows.values()):
        violations += no_rows(number, contract)
    return FlatRecord(rows, violations, fields)


def _numbered(violation: Violation, number: int) -> Violation:
    return Violation(violation.rule, number, violation.path, violation.value, violation.detail)


def no_rows(number: int, contract: Contract) -> list[Violation]:
    """The violation of a record that gives no row in any table, unless the contract allows it."""
    if contract.policies.empty_records == "allow":
        return []
    return [Violation(NO_ROWS, number, path=str(contract.tables[0].grain))]


def _unknown_fields(number: int, fields: set[Path], contract: Contract) -> list[Violation]:
    if contract.policies.unknown_fields != "reject":
        return []
    return [Violation(UNKNOWN, number, path=path) for path in sorted(map(str, fields))]


class _Record:
    """One document while it is flattened; collects its violations, one per column and place."""

    def __init__(self, number: int, text: bytes, document: dict[str, Any]) -> None:
        self.number = number
        self.length = len(text)
        self.document = document
        self.found: dict[tuple[Rule, str | None], Violation] = {}
        self.rows: dict[tuple[Rule, str | None], dict[int, None]] = {}
        self.slices: dict[Steps, msgspec.Raw] = {(): msgspec.Raw(text)}

    @property
    def violations(self) -> list[Violation]:
        return [replace(violation, rows=tuple(self.rows[key])) for key, violation in self.found.items()]

    def table(self, table: Table) -> RecordRows:
        flat = RecordRows()
        try:
            found = _elements(self.document, table.grain.steps, 0, ())
            elements = list(islice(found, expansion.MOST_ROWS + 1))
        except Broken as broken:
            self.note(Violation(Rule("type", broken.expected, table.name), self.number, broken.at, detail=str(broken)))
            return flat
        if self.expands(table, elements):
            self.note(Violation(expansion.rule(table), self.number, str(table.grain)))
            return flat
        levels = _levels(Same(table))
        for cells, positions in zip(self.each(table.columns, levels, elements, self.cell), elements, strict=True):
            self.row(table, cells, positions, flat)
        return flat

    def each(
        self,
        columns: Sequence[Column],
        levels: Sequence[int],
        elements: Sequence[Positions],
        read: Callable[[Column, Positions], T],
    ) -> Iterator[list[T]]:
        """What is read of these columns, row by row. What lies above the rows' own element is read once."""
        last: list[tuple[Positions, T] | None] = [None] * len(columns)
        for positions in elements:
            row = []
            for at, (column, level) in enumerate(zip(columns, levels, strict=True)):
                known = last[at]
                if known is None or known[0] != positions[:level]:
                    known = last[at] = (positions[:level], read(column, positions))
                row.append(known[1])
            yield row

    def expands(self, table: Table, elements: Sequence[Positions]) -> bool:
        """Whether the rows would be far more than the record is."""
        if expansion.is_small(len(elements), self.length):
            return False
        repeated = expansion.repeated(table)
        columns, levels = [table.columns[at] for at in repeated], [_levels(Same(table))[at] for at in repeated]
        left = expansion.most_characters(self.length)
        for sizes in self.each(columns, levels, elements, lambda *place: expansion.size(self.cell(*place)[0])):
            left -= sum(sizes)
            if left < 0:
                return True
        return len(elements) > expansion.MOST_ROWS

    def row(self, table: Table, cells: Sequence[Cell], positions: Positions, flat: RecordRows) -> None:
        values, unknowns = [], []
        for column, (value, path, misfits) in zip(table.columns, cells, strict=True):
            values.append(value)
            if misfits:
                unknowns.append(column.name)
            for misfit in misfits:
                self.misfit(column, path + misfit.suffix, misfit, len(flat.values))
        flat.values.append(values)
        flat.positions.append(positions)
        flat.unknown.append(unknowns)

    def cell(self, column: Column, positions: Positions) -> Cell:
        try:
            value = self.evaluate(column.source, column.type, positions)
        except Broken as broken:
            return None, broken.at, [Misfit("", None, str(broken))]
        except Unfit as reason:
            read = self.origin(column.source, column.type, positions)
            value = _resolve(self.document, read.steps, positions)
            return None, read.at(positions), [Misfit("", value, str(reason))]
        if value is None:
            return None, "", []
        if isinstance(value, _Typed):
            return value.value, "", []
        result, misfits = convert(value, column.type)
        at = self.origin(column.source, column.type, positions).at(positions) if misfits else ""
        return result, at, misfits

    def origin(self, expression: Expression, type_: Type, positions: Positions) -> Path:
        """The path whose value the expression took: of `coalesce`, the first that is not null."""
        if isinstance(expression, Path):
            return expression
        if isinstance(expression, Index | Json):
            return expression.path
        if not isinstance(expression, Coalesce):
            return self.origin(expression.argument, type_, positions)
        for argument in expression.arguments[:-1]:
            if self.is_there(argument, type_, positions):
                return self.origin(argument, type_, positions)
        return self.origin(expression.arguments[-1], type_, positions)

    def is_there(self, expression: Expression, type_: Type, positions: Positions) -> bool:
        """Whether it comes to a value, or to something that is none and breaks the column."""
        try:
            return self.evaluate(expression, type_, positions) is not None
        except (Unfit, Broken):
            return True

    def evaluate(self, expression: Expression, type_: Type, positions: Positions) -> Any:
        """The expression's JSON value, or a `_Typed` one. Raises `Broken`, `Unfit`."""
        if isinstance(expression, Path):
            return _resolve(self.document, expression.steps, positions)
        if isinstance(expression, Index):
            return positions[_depth(expression.path) - 1]
        if isinstance(expression, Json):
            return self.raw(expression.path, positions)
        if isinstance(expression, Coalesce):
            values = (self.evaluate(argument, type_, positions) for argument in expression.arguments)
            return next((value for value in values if value is not None), None)
        inner = argument_type(expression, type_)
        value = self.evaluate(expression.argument, inner, positions)
        return None if value is None else _apply(expression, value, inner)

    def raw(self, path: Path, positions: Positions) -> str | None:
        """The slice of the record's text at a path: `json` keeps what was written."""
        if _resolve(self.document, path.steps, positions) is None:
            return None
        elements = iter(positions)
        steps = tuple(next(elements) if isinstance(step, Each) else step for step in path.steps)
        return bytes(self.slice(steps)).strip().replace(b"\n", b" ").replace(b"\r", b" ").decode()

    def slice(self, steps: Steps) -> msgspec.Raw:
        """The text at steps without `[*]`. An array is taken apart once, however many elements are asked for."""
        if steps not in self.slices:
            self.slices.update(_members(self.slice(steps[:-1]), steps))
        return self.slices[steps]

    def misfit(self, column: Column, path: str, misfit: Misfit, row: int) -> None:
        if (rows := self.rows.get((column.cast, path))) is not None:  # the same value, in one row more
            rows[row] = None
            return
        value = None if misfit.value is None else json_text(misfit.value)
        self.note(Violation(column.cast, self.number, path, value, misfit.reason, (row,)))

    def note(self, violation: Violation) -> None:
        """One violation per rule and place, however many rows repeat it."""
        key = (violation.rule, violation.path)
        self.found.setdefault(key, violation)
        self.rows.setdefault(key, {}).update(dict.fromkeys(violation.rows))


@lru_cache(maxsize=256)
def _levels(key: Same[Table]) -> tuple[int, ...]:
    """How many of a row's positions each column depends on."""
    return tuple(max(map(_depth, paths(column.source))) for column in key.one.columns)


def _depth(path: Path) -> int:
    return sum(isinstance(step, Each) for step in path.steps)


def _apply(expression: Text | NullIf | Scale | Day, value: Any, type_: Type) -> Any:
    if isinstance(expression, Text):
        return _text(expression.function, text_of(value))
    if isinstance(expression, NullIf):
        return None if value == expression.text else value
    if isinstance(expression, Scale):
        sign, digits, exponent = number_of(value).as_tuple()
        return Decimal((sign, digits, int(exponent) + expression.exponent))
    return _Typed(temporal.day_in(instant(value, type_, "us"), "us", expression.timezone))


def _text(function: str, text: str) -> Any:
    """By Arrow's kernel, as on the vectorised path; where Python is sure to come to the same, it is much quicker."""
    if text.isascii():
        if function != "trim":
            return text.lower() if function == "lower" else text.upper()
        if " " < text[:1] <= "~" and " " < text[-1:] <= "~":
            return text
    return _TEXTS[function](pa.scalar(text)).as_py()


def _elements(value: Any, steps: Steps, at: int, positions: Positions) -> Iterator[Positions]:
    """The positions of every element of a grain, from step `at` on. Raises `Broken` where it meets another shape."""
    if at == len(steps):
        yield positions
    elif value is None:
        return
    elif isinstance(steps[at], Each):
        for index, element in enumerate(_array(value, steps[:at], positions)):
            yield from _elements(element, steps, at + 1, (*positions, index))
    else:
        yield from _elements(_member(value, steps, at, positions), steps, at + 1, positions)


def _resolve(value: Any, steps: Steps, positions: Positions) -> Any:
    """The value at a path, None where it is null or absent. Raises `Broken`."""
    elements = iter(positions)
    for at, step in enumerate(steps):
        if value is None:
            return None
        if type(step) is str and type(value) is dict:  # nearly always, and quicker than a call
            value = value.get(step)
        elif isinstance(step, Each):
            value = _array(value, steps[:at], positions)[next(elements)]
        else:
            value = _member(value, steps, at, positions)
    return value


def _array(value: Any, steps: Steps, positions: Positions) -> list[Any]:
    if not isinstance(value, list):
        raise Broken(steps, positions, value, "an array")
    return value


def _member(value: Any, steps: Steps, at: int, positions: Positions) -> Any:
    step = steps[at]
    if isinstance(step, str):
        if not isinstance(value, dict):
            raise Broken(steps[:at], positions, value, "an object")
        return value.get(step)
    assert isinstance(step, int)  # noqa: S101  the callers take `[*]` themselves
    elements = _array(value, steps[:at], positions)
    return elements[step] if -len(elements) <= step < len(elements) else None


def _members(raw: msgspec.Raw, steps: Steps) -> dict[Steps, msgspec.Raw]:
    """The members of what holds the last of the steps, by their own steps."""
    before, last = steps[:-1], steps[-1]
    if isinstance(last, str):
        return {(*before, name): member for name, member in _OBJECT.decode(raw).items()}
    elements = _ARRAY.decode(raw)
    return {(*before, at): element for at, element in enumerate(elements)} | {steps: elements[int(str(last))]}
