"""The shop's contract with one mistake in it, as users make them: one fault or one hint, at the very place."""

from __future__ import annotations

from pathlib import Path

import pytest
from contract_documents import MARK, places

from etl.contract import hints, loads
from etl.errors import ContractError, Fault

ORDERS = (Path(__file__).parents[2] / "contracts" / "orders.odcs.yaml").read_text(encoding="utf-8")
ENV = {"ORDERS_BUCKET": "shop-bucket"}

# What stands in the contract, what is written in its place (« where it is told), and what is told.
MISSPELT = [
    ("required: true", "«requred: true", "unknown key 'requred'; did you mean 'required'?"),
    ("transformLogic: $.total_amount", "«transformLogik: $.total_amount", "did you mean 'transformLogic'?"),
    ("primaryKeyPosition: 1", "«primary_key_position: 1", "did you mean 'primaryKeyPosition'?"),
    ("partitioned: true", "«partitoned: true", "did you mean 'partitioned'?"),
    ("maximum: 1000", "«max: 1000", "unknown key 'max'; did you mean 'maximum'?"),
    ("pattern: ^P", "«regex: ^P", "unknown key 'regex'; did you mean 'pattern'?"),
    ("required: true", "«nullable: false", "unknown key 'nullable'; did you mean 'required', its opposite?"),
    ("logicalType: date", "«type: date", "unknown key 'type'; did you mean 'logicalType'?"),
    ("    properties:\n", "    «columns:\n", "unknown key 'columns'; did you mean 'properties'?"),
    ("schema:\n", "«models:\n", "unknown key 'models'; did you mean 'schema'?"),
    ("mustBeLessThan: 50", "«mustBeAtLeast: 50", "did you mean 'mustBeGreaterOrEqualTo'?"),
    ("mustBeLessThan: 50", "«mustBeAtMost: 50", "did you mean 'mustBeLessOrEqualTo'?"),
    ("mustBeLessThan: 50", "«mustBeLessThanOrEqualTo: 50", "did you mean 'mustBeLessOrEqualTo'?"),
    ("mustBeLessThan: 50", "«mustBeEqualTo: 50", "did you mean 'mustBe'?"),
    ("mustBeLessThan: 50", "«mustBeLesThan: 50", "did you mean 'mustBeLessThan'?"),
    ("mustBeLessThan: 50", "«mustBeNice: 50", "unknown key 'mustBeNice'; there are mustBe, mustNotBe, mustBeGreaterT"),
    ("metric: nullValues", "metric: «nullValue", "did you mean 'nullValues'?"),
    ("logicalType: date", "logicalType: «datetime", "text 'datetime' is no logicalType; did you mean 'timestamp'?"),
    ("logicalType: integer", "logicalType: «int", "did you mean 'integer'?"),
    ("unit: percent", "unit: «'%'", "the unit is rows or percent, found '%'; did you mean 'percent'?"),
    ("kind: DataContract", "kind: «Contract", "did you mean 'DataContract'?"),
    ("type: s3", "type: «S3", "did you mean 's3'?"),
]
FORM = [
    ("required: true", "required: «yes", "true or false is expected, found text 'yes': write true, without quotes"),
    ("required: true", "required: «'false'", "found text 'false': write false, without quotes"),
    ("maximum: 1000", "maximum: «'1000'", "a number is expected, found text '1000': write 1000, without quotes"),
    ("version: 1.0.0", "version: «1.0", "found the number 1.0: put it in quotes"),
    ("kind: DataContract\n", "", "'kind' is missing: 'kind: DataContract' is expected"),
    ("mustBeLessThan: 50", "mustBeLessThan: «50%", "a number is expected, found text '50%'"),
    ("value: 20 percent", "value: «20%", "'20 percent' or '100 records' is expected, found text '20%'"),
    ("maximum: 1000\n", "maximum: 1000\n        «minimum: 1\n", "'minimum' belongs into logicalTypeOptions"),
    ("minimum: 0\n", "«minLength: 0\n", "'minLength' is no option of this logicalType; there are exclusiveMax"),
    ("- name: customer_name", "- name: «customer-name", "'customer-name' is no column name"),
    ("- name: price", "- name: «the-price", "'the-price' is no column name"),  # which a rule names, too
    ("- name: total_amount", "- name: «Order_ID", "there is a column 'order_id' already, in line 50 (case does not"),
    ('minimum: "2000-01-01"', 'minimum: «"2000-01-01', "the quote that opens here closes only in line 187"),
    ("        logicalType: date", "       «logicalType: date", "is this line indented as those round it?"),
    ("format: yyyy-MM-dd", "format: «'%Y-%m-%d'", "'Y' in format '%Y-%m-%d' is not supported"),
    ("decimal(12,2)", "«decimal(12.2)", "decimal(p,s) is expected, such as decimal(12,2), found 'decimal(12.2)'"),
]
MAP = [
    ("$.customer.name", "«customer.name", "a path begins with $: did you mean '$.customer.name'?"),
    ("$.customer.address", "upper(«customer.address)", "a path begins with $: did you mean '$.customer.address'?"),
    ("$.products[*].price", "$.products.«*.price", "'.*' is not supported: [*] stands for the elements"),
    ("$.products[*].price", "$.products[*«.price", "']' is expected to close '['"),
    ("$.products[*].price", "$.products[«?(@.price>0)].price", "filters are not supported"),
    ("$.products[*].price", "$.products[0«:2].price", "slices are not supported"),
    ("$.products[*].price", "$«..price", "'..' is not supported: name every level"),
    ("$.products[*].product_id", "$.products[*].product«-id", "the key 'product-id' goes in brackets: ['product-id']"),
    ("lower(trim(", "lower(«trimm(", "unknown function 'trimm'; did you mean 'trim'?"),
    ("lower(trim($.customer.email))", "lower(trim($.customer.email)«", "')' is expected to close lower("),
    ("$.total_amount", "«total * 2 from orders", "'total': SQL is not executed here"),
    ("$.customer.name", "«$.payments[*].name", "'customer_name' reads $.payments[*], 'product_id' and 4 more read"),
]
RULES = [
    ("required: true\n        partitioned: true", "partitioned: «true", "'order_date' must be required"),
    ("pattern: ^P", "pattern: «^(?!X)P", "lookaround and backreferences are not supported"),
    ("maximum: 1000", "maximum: «0", "nothing can be right: the value is >= 1 and <= 0"),
    ("total_amount >= price", "total_amount >= «pric", "there is no column 'pric' in orders; did you mean 'price'?"),
    ("total_amount >= price", "total_amount >= price and «> 1", "syntax error"),
    ("total_amount >= price", "«1 >= 0", "this condition names no column"),
    ("total_amount >= price", "«WHERE total_amount >= price", "a condition is expected, such as total_amount >= 0, w"),
    ("total_amount >= price", "«select true", "without SELECT; a query is a rule of type: sql"),
    ("total_amount >= price", "«total_amount >= price;", "without ; at its end"),
    ("total_amount >= price", "«$.total_amount >= $.price", "it names columns, not paths"),
    ("total_amount >= price", "«order_date >= price", "Cannot compare values of type DATE and type DECIMAL"),
    ("primaryKeyPosition: 2", "primaryKeyPosition: «1", "'order_id' has primaryKeyPosition 1 already"),
]
HINTS = [
    ("status: active", "status: «drft", "the status 'drft' is not one of the known ones; did you mean 'draft'?"),
    ("severity: warning", "severity: «warn", "'warn' counts as error, which quarantines; did you mean 'warning'?"),
    ("quarantineGrain", "«quarantineGrian", "did you mean 'quarantineGrain'?"),
    ("server: datalake", "server: «datalak", "the server 'datalak' is not used here; did you mean 'datalake'?"),
    ("classification: public", "classification: «pubic", "'pubic' masks the values; did you mean 'public'?"),
    ("required: true", "required: «false", "'order_id' is part of the key, so it is required"),
    ("partitioned: true", "partitioned: false", "partitionKeyPosition means nothing without partitioned: true"),
    ("engine: duckdb", "engine: «soda", "rules of the engine soda are kept and not executed here"),
]  # fmt: skip


def mistaken(old: str, new: str) -> tuple[str, list[str]]:
    assert old in ORDERS
    return places(ORDERS.replace(old, new, 1))


@pytest.mark.parametrize(("old", "new", "message"), [*MISSPELT, *FORM, *MAP, *RULES], ids=lambda text: text[:40])
def test_one_mistake_is_one_fault(old: str, new: str, message: str) -> None:
    text, at = mistaken(old, new)
    with pytest.raises(ContractError) as raised:
        loads(text, env=ENV)
    (fault,) = raised.value.faults
    assert_told(fault, at, message)
    assert hints(text) == ()


@pytest.mark.parametrize(("old", "new", "message"), HINTS, ids=lambda text: text[:40])
def test_one_oddity_is_one_hint(old: str, new: str, message: str) -> None:
    text, at = mistaken(old, new)
    loads(text, env=ENV)
    told = [hint for hint in hints(text) if message in hint.message]
    assert len(told) == 1
    assert_told(told[0], at, message)


def assert_told(fault: Fault, at: list[str], message: str) -> None:
    assert message in fault.message
    assert at in ([], [f"{fault.line}:{fault.column}"]), str(fault)


def test_the_contract_itself_is_without_faults_and_hints() -> None:
    assert MARK not in ORDERS
    loads(ORDERS, env=ENV)
    assert hints(ORDERS) == ()


@pytest.mark.parametrize(("entry", "written"), [("1", "1"), ("two", '"two"'), ("3.5", "3.5"), ("true", "true")])
def test_a_mere_value_in_an_enum_is_told_how_it_is_written(entry: str, written: str) -> None:
    text = ORDERS.replace("logicalType: integer", f"logicalType: integer\n        enum: [{entry}]", 1)
    with pytest.raises(ContractError) as refused:
        loads(text, "orders.odcs.yaml", ENV)
    [fault] = refused.value.faults
    assert fault.message.endswith(f": write `- value: {written}`")
