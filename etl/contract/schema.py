"""The document against ODCS's own JSON Schema: one clear fault for each mistake, and the rest usable.

The schema says "either, or" a lot (`oneOf`, `if/then`, `unevaluatedProperties`), which makes one misspelt key a dozen
errors. Three keywords are therefore judged by hand here; all else is `jsonschema`'s.
"""

from __future__ import annotations

import copy
import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from importlib import resources
from typing import Any

import open_data_contract_standard
from jsonschema import Draft201909Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from etl.contract.source import Place, Source
from etl.contract.words import did_you_mean, listed, spoken

Schema = Mapping[str, Any]

_TYPES = {
    "string": "text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_DISCRIMINATORS = ("logicalType", "type")  # the keys that `if` asks about, here and in ODCS


def check(source: Source) -> Any:
    """Put every breach of the schema into `source.faults`; return a copy of the data without what is at fault."""
    place = Place(source)
    errors = list(_validator().iter_errors(source.data))
    for error in errors:
        _fault(functools.reduce(Place.__truediv__, error.absolute_path, place), error)
    return _pruned(source.data, [tuple(error.absolute_path) for error in errors if error.validator != "required"])


@functools.cache
def _validator() -> Any:
    keywords = {
        "unevaluatedProperties": _known_keys,
        "additionalProperties": _known_keys,
        "required": _required,
        "uniqueItems": _unique_items,
        "oneOf": _one_of,
        "if": _if,
    }
    checker: Any = extend(Draft201909Validator, keywords)  # type: ignore[no-untyped-call]
    return checker(_schema())


@functools.cache
def _schema() -> dict[str, Any]:
    """ODCS's schema, where a quality rule is of type `library` unless told and may say `rule` for `metric` (v3.0)."""
    schema: dict[str, Any] = json.loads((resources.files(open_data_contract_standard) / "schema.json").read_bytes())
    definitions = schema["$defs"]
    definitions["DataQuality"]["allOf"][0]["if"] = {"properties": _LIBRARY}
    del definitions["DataQualityLibrary"]["required"]
    return schema


# The keywords judged by hand. Each is `(validator, its value, the instance, the schema it stands in)`.


def _known_keys(validator: Any, allowed: Any, instance: Any, schema: Schema) -> Iterator[ValidationError]:
    """A key is known if any part of the schema that is in force names it, whether or not its value is right."""
    if allowed is not False or not isinstance(instance, dict):
        return
    known = set(_keys(schema, instance))
    for key in instance.keys() - known:
        yield ValidationError(_unknown(key, known, schema), path=(key,))


def _unknown(key: str, known: set[str], schema: Schema) -> str:
    if key in _keys(schema, None):
        return f"'{key}' does not belong here: it goes with another {' or '.join(_DISCRIMINATORS)}"
    if "logicalTypeOptions" in known and key in _options():
        return f"'{key}' belongs into logicalTypeOptions"
    if key in _options() and known <= _options() | {"required"}:
        return f"'{key}' is no option of this logicalType; there are {listed(sorted(known))}"
    hint = did_you_mean(key, known)
    return f"unknown key '{key}'" + (hint or f"; there are {listed(_chosen(key, known))}")


def _chosen(key: str, known: set[str]) -> list[str]:
    """The keys to list where none is near: of a rule, its operators if it looks like one."""
    return [name for name in _operators() if name in known] if key.lower().startswith("must") else sorted(known)


@functools.cache
def _options() -> frozenset[str]:
    """The options of all types but `required`, which is a key of columns too."""
    thens = (part["then"]["properties"] for part in _resolve("$defs/SchemaBaseProperty")["allOf"] if "then" in part)
    every = (then["logicalTypeOptions"]["properties"] for then in thens if "logicalTypeOptions" in then)
    return frozenset(name for options in every for name in options) - {"required"}


@functools.cache
def _operators() -> tuple[str, ...]:
    return tuple(branch["required"][0] for branch in _resolve("$defs/DataQualityOperators")["oneOf"])


def _keys(schema: Schema, instance: Mapping[str, Any] | None) -> Iterator[str]:
    """The keys that a schema names for this instance, or for any at all."""
    yield from schema.get("properties", ())
    parts = [*schema.get("allOf", ()), *schema.get("oneOf", ()), *schema.get("anyOf", ())]
    if "$ref" in schema:
        parts.append(_resolve(schema["$ref"]))
    if "then" in schema and (instance is None or _holds(schema["if"], instance, unclear=True)):
        parts.append(schema["then"])
    for part in parts:
        yield from _keys(part, instance)


def _resolve(reference: str) -> Schema:
    return functools.reduce(lambda node, key: node[key], reference.removeprefix("#/").split("/"), _schema())


def _holds(condition: Schema, instance: Mapping[str, Any], *, unclear: bool) -> bool:
    """Whether an `if` holds. All of ODCS's ask whether one key has this value or that.

    `unclear` where the key is absent or has a value ODCS does not know; a quality rule is a library rule unless told.
    """
    asked = [part["properties"] for part in condition.get("anyOf", [condition])]
    ((key, _),) = asked[0].items()
    if key not in instance and asked == [_LIBRARY]:
        return True
    value = instance.get(key)
    if not isinstance(value, str) or value not in _known_values(key):
        return unclear
    return any(part[key]["const"] == value for part in asked)


_LIBRARY = {"type": {"const": "library"}}


@functools.cache
def _known_values(key: str) -> frozenset[str]:
    owners = {"logicalType": ("SchemaBaseProperty",), "type": ("Server", "DataQuality")}[key]
    return frozenset(value for owner in owners for value in _resolve(f"$defs/{owner}")["properties"][key]["enum"])


def _if(validator: Any, condition: Schema, instance: Any, schema: Schema) -> Iterator[ValidationError]:
    if isinstance(instance, dict) and _holds(condition, instance, unclear=False):
        yield from validator.descend(instance, schema["then"], schema_path="then")


def _required(validator: Any, names: list[str], instance: Any, schema: Schema) -> Iterator[ValidationError]:
    """What is missing, but for what is there misspelt: that is a fault of its own already."""
    missing = [name for name in names if name not in instance] if isinstance(instance, dict) else []
    unknown = instance.keys() - set(_keys(schema, None)) if missing else set()
    for name in missing:
        if not _misspelt(name, unknown):
            yield ValidationError(f"'{name}' is missing{_only(schema, name)}")


def _misspelt(name: str, unknown: Iterable[str]) -> bool:
    return any(did_you_mean(key, [name]) for key in unknown)


def _only(schema: Schema, name: str) -> str:
    """What it has to be, where there is one value."""
    known = schema.get("properties", {}).get(name, {}).get("enum", ())
    return f": '{name}: {known[0]}' is expected" if len(known) == 1 else ""


def _unique_items(validator: Any, unique: Any, instance: Any, schema: Schema) -> Iterator[ValidationError]:
    """By the entries' texts: `jsonschema` compares each with each, which takes hours for an enum of 50,000."""
    if unique and isinstance(instance, list) and len({repr(entry) for entry in instance}) < len(instance):
        yield ValidationError("entries come twice")


def _one_of(validator: Any, branches: list[Schema], instance: Any, schema: Schema) -> Iterator[ValidationError]:
    if all("required" in branch for branch in branches):
        yield from _operator(validator, branches, instance)
        return
    fitting = [branch for branch in branches if validator.evolve(schema=branch).is_valid(instance)]
    meant = [branch for branch in branches if validator.is_type(instance, _type(branch))]
    if fitting:
        return
    if meant:
        yield from validator.descend(instance, meant[0])
    else:
        expected = " or ".join(_TYPES[_type(branch)] for branch in branches)
        yield ValidationError(f"{expected} is expected, found {spoken(instance)}")


def _type(branch: Schema) -> str:
    if "$ref" in branch:
        return _type(_resolve(branch["$ref"]))
    return str(branch.get("type", "string"))


def _operator(validator: Any, branches: list[Schema], instance: Any) -> Iterator[ValidationError]:
    """Exactly one `mustBe...` in a quality rule; one that is misspelt has its own fault already."""
    present = [branch for branch in branches if branch["required"][0] in instance]
    if len(present) == 1:
        yield from validator.descend(instance, present[0])
    elif present:
        yield ValidationError(f"only one of {listed(branch['required'][0] for branch in present)} can be here")
    elif not _is_foreign(instance) and not any(_looks_like_operator(key) for key in instance):
        yield ValidationError(f"an operator is missing: one of {listed(_operators())}")


def _is_foreign(rule: Mapping[str, Any]) -> bool:
    """Whether it is a rule as v3.0 has them, which may be anything and need no operator."""
    return "metric" not in rule and rule.get("rule") not in (None, *_metrics())


@functools.cache
def _metrics() -> tuple[str, ...]:
    return tuple(_resolve("$defs/DataQualityLibrary")["properties"]["metric"]["enum"])


def _looks_like_operator(key: str) -> bool:
    return key not in _operators() and (key.lower().startswith("must") or bool(did_you_mean(key, _operators())))


# What an error says.


def _fault(place: Place, error: ValidationError) -> None:
    if error.validator in ("unevaluatedProperties", "additionalProperties"):
        place.fault_key(error.message)
    else:
        place.fault(_message(error))


def _message(error: ValidationError) -> str:
    value: Any = error.validator_value
    found: Any = error.instance
    match error.validator:
        case "type":
            return _expected(value, found) + _as_entry(error)
        case "enum":
            return _not_in(error.absolute_path[-1], found, value)
        case "minimum":
            return f"at least {value} is expected, found {found}"
        case "exclusiveMinimum":
            return f"a number above {value} is expected, found {found}"
        case "minItems" | "maxItems":
            word = "at least" if error.validator == "minItems" else "at most"
            return f"{word} {value} {'entry' if value == 1 else 'entries'} expected, found {len(found)}"
        case "uniqueItems":
            return "the entries of this list must differ"
        case "pattern":
            return f"{spoken(found)} does not match {value}"
        case "anyOf" | "not":
            return "this is not a form that ODCS allows here"
        case _:
            return error.message


def _as_entry(error: ValidationError) -> str:
    """How ODCS writes the entry of an `enum` that stands there as a mere value."""
    is_entry = len(error.absolute_path) > 1 and error.absolute_path[-2] == "enum"
    value = error.instance
    if not is_entry or isinstance(value, list | dict) or value is None:
        return ""
    return f": write `- value: {value if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)}`"


def _expected(types: str | list[str], found: Any) -> str:
    words = " or ".join(_TYPES[name] for name in ([types] if isinstance(types, str) else types))
    return f"{words} is expected, found {spoken(found)}{_requoted(types, found)}"


def _requoted(types: str | list[str], found: Any) -> str:
    """Quotes that are missing, or one too many."""
    if types == "string":
        return ": put it in quotes" if isinstance(found, bool | int | Decimal) else ""
    if types == "boolean" and isinstance(found, str):
        meant = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
        return f": write {meant[found.lower()]}, without quotes" if found.lower() in meant else ""
    is_number = types in ("integer", "number") and isinstance(found, str) and _NUMBER.fullmatch(found)
    return f": write {found}, without quotes" if is_number else ""


_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


def _not_in(key: str | int, found: Any, known: list[str]) -> str:
    hint = did_you_mean(found, known) if isinstance(found, str) else ""
    return f"{spoken(found)} is no {key}{hint or f'; there are {listed(known)}'}"


# What is left when the faulty is taken out.


def _pruned(data: Any, routes: list[tuple[str | int, ...]]) -> Any:
    """A copy without the values at these routes. List positions stay: a faulty entry becomes an empty mapping."""
    result = copy.deepcopy(data) if isinstance(data, dict) else {}
    for route in routes:
        _cut(result, route)
    return result


def _cut(node: Any, route: tuple[str | int, ...]) -> None:
    """Take one value out; a text in a list takes its list along, since only mappings have an empty form."""
    while route and isinstance(route[-1], int) and not _holds_mappings(node, route[:-1]):
        route = route[:-1]
    if not route:
        return
    *outer, last = route
    holder = _lookup(node, tuple(outer))
    if isinstance(holder, list) and isinstance(last, int):
        holder[last] = {}
    elif isinstance(holder, dict):
        holder.pop(last, None)


_LISTS_OF_MAPPINGS = {"schema", "properties", "quality", "servers", "customProperties", "enum"}


def _holds_mappings(node: Any, route: tuple[str | int, ...]) -> bool:
    return bool(route) and route[-1] in _LISTS_OF_MAPPINGS and isinstance(_lookup(node, route), list)


def _lookup(node: Any, route: tuple[str | int, ...]) -> Any:
    for step in route:
        if isinstance(node, dict):
            node = node.get(step)
        elif isinstance(node, list) and isinstance(step, int):
            node = node[step]
        else:
            return None
    return node
