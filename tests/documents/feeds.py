# ruff: noqa: E501  # a column a line
"""Contracts of unlike feeds, as short as they go: what the circle of documents is closed over."""

from __future__ import annotations

HEAD = 'apiVersion: v3.1.0\nkind: DataContract\nid: {name}\nversion: "1"\n'


def policies(**values: str) -> str:
    return "customProperties:\n" + "".join(
        f"  - {{property: {name}, value: '{value}'}}\n" for name, value in values.items()
    )


EVERY_TYPE = """
schema:
  - name: t
    properties:
      - {name: id, logicalType: integer, primaryKey: true, logicalTypeOptions: {format: u64}}
      - {name: small, logicalType: integer, required: true, logicalTypeOptions: {format: i8}}
      - {name: dozens, logicalType: integer, logicalTypeOptions: {multipleOf: 12, exclusiveMinimum: 0, maximum: 600}}
      - {name: ratio, logicalType: number, required: true, logicalTypeOptions: {minimum: -1, exclusiveMaximum: 1}}
      - {name: eighths, logicalType: number, logicalTypeOptions: {multipleOf: 0.125}}
      - {name: money, logicalType: number, physicalType: "decimal(8,3)", logicalTypeOptions: {multipleOf: 0.005}}
      - {name: huge, logicalType: number, physicalType: "decimal(38,0)"}
      - {name: flag, logicalType: boolean, required: true}
      - {name: yes, logicalType: boolean, enum: [{value: true}]}
      - {name: day, logicalType: date, logicalTypeOptions: {minimum: "2031-02-03", maximum: "2031-02-09"}}
      - {name: dotted, logicalType: date, logicalTypeOptions: {format: "d.M.yyyy"}, required: true}
      - {name: epoch_day, logicalType: date, logicalTypeOptions: {format: epochSeconds}}
      - {name: clock, logicalType: time, logicalTypeOptions: {exclusiveMinimum: "08:00", maximum: "17:30"}}
      - {name: compact, logicalType: time, logicalTypeOptions: {format: "HH'h'mm"}}
      - {name: moment, logicalType: timestamp, required: true}
      - {name: local, logicalType: timestamp, physicalType: timestamp(s), logicalTypeOptions: {defaultTimezone: Europe/Berlin}}
      - {name: stamped, logicalType: timestamp, physicalType: timestamp(ms), logicalTypeOptions: {format: "yyyyMMddHHmmss.SSSX"}}
      - {name: millis, logicalType: timestamp, physicalType: timestamp(ns), logicalTypeOptions: {format: epochMillis}}
      - {name: text, logicalType: string, logicalTypeOptions: {minLength: 12, maxLength: 14}}
      - {name: email, logicalType: string, logicalTypeOptions: {format: email}, classification: restricted}
      - {name: uuid, logicalType: string, unique: true, logicalTypeOptions: {format: uuid}}
      - {name: uri, logicalType: string, logicalTypeOptions: {format: uri}}
      - {name: host, logicalType: string, logicalTypeOptions: {format: hostname}}
      - {name: ipv4, logicalType: string, logicalTypeOptions: {format: ipv4}}
      - {name: ipv6, logicalType: string, logicalTypeOptions: {format: ipv6}}
      - {name: blob, logicalType: string, logicalTypeOptions: {format: byte, minLength: 8}}
      - {name: secret, logicalType: string, logicalTypeOptions: {format: password}}
      - {name: code, logicalType: string, logicalTypeOptions: {pattern: '^(?i)[a-f]{2}-\\d+\\.(?:x|yz?)$', maxLength: 9}}
      - {name: loose, logicalType: string, logicalTypeOptions: {pattern: '\\bcat\\b'}}
      - {name: state, logicalType: string, enum: [{value: new}, {value: "7"}, {value: "São"}]}
      - {name: level, logicalType: integer, enum: [{value: 1}, {value: 5}]}
      - name: note
        logicalType: string
        quality:
          - {metric: missingValues, arguments: {missingValues: ["", "N/A"]}, mustBe: 0}
          - {metric: invalidValues, arguments: {pattern: "^[a-z ]+$"}, mustBe: 0, severity: warning}
"""

FUNCTIONS = """
schema:
  - name: t
    properties:
      - {name: id, logicalType: string, primaryKey: true, transformLogic: upper(trim($.id)), logicalTypeOptions: {pattern: "^[A-Z]{3}-[0-9]{4}$"}}
      - {name: status, logicalType: string, required: true, transformLogic: lower($.status), enum: [{value: open}, {value: closed}]}
      - {name: coupon, logicalType: string, transformLogic: "nullif(trim($.coupon), '')", logicalTypeOptions: {minLength: 4}}
      - {name: code, logicalType: string, required: true, transformLogic: "nullif($.code, '-')"}
      - {name: who, logicalType: string, required: true, transformLogic: "coalesce(nullif($.firm.name, ''), $.person.name, $['any one'])"}
      - {name: amount, logicalType: number, physicalType: "decimal(10,2)", transformLogic: "scale($.cents, -2)", logicalTypeOptions: {minimum: 0.5, maximum: 90}}
      - {name: dozens, logicalType: integer, transformLogic: "scale($.thousandths, -3)", required: true}
      - {name: kilo, logicalType: number, transformLogic: "scale($.grams, -3)", logicalTypeOptions: {minimum: 0}}
      - {name: day, logicalType: date, required: true, partitioned: true, transformLogic: "date($.at, 'America/Sao_Paulo')", logicalTypeOptions: {minimum: "2024-06-01", maximum: "2024-06-30"}}
      - {name: second, logicalType: date, transformLogic: "date($.epoch)", logicalTypeOptions: {format: epochSeconds}}
      - {name: at, logicalType: timestamp, transformLogic: $.at}
      - {name: raw, logicalType: string, required: true, transformLogic: json($.raw), logicalTypeOptions: {maxLength: 300}}
      - {name: count, logicalType: integer, transformLogic: trim($.count)}
      - {name: first, logicalType: string, required: true, transformLogic: "$.list[0].name"}
      - {name: last, logicalType: string, transformLogic: "$.list[-1].name"}
      - {name: either, logicalType: integer, transformLogic: "coalesce($.a, $.b)", logicalTypeOptions: {minimum: 10}}
"""

NESTED = """
schema:
  - name: orders
    properties:
      - {name: id, logicalType: integer, primaryKey: true, logicalTypeOptions: {minimum: 1}}
      - {name: tags, logicalType: array, required: true, items: {logicalType: string, required: true, logicalTypeOptions: {maxLength: 9, pattern: "^[a-z]"}}, logicalTypeOptions: {minItems: 1, maxItems: 3, uniqueItems: true}}
      - name: address
        logicalType: object
        logicalTypeOptions: {required: [zip], minProperties: 2}
        properties:
          - {name: zip, logicalType: string, logicalTypeOptions: {pattern: "^[0-9]{5}$"}}
          - {name: street, logicalType: string}
          - {name: geo, logicalType: object, properties: [{name: lat, logicalType: number, required: true, logicalTypeOptions: {minimum: -90, maximum: 90}}]}
      - name: windows
        logicalType: array
        items: {logicalType: object, properties: [{name: from, logicalType: time}, {name: days, logicalType: array, items: {logicalType: integer, logicalTypeOptions: {minimum: 1, maximum: 7}}}]}
  - name: lines
    properties:
      - {name: id, logicalType: integer, primaryKey: true, logicalTypeOptions: {minimum: 1}}
      - {name: n, logicalType: integer, primaryKey: true, transformLogic: "index($.lines[*])"}
      - {name: sku, logicalType: string, required: true, transformLogic: "$.lines[*].sku"}
      - {name: currency, logicalType: string, required: true, transformLogic: $.currency, enum: [{value: EUR}, {value: BRL}]}
  - name: taxes
    properties:
      - {name: id, logicalType: integer, required: true}
      - {name: sku, logicalType: string, required: true, transformLogic: "$.lines[*].sku"}
      - {name: quantity, logicalType: integer, required: true, transformLogic: "$.lines[*].quantity", logicalTypeOptions: {minimum: 1}}
      - {name: rate, logicalType: number, physicalType: "decimal(4,3)", required: true, transformLogic: "$.lines[*].taxes[*].rate"}
"""

CONDITIONS = """
schema:
  - name: t
    properties:
      - {name: id, logicalType: string, primaryKey: true}
      - {name: net, logicalType: number, physicalType: "decimal(9,2)", required: true, logicalTypeOptions: {minimum: 0}}
      - {name: tax, logicalType: number, physicalType: "decimal(9,2)", required: true, logicalTypeOptions: {minimum: 0}}
      - {name: gross, logicalType: number, physicalType: "decimal(9,2)", required: true}
      - {name: opened, logicalType: date, required: true}
      - {name: closed, logicalType: date}
    quality:
      - {name: adds_up, type: custom, engine: duckdb, implementation: net + tax = gross}
      - {name: in_order, type: custom, engine: duckdb, implementation: closed >= opened}
      - {name: enough, metric: rowCount, mustBeGreaterThan: 5}
      - {name: mostly_closed, type: sql, query: "SELECT count(*) FILTER (closed IS NULL) * 2 - count(*) FROM {object}", mustBeLessThan: 0}
"""

WRAPPED = (
    policies(records="$.page.orders[*]", quarantineGrain="row", unknownFields="reject", emptyRecords="allow")
    + """
schema:
  - name: lines
    properties:
      - {name: id, logicalType: integer, required: true, transformLogic: $.id}
      - {name: sku, logicalType: string, required: true, transformLogic: "$.lines[*].sku"}
      - {name: serials, logicalType: array, transformLogic: "$.lines[*].serials", items: {logicalType: integer}}
    quality:
      - {name: once, metric: duplicateValues, arguments: {properties: [id, sku]}, mustBe: 0}
"""
)

HOSTILE_NAMES = (
    policies(unknownFields="reject", emptyRecords="reject")
    + r"""
schema:
  - name: select
    properties:
      - {name: from, logicalType: integer, required: true, transformLogic: "$['ty\"pe'].items['$ref'][*]['a b']"}
      - {name: where, logicalType: string, required: true, transformLogic: "$['ty\"pe'].items['$ref'][*]['required']"}
      - {name: order, logicalType: string, transformLogic: "$['日本語'].properties", unique: true}
      - {name: enum, logicalType: string, transformLogic: "$['']['💥']"}
"""
)

DEEP = """
schema:
  - name: t
    properties:
      - {name: x, logicalType: integer, required: true, transformLogic: "$.a[*].b[*].c[*].x"}
      - {name: b, logicalType: string, required: true, transformLogic: "$.a[*].b[*].name"}
      - {name: a, logicalType: string, transformLogic: "$.a[*].name", logicalTypeOptions: {minLength: 3}}
      - {name: first, logicalType: string, transformLogic: "coalesce($.a[*].name, $.name)"}
"""

BODIES = {
    "every_type": EVERY_TYPE,
    "functions": FUNCTIONS,
    "nested": NESTED,
    "conditions": CONDITIONS,
    "wrapped": WRAPPED,
    "hostile_names": HOSTILE_NAMES,
    "deep": DEEP,
}
FEEDS = {name: HEAD.format(name=name) + body for name, body in BODIES.items()}
