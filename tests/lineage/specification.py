"""OpenLineage's specification as JSON Schema, strict: from the classes that its project generates from its schemas.

Each facet names its schema; `faults` finds what an event holds that its schema, or that of one of its facets, does not
allow: what is missing, of another type, or unknown. Facets of ours have their schemas in `etl/schemas`.
"""

import json
import pkgutil
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from importlib import import_module
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import attr
from jsonschema import Draft202012Validator, FormatChecker
from openlineage.client import generated
from openlineage.client.generated.base import BaseFacet, RunEvent

SCHEMAS = Path(__file__).parents[2] / "etl" / "schemas"
PLAIN = {str: "string", int: "integer", bool: "boolean", float: "number"}


@cache
def published() -> dict[str, type]:
    """Every class of the specification, by the address of its schema."""
    modules = [import_module(f"{generated.__name__}.{each.name}") for each in pkgutil.iter_modules(generated.__path__)]
    classes = [each for module in modules for each in vars(module).values() if attr.has(each)]
    return {each._get_schema(): attr.resolve_types(each) for each in classes if hasattr(each, "_get_schema")}


@cache
def ours() -> dict[str, dict[str, Any]]:
    found = {}
    for path in SCHEMAS.glob("openlineage.*.schema.json"):
        document = json.loads(path.read_text(encoding="utf-8"))
        Draft202012Validator.check_schema(document)
        found |= {f"{document['$id']}#/$defs/{name}": each for name, each in document["$defs"].items()}
    return found


def faults(event: Mapping[str, Any]) -> list[str]:
    """Everything about an event that its schemas don't allow."""
    assert event["schemaURL"] == RunEvent._get_schema()
    return [*against(of_class(RunEvent), event, "event"), *in_facets(event, "event")]


def in_facets(value: Any, place: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        if "_schemaURL" in value:
            yield from against(schema(value["_schemaURL"]), value, place)
        for key, each in value.items():
            yield from in_facets(each, f"{place}.{key}")
    elif isinstance(value, list):
        for each in value:
            yield from in_facets(each, place)


def against(schema: Mapping[str, Any], value: Any, place: str) -> Iterator[str]:
    for error in Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(value):
        yield f"{place}{error.json_path[1:]}: {error.message}"


def schema(address: str) -> Mapping[str, Any]:
    return ours()[address] if address in ours() else of_class(published()[address])


def of_class(kind: type) -> dict[str, Any]:
    """The schema of a class, with those of all classes it leads to: some lead to themselves."""
    found: dict[str, Any] = {}
    return {**of_type(kind, found), "$defs": found}


def defined(kind: type, found: dict[str, Any]) -> dict[str, Any]:
    if kind.__name__ not in found:
        found[kind.__name__] = {}
        fields = attr.fields(attr.resolve_types(kind))
        found[kind.__name__] |= {
            "type": "object",
            "additionalProperties": False,
            "required": [each.name for each in fields if each.default is attr.NOTHING] + [*needed(kind)],
            "properties": {each.name: of_type(each.type, found) for each in fields},
        }
    return {"$ref": f"#/$defs/{kind.__name__}"}


def needed(kind: type) -> tuple[str, ...]:
    """What an instance fills in by itself; the schemas demand it."""
    if issubclass(kind, BaseFacet):
        return "_producer", "_schemaURL"
    return ("producer", "schemaURL") if kind is RunEvent else ()


def of_type(kind: Any, found: dict[str, Any]) -> dict[str, Any]:
    if kind is Any:
        return {}
    if kind in PLAIN:
        return {"type": PLAIN[kind]}
    if get_origin(kind) in (Union, UnionType):
        kinds = [of_type(each, found) for each in get_args(kind) if each is not NoneType]
        return {"anyOf": kinds} if len(kinds) > 1 else kinds[0]
    if get_origin(kind) is list:
        return {"type": "array", "items": of_type(get_args(kind)[0], found)}
    if get_origin(kind) is dict:
        values = get_args(kind)[1]
        facets = isinstance(values, type) and issubclass(values, BaseFacet)  # each is looked at by its own schema
        within = {"required": ["_producer", "_schemaURL"]} if facets else of_type(values, found)
        return {"type": "object", "additionalProperties": within}
    if get_origin(kind) is Literal:
        return {"enum": list(get_args(kind))}
    if issubclass(kind, Enum):
        return {"enum": [each.value for each in kind]}
    return defined(kind, found)
