"""Valid ODCS documents of other hands, v3.0 to v3.2: they load, or say what is not executable here, and where."""

from __future__ import annotations

import pytest
from contract_documents import assert_faults, read

from etl.contract import hints

HEAD = "kind: DataContract\nid: 5e9f1c2a-7b6d-4e3f-8a1b-2c3d4e5f6a7b\nname: payments\nversion: 1.0.0\nstatus: active\n"


def odcs(version: str, rest: str) -> str:
    return f"apiVersion: {version}\n{HEAD}{rest}"


def with_columns(version: str, *columns: str, rules: str = "") -> str:
    lines = "".join(f"      - {column}\n" for column in columns)
    return odcs(version, f"schema:\n  - name: t\n    properties:\n{lines}{rules}")


NUMBER = "{name: n, logicalType: number, physicalType: 'float(3,2)'}"

LOADS = {
    "everything round the tables, v3.0": odcs(
        "v3.0.2",
        """\
domain: seller
dataProduct: my quantum
tenant: T
description: {purpose: p, limitations: l, usage: u, authoritativeDefinitions: [{type: privacy, url: 'https://x.org'}]}
servers:
  - {server: warehouse, type: postgres, host: localhost, port: 5432, database: d, schema: s}
  - {server: topic, type: kafka, host: 'broker:9092', format: avro}
schema:
  - name: t
    logicalType: object
    physicalName: tbl_1
    physicalType: table
    businessName: Payments
    dataGranularityDescription: Aggregation
    authoritativeDefinitions: [{url: 'https://x.org', type: businessDefinition}]
    tags: [finance]
    properties:
      - name: n
        physicalName: n_1
        businessName: number
        logicalType: string
        physicalType: varchar(18)
        primaryKey: false
        primaryKeyPosition: -1
        partitioned: false
        partitionKeyPosition: -1
        criticalDataElement: false
        encryptedName: n_enc
        transformSourceObjects: [a, b]
        transformDescription: in business terms
        examples: [x]
        customProperties: [{property: anonymizationStrategy, value: none}]
    customProperties: [{property: business-key, value: [n]}]
price: {priceAmount: 9.95, priceCurrency: USD, priceUnit: megabyte}
team: [{username: a, role: Owner, dateIn: '2022-08-02', dateOut: '2022-10-01', replacedByUsername: b}]
roles: [{role: r, access: read, firstLevelApprovers: x, secondLevelApprovers: 'y'}]
slaDefaultElement: t.n
slaProperties: [{property: latency, value: 4, unit: d, element: t.n, driver: regulatory}]
support: [{channel: '#help', tool: slack, url: 'https://x.org'}]
tags: [transactions]
contractCreatedTs: '2022-11-15T02:59:43+00:00'
""",
    ),
    "relationships, of columns and of tables": odcs(
        "v3.1.0",
        """\
schema:
  - id: customers_obj
    name: customers
    properties: [{id: c, name: id, logicalType: string, primaryKey: true, required: true}]
  - name: orders
    properties:
      - {name: id, logicalType: string, relationships: [{to: customers.id, type: foreignKey}]}
      - {name: nr, logicalType: integer}
    relationships: [{type: foreignKey, from: [orders.id, orders.nr], to: [customers.id, customers.nr]}]
""",
    ),
    "enum with all that a value may have": with_columns(
        "v3.2.0",
        "{name: s, logicalType: string, deprecated: true, enum:"
        " [{value: US, label: United States, description: d, tags: [x], customProperties: [{property: p, value: 1}]}]}",
    ),
    "metrics with arguments and units": with_columns(
        "v3.1.0",
        "{name: s, logicalType: string, quality: [{metric: invalidValues, mustBeLessOrEqualTo: 5, unit: percent,"
        " arguments: {validValues: ['', null, n/a]}, dimension: conformity, businessImpact: operational,"
        " schedule: 0 20 * * *, scheduler: cron, method: reconciliation}]}",
    ),
    "a metric called rule, and rules in prose": with_columns(
        "v3.0.1",
        "{name: s, logicalType: string, quality: [{rule: nullValues, mustBe: 0}, {type: text, description: be nice}]}",
    ),
}

REFUSED = {
    "SQL for the map": (
        with_columns("v3.0.0", "{name: d, logicalType: date, transformLogic: «sel t1.x as d from table_1 as t1}"),
        "found 'sel': SQL is not executed here",
    ),
    "a function of SQL": (
        with_columns("v3.1.0", "{name: d, logicalType: string, transformLogic: «cast($.d as varchar)}"),
        "unknown function 'cast'; there are trim",
    ),
    "a dimension": (
        with_columns("v3.2.0", NUMBER, "{name: d, semanticType: «dimension, logicalType: string, transformLogic: n}"),
        "a dimension is not executable here",
    ),
    "a measure": (
        with_columns(
            "v3.2.0", NUMBER, "{name: s, semanticType: «measure, logicalType: number, transformLogic: SUM(n)}"
        ),
        "a measure is not executable here",
    ),
    "a map": (
        with_columns(
            "v3.2.0",
            "{name: m, logicalType: «map, map: {key: {logicalType: string}, value: {logicalType: string}}}",
        ),
        "map columns are not executable here; json($.path) into a string",
    ),
    "a rule of v3.0 without an operator": (
        with_columns("v3.0.2", "{name: n, logicalType: number, quality: [{type: library, rule: «between}]}"),
        "the rule 'between' is not executable here; there are nullValues",
    ),
    "a rule of v3.0 with another name now": (
        with_columns("v3.0.2", "{name: n, logicalType: number, quality: [{rule: «duplicateCount, mustBe: 0}]}"),
        "the rule 'duplicateCount' is not executable here; did you mean 'duplicateValues'?",
    ),
    "a time of day in a date of v3.0": (
        with_columns("v3.0.2", "{name: d, logicalType: date, logicalTypeOptions: {format: «'yyyy-MM-dd HH:mm:ss'}}"),
        "which a date does not hold: use logicalType timestamp",
    ),
    "single precision": (
        with_columns("v3.0.2", "{name: n, logicalType: number, logicalTypeOptions: {format: «f32}}"),
        "f32 is not executable: it would round most values",
    ),
    "an array of anything": (with_columns("v3.0.2", "«{name: a, logicalType: array}"), "'items' is missing"),
    "a physical type alone": (
        with_columns("v3.0.2", "«{name: a, physicalType: varchar(3)}"),
        "'logicalType' is missing",
    ),
    "a topic without columns": (odcs("v3.0.0", "schema:\n  - «name: Orders\n    physicalType: topic\n"), "one column"),
    "no tables": (odcs("v3.0.2", "schema: «[]\n"), "'schema' needs at least one table"),
    "variables": (
        with_columns(
            "v3.2.0", NUMBER, rules="    quality: [{type: sql, query: «'SELECT count(*) FROM ${TARGET}', mustBe: 0}]\n"
        ),
        "${TARGET} stands for nothing here; there are {object}, {table}",
    ),
}

HINTED = {
    "another engine": (
        with_columns(
            "v3.0.2",
            "{name: n, logicalType: number, quality: [{type: custom, engine: soda, implementation: {type: dup}}]}",
        ),
        "rules of the engine soda are kept and not executed here",
    ),
    "a date that is a timestamp elsewhere": (
        with_columns("v3.0.2", "{name: d, logicalType: date, physicalType: timestamp}"),
        "a date holds no time of day",
    ),
    "a key that may be null": (
        with_columns("v3.0.2", "{name: n, logicalType: string, primaryKey: true, required: false}"),
        "'n' is part of the key, so it is required",
    ),
}


@pytest.mark.parametrize("text", LOADS.values(), ids=LOADS)
def test_it_loads(text: str) -> None:
    assert read(text).tables
    assert hints(text) == ()


@pytest.mark.parametrize(("marked", "message"), REFUSED.values(), ids=REFUSED)
def test_it_says_what_is_not_executable_and_where(marked: str, message: str) -> None:
    assert_faults(marked, message)


@pytest.mark.parametrize(("text", "message"), HINTED.values(), ids=HINTED)
def test_it_loads_with_a_hint(text: str, message: str) -> None:
    assert read(text).tables
    (hint,) = hints(text)
    assert message in hint.message
