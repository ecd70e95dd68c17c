"""Every kind of thing that a column can have: what a change of it is called, and what the way back is called."""

from __future__ import annotations

import pytest
from diff_documents import ID, changes, column, document, told

from etl import diff

TEXT, WHOLE, MONEY = "logicalType: string", "logicalType: integer", "logicalType: number, physicalType: 'decimal(12,2)'"
LIST = "logicalType: array, items: {logicalType: string"
B, T, S = "breaking", "tightening", "safe"


def options(keys: str, kind: str = WHOLE) -> str:
    return f"{kind}, logicalTypeOptions: {{{keys}}}"


def metric(keys: str) -> str:
    return f"{TEXT}, quality: [{{{keys}}}]"


def enum(*values: str) -> str:
    return f"{TEXT}, enum: [{', '.join(f'{{value: {value}}}' for value in values)}]"


# old, new, the keyword, its values in words, the effect, the effect of the way back
RULES = [
    (WHOLE, f"{WHOLE}, required: true", "required", ("false", "true"), T, B),
    (WHOLE, options("minimum: 1"), "minimum", ("none", "1"), T, S),
    (options("minimum: 0"), options("minimum: 1"), "minimum", ("0", "1"), T, S),
    (options("exclusiveMinimum: 0"), options("exclusiveMinimum: 5"), "minimum", ("1", "6"), T, S),
    (options("minimum: 0", MONEY), options("exclusiveMinimum: 0", MONEY), "minimum", ("0", "above 0"), T, S),
    (options("maximum: 9"), options("maximum: 8"), "maximum", ("9", "8"), T, S),
    (options("maximum: 9", MONEY), options("exclusiveMaximum: 9", MONEY), "maximum", ("9", "below 9"), T, S),
    (options("multipleOf: 5"), options("multipleOf: 10"), "multipleOf", ("5", "10"), T, S),
    (options("multipleOf: 5"), options("multipleOf: 7"), "multipleOf", ("5", "7"), T, T),
    (options("minLength: 1", TEXT), options("minLength: 2", TEXT), "minLength", ("1", "2"), T, S),
    (options("maxLength: 9", TEXT), options("maxLength: 8", TEXT), "maxLength", ("9", "8"), T, S),
    (TEXT, options("pattern: ^P", TEXT), "pattern", ("none", "^P"), T, S),
    (options("pattern: ^P", TEXT), options("pattern: ^Q", TEXT), "pattern", ("^P", "^Q"), T, T),
    (TEXT, options("format: email", TEXT), "pattern", ("none", "format email"), T, S),
    (TEXT, enum("x"), "enum", ("none", "'x'"), T, S),
    (enum("x", "y"), enum("x"), "enum", (None, "without 'y'"), T, S),
    (enum("x"), enum("y"), "enum", (None, "without 'x', with 'y'"), T, T),
    (f"{LIST}}}", options("minItems: 1", f"{LIST}}}"), "minItems", ("none", "1"), T, S),
    (f"{LIST}}}", options("maxItems: 9", f"{LIST}}}"), "maxItems", ("none", "9"), T, S),
    (f"{LIST}}}", options("uniqueItems: true", f"{LIST}}}"), "uniqueItems", ("false", "true"), T, S),
    (TEXT, metric("metric: nullValues, mustBe: 0"), "required", ("false", "true"), T, B),
    (
        TEXT,
        metric("metric: missingValues, arguments: {missingValues: ['-']}, mustBe: 0"),
        "missingValues",
        ("none", "'-'"),
        T,
        S,
    ),
    (
        metric("metric: nullValues, mustBe: 0, severity: warning"),
        metric("metric: nullValues, mustBe: 0"),
        "required",
        ("false", "true"),
        T,
        B,
    ),
    (TEXT, metric("metric: nullValues, mustBe: 0, severity: warning"), "nullValues", None, S, S),
    (metric("metric: nullValues, mustBeLessThan: 9"), metric("metric: nullValues, mustBeLessThan: 5"), "nullValues",
     ("mustBeLessThan 9", "mustBeLessThan 5"), T, S),
    (TEXT, metric("name: few, metric: nullValues, mustBeLessThan: 9, unit: percent"), "few",
     ("none", "mustBeLessThan 9 percent"), T, S),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "what", "words", "effect", "back"), RULES, ids=lambda one: str(one)[-60:])
def test_rules(old: str, new: str, what: str, words: tuple[str, str] | None, effect: str, back: str) -> None:
    (change,) = changes(column(old), column(new))
    assert (change.effect, change.place, change.what) == (effect, "t.a", what)
    assert words in (None, (change.old, change.new))
    (reverse,) = changes(column(new), column(old))
    assert (reverse.effect, reverse.what) == (back, what)
    steps = {"breaking": ["major"], "tightening": ["minor"], "safe": ["minor", "patch"]}
    assert change.step in steps[change.effect]


def stamp(keys: str) -> str:
    return options(f"{keys}", "logicalType: timestamp")


def day(pattern: str) -> str:
    return options(f"format: {pattern}", "logicalType: date")


def dated(source: str, pattern: str | None = None) -> str:
    return f'{day(pattern) if pattern else "logicalType: date"}, transformLogic: "{source}"'


EITHER = "coalesce(date($.at), $.day)"
PAULO = "defaultTimezone: America/Sao_Paulo"
LOCAL, Z, MILLIS, OFFSET = (f"format: \"yyyy-MM-dd'T'HH:mm:ss{end}\"" for end in ("", "'Z'", ".SSS'Z'", "XXX"))

TYPES = [
    (dated("date($.at)"), dated("date($.at)", "epochSeconds"), "format", T),
    (dated(EITHER), dated(EITHER, "yyyy-MM-dd"), "format", T),  # the day passes as before, the timestamp does not
    (dated(EITHER, "dd/MM/yyyy"), dated(EITHER, "MM/dd/yyyy"), "format", B),
    (dated("$.day", "dd/MM/yyyy"), dated("date($.at)"), "transformLogic", B),
    (WHOLE, TEXT, "type", B),
    (WHOLE, options("format: i32"), "type", B),
    (MONEY, "logicalType: number, physicalType: 'decimal(14,2)'", "type", B),
    (MONEY, "logicalType: number", "type", B),
    ("logicalType: timestamp", "logicalType: timestamp, physicalType: timestamp(ms)", "type", B),
    ("logicalType: date", day("dd/MM/yyyy"), "format", T),
    (day("dd/MM/yyyy"), day("MM/dd/yyyy"), "format", B),
    (day("dd/MM/yyyy"), day("d.M.yyyy"), "format", T),
    (day("yyyyMMdd"), day("ddMMyyyy"), "format", B),
    ("logicalType: date", day("yyyy-dd-MM"), "format", B),
    (stamp("format: epochSeconds"), stamp("format: epochMillis"), "format", B),
    ("logicalType: timestamp", stamp("format: epochMillis"), "format", T),
    (stamp("format: epochMillis"), stamp("format: yyyyMMddHHmmss, defaultTimezone: UTC"), "format", B),
    (stamp(f"{Z}, {PAULO}"), stamp(f"{OFFSET}, {PAULO}"), "format", B),
    (stamp(f"{Z}, {PAULO}"), stamp(PAULO), "format", B),
    (stamp(f"{Z}, {PAULO}"), "logicalType: timestamp", "format", B),
    ("logicalType: timestamp", stamp(f"{Z}, {PAULO}"), "format", B),
    (stamp(f"{MILLIS}, {PAULO}"), "logicalType: timestamp", "format", B),
    (stamp(f"{Z}, defaultTimezone: Europe/London"), stamp(OFFSET), "format", B),  # another time in summer only
    (stamp(f"{Z}, defaultTimezone: UTC"), stamp(f"{OFFSET}, defaultTimezone: UTC"), "format", T),
    (stamp(f"{LOCAL}, {PAULO}"), stamp(PAULO), "format", T),
    (stamp(f"{LOCAL}, {PAULO}"), "logicalType: timestamp", "format", T),
    (stamp("defaultTimezone: America/Recife"), stamp("defaultTimezone: Asia/Tokyo"), "defaultTimezone", B),
    ("logicalType: timestamp", stamp("defaultTimezone: Asia/Tokyo"), "defaultTimezone", S),
    (stamp("defaultTimezone: Asia/Tokyo"), "logicalType: timestamp", "defaultTimezone", T),
    (TEXT, f"{TEXT}, transformLogic: $.b", "transformLogic", B),
    (TEXT, f"{TEXT}, transformLogic: lower($.a)", "transformLogic", B),
    (TEXT, f"{TEXT}, transformLogic: \"coalesce(nullif($.a, ''), $.b)\"", "transformLogic", B),
]


@pytest.mark.parametrize(("old", "new", "what", "effect"), TYPES)
def test_types_and_sources(old: str, new: str, what: str, effect: str) -> None:
    found = changes(column(old), column(new))
    assert (found[0].effect, found[0].what) == (effect, what)
    assert {change.what for change in found} <= {what, "defaultTimezone"}


def test_a_source_is_shown_as_it_is_written() -> None:
    (change,) = changes(column(TEXT), column(f"{TEXT}, transformLogic: \"coalesce(nullif(trim($.a), '-'), $['b c'])\""))
    assert (change.old, change.new) == ("$.a", "coalesce(nullif(trim($.a), '-'), $['b c'])")
    (change,) = changes(column(TEXT), column(f'{TEXT}, transformLogic: "nullif($.a, \\"it\'s\\")"'))
    assert change.new == r"nullif($.a, 'it\'s')"


SAME = [
    (TEXT, f"{TEXT}, transformLogic: \"$['a']\""),
    (options("minimum: 1"), options("minimum: 0.5")),
    (options("exclusiveMinimum: 0"), options("minimum: 1")),
    (WHOLE, f"{WHOLE}, required: false"),
    (WHOLE, options("format: i64")),
    ("logicalType: date", day("yyyy-MM-dd")),
    (TEXT, f"{TEXT}, physicalType: varchar(20)"),
    (f"{TEXT}, required: true", f"{TEXT}, required: true, quality: [{{metric: nullValues, mustBe: 0}}]"),
    (MONEY, "logicalType: number, physicalType: 'decimal(12, 2)'"),
]


@pytest.mark.parametrize(("old", "new"), SAME)
def test_what_is_written_otherwise_and_means_the_same_is_safe(old: str, new: str) -> None:
    for change in (*changes(column(old), column(new)), *changes(column(new), column(old))):
        assert (change.effect, change.step, change.why) == ("safe", "patch", "it means the same here")


FOREIGN = [
    (TEXT, f"{TEXT}, description: why", "description"),
    (TEXT, f"{TEXT}, tags: [x]", "tags"),
    (f"{TEXT}, classification: public", f"{TEXT}, classification: restricted", "classification"),
    (f"{TEXT}, classification: restricted", f"{TEXT}, classification: public", "classification"),
]


@pytest.mark.parametrize(("old", "new", "what"), FOREIGN)
def test_what_other_tools_and_people_read_is_safe(old: str, new: str, what: str) -> None:
    assert told(column(old), column(new)) == [("safe", "t.a", what)]


def test_values_that_are_masked_no_more_are_said_to_be_shown() -> None:
    (change,) = changes(column(f"{TEXT}, classification: restricted"), column(TEXT))
    assert "shown" in change.why
    (change,) = changes(column(TEXT), column(f"{TEXT}, classification: restricted"))
    assert change.why == ""


def struct(*fields: str) -> str:
    return f"logicalType: object, properties: [{', '.join(f'{{name: {field}}}' for field in fields)}]"


NESTED = [
    (struct("x, logicalType: integer"), struct("x, logicalType: string"), ("breaking", "t.a.x", "type")),
    (
        struct("x, logicalType: integer", "y, logicalType: integer"),
        struct("x, logicalType: integer"),
        ("breaking", "t.a.y", "removed"),
    ),
    (
        struct("x, logicalType: integer"),
        struct("x, logicalType: integer", "y, logicalType: integer, required: true"),
        ("tightening", "t.a.y", "added"),
    ),
    (
        struct("x, logicalType: integer", "y, logicalType: integer"),
        struct("y, logicalType: integer", "x, logicalType: integer"),
        ("safe", "t.a", "properties"),
    ),
    (
        struct("x, logicalType: integer"),
        struct("x, logicalType: integer, required: true"),
        ("tightening", "t.a.x", "required"),
    ),
    (
        f"{LIST}, enum: [{{value: x}}, {{value: y}}]}}",
        f"{LIST}, enum: [{{value: x}}]}}",
        ("tightening", "t.a[]", "enum"),
    ),
    (f"{LIST}}}", "logicalType: array, items: {logicalType: integer}", ("breaking", "t.a[]", "type")),
    (f"{LIST}}}", f"{LIST}, description: each}}", ("safe", "t.a[]", "description")),
    (f"{LIST}}}", TEXT, ("breaking", "t.a", "type")),
]


@pytest.mark.parametrize(("old", "new", "expected"), NESTED)
def test_parts_of_columns(old: str, new: str, expected: tuple[str, str, str]) -> None:
    assert told(column(old), column(new)) == [expected]


# Columns that come, go, and are called otherwise.

COME = [
    (TEXT, T, "minor"),
    (f"{TEXT}, required: true", T, "minor"),
    (f"{TEXT}, transformLogic: json($.a)", S, "minor"),
    (f"{TEXT}, transformLogic: json($.a.b)", T, "minor"),
]


@pytest.mark.parametrize(("keys", "effect", "step"), COME)
def test_a_new_column_may_meet_what_was_passed_over(keys: str, effect: str, step: str) -> None:
    (change,) = changes(document(), column(keys))
    assert (change.effect, change.step, change.place, change.what) == (effect, step, "t.a", "added")
    (change,) = changes(column(keys), document())
    assert (change.effect, change.step, change.place, change.what) == (B, "major", "t.a", "removed")


@pytest.mark.parametrize(
    ("keys", "effect"),
    [
        ("logicalType: string", S),
        ("logicalType: string, transformLogic: $.x.y, logicalTypeOptions: {maxLength: 3}", S),
        ("logicalType: integer, transformLogic: 'coalesce($.x, $.y)'", S),
        ("logicalType: string, required: true", T),
        ("logicalType: string, transformLogic: $.id", T),
        ("logicalType: string, transformLogic: $.id.x", T),
        ("logicalType: integer, transformLogic: 'coalesce($.x, $.id)'", T),
    ],
)
def test_a_new_column_judges_nothing_that_was_refused_before(keys: str, effect: str) -> None:
    policy = "customProperties:\n  - {property: unknownFields, value: reject}\n"
    new = document(policy, columns=f"{ID}      - {{name: a, {keys}}}\n")
    assert told(document(policy), new) == [(effect, "t.a", "added")]
    assert told(document(), new)[0][0] == T


def test_a_position_among_the_rows_takes_nothing_that_was_passed_over() -> None:
    lines = "      - {name: sku, logicalType: string, transformLogic: '$.lines[*].sku'}\n"
    line = "      - {name: line, logicalType: integer, transformLogic: 'index($.lines[*])'}\n"
    assert told(document(columns=lines), document(columns=lines + line)) == [(S, "t.line", "added")]
    assert (T, "t.line", "added") in told(document(), document(columns=ID + line))


def test_a_column_of_the_same_source_and_type_has_been_renamed() -> None:
    old = column(f"{TEXT}, transformLogic: $.x")
    new = old.replace("name: a", "name: b").replace("$.x", "$.x, required: true")
    assert told(old, new) == [(B, "t.b", "renamed"), (T, "t.b", "required")]
    assert told(old, new.replace("$.x", "$.y")) == [(B, "t.a", "removed"), (T, "t.b", "added")]


def test_the_order_of_columns_is_no_readers_concern() -> None:
    a, b = "      - {name: a, logicalType: string}\n", "      - {name: b, logicalType: string}\n"
    assert told(document(columns=a + b), document(columns=b + a)) == [(S, "t", "properties")]
    assert told(document(columns=a + b), document(columns=ID + a + b)) == [(T, "t.id", "added")]


@pytest.mark.parametrize("case", [*RULES, *TYPES, *SAME, *FOREIGN, *NESTED], ids=lambda case: case[1][-50:])
def test_nothing_is_between_a_contract_and_itself(case: tuple[str, ...]) -> None:
    for keys in case[:2]:
        text = column(keys)
        assert changes(text, f"# a comment\n{text.replace('name: a', 'name:   a')}") == ()
        assert diff.greatest(changes(text, text)) is None
