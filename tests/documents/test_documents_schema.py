"""The JSON Schema says of a document what the engine says of it, as far as JSON Schema can."""

import copy
import json
import random
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl import contract as contracts
from etl.documents import json_schema
from etl.documents.judge import Judge
from tests.documents.circle import make, validator
from tests.documents.feeds import FEEDS, HEAD


def contract_of(columns: str) -> contracts.loader.Contract:
    body = "".join(f"      - {line}\n" for line in columns.strip().splitlines())
    return contracts.loads(f"{HEAD.format(name='c')}schema:\n  - name: t\n    properties:\n{body}", "c", {})


def both(contract: Any, document: str) -> tuple[bool, bool]:
    """Whether the engine accepts a document, and whether the schema does."""
    (verdict,), _ = Judge(contract).judge([document.encode()])
    return not verdict.errors(), validator(contract).is_valid(json.loads(document))


INT = "{name: a, logicalType: integer, logicalTypeOptions: {minimum: 3, format: i8}}"
REQUIRED = "{name: a, logicalType: string, required: true, transformLogic: $.o.a}"
COALESCE = "{name: a, logicalType: integer, required: true, transformLogic: 'coalesce($.a.x, $.b)'}"
MONEY = "{name: a, logicalType: number, physicalType: 'decimal(5,2)'}"
LINES = "{name: a, logicalType: integer, required: true, transformLogic: '$.l[*].a'}"
ENUM = "{name: a, logicalType: string, enum: [{value: '7'}, {value: b}]}"
FIRST = "{name: a, logicalType: string, required: true, transformLogic: '$.l[0].a'}"
CENTS = "{name: a, logicalType: integer, transformLogic: 'scale($.a, -2)'}"
NULLIF = "{name: a, logicalType: string, transformLogic: \"nullif($.a, '-')\", logicalTypeOptions: {minLength: 3}}"

_VALUES = ", ".join(f"{{value: '{text}'}}" for text in ("1.5", "9007199254740993", "-0.0", "1e400", f"1e{'9' * 30}"))
WRITTEN = f"{{name: a, logicalType: string, enum: [{_VALUES}]}}"
_VALID = "quality: [{metric: invalidValues, arguments: {validValues: [a]}, mustBe: 0}]"
LISTS = f"{{name: a, logicalType: string, enum: [{{value: a}}, {{value: b}}], {_VALID}}}"
LISTED_NUMBERS = (
    "{name: a, logicalType: integer, enum: [{value: 1}, {value: 10}, {value: 12}], "
    "logicalTypeOptions: {minimum: 5, multipleOf: 5}}"
)
LISTED_CENTS = (
    "{name: a, logicalType: integer, enum: [{value: 1}, {value: 10}], transformLogic: 'scale($.a, -2)', "
    "logicalTypeOptions: {minimum: 5}}"
)
LISTED_TEXTS = (
    "{name: a, logicalType: string, enum: [{value: sh}, {value: long}, {value: none}], logicalTypeOptions: "
    "{minLength: 3}, quality: [{metric: missingValues, arguments: {missingValues: [none]}, mustBe: 0}]}"
)
LISTED_DAYS = (
    "{name: a, logicalType: date, enum: [{value: '2024-01-01'}, {value: '2024-01-03'}], "
    "logicalTypeOptions: {minimum: '2024-01-02'}}"
)
SECONDS = "{name: a, logicalType: timestamp, physicalType: timestamp(s), logicalTypeOptions: {format: epochMillis}}"

AGREED = [  # columns, document, whether it is right
    (INT, '{"a": 3}', True),
    (INT, '{"a": 3.0}', True),
    (INT, '{"a": 2}', False),
    (INT, '{"a": 128}', False),
    (INT, '{"a": 3.5}', False),
    (INT, '{"a": "3"}', True),
    (INT, '{"a": "3.00"}', True),
    (INT, '{"a": "003"}', False),
    (INT, '{"a": "3,0"}', False),
    (INT, '{"a": true}', False),
    (INT, '{"a": null}', True),
    (INT, "{}", True),
    (REQUIRED, '{"o": {"a": "x"}}', True),
    (REQUIRED, '{"o": {"a": 1.50}}', True),
    (REQUIRED, '{"o": {"a": null}}', False),
    (REQUIRED, '{"o": {}}', False),
    (REQUIRED, '{"o": null}', False),
    (REQUIRED, '{"o": [1]}', False),
    (REQUIRED, "{}", False),
    (COALESCE, '{"a": {"x": 1}, "b": "no"}', True),
    (COALESCE, '{"a": {"x": "no"}, "b": 1}', False),
    (COALESCE, '{"a": {"x": null}, "b": 1}', True),
    (COALESCE, '{"b": 1}', True),
    (COALESCE, '{"a": 5, "b": 1}', False),
    (COALESCE, '{"a": {}, "b": null}', False),
    (MONEY, '{"a": 999.99}', True),
    (MONEY, '{"a": 1000}', False),
    (MONEY, '{"a": "1.230"}', True),
    (MONEY, '{"a": "1.234"}', False),
    (LINES, '{"l": [{"a": 1}]}', True),
    (LINES, '{"l": [{"a": 1}, null]}', False),
    (LINES, '{"l": []}', False),
    (LINES, '{"l": {"a": 1}}', False),
    (LINES, "{}", False),
    (ENUM, '{"a": "b"}', True),
    (ENUM, '{"a": 7}', True),
    (ENUM, '{"a": 8}', False),
    (FIRST, '{"l": [{"a": "x"}, {"a": true}]}', True),
    (FIRST, '{"l": []}', False),
    (FIRST, '{"l": [{}]}', False),
    (CENTS, '{"a": 100}', True),
    (CENTS, '{"a": 150}', False),
    (NULLIF, '{"a": "-"}', True),
    (NULLIF, '{"a": "--"}', False),
    (WRITTEN, '{"a": 1.5}', True),
    (WRITTEN, '{"a": "1.5"}', True),
    (WRITTEN, '{"a": 9007199254740993}', True),
    (WRITTEN, '{"a": -0.0}', True),
    (WRITTEN, '{"a": 1e400}', True),
    (WRITTEN, '{"a": 2.5}', False),
    (LISTS, '{"a": "a"}', True),
    (LISTS, '{"a": "b"}', False),
    (LISTED_NUMBERS, '{"a": 10}', True),
    (LISTED_NUMBERS, '{"a": 1}', False),
    (LISTED_NUMBERS, '{"a": 12}', False),
    (LISTED_CENTS, '{"a": 1000}', True),
    (LISTED_CENTS, '{"a": 100}', False),
    (LISTED_TEXTS, '{"a": "long"}', True),
    (LISTED_TEXTS, '{"a": "sh"}', False),
    (LISTED_TEXTS, '{"a": "none"}', False),
    (LISTED_DAYS, '{"a": "2024-01-03"}', True),
    (LISTED_DAYS, '{"a": "2024-01-01"}', False),
    (SECONDS, '{"a": 1704067200000}', True),
    (SECONDS, '{"a": 1704067200123}', False),
    (f"{LINES}\n{{name: id, logicalType: integer, required: true}}", '{"l": [{"a": 1}]}', False),
]


@pytest.mark.parametrize(("columns", "document", "right"), AGREED)
def test_engine_and_schema_agree(columns: str, document: str, right: bool) -> None:
    assert both(contract_of(columns), document) == (right, right)


SAID = [  # columns, document that the schema takes and the engine refuses, words of the note at its place
    (WRITTEN, '{"a": 1.50}', "by its digits"),
    (ENUM, '{"a": 7.0}', "by its digits"),
    (INT, '{"a": "128"}', "as a text"),
    ("{name: a, logicalType: integer}", '{"a": "9223372036854775808"}', "as a text"),
    ("{name: a, logicalType: number}", '{"a": 1e999}', "beyond its range"),
    ("{name: a, logicalType: number}", '{"a": "-1e999"}', "beyond its range"),
    ("{name: a, logicalType: number}", '{"a": 9007199254740993}', "exactly"),
    (LISTED_NUMBERS, '{"a": "1"}', "as a text"),
    (SECONDS, '{"a": 1000000000000000000}', "range"),
    (SECONDS, '{"a": "1704067200123"}', "as a text"),
    ("{name: a, logicalType: date, logicalTypeOptions: {format: epochSeconds}}", f'{{"a": {86400 * 10**9}}}', "range"),
    ("{name: a, logicalType: timestamp, logicalTypeOptions: {format: epochSeconds}}", '{"a": 0.1234567}', "6 digits"),
    ("{name: a, logicalType: timestamp}", '{"a": "2024-02-30T00:00:00Z"}', "calendar"),
    ("{name: a, logicalType: timestamp, physicalType: timestamp(ns)}", '{"a": "2400-01-01T00:00:00Z"}', "range"),
    ("{name: a, logicalType: date, logicalTypeOptions: {format: yyyyMMdd}}", '{"a": "20240230"}', "calendar"),
]


@pytest.mark.parametrize(("columns", "document", "words"), SAID)
def test_what_only_the_engine_refuses_is_said_at_its_place(columns: str, document: str, words: str) -> None:
    contract = contract_of(columns)
    assert both(contract, document) == (False, True)
    assert words in json_schema(contract)["properties"]["a"]["$comment"]


def test_a_table_without_rows_asks_nothing_above_them() -> None:
    contract = contracts.loads(FEEDS["nested"], "nested", {})
    bare = '{"id": 1, "tags": ["a"], "lines": []}'
    assert both(contract, bare) == (True, True)
    line = '{"id": 1, "tags": ["a"], "lines": [{"sku": "x"}]}'
    assert both(contract, line) == (False, False)  # now its currency is asked
    assert both(contract, line.replace('"id"', '"currency": "EUR", "id"')) == (True, True)
    taxed = line.replace('"id"', '"currency": "EUR", "id"').replace('"x"}', '"x", "taxes": [{"rate": 0.5}]}')
    assert both(contract, taxed) == (False, False)  # and the quantity of a line that is taxed
    assert both(contract, taxed.replace('"sku"', '"quantity": 1, "sku"')) == (True, True)


def test_unknown_fields_are_refused_where_the_policy_says_so() -> None:
    contract = contracts.loads(FEEDS["wrapped"], "wrapped", {})
    assert both(contract, '{"id": 1, "lines": [{"sku": "x", "serials": [1]}]}') == (True, True)
    assert both(contract, '{"id": 1, "lines": [{"sku": "x", "note": 1}]}') == (False, False)
    assert both(contract, '{"id": 1, "extra": null}') == (False, False)


def test_what_json_schema_cannot_say_is_said_in_words() -> None:
    words = json_schema(contracts.loads(FEEDS["conditions"], "conditions", {}))["$comment"]
    for part in ("primaryKey: t.id is unique", "net + tax = gross", "enough", "mostly_closed"):
        assert part in words


def test_columns_read_at_several_levels_are_said_at_the_end() -> None:
    contract = contract_of(
        "{name: x, logicalType: integer, required: true, transformLogic: '$.l[*].x'}\n"
        "{name: a, logicalType: integer, transformLogic: 'coalesce($.l[*].a, $.a)', logicalTypeOptions: {minimum: 3}}"
    )
    assert both(contract, '{"l": [{"x": 1}], "a": 2}') == (False, True)
    assert "t.a, which is read at several levels" in json_schema(contract)["$comment"]


CONTRACTS = {name: contracts.loads(text, name, {}) for name, text in FEEDS.items()}
ODD = [None, True, 0, -1, 1.5, "", "x", "7", "2024-01-10", "12:00:00", [], [None], {}, {"a": 1}, 10**20, "1e2", 86400]


@pytest.fixture(scope="module")
def documents() -> dict[str, list[Any]]:
    return {
        name: [json.loads(text) for text in make(contract, 12, Fraction(0), 3).records]
        for name, contract in CONTRACTS.items()
    }


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every holder with each key of it."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in [(value, key), *places(value[key])]]


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(sorted(CONTRACTS)), st.integers(0, 10**9))
def test_what_the_schema_refuses_the_engine_refuses(documents: dict[str, list[Any]], name: str, seed: int) -> None:
    chosen = random.Random(seed)
    changed = [copy.deepcopy(chosen.choice(documents[name])) for _ in range(10)]
    for document in changed:
        for _ in range(chosen.randint(1, 3)):
            if found := places(document):
                holder, key = chosen.choice(found)
                holder[key] = copy.deepcopy(chosen.choice(ODD))
    check = validator(CONTRACTS[name])
    verdicts, _ = Judge(CONTRACTS[name]).judge([json.dumps(document).encode() for document in changed])
    for document, verdict in zip(changed, verdicts, strict=True):
        if not verdict.errors():
            assert not [error.message for error in check.iter_errors(document)], document


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**9))
def test_what_only_the_engine_refuses_has_a_note(documents: dict[str, list[Any]], seed: int) -> None:
    contract, chosen = CONTRACTS["every_type"], random.Random(seed)
    changed = [copy.deepcopy(chosen.choice(documents["every_type"])) for _ in range(20)]
    for document in changed:
        document[chosen.choice(sorted(document))] = chosen.choice([*ODD, -1, 600, 1e300, "1e400", "2024-02-30", "N/A"])
    check, schema = validator(contract), json_schema(contract)
    verdicts, _ = Judge(contract).judge([json.dumps(document).encode() for document in changed])
    for document, verdict in zip(changed, verdicts, strict=True):
        for rule in verdict.errors() if check.is_valid(document) else ():
            assert "$comment" in schema["properties"][rule.column] or rule.name in schema["$comment"], (rule, document)
