"""The circle closes for any contract: here, those that Hypothesis makes up."""

import json
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from etl import contract as contracts
from etl.errors import ContractError
from tests.documents.circle import make, promised, run, validator

NAMES = st.sampled_from(["a", "b", "order no", "$ref", "type", "日本"])
BASES = st.sampled_from(["$", "$.o", "$.lines[*]", "$.lines[*].x", "$.lines[*].parts[*]", "$.list[0]"])


def options(**each: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=each)


NUMBERS = {
    "minimum": st.integers(-50, 50),
    "maximum": st.integers(60, 5000),
    "multipleOf": st.sampled_from([1, 2, 5, 12]),
}
TEXTS = {
    "minLength": st.integers(0, 6),
    "maxLength": st.integers(12, 40),
    "pattern": st.sampled_from(["^[A-Z]{2}[0-9]{4,}$", "[0-9]", "^(?:ab|cd)+-?x*$", r"^\w+$"]),
}
FORMATS = st.sampled_from(["email", "uuid", "uri", "hostname", "ipv4", "ipv6", "byte"])
DAYS = {"minimum": st.just("2020-02-28"), "maximum": st.sampled_from(["2020-03-01", "2030-01-01"])}
TYPES = st.one_of(
    options(**NUMBERS).map(lambda found: {"logicalType": "integer", "logicalTypeOptions": found}),
    st.tuples(options(**NUMBERS), st.sampled_from(["decimal(9,2)", "decimal(20,0)", "double"])).map(
        lambda found: {"logicalType": "number", "physicalType": found[1], "logicalTypeOptions": found[0]}
    ),
    options(**TEXTS).map(lambda found: {"logicalType": "string", "logicalTypeOptions": found}),
    FORMATS.map(lambda found: {"logicalType": "string", "logicalTypeOptions": {"format": found}}),
    st.just({"logicalType": "string", "enum": [{"value": "x"}, {"value": "y z"}]}),
    st.just({"logicalType": "boolean"}),
    options(**DAYS).map(lambda found: {"logicalType": "date", "logicalTypeOptions": found}),
    st.sampled_from(["dd/MM/yyyy", "yyyyMMdd"]).map(
        lambda found: {"logicalType": "date", "logicalTypeOptions": {"format": found}}
    ),
    st.just({"logicalType": "timestamp"}),
    st.just({"logicalType": "timestamp", "logicalTypeOptions": {"format": "epochMillis"}}),
    st.just({"logicalType": "time"}),
)
WHOLE = TYPES.flatmap(
    lambda inner: st.sampled_from(
        [
            inner,
            {"logicalType": "array", "items": inner, "logicalTypeOptions": {"maxItems": 4, "uniqueItems": True}},
            {"logicalType": "object", "properties": [{"name": "f", **inner, "required": True}]},
        ]
    )
)


@st.composite
def tables(draw: st.DrawFn) -> list[dict[str, Any]]:
    """One or two tables; the fields of a column have names of their own, so that no two shapes meet."""
    found = []
    for at in range(draw(st.integers(1, 2))):
        bases = draw(st.lists(BASES, min_size=1, max_size=4))
        columns = [_column(draw, f"c{at}{number}", base) for number, base in enumerate(bases)]
        if draw(st.booleans()):
            columns.append({"name": "key", "logicalType": "integer", "primaryKey": True, "transformLogic": f"$.id{at}"})
        found.append({"name": f"t{at}", "properties": columns})
    return found


def _column(draw: st.DrawFn, name: str, base: str) -> dict[str, Any]:
    key = json.dumps(f"{draw(NAMES)} {name}", ensure_ascii=False)
    path = f"{base}[{key}]"
    type_ = draw(WHOLE)
    if type_["logicalType"] not in ("array", "object") and draw(st.booleans()):
        path = f"coalesce({path}, {base}[{json.dumps(f'or {name}')}])"
    return {"name": name, **type_, "required": draw(st.booleans()), "transformLogic": path}


@st.composite
def made(draw: st.DrawFn) -> str:
    policies = {
        "emptyRecords": draw(st.sampled_from(["reject", "allow"])),
        "unknownFields": draw(st.sampled_from(["warn", "reject"])),
        "quarantineGrain": draw(st.sampled_from(["record", "row"])),
    }
    head = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "made", "version": "1"}
    listed = [{"property": name, "value": value} for name, value in policies.items()]
    return yaml.safe_dump({**head, "customProperties": listed, "schema": draw(tables())}, allow_unicode=True)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(made(), st.integers(0, 100))
def test_the_circle_closes(text: str, seed: int) -> None:
    try:
        contract = contracts.loads(text, "made.odcs.yaml", {})
    except ContractError:
        assume(False)
    with tempfile.TemporaryDirectory() as folder:
        upload = make(contract, 12, Fraction(1, 3), seed)
        _, rejected = run(upload, Path(folder))
    assert rejected == promised(upload)
    check = validator(contract)
    for number, record in enumerate(upload.records, start=1):
        if number not in rejected:
            assert not [error.message for error in check.iter_errors(json.loads(record))]
