"""A JSON Schema while it is put together: a tree of names and elements, with what each place accepts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from etl.contract.expressions import Each, Step
from etl.documents.accepted import Schema

_NULL = {"type": "null"}


@dataclass(slots=True, eq=False)
class Frame:
    """One place. `shaped`: anything but an object (or an array) and null is refused here; `needed`: null is, too.

    `parts` are what values must be, `also` what holds for null as well. `closed`: no other members.
    """

    names: dict[str, Frame] = field(default_factory=dict)
    each: Frame | None = None
    at: dict[int, Frame] = field(default_factory=dict)
    shaped: bool = False
    needed: bool = False
    closed: bool = False
    parts: list[Schema] = field(default_factory=list)
    also: list[Schema] = field(default_factory=list)
    keywords: Schema = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    description: str | None = None

    def child(self, step: Step) -> Frame:
        """What a step leads to; an index from the end to no place that JSON Schema could name."""
        if isinstance(step, str):
            return self.names.setdefault(step, Frame())
        if isinstance(step, Each):
            self.each = self.each or Frame()
            return self.each
        return self.at.setdefault(step, Frame())

    def follow(self, steps: tuple[Step, ...], *, needed: bool = False) -> Frame:
        """The place at the end of steps, each of which has its shape."""
        frame = self
        for step in steps:
            frame.shaped = True
            frame.needed |= needed
            frame = frame.child(step)
        frame.needed |= needed
        return frame

    @property
    def is_silent(self) -> bool:
        """Whether nothing is asked here."""
        return self.emit() == {}

    def emit(self) -> Schema:
        """The schema of this place."""
        values = [*self._structures(), *_distinct(self.parts)]
        schema = _all([schema if self.needed else _or_null(schema) for schema in values])
        if self.needed and not values:
            schema = {"not": dict(_NULL)}
        schema = _all([*([schema] if schema else []), *_distinct(self.also)])
        words: Schema = {"description": self.description} if self.description else {}
        notes = list(dict.fromkeys(self.notes))
        return {**words, **schema, **({"$comment": "; ".join(notes)} if notes else {})}

    def _structures(self) -> list[Schema]:
        found = []
        if self.names:
            found.append(self._object())
        if self.each is not None or self.at:
            found.append(self._array())
        return [each for each in found if each]

    def _object(self) -> Schema:
        required = [name for name, child in self.names.items() if child.needed]
        return {
            **({"type": ["object"]} if self.shaped else {}),
            **self.keywords,
            **({"required": required} if required else {}),
            "properties": {name: child.emit() for name, child in self.names.items()},
            **({"additionalProperties": False} if self.closed else {}),
        }

    def _array(self) -> Schema:
        each = self.each.emit() if self.each else {}
        end = max((index + 1 for index in self.at if index >= 0), default=0)
        prefix = [_all([part for part in (each, self._at(index)) if part]) for index in range(end)]
        needed = [index + 1 if index >= 0 else -index for index, child in self.at.items() if child.needed]
        least = max([*needed, self.keywords.get("minItems", 0)])
        return {
            **({"type": ["array"]} if self.shaped else {}),
            **self.keywords,
            **({"minItems": least} if least else {}),
            **({"prefixItems": prefix} if any(prefix) else {}),
            **({"items": each} if each else {}),
        }

    def _at(self, index: int) -> Schema:
        return self.at[index].emit() if index in self.at else {}


def _distinct(schemas: list[Schema]) -> list[Schema]:
    found: list[Schema] = []
    for schema in schemas:
        if schema and schema not in found:
            found.append(schema)
    return found


def _all(schemas: list[Schema]) -> Schema:
    return schemas[0] if len(schemas) == 1 else {"allOf": schemas} if schemas else {}


def _or_null(schema: Schema) -> Schema:
    """The same, and null."""
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    if "anyOf" in schema and len(schema) == 1:
        return {"anyOf": [*schema["anyOf"], dict(_NULL)]}
    if "allOf" in schema and "type" not in schema:
        return {"anyOf": [schema, dict(_NULL)]}
    return {**schema, "type": [*schema["type"], "null"]} if "type" in schema else schema


def tidy(schema: Any) -> Any:
    """With a single type said without a list."""
    if isinstance(schema, list):
        return [tidy(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: _tidy_type(value) if name == "type" else _tidy_member(name, value) for name, value in schema.items()}


def _tidy_type(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else tidy(value)


def _tidy_member(name: str, value: Any) -> Any:
    """Members of `properties` are names of the documents, not keywords; what `enum` and `const` hold is data."""
    if name in ("enum", "const", "required"):
        return value
    return {key: tidy(each) for key, each in value.items()} if name == "properties" else tidy(value)
