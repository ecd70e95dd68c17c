"""A contract as the JSON Schema (draft 2020-12) of its documents: the paths of the columns turned back into nesting.

What the schema refuses, the engine refuses. What JSON Schema can't say stands in `$comment`: at its place, or at the
root what concerns several documents or columns together.

Null and absent are the same to the engine, so `required` is "there and not null". A table without rows asks nothing:
what its columns demand above its rows is demanded where there are rows, with `if`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from etl.contract.expressions import (
    EACH,
    Coalesce,
    Each,
    Expression,
    Index,
    Json,
    NullIf,
    Path,
    Step,
    paths,
)
from etl.contract.model import Check, Column, Contract, Count, DistinctItems, Required, Table, demands_value
from etl.documents.accepted import Schema, accepted
from etl.documents.frame import Frame, tidy
from etl.documents.places import plant

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Steps = tuple[Step, ...]


def json_schema(contract: Contract) -> Schema:
    """The JSON Schema of one document: one record, without what may wrap it."""
    root = Frame(shaped=True, needed=True)
    _name_all(root, contract)
    for table in contract.tables:
        root.follow(table.grain.steps)
        _table(root, table, always=_has_always_rows(table, contract))
    _demand_rows(root, contract)
    schema = root.emit()
    schema.pop("$comment", None)
    return {
        "$schema": DIALECT,
        "title": f"{contract.name} {contract.version}: one document",
        **({"description": contract.description} if contract.description else {}),
        **_only_objects(tidy(schema)),
        "$comment": "\n".join(["Asked beyond what JSON Schema can say:", *_beyond(contract)]),
    }


def _only_objects(schema: Schema) -> Schema:
    return {"type": "object", **schema}


def _has_always_rows(table: Table, contract: Contract) -> bool:
    """Whether a record without rows of this table is refused anyway."""
    same = all(each.grain == table.grain for each in contract.tables)
    return not table.grain.steps or (same and contract.policies.empty_records == "reject")


def _demand_rows(root: Frame, contract: Contract) -> None:
    """Some table has a row, unless the policies allow that none has."""
    grains = list(dict.fromkeys(table.grain.steps for table in contract.tables))
    if contract.policies.empty_records == "allow" or () in grains:
        return
    if len(grains) == 1 and all(isinstance(step, str) for step in grains[0][:-1]):
        array = root.follow(grains[0][:-1], needed=True)
        array.keywords["minItems"] = max(array.keywords.get("minItems", 0), 1)
        return
    found = [_has_rows(steps) for steps in grains]
    asked = [each for each in found if each is not None]
    if len(asked) == len(found):
        root.also.append({"anyOf": asked} if len(asked) > 1 else asked[0])


def _name_all(root: Frame, contract: Contract) -> None:
    """Every field that a column reads has a place, with its description; other fields are refused where they are."""
    closed = contract.policies.unknown_fields == "reject"
    whole = {
        path.steps
        for table in contract.tables
        for column in table.columns
        for path in paths(column.source)
        if isinstance(column.source, Json)
    }
    for place in plant(contract).walk():
        if any(place.steps[: len(steps)] == steps for steps in map(_anywhere, whole)):
            continue
        frame = root
        for step in place.steps:
            frame = frame.child(step)
        frame.closed = closed and bool(place.names)
    for table in contract.tables:
        for column in table.columns:
            _describe(root, column)


def _anywhere(steps: Steps) -> Steps:
    return tuple(EACH if isinstance(step, int) else step for step in steps)


def _describe(root: Frame, column: Column) -> None:
    frame = root
    for step in paths(column.source)[0].steps:
        frame = frame.child(step)
    if not isinstance(column.source, Index):
        frame.description = frame.description or column.description


# Tables.


def _table(root: Frame, table: Table, *, always: bool) -> None:
    """What the columns ask, each at the element that it belongs to."""
    levels = _levels(table.grain.steps)
    for level, base in enumerate(levels):
        own = [column for column in table.columns if _level(column) == level]
        rest = table.grain.steps[len(base) :]
        frame = _reach(root, base)
        if not rest or (level == 0 and always):
            _columns(frame, own, base)
            continue
        asked = Frame()
        _columns(asked, own, base)
        rows, then = _has_rows(rest), asked.emit()
        if rows is not None and then and not _covers(frame, asked):
            frame.also.append({"if": rows, "then": then})


def _covers(frame: Frame, asked: Frame) -> bool:
    """Whether all that is asked is asked already, whether or not there are rows."""
    return (
        (frame.shaped or not asked.shaped)
        and (frame.needed or not asked.needed)
        and all(part in frame.parts for part in asked.parts)
        and all(part in frame.also for part in asked.also)
        and all(frame.keywords.get(name) == value for name, value in asked.keywords.items())
        and all(name in frame.names and _covers(frame.names[name], child) for name, child in asked.names.items())
        and all(index in frame.at and _covers(frame.at[index], child) for index, child in asked.at.items())
        and (asked.each is None or (frame.each is not None and _covers(frame.each, asked.each)))
    )


def _levels(grain: Steps) -> list[Steps]:
    """The root, and each `[*]` of the grain."""
    return [(), *(grain[: at + 1] for at, step in enumerate(grain) if isinstance(step, Each))]


def _level(column: Column) -> int:
    return max(sum(isinstance(step, Each) for step in path.steps) for path in paths(column.source))


def _reach(root: Frame, steps: Steps) -> Frame:
    frame = root
    for step in steps:
        frame = frame.child(step)
    return frame


def _has_rows(steps: Steps) -> Schema | None:
    """That the steps lead to an element; None where an index from the end can't be said."""
    if not steps:
        return {}
    inner = _has_rows(steps[1:])
    step = steps[0]
    if inner is None or (isinstance(step, int) and step < 0):
        return None
    if isinstance(step, str):
        return {"type": "object", "required": [step], "properties": {step: inner}}
    if isinstance(step, int):
        return {"type": "array", "minItems": step + 1, "prefixItems": [*[True] * step, inner]}
    return {"type": "array", "contains": inner} if inner else {"type": "array", "minItems": 1}


# Columns.


def _columns(frame: Frame, columns: Sequence[Column], base: Steps) -> None:
    """Of those that read both above the element and at it, the end says in words what is asked: `_beyond`."""
    for column in columns:
        if _is_at(column, base):
            _column(frame, column, base)


def _is_at(column: Column, base: Steps) -> bool:
    return all(path.steps[: len(base)] == base for path in paths(column.source))


def _column(frame: Frame, column: Column, base: Steps) -> None:
    choices = list(_choices(column.source))
    needed = demands_value(column.checks)
    if len(choices) == 1:
        _read(frame, choices[0][1], column, base, needed=needed)
        return
    frame.also.append(_first_of(choices, column, base, needed=needed))


Choice = tuple[Expression, Expression]
"""An argument of `coalesce`, which is taken if it comes to a value, and what is then done with it."""


def _choices(source: Expression) -> Iterator[Choice]:
    if isinstance(source, Coalesce):
        for argument in source.arguments:
            yield from _choices(argument)
    elif isinstance(source, Path | Index | Json):
        yield source, source
    else:
        for taken, used in _choices(source.argument):
            yield (source if taken is used and not _holds_coalesce(source) else taken), replace(source, argument=used)


def _holds_coalesce(source: Expression) -> bool:
    if isinstance(source, Path | Index | Json):
        return False
    return isinstance(source, Coalesce) or _holds_coalesce(source.argument)


def _first_of(choices: Sequence[Choice], column: Column, base: Steps, *, needed: bool) -> Schema:
    (taken, used), *others = choices
    if not others:
        last = Frame()
        _read(last, used, column, base, needed=needed)
        return last.emit()
    right, shape = Frame(), Frame()
    _read(right, used, column, base, needed=True)
    for path in paths(used):
        shape.follow(path.steps[len(base) :])
    rest = _first_of(others, column, base, needed=needed)
    asked: Schema = {"if": _gives(taken, base), "then": right.emit(), "else": rest}
    return {"allOf": [shape.emit(), asked]} if not shape.is_silent else asked


def _gives(source: Expression, base: Steps) -> Schema:
    """That an expression comes to a value."""
    if isinstance(source, Index):
        return {}
    frame = Frame()
    end = frame.follow(paths(source)[0].steps[len(base) :], needed=True)
    if isinstance(source, NullIf) and isinstance(source.argument, Path):
        end.parts.append({"not": {"enum": [source.text, None]}})
    return frame.emit()


def _read(frame: Frame, source: Expression, column: Column, base: Steps, *, needed: bool) -> None:
    """What one path, with the functions round it, has to lead to."""
    if isinstance(source, Index):
        return
    (path,) = paths(source)
    end = frame.follow(path.steps[len(base) :], needed=needed)
    if any(isinstance(step, int) and step < 0 for step in path.steps):
        end.notes.append("counted from the end")
    _accept(end, replace(column, source=source))


def _accept(frame: Frame, column: Column) -> None:
    """What a value has to be; lists and objects are taken apart."""
    type_ = column.type
    if type_.item is None and not type_.fields:
        found = accepted(column)
        frame.parts.append(found.schema)
        frame.notes += found.notes
        return
    frame.shaped = True
    for check in (each for each in column.checks if not each.within and each.rule.severity == "error"):
        _keyword(frame, check)
    inner = [("[]", EACH, type_.item)] if type_.item else [(each.name, each.name, each.type) for each in type_.fields]
    for key, step, part in inner:
        checks = tuple(replace(check, within=check.within[1:]) for check in column.checks if check.within[:1] == (key,))
        child = frame.child(step)
        child.needed |= demands_value(checks)
        _accept(child, replace(column, type=part, source=Path(("v",)), checks=checks))


def _keyword(frame: Frame, check: Check) -> None:
    """A rule of a list or an object as a whole. Members that are null count for JSON Schema, and for the engine not."""
    is_list = frame.each is not None or not frame.names
    if isinstance(check.test, DistinctItems):
        frame.keywords["uniqueItems"] = True
    elif isinstance(check.test, Count):
        what = "Items" if "Items" in check.rule.name else "Properties"
        name = f"{'min' if check.test.op == '>=' else 'max'}{what}"
        if is_list or name != "maxProperties":
            frame.keywords[name] = check.test.limit
        if what == "Properties":
            frame.notes.append(f"{check.rule.name}: {check.rule.expected}, not counting null")
    elif not isinstance(check.test, Required):
        frame.notes.append(f"{check.rule.name}: {check.rule.expected}")


# What concerns more than one value.


def _beyond(contract: Contract) -> Iterator[str]:
    for table in contract.tables:
        levels = _levels(table.grain.steps)
        for column in (each for each in table.columns if not _is_at(each, levels[_level(each)])):
            asked = [column.cast.expected, *(f"{each.rule.name}: {each.rule.expected}" for each in column.checks)]
            yield f"- {table.name}.{column.name}, which is read at several levels: {'; '.join(asked)}"
        for key in table.keys:
            yield f"- {key.rule.name}: {table.name}.{key.rule.column or ', '.join(key.columns)} is {key.rule.expected}"
        for condition in table.conditions:
            yield f"- {condition.rule.name}: every row of {table.name} meets: {condition.rule.expected}"
    for rule in contract.upload_rules:
        yield f"- {rule.rule.name}: an upload as a whole, by {rule.rule.subject}: {rule.rule.expected}"
    yield "- every key once in its object; numbers are exact, not as a float has them"
