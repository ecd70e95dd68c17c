"""Tables, keys, rules over rows and uploads, policies, servers, partitions as Athena sees them; and versions."""

from __future__ import annotations

import pytest
from diff_documents import HEAD, ID, changes, custom, document, told

from etl import diff

B, T, S = "breaking", "tightening", "safe"
A = "      - {name: a, logicalType: integer}\n"
DEEP = "      - {name: a, logicalType: integer, transformLogic: '$.lines[*].a'}\n"

# Policies: old, new, the effect, the effect of the way back.

POLICIES = [
    ("quarantineGrain", "record", "row", B, T),
    ("emptyRecords", "reject", "allow", S, T),
    ("unknownFields", "warn", "reject", T, S),
    ("unknownFields", "warn", "ignore", S, S),
    ("maxQuarantined", "20 percent", "10 percent", T, S),
    ("maxQuarantined", "20 percent", "100 records", T, T),
    ("maxUploadSize", "2 GB", "1500 MB", T, S),
    ("maxDocumentSize", "500 MB", "50 MB", T, S),
    ("maxCompression", "300", "100", T, S),
    ("records", "'$.a[*]'", "'$.b[*]'", B, B),
    ("lineageColumns", "true", "false", B, S),
]


@pytest.mark.parametrize(("name", "old", "new", "effect", "back"), POLICIES)
def test_policies(name: str, old: str, new: str, effect: str, back: str) -> None:
    (change,) = changes(custom(name, old), custom(name, new))
    assert (change.effect, change.place, change.what) == (effect, "contract", name)
    assert (change.old, change.new) == (old.strip("'"), new.strip("'"))
    assert told(custom(name, new), custom(name, old)) == [(back, "contract", name)]


def test_a_policy_that_comes_or_goes_is_told_once() -> None:
    assert told(document(), custom("maxQuarantined", "1 percent")) == [(T, "contract", "maxQuarantined")]
    assert told(document(), custom("unknownFields", "warn")) == [(S, "contract", "customProperties.unknownFields")]
    assert told(custom("theirs", "1"), custom("theirs", "2")) == [(S, "contract", "customProperties.theirs.value")]


# Servers, and the contract as such.


def server(name: str, path: str, more: str = "") -> str:
    return document(f"servers: [{{server: {name}, type: local, format: json, path: '{path}'{more}}}]\n")


SERVERS = [
    ("incoming", "in/new/", "in/", S),
    ("incoming", "in/", "elsewhere/", T),
    ("datalake", "lake/{model}/", "pond/{model}/", B),
    ("quarantine", "bad/", "worse/", S),
]


@pytest.mark.parametrize(("name", "old", "new", "effect"), SERVERS)
def test_servers(name: str, old: str, new: str, effect: str) -> None:
    assert told(server(name, old), server(name, new)) == [(effect, "contract", f"servers.{name}")]


GONE = [("incoming", "in/", T), ("datalake", "lake/{model}/", B), ("quarantine", "bad/", B)]


@pytest.mark.parametrize(("name", "path", "effect"), GONE)
def test_a_server_that_is_gone(name: str, path: str, effect: str) -> None:
    """Without incoming no uploads come; without one of the outputs a run does not start."""
    (change,) = changes(server(name, path), document())
    assert (change.effect, change.place, change.what) == (effect, "contract", f"servers.{name}")
    assert (change.old, change.new) == (path.removesuffix("{model}/"), "none")
    assert told(document(), server(name, path)) == [(S, "contract", f"servers.{name}")]


def test_a_quarantine_that_moves_is_a_minor_step() -> None:
    (change,) = changes(server("quarantine", "bad/"), server("quarantine", "worse/"))
    assert (change.step, "look for the rest in worse/" in change.why) == ("minor", True)


def test_what_does_not_move_a_lake_is_safe() -> None:
    more = told(server("datalake", "lake/{model}/"), server("datalake", "lake/{model}/*.parquet", ", description: x"))
    assert {effect for effect, _, _ in more} == {S}


DELIMITERS = [("array", None, S), (None, "array", T), ("new_line", None, T), ("none", "array", T)]


@pytest.mark.parametrize(("old", "new", "effect"), DELIMITERS)
def test_delimiters(old: str | None, new: str | None, effect: str) -> None:
    incoming = "servers: [{server: incoming, type: s3, location: 's3://orders/in/'%s}]\n"
    one, other = (document(incoming % (f", delimiter: {each}" if each else "")) for each in (old, new))
    assert told(one, other) == [(effect, "contract", "delimiter")]


def test_a_renamed_contract_says_what_stays_behind() -> None:
    renamed = document("name: market\n")
    (change,) = changes(document(), renamed)
    assert (change.effect, change.what, change.old, change.new) == (B, "name", "shop", "market")
    assert "_runs/shop/" in change.why
    assert told(renamed, renamed.replace("id: shop", "id: other")) == [(S, "contract", "id")]


def test_what_is_about_the_contract_is_safe_and_a_patch() -> None:
    old = document("status: draft\ndescription: {purpose: x}\nsupport: [{channel: a, url: 'https://a'}]\n")
    new = document("status: active\ndescription: {purpose: y}\nsupport: [{channel: b, url: 'https://a'}]\n")
    found = changes(old, new)
    assert {(change.effect, change.step) for change in found} == {(S, "patch")}
    assert {change.what for change in found} == {"status", "description.purpose", "support"}


def test_a_version_alone_is_no_change() -> None:
    assert changes(document(), document().replace("1.0.0", "2.0.0")) == ()


# Tables.


def test_a_table_that_is_gone_stays_behind_in_the_lake() -> None:
    two = document() + f"  - name: u\n    properties:\n{DEEP}"
    (change,) = changes(two, document())
    assert (change.effect, change.place, change.what) == (B, "u", "removed")
    assert "stays in the lake, in u/" in change.why
    assert told(document(), two) == [(T, "u", "added")]


def test_a_table_of_the_same_columns_has_been_renamed() -> None:
    assert told(document(), document(name="u")) == [(B, "u", "renamed")]
    assert told(document(), document(name="u", columns=A)) == [(B, "t", "removed"), (T, "u", "added")]


def test_the_order_of_tables_is_safe() -> None:
    u, v = (f"  - name: {name}\n    properties:\n{ID}" for name in "uv")
    assert told(f"{HEAD}schema:\n{u}{v}", f"{HEAD}schema:\n{v}{u}") == [(S, "contract", "schema")]


def test_another_grain_makes_rows_of_another_thing() -> None:
    (grain, added) = changes(document(), document(columns=ID + DEEP))
    assert (grain.effect, grain.place, grain.what) == (B, "t", "grain")
    assert (grain.old, grain.new) == ("a row per record", "a row per $.lines[*]")
    assert added.what == "added"


def key(*names: str) -> str:
    column = "      - {{name: {0}, logicalType: string, required: true, primaryKey: {1}}}\n"
    return document(columns="".join(column.format(name, str(name in names).lower()) for name in "abc"))


KEYS = [
    ((), ("a",), T),
    (("a",), (), B),
    (("a",), ("a", "b"), B),
    (("a", "b"), ("a",), T),
    (("a", "b"), ("a", "c"), B),
]


@pytest.mark.parametrize(("old", "new", "effect"), KEYS)
def test_keys(old: tuple[str, ...], new: tuple[str, ...], effect: str) -> None:
    if set(old) < set(new) and old:  # unique over a is unique over a and b, and not the other way round
        assert told(key(*old), key(*new)) == [(B, "t", "primaryKey")]
    else:
        assert told(key(*old), key(*new)) == [(effect, "t", "primaryKey")]


def test_a_key_over_more_columns_follows_from_one_over_fewer() -> None:
    unique, both = (key(*names).replace("name: a,", "name: a, unique: true,") for names in ((), ("a", "b")))
    assert {effect for effect, _, _ in told(unique, both)} == {S}
    assert (B, "t", "unique") in told(both, key("a", "b"))


def test_the_order_of_a_key_means_nothing() -> None:
    old = key("a", "b")
    positions = {"name: a,": "name: a, primaryKeyPosition: 2,", "name: b,": "name: b, primaryKeyPosition: 1,"}
    new = old
    for before, after in positions.items():
        new = new.replace(before, after)
    assert {(change.effect, change.why) for change in changes(old, new)} == {(S, "it means the same here")}


def rule(keys: str) -> str:
    return document(table=f"    quality: [{{{keys}}}]\n", columns=ID + A)


SQL = "type: custom, engine: duckdb, name: order, implementation: "
COUNT = "metric: rowCount, mustBe"
QUERY = "type: sql, name: none, query: 'SELECT count(*) FROM t WHERE id > 1', mustBe: 0"
ROW_RULES = [
    ("", f"{SQL}a > id", "order", T, S),
    (f"{SQL}a > id", f"{SQL}a >= id", "order", T, T),
    (f"{SQL}a > id, severity: warning", f"{SQL}a > id", "order", T, S),
    ("", f"{SQL}a > id, severity: warning", "order", S, S),
    ("", f"{COUNT}GreaterThan: 5", "rowCount", T, S),
    (f"{COUNT}GreaterThan: 5", f"{COUNT}GreaterThan: 9", "rowCount", T, S),
    (f"{COUNT}LessThan: 9", f"{COUNT}LessThan: 5", "rowCount", T, S),
    (f"{COUNT}Between: [1, 9]", f"{COUNT}Between: [2, 8]", "rowCount", T, T),
    (QUERY, QUERY.replace("id > 1", "id > 2"), "none", T, T),
    (f"{QUERY}, severity: warning", QUERY, "none", T, S),
    (
        "metric: duplicateValues, arguments: {properties: [id, a]}, mustBe: 0",
        "metric: duplicateValues, arguments: {properties: [a]}, mustBe: 0",
        "duplicateValues",
        T,
        B,
    ),
]


@pytest.mark.parametrize(("old", "new", "what", "effect", "back"), ROW_RULES)
def test_rules_over_rows_and_uploads(old: str, new: str, what: str, effect: str, back: str) -> None:
    one, other = (rule(each) if each else document(columns=ID + A) for each in (old, new))
    assert told(one, other) == [(effect, "t", what)]
    assert told(other, one) == [(back, "t", what)]


def test_a_rule_of_another_name_asks_the_same() -> None:
    assert told(rule(QUERY), rule(QUERY.replace("name: none", "name: nil"))) == [
        (S, "t", "quality.nil"),
        (S, "t", "quality.none"),
    ]


# Partitions, and what Athena sees of them.


def partition(keys: str) -> str:
    return document(columns=f"      - {{name: p, required: true, partitioned: true, {keys}}}\n{ID}")


def days(limits: str) -> str:
    return partition(f"logicalType: date, logicalTypeOptions: {{{limits}}}")


def numbers(limits: str) -> str:
    return partition(f"logicalType: integer, logicalTypeOptions: {{{limits}}}")


def texts(*values: str) -> str:
    enum = f", enum: [{', '.join(f'{{value: {value}}}' for value in values)}]" if values else ""
    return partition(f"logicalType: string{enum}")


PARTITIONS = [
    (days("minimum: '2000-01-01'"), days("minimum: '2020-01-01'"), B, S),
    (days("maximum: '2030-01-01'"), days("maximum: '2031-01-01'"), S, B),
    (days("minimum: '2000-01-01'"), days("minimum: '2000-01-01', maximum: '2030-01-01'"), B, S),
    (days("maximum: '2099-01-01'"), days("minimum: '1970-01-01', maximum: '2099-01-01'"), T, S),
    (days("minimum: '1970-01-01', maximum: '2099-01-01'"), days("minimum: '1970-01-01'"), B, T),
    (numbers("minimum: 1, maximum: 9"), numbers("minimum: 1, maximum: 8"), B, S),
    (numbers("minimum: 1, maximum: 9"), numbers("minimum: 1"), B, B),
    (texts("x", "y"), texts("x"), B, S),
    (texts("x"), texts(), B, B),
    (texts("x"), texts("x", "'y,z'"), B, B),
]


@pytest.mark.parametrize(("old", "new", "effect", "back"), PARTITIONS)
def test_what_hides_partitions_from_athena_is_breaking(old: str, new: str, effect: str, back: str) -> None:
    found = changes(old, new)
    assert found[0].effect == effect
    assert ("Athena" in found[0].why) == (effect == B)
    assert changes(new, old)[0].effect == back


def test_other_rules_of_a_partition_column_hide_nothing() -> None:
    assert told(texts(), partition("logicalType: string, logicalTypeOptions: {pattern: ^x}")) == [(T, "t.p", "pattern")]


def test_other_folders_are_breaking() -> None:
    none = partition("logicalType: string").replace("partitioned: true, ", "")
    assert told(none, partition("logicalType: string")) == [(B, "t", "partitioned")]
    assert told(partition("logicalType: string"), none) == [(B, "t", "partitioned")]


def test_an_unsigned_number_that_athena_reads_no_more_is_breaking() -> None:
    column = "      - {name: a, logicalType: integer, logicalTypeOptions: {format: u64, maximum: 9}}\n"
    old, new = document(columns=column), document(columns=column.replace(", maximum: 9", ""))
    (change,) = changes(old, new)
    assert (change.effect, change.what) == (B, "maximum")
    assert "Athena" in change.why
    assert told(new, old) == [(T, "t.a", "maximum")]


# The step that all of it asks for.

STEPS = [
    ("1.4.2", "major", "2.0.0"), ("1.4.2", "minor", "1.5.0"), ("1.4.2", "patch", "1.4.3"),
    ("0.4.2", "major", "0.5.0"), ("0.4.2", "minor", "0.4.3"), ("0.4.2", "patch", "0.4.3"),
    ("1", "major", "2.0.0"), ("v1.4", "minor", "1.5.0"), ("2.0.0-rc.1", "major", "2.0.0"),
    ("1.4.2+x", "patch", "1.4.3"),
]  # fmt: skip


@pytest.mark.parametrize(("version", "step", "least"), STEPS)
def test_the_least_version_that_makes_a_step(version: str, step: diff.Step, least: str) -> None:
    assert diff.least(version, step) == least
    assert diff.shortfall(version, least, step) is None
    assert diff.shortfall(version, version, step) is not None


VERSIONS = [
    ("1.4.2", "2.0.0-rc.1", "major", None),
    ("1.4.2", "1.9.9", "major", "at least 2.0.0"),
    ("1.4.2", "3.0.0", "patch", None),
    ("1.4.2", "1.4.1", "patch", "at least 1.4.3"),
    ("2.0.0-rc.1", "2.0.0-rc.2", "major", None),
    ("2.0.0-rc.2", "2.0.0-rc.10", "major", None),
    ("2.0.0-rc.2", "2.0.0-rc.1", "patch", "at least 2.0.0"),
    ("2.0.0-rc.2", "2.0.0-1", "patch", "at least 2.0.0"),
    ("1.4.2", "spring", "minor", "no semantic version"),
    ("spring", "summer", "major", None),
    ("spring", "spring", "patch", "raise it"),
    ("spring", "1.0.0", "major", None),
]


@pytest.mark.parametrize(("old", "new", "step", "words"), VERSIONS)
def test_whether_a_version_makes_the_step(old: str, new: str, step: diff.Step, words: str | None) -> None:
    found = diff.shortfall(old, new, step)
    assert found is None if words is None else words in (found or "")
    assert diff.shortfall(old, new, None) is None


def test_the_worst_comes_first() -> None:
    found = changes(document(columns=ID + A), document("status: draft\n", columns=ID.replace("integer", "string")))
    assert [change.effect for change in found] == sorted((change.effect for change in found), key=diff.EFFECTS.index)
    assert diff.greatest(found) == "major"
