"""Faulty contracts: each mistake is one fault, at its place, in words that help."""

from __future__ import annotations

import pytest
from contract_documents import HEAD, ID, TABLE, assert_faults, column, columns, custom, document, table

from etl.contract import load, loads
from etl.errors import ContractError, Fault

YAML = {
    "duplicate key": (document("name: a\n«name: b\n"), "the key 'name' is there twice: first in line 10"),
    "duplicate nested key": (column("logicalType: string\n«logicalType: date"), "'logicalType' is there twice"),
    "tab": (HEAD + "«\tschema: []", "the YAML can't be read"),
    "colon in a value": (HEAD + "tenant: a«: b", "put the value in quotes"),
    "open bracket": (HEAD + "tags: [a, b\nschema«: x", "the YAML can't be read"),
    "unknown alias": (HEAD + "tenant: «*x", "undefined alias"),
    "tag": (HEAD + "tenant: «!!python/object:os.system x", "the tag tag:yaml.org,2002:python/object:os.system is not"),
    "plain tag": (HEAD + "tenant: «!!str 5", "is not supported"),
    "two documents": (HEAD + "«---\nid: y", "another document"),
    "key that is a number": (HEAD + "tenant: x\n«5: x", "a key must be text"),
    "key that is a list": (HEAD + "tenant: x\n«[a]: x", "a key must be text"),
    "control character": (HEAD + "tenant: «\x07", "the character #x0007 is not allowed"),
    "merge of a text": (HEAD + "<<: «x", "<<: takes a mapping"),
    "itself": (HEAD + "tags: «&t\n  - *t", "contains itself"),
    "nested deeply": (HEAD + "tags: " + "[" * 99 + "«" + "[" * 200, "nested over 100 levels"),
    "empty": ("«", "the file is empty"),
    "only a comment": ("«# nothing", "the file is empty"),
    "a list": ("«- a", "a mapping is expected, found a list"),
    "a text": ("«hello", "a mapping is expected, found text 'hello'"),
}

ODCS = {
    "unknown key": (document("«staus: active\n"), "unknown key 'staus'; did you mean 'status'?"),
    "far from any key": (document("«zzz: active\n"), "unknown key 'zzz'; there are apiVersion"),
    "misspelt column key": (column("logicalType: string\n«requred: true"), "did you mean 'required'?"),
    "misspelt logicalType": (column("«logicaltype: string"), "did you mean 'logicalType'?"),
    "unknown type": (column("logicalType: «strng"), "text 'strng' is no logicalType; did you mean 'string'?"),
    "unknown type, its keys kept": (
        column("logicalType: «aray\nitems: {logicalType: string}"),
        "did you mean 'array'?",
    ),
    "no is not false": (column("logicalType: string\nrequired: «no"), "true or false is expected, found text 'no'"),
    "number for text": (document("tenant: «1.0\n"), "text is expected, found the number 1.0: put it in quotes"),
    "nothing for text": (document("tenant:« \n"), "text is expected, found nothing"),
    "mapping for a list": (document("tags: «{a: b}\n"), "a list is expected, found a mapping"),
    "number in a list of text": (document("tags: [a, «5]\n"), "text is expected, found the number 5"),
    "column without a name": (columns("- «logicalType: string"), "'name' is missing"),
    "column that is a text": (columns("- «hello"), "a mapping is expected, found text 'hello'"),
    "table without a name": (HEAD + "schema:\n  - «properties: []\n", "'name' is missing"),
    "no id": ("«apiVersion: v3.1.0\nkind: DataContract\nversion: '1'\nname: x\n" + TABLE + ID, "'id' is missing"),
    "wrong kind": (HEAD.replace("DataContract", "«Contract") + TABLE + ID, "did you mean 'DataContract'?"),
    "unknown version": (HEAD.replace("v3.1.0", "«v3.9.9") + TABLE + ID, "is no apiVersion"),
    "old version": (HEAD.replace("v3.1.0", "«v2.2.2") + TABLE + ID, "v3.0.0 to v3.2.0 is expected, found v2.2.2"),
    "items of a string": (column("logicalType: string\n«items: {logicalType: string}"), "'items' does not belong here"),
    "option of another type": (
        column("logicalType: integer\nlogicalTypeOptions: {«minLength: 3}"),
        "'minLength' is no option of this logicalType; there are exclusiveMaximum",
    ),
    "option of wrong type": (
        column("logicalType: integer\nlogicalTypeOptions: {minimum: «'3'}"),
        "a number is expected, found text '3'",
    ),
    "negative length": (column("logicalType: string\nlogicalTypeOptions: {maxLength: «-1}"), "at least 0 is expected"),
    "multiple of nothing": (
        column("logicalType: number\nlogicalTypeOptions: {multipleOf: «0}"),
        "a number above 0 is expected, found 0",
    ),
    "empty enum": (column("logicalType: string\nenum: «[]"), "at least 1 entry expected, found 0"),
    "enum twice": (column("logicalType: string\nenum: «[{value: a}, {value: a}]"), "entries of this list must differ"),
    "enum of bare values": (column("logicalType: string\nenum: [«a]"), "a mapping is expected, found text 'a'"),
    "team": (document("team: «5\n"), "a mapping or a list is expected, found the number 5"),
    "sla without value": (document("slaProperties:\n  - «property: latency\n"), "'value' is missing"),
    "server without location": (document("servers:\n  - «server: incoming\n    type: s3\n"), "'location' is missing"),
    "misspelt location": (
        document("servers:\n  - server: incoming\n    type: s3\n    «loction: s3://b/\n"),
        "did you mean 'location'?",
    ),
    "server of unknown type": (
        document("servers:\n  - server: incoming\n    type: «s4\n    location: s3://bucket/in/\n"),
        "text 's4' is no type",
    ),
}

NAMES = {
    "contract": (document("name: «9lives\n"), "'9lives' is no contract name"),
    "contract by its id": (
        HEAD.replace("shop", "«a.b") + TABLE + ID,
        "'a.b' is no contract name",
    ),
    "table": (HEAD + TABLE.replace("name: t", "name: «my-table") + ID, "'my-table' is no table name"),
    "column": (columns("- {name: «order-id, logicalType: string}"), "'order-id' is no column name"),
    "column again": (
        columns("- {name: «ID, logicalType: string}"),
        "a column 'id' already, in line 8 (case does not count)",
    ),
    "reserved": (columns("- {name: «_Upload, logicalType: string}"), "'_Upload' is reserved"),
    "table again": (
        HEAD + TABLE + ID + "  - name: «T\n    properties: [{name: a, logicalType: string}]\n",
        "there is a table 't' already, in line 6",
    ),
    "no schema": ("«" + HEAD, "'schema' needs at least one table"),
    "empty schema": (HEAD + "schema: «[]", "'schema' needs at least one table"),
    "no columns": (HEAD + "schema:\n  - «name: t\n", "a table needs at least one column"),
    "empty columns": (HEAD + "schema:\n  - name: t\n    properties: «[]\n", "a table needs at least one column"),
    "misspelt schema": (HEAD + "«schemas: []\n", "did you mean 'schema'?"),
}

TYPES = {
    "no type": (columns("- «name: a"), "'logicalType' is missing; there are string"),
    "map": (
        column("logicalType: «map\nmap: {key: {logicalType: string}, value: {logicalType: string}}"),
        "map columns are not executable here",
    ),
    "vector": (
        column("logicalType: «vector\nlogicalTypeOptions: {dimensions: 3}"),
        "vector columns are not executable",
    ),
    "i128": (column("logicalType: integer\nlogicalTypeOptions: {format: «i128}"), "decimal(38,0)"),
    "integer as decimal": (column("logicalType: integer\nphysicalType: «decimal(12,2)"), "is for number columns"),
    "f32": (column("logicalType: number\nlogicalTypeOptions: {format: «f32}"), "f32 is not executable"),
    "too many digits": (column("logicalType: number\nphysicalType: «decimal(39,2)"), "1 to 38 digits, found 39"),
    "scale over precision": (column("logicalType: number\nphysicalType: «numeric(4,5)"), "0 to 4 can stand after"),
    "bare decimal": (column("logicalType: number\nphysicalType: «decimal"), "say how many digits: decimal(12,2)"),
    "broken decimal": (column("logicalType: number\nphysicalType: «decimal(12;2)"), "decimal(p,s) is expected"),
    "timestamp unit": (column("logicalType: timestamp\nphysicalType: «timestamp(6)"), "(ms), (us) or (ns) is expected"),
    "time zone": (
        column("logicalType: timestamp\nlogicalTypeOptions: {defaultTimezone: «Brasil/Recife}"),
        "unknown time zone 'Brasil/Recife'",
    ),
    "pattern letter": (column("logicalType: date\nlogicalTypeOptions: {format: «dd-MMM-yyyy}"), "'MMM' in format"),
    "pattern without day": (column("logicalType: date\nlogicalTypeOptions: {format: «yyyy-MM}"), "has no day"),
    "pattern twice": (column("logicalType: date\nlogicalTypeOptions: {format: «dd-dd-MM-yyyy}"), "has the day twice"),
    "minutes for months": (column("logicalType: date\nlogicalTypeOptions: {format: «yyyy-mm-dd}"), "has no month"),
    "time in a date": (
        column("logicalType: date\nlogicalTypeOptions: {format: «yyyy-MM-dd HH}"),
        "which a date does not",
    ),
    "open quote": (column('logicalType: date\nlogicalTypeOptions: {format: «"yyyy-MM-dd\'T"}'), "is not closed"),
    "seconds without minutes": (
        column("logicalType: time\nlogicalTypeOptions: {format: «HH ss}"),
        "without the minute",
    ),
    "no offset": (
        column("logicalType: timestamp\nlogicalTypeOptions: {format: «yyyy-MM-dd HH:mm}"),
        "have no offset from UTC: add defaultTimezone",
    ),
    "epoch of a time": (column("logicalType: time\nlogicalTypeOptions: {format: «epochMillis}"), "is not supported"),
    "array without items": (columns("- «name: a\n  logicalType: array"), "'items' is missing"),
    "misspelt items": (column("logicalType: array\n«item: {logicalType: string}"), "did you mean 'items'?"),
    "object without fields": (columns("- «name: a\n  logicalType: object"), "'properties' is missing"),
    "item without type": (column("logicalType: array\nitems: «{description: x}"), "'logicalType' is missing"),
    "key inside": (
        column("logicalType: array\nitems: {logicalType: string, «transformLogic: $.x}"),
        "'transformLogic' is for columns; this is a part of one",
    ),
    "fields folded": (
        column("logicalType: object\nproperties: [{name: x, logicalType: string}, {name: «X, logicalType: string}]"),
        "there is a field 'x' already",
    ),
}

MAPPING = {
    "no path": (column("logicalType: string\ntransformLogic: «customer.email"), "did you mean '$.customer.email'?"),
    "inside plain": (column("logicalType: string\ntransformLogic: $.a«..b"), "'..' is not supported"),
    "inside quotes": (column('logicalType: string\ntransformLogic: "$.a«..b"'), "'..' is not supported"),
    "escaped": (column('logicalType: string\ntransformLogic: «"$.\\u0061..b"'), "'..' is not supported"),
    "block": (column("logicalType: string\ntransformLogic: «|\n  $.a..b"), "'..' is not supported"),
    "unknown function": (column("logicalType: string\ntransformLogic: «trimm($.a)"), "unknown function 'trimm'"),
    "comment": (
        column("logicalType: string\ntransformLogic: $[«'a #b']"),
        "YAML took ' #' and what follows for a comment",
    ),
    "zone": (column("logicalType: date\ntransformLogic: date($.a, «'Recife')"), "unknown time zone 'Recife'"),
    "index into text": (column("logicalType: string\ntransformLogic: «index($[*])"), "index gives an integer"),
    "scale of text": (column("logicalType: string\ntransformLogic: «scale($.a, -2)"), "scale gives a number"),
    "date into timestamp": (column("logicalType: timestamp\ntransformLogic: «date($.a)"), "date gives a date"),
    "a day's format of a timestamp": (
        column("logicalType: date\ntransformLogic: date($.a)\nlogicalTypeOptions: {format: «yyyy-MM-dd}"),
        "date() reads timestamps, and 'yyyy-MM-dd' is of dates: no text would pass",
    ),
    "json into number": (column("logicalType: number\ntransformLogic: «json($.a)"), "json gives a string"),
    "trim of a number": (column("logicalType: string\ntransformLogic: «trim(scale($.a, 2))"), "trim works on text"),
    "inside coalesce": (
        column("logicalType: string\ntransformLogic: «coalesce($.a, lower(coalesce($.b, index($[*]))))"),
        "lower works on text",
    ),
    "function into a list": (
        column("logicalType: array\nitems: {logicalType: string}\ntransformLogic: «trim($.a)"),
        "an array column takes a path or coalesce",
    ),
    "two chains": (
        columns(
            "- {name: a, logicalType: string, transformLogic: '$.x[*].a'}\n"
            "- {name: b, logicalType: string, transformLogic: «'$.y[*].b'}"
        ),
        "'b' reads $.y[*], 'a' reads $.x[*]: one table follows one [*] chain",
    ),
    "two chains in one column": (
        column("logicalType: string\ntransformLogic: «coalesce($.x[*].a, $.y[*].a)"),
        "'a' reads $.y[*], 'a' reads $.x[*]",
    ),
    "nested functions": (
        column("logicalType: string\ntransformLogic: «" + "trim(" * 3000 + "$.a" + ")" * 3000),
        "nested too deeply",
    ),
}

CHECKS = {
    "lengths": (
        column("logicalType: string\nlogicalTypeOptions: {minLength: 5, maxLength: «3}"),
        "nothing can be right: minLength is 5, maxLength 3",
    ),
    "items": (
        column("logicalType: array\nitems: {logicalType: string}\nlogicalTypeOptions: {minItems: 5, maxItems: «3}"),
        "minItems is 5",
    ),
    "bounds": (
        column("logicalType: integer\nlogicalTypeOptions: {minimum: 5, maximum: «3}"),
        "nothing can be right: the value is >= 5 and <= 3",
    ),
    "bounds that touch": (
        column("logicalType: number\nlogicalTypeOptions: {exclusiveMinimum: 5, maximum: «5}"),
        "> 5.0 and <= 5.0",
    ),
    "bound out of reach": (
        column("logicalType: integer\nlogicalTypeOptions: {format: u8, minimum: «256}"),
        "no uint8 is >= 256",
    ),
    "decimal out of reach": (
        column("logicalType: number\nphysicalType: decimal(4,2)\nlogicalTypeOptions: {minimum: «100}"),
        "no decimal(4,2) is >= 100",
    ),
    "bound a double can't hold": (
        column("logicalType: number\nlogicalTypeOptions: {maximum: «9007199254740993}"),
        "would become 9007199254740992 as a float64",
    ),
    "date bound": (
        column("logicalType: date\nlogicalTypeOptions: {minimum: «01/02/2020}"),
        "a date such as 2024-01-31",
    ),
    "no such day": (
        column("logicalType: date\nlogicalTypeOptions: {minimum: «2023-02-29}"),
        "no 2023-02-29 in the cal",
    ),
    "time bound": (column("logicalType: time\nlogicalTypeOptions: {minimum: «8am}"), "a time such as 23:59:59"),
    "naive timestamp": (
        column("logicalType: timestamp\nlogicalTypeOptions: {minimum: «'2020-01-01T00:00:00'}"),
        "has no offset: write 2020-01-01T00:00:00Z",
    ),
    "finer than its unit": (
        column(
            "logicalType: timestamp\nphysicalType: timestamp(s)\n"
            "logicalTypeOptions: {minimum: «'2020-01-01T00:00:00.5Z'}"
        ),
        "more digits than timestamp(s) holds",
    ),
    "lookahead": (
        column("logicalType: string\nlogicalTypeOptions: {pattern: «'^(?=a)'}"),
        "lookaround and backreferences are not supported",
    ),
    "backreference": (
        column("logicalType: string\nlogicalTypeOptions: {pattern: «'(a)\\1'}"),
        "linear time",
    ),
    "format": (column("logicalType: string\nlogicalTypeOptions: {format: «e-mail}"), "did you mean 'email'?"),
    "enum of another type": (
        column("logicalType: integer\nenum: [{value: «'1'}]"),
        "a number is expected, found text '1'",
    ),
    "enum out of range": (
        column("logicalType: integer\nlogicalTypeOptions: {format: i8}\nenum: [{value: 127}, {value: «128}]"),
        "128 does not fit int8",
    ),
    "enum with more digits": (
        column("logicalType: number\nphysicalType: decimal(4,2)\nenum: [{value: «1.005}]"),
        "1.005 does not fit decimal(4,2)",
    ),
    "enum of numbers for text": (column("logicalType: string\nenum: [{value: «1}]"), "put it in quotes"),
    "enum with null": (column("logicalType: string\nenum: [{value: «null}]"), "found nothing"),
    "enum of a list": (
        column("logicalType: array\nitems: {logicalType: string}\nenum: [{value: «a}]"),
        "values of array columns can't be listed",
    ),
    "required field": (
        column(
            "logicalType: object\nproperties: [{name: street, logicalType: string}]\n"
            "logicalTypeOptions: {required: [«stret]}"
        ),
        "there is no field 'stret'; did you mean 'street'?",
    ),
    "unique list": (
        column("logicalType: array\nitems: {logicalType: string}\nunique: «true"),
        "only single values can be kept apart",
    ),
    "key of an object": (
        column("logicalType: object\nproperties: [{name: b, logicalType: string}]\nprimaryKey: «true"),
        "'a' is of type object",
    ),
    "key positions": (
        columns(
            "- {name: a, logicalType: string, primaryKey: true, primaryKeyPosition: 1}\n"
            "- {name: b, logicalType: string, primaryKey: true, primaryKeyPosition: «1}"
        ),
        "'a' has primaryKeyPosition 1 already",
    ),
    "partition may be absent": (column("logicalType: string\npartitioned: «true"), "'a' must be required"),
    "partition by a number": (
        column("logicalType: number\nrequired: true\npartitioned: «true"),
        "a partition column is a string, integer, boolean or date; 'a' is of type number",
    ),
}

QUALITY = {
    "no operator": (table("quality:\n  - «metric: rowCount"), "an operator is missing: one of mustBe"),
    "two operators": (
        table("quality:\n  - «{metric: rowCount, mustBe: 1, mustNotBe: 2}"),
        "only one of mustBe, mustNotBe",
    ),
    "operator without value": (table("quality: [{metric: rowCount, mustBe: «null}]"), "mustBe needs a value"),
    "operand": (table("quality: [{metric: rowCount, mustBe: «many}]"), "a number is expected, found text 'many'"),
    "operand of text": (table("quality: [{metric: rowCount, mustBeLessThan: «'9'}]"), "a number is expected"),
    "between": (table("quality: [{metric: rowCount, mustBeBetween: «[9, 1]}]"), "the smaller number comes first"),
    "metric": (
        table("quality: [{metric: «rowCnt, mustBe: 1}]"),
        "text 'rowCnt' is no metric; did you mean 'rowCount'?",
    ),
    "rule": (
        table("quality: [{rule: «rowCnt, mustBe: 1}]"),
        "the rule 'rowCnt' is not executable here; did you mean 'rowCount'?",
    ),
    "no metric": (table("quality: [«{mustBe: 1}]"), "'metric' is missing"),
    "type": (table("quality: [{type: «sqll, query: x, mustBe: 1}]"), "did you mean 'sql'?"),
    "key of another type": (table("quality: [{type: text, «query: x}]"), "'query' does not belong here"),
    "column metric of a table": (table("quality: [«{metric: nullValues, mustBe: 0}]"), "belongs to a column"),
    "table metric of a column": (
        column("logicalType: string\nquality: [«{metric: rowCount, mustBe: 0}]"),
        "rowCount belongs to a table",
    ),
    "unit": (
        column("logicalType: string\nquality: [{metric: nullValues, mustBeLessThan: 1, unit: «percents}]"),
        "did you mean 'percent'?",
    ),
    "percent of rows": (table("quality: [{metric: rowCount, mustBe: 1, unit: «percent}]"), "the unit is rows"),
    "argument": (
        column("logicalType: string\nquality: [{metric: invalidValues, arguments: {«validValue: [a]}, mustBe: 0}]"),
        "unknown argument 'validValue'; did you mean 'validValues'?",
    ),
    "no arguments": (
        column("logicalType: string\nquality: [«{metric: invalidValues, mustBe: 0}]"),
        "invalidValues needs arguments",
    ),
    "missing what": (
        column("logicalType: string\nquality: [«{metric: missingValues, mustBe: 0}]"),
        "missingValues is a list with at least one entry, found nothing",
    ),
    "missing value of another type": (
        column(
            "logicalType: integer\n"
            "quality: [{metric: missingValues, arguments: {missingValues: [null, «'']}, mustBe: 0}]"
        ),
        "a number is expected, found text ''",
    ),
    "valid value of another type": (
        column("logicalType: boolean\nquality: [{metric: invalidValues, arguments: {validValues: [«1]}, mustBe: 0}]"),
        "true or false is expected",
    ),
    "pattern of a number": (
        column("logicalType: integer\nquality: [{metric: invalidValues, arguments: {pattern: «x}, mustBe: 0}]"),
        "for string columns",
    ),
    "duplicate columns": (
        table("quality: [{metric: duplicateValues, arguments: {properties: [id, «emal]}, mustBe: 0}]"),
        "there is no column text 'emal'; did you mean 'email'?",
    ),
    "duplicates of what": (table("quality: [«{metric: duplicateValues, mustBe: 0}]"), "properties is a list"),
    "duplicate lists": (
        table("quality: [«{metric: duplicateValues, arguments: {properties: [id, tags]}, mustBe: 0}]"),
        "'tags' is of type array",
    ),
    "tolerance inside": (
        column("logicalType: array\nitems: {logicalType: string, quality: [«{metric: nullValues, mustBeLessThan: 5}]}"),
        "is not executable inside a column",
    ),
    "keys inside": (
        column("logicalType: array\nitems: {logicalType: string, quality: [«{metric: duplicateValues, mustBe: 0}]}"),
        "uniqueItems keeps the items of a list apart",
    ),
    "condition inside": (
        column(
            "logicalType: array\n"
            "items: {logicalType: string, quality: [«{type: custom, engine: duckdb, implementation: a > 1}]}"
        ),
        "a condition is not executable inside a column",
    ),
    "condition as a mapping": (
        table("quality: [{type: custom, engine: duckdb, implementation: «{a: b}}]"),
        "a SQL condition is expected",
    ),
}

SQL = {
    "syntax": (table("quality: [{type: sql, query: select 1 frm «t, mustBe: 0}]"), 'syntax error at or near "t"'),
    "two statements": (
        table("quality: [{type: sql, query: «select 1; select 2, mustBe: 0}]"),
        "one SELECT is expected",
    ),
    "not a query": (table("quality: [{type: sql, query: «delete from t, mustBe: 0}]"), "Only SELECT"),
    "table": (table("quality: [{type: sql, query: «select count(*) from tt, mustBe: 0}]"), "no table 'tt'"),
    "file": (table("quality: [{type: sql, query: «\"select count(*) from 'x.csv'\", mustBe: 0}]"), "no table 'x.csv'"),
    "reader": (
        table("quality: [{type: sql, query: «\"select 1 from read_csv('x')\", mustBe: 0}]"),
        "read_csv is not allow",
    ),
    "random": (
        table("quality: [{type: sql, query: «select random() from t, mustBe: 0}]"),
        "random gives another value",
    ),
    "today": (table("quality: [{type: sql, query: «select current_date, mustBe: 0}]"), "current_date gives another"),
    "sample": (
        table("quality: [{type: sql, query: «select 1 from t using sample 5, mustBe: 0}]"),
        "a sample gives other",
    ),
    "column": (
        table("quality: [{type: sql, query: «select max(amunt) from t, mustBe: 0}]"),
        'Candidate bindings: "amount"',
    ),
    "columns": (
        table("quality: [{type: sql, query: «'select id, email from t', mustBe: 0}]"),
        "this one gives 2 columns",
    ),
    "placeholder": (
        table("quality: [{type: sql, query: «'select 1 from {objct}', mustBe: 0}]"),
        "did you mean 'object'?",
    ),
    "property of a table": (
        table("quality: [{type: sql, query: «'select max({property}) from {object}', mustBe: 0}]"),
        "{property} has no meaning in a rule of a table",
    ),
    "condition syntax": (
        table("quality: [{type: custom, engine: duckdb, implementation: id > > 1«}]".replace("> > 1«", "> «) 1")),
        "syntax error",
    ),
    "condition that goes on": (
        table("quality: [{type: custom, engine: duckdb, implementation: id > 1 «union select 1}]"),
        'at or near "union"',
    ),
    "condition that closes its bracket": (
        table("quality: [{type: custom, engine: duckdb, implementation: id > 1«) or (id < 1}]"),
        "syntax error",
    ),
    "empty condition": (
        table("quality: [{type: custom, engine: duckdb, implementation: «''}]"),
        "a condition is expected",
    ),
    "condition on what": (
        table("quality: [{type: custom, engine: duckdb, implementation: «amont > 1}]"),
        "there is no column 'amont' in t; did you mean 'amount'?",
    ),
    "condition by a query": (
        table("quality: [{type: custom, engine: duckdb, implementation: «id > (select 1)}]"),
        "takes no subquery",
    ),
    "condition that is a sum": (
        table("quality: [{type: custom, engine: duckdb, implementation: «sum(id) > 1}]"),
        "cannot contain aggregates",
    ),
    "condition that is a number": (
        table("quality: [{type: custom, engine: duckdb, implementation: «id + 1}]"),
        "a condition is true or false, this one gives BIGINT",
    ),
    "condition at all columns": (
        table("quality: [{type: custom, engine: duckdb, implementation: «columns(*) is not null}]"),
        "* is not supported in a condition",
    ),
    "unknown function": (
        table("quality: [{type: custom, engine: duckdb, implementation: «uper(email) > 'A'}]"),
        "uper does not exist",
    ),
}

POLICIES = {
    "grain": (custom("quarantineGrain", "«rows"), "record or row is expected, found text 'rows'; did you mean 'row'?"),
    "empty": (custom("emptyRecords", "«keep"), "reject or allow is expected"),
    "unknown": (custom("unknownFields", "«true"), "ignore or warn or reject is expected, found true"),
    "percent": (custom("maxQuarantined", "«20%"), "'20 percent' or '100 records' is expected"),
    "number": (custom("maxQuarantined", "«20"), "found the number 20"),
    "over all": (custom("maxQuarantined", "«120 percent"), "at most 100 percent"),
    "half a record": (custom("maxQuarantined", "«0.5 records"), "a whole number of records"),
    "path": (custom("records", "$.orders«..x"), "'..' is not supported"),
    "no star": (custom("records", "«$.orders"), "ends with its only [*]"),
    "two stars": (custom("records", "«$.a[*].b[*]"), "ends with its only [*]"),
    "flag": (custom("lineageColumns", "«'true'"), "true or false is expected, found text 'true'"),
    "twice": (
        custom("records", "$.a[*]") + "  - property: «records\n    value: $.b[*]\n",
        "the policy records is there twice",
    ),
}

_ALL = {
    "yaml": YAML,
    "odcs": ODCS,
    "names": NAMES,
    "types": TYPES,
    "mapping": MAPPING,
    "checks": CHECKS,
    "quality": QUALITY,
    "sql": SQL,
    "policies": POLICIES,
}


@pytest.mark.parametrize(
    ("marked", "message"),
    [pytest.param(*case, id=f"{group}: {name}") for group, cases in _ALL.items() for name, case in cases.items()],
)
def test_one_mistake_is_one_fault_at_its_place(marked, message):
    assert_faults(marked, message)


def test_all_faults_at_once():
    assert_faults(
        columns(
            """\
            - name: «a-b
              logicalType: string
            - name: c
              logicalType: integer
              logicalTypeOptions: {minimum: «x}
              «requred: true
              transformLogic: $.a«..b
            - name: d
              logicalType: «strng
            """
        )
        + "customProperties: [{property: records, value: «$.x}]\n«staus: x\n",
        "no column name",
        "a number is expected",
        "unknown key",
        "'..' is not supported",
        "is no logicalType",
        "ends with its only",
        "unknown key",
    )


def test_an_alias_bomb_is_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(ContractError, match="aliases expand this document to over 100000 values"):
        loads("\n".join(lines))


def test_aliases_nest_no_deeper_than_brackets():
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 200))]
    with pytest.raises(ContractError, match="aliases nest this document over 100 levels"):
        loads("\n".join(lines))


def test_a_file_that_is_not_there(tmp_path):
    path = tmp_path / "none.odcs.yaml"
    with pytest.raises(ContractError) as raised:
        load(path)
    assert raised.value.faults == (Fault(str(path), 1, 1, "can't be read: no such file or directory"),)


def test_a_file_that_is_not_utf8(tmp_path):
    path = tmp_path / "latin.odcs.yaml"
    path.write_bytes(b"id: caf\xe9")
    with pytest.raises(ContractError, match="1:1: the file is not UTF-8: byte 8 can't be read"):
        load(path)


@pytest.mark.parametrize(("version", "is_too_long"), [("1" * 128, False), ("1" * 129, True), ("é" * 22, True)])
def test_a_version_is_no_longer_than_a_files_name_takes(version: str, is_too_long: bool) -> None:
    text = document("name: shop").replace('version: "1"', f'version: "{version}"')
    if not is_too_long:
        assert loads(text).version == version
        return
    with pytest.raises(ContractError) as refused:
        loads(text)
    [fault] = refused.value.faults
    assert (fault.line, fault.column) == (4, 10)
    assert fault.message.startswith("a version of at most 128 characters is expected")
