"""What is published is what is read: every type, any partition value, nothing rounded, through files and SQL."""

import json
import math
from datetime import datetime
from decimal import Context, Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl import query
from etl.query import values
from tests.hostile.test_names import VALUES
from tests.query.lakes import NUMBER, ask, contract, publish

FEW = settings(deadline=None, max_examples=15, suppress_health_check=list(HealthCheck))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def number(form: str) -> dict[str, Any]:
    return {"logicalType": "integer", "logicalTypeOptions": {"format": form}}


def at(unit: str) -> dict[str, Any]:
    return {"logicalType": "timestamp", "physicalType": f"timestamp({unit})"}


INNER = [
    {"name": "t", "logicalType": "timestamp", "physicalType": "timestamp(ns)"},
    {"name": "d", "logicalType": "number", "physicalType": "decimal(5,2)"},
    {"name": "l", "logicalType": "array", "items": {"logicalType": "string"}},
]
COLUMNS: dict[str, dict[str, Any]] = {
    "s": {"logicalType": "string"},
    "b": {"logicalType": "boolean"},
    "f": {"logicalType": "number"},
    "d": {"logicalType": "number", "physicalType": "decimal(38,10)"},
    "day": {"logicalType": "date"},
    "clock": {"logicalType": "time"},
    **{form: number(form) for form in ("i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64")},
    **{unit: at(unit) for unit in ("s", "ms", "us", "ns") if unit != "s"},
    "secs": at("s"),
    "l": {"logicalType": "array", "items": {"logicalType": "string"}},
    "o": {"logicalType": "object", "properties": INNER},
    "j": {"logicalType": "string", "transformLogic": "json($.j)"},
}


def integers(bits: int, *, signed: bool) -> st.SearchStrategy[int]:
    least, most = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    return st.integers(least, most) | st.sampled_from([least, most])


def moments(digits: int) -> st.SearchStrategy[str]:
    seconds = st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)).map(lambda one: one.isoformat()[:19])
    if not digits:
        return seconds.map(lambda text: f"{text}Z")
    return st.builds(lambda text, part: f"{text}.{part:0{digits}d}Z", seconds, st.integers(1, 10**digits - 1))


def decimals(whole: int, scale: int) -> st.SearchStrategy[str]:
    most = 10 ** (whole + scale) - 1
    return st.integers(-most, most).map(lambda units: f"{Decimal(units).scaleb(-scale, _CONTEXT):f}")


_CONTEXT = Context(prec=60)
VALUES_OF: dict[str, st.SearchStrategy[Any]] = {
    "s": TEXTS,
    "b": st.booleans(),
    "f": st.floats(allow_nan=False, allow_infinity=False),
    "d": decimals(28, 10),
    "day": st.dates().map(str),
    "clock": st.times().map(lambda one: one.isoformat("microseconds")),
    **{f"{sign}{bits}": integers(bits, signed=sign == "i") for sign in "iu" for bits in (8, 16, 32, 64)},
    "secs": moments(0),
    "ms": moments(3),
    "us": moments(6),
    "ns": moments(9),
    "l": st.lists(st.none() | TEXTS, max_size=3),
    "o": st.fixed_dictionaries(
        {"t": st.none() | moments(9), "d": decimals(3, 2), "l": st.none() | st.lists(TEXTS, max_size=2)}
    ),
    "j": st.recursive(st.none() | TEXTS | st.booleans(), lambda inner: st.lists(inner, max_size=2), max_leaves=3),
}
RECORDS = st.lists(
    st.fixed_dictionaries({name: st.none() | values for name, values in VALUES_OF.items()}), min_size=1, max_size=8
)
AGREED = contract(feed=[NUMBER, *({"name": name, **kind} for name, kind in COLUMNS.items())])


@FEW
@given(records=RECORDS)
def test_what_is_read_is_what_was_sent(records):
    with TemporaryDirectory() as name:
        folder = Path(name)
        publish(f"{folder}/lake/", AGREED, "a", *({"n": at, **one} for at, one in enumerate(records)), source=folder)
        every = ask(f"SELECT {', '.join(COLUMNS)} FROM feed ORDER BY n", f"{folder}/lake/", folder)
        assert [{name: told(name, one[name]) for name in COLUMNS} for one in every] == [
            {name: sent(name, one[name]) for name in COLUMNS} for one in records
        ]


def told(name: str, value: Any) -> Any:
    """A value of the answer, as something to compare: times to all digits, decimals with theirs."""
    if value is None:
        return None
    match name:
        case "f":
            return float(value)
        case "ms" | "us" | "ns" | "secs":
            return instant(value)
        case "clock":
            return f"{value}.000000"[:15] if "." not in value else value
        case "o":
            return {**value, "t": instant(value["t"])}
        case _:
            return value


def sent(name: str, value: Any) -> Any:
    if name == "j":
        return None if value is None else json.dumps(value)
    return told(name, value)


def instant(text: str | None) -> tuple[str, int] | None:
    if text is None:
        return None
    assert text.endswith("Z")
    second, _, part = text[:-1].partition(".")
    return second, int(part.ljust(9, "0")) if part else 0


@FEW
@given(records=RECORDS, chosen=st.data())
def test_a_condition_finds_what_it_says(records, chosen):
    """Conditions are handed on to Arrow; it must find what DuckDB would."""
    found = [(at, name) for at, one in enumerate(records) for name in COLUMNS if literal(name, one[name])]
    if not found:
        return
    at, name = chosen.draw(st.sampled_from(found))
    with TemporaryDirectory() as place:
        folder = Path(place)
        publish(f"{folder}/lake/", AGREED, "a", *({"n": n, **one} for n, one in enumerate(records)), source=folder)
        is_it = f"{name} = {literal(name, records[at][name])}"
        asked = f"SELECT n FROM feed WHERE {is_it} ORDER BY n"
        whole = f"WITH every AS MATERIALIZED (FROM feed) SELECT n FROM every WHERE {is_it} ORDER BY n"
        rows = ask(asked, f"{folder}/lake/", folder)
        assert {"n": at} in rows
        assert rows == ask(whole, f"{folder}/lake/", folder)


def literal(name: str, value: Any) -> str | None:
    """A value in SQL; none for those that are not compared."""
    if value is None or name in ("l", "o", "j") or (name == "s" and "\0" in value):
        return None
    if name == "f":
        return f"'{value!r}'::DOUBLE" if math.isfinite(value) else None
    text = str(value).replace("'", "''")
    return f"'{text}'" if isinstance(value, str) else str(value)


def test_values_of_partitions_come_back_as_they_were(tmp_path):
    place = {"name": "p", "logicalType": "string", "required": True, "partitioned": True}
    values = [*VALUES, "01", "1.0", "true", "2024-01-10", "a b", "100%", "x=y", "日本", "🙂", "a+b", "%41", "'"]
    rows = [{"n": at, "p": value} for at, value in enumerate(values)]
    publish(f"{tmp_path}/a lake=50%/ü/", contract(feed=[NUMBER, place]), "a", *rows, source=tmp_path)
    lake = f"{tmp_path}/a lake=50%/ü/"
    assert ask("SELECT n, p FROM feed ORDER BY n", lake, tmp_path) == rows
    for value in ("01", "1.0", "a b", "100%", "x=y", "%41", "", "日本"):
        quoted = value.replace("'", "''")
        assert [row["p"] for row in ask(f"SELECT p FROM feed WHERE p = '{quoted}'", lake, tmp_path)] == [value]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ({"logicalType": "boolean"}, [True, False]),
        ({"logicalType": "integer", "logicalTypeOptions": {"format": "u64"}}, [0, 2**64 - 1]),
        ({"logicalType": "integer"}, [-(2**63), -1, 7]),
        ({"logicalType": "date"}, ["0001-01-01", "2024-02-29", "9999-12-31"]),
    ],
)
def test_partitions_have_the_contracts_types(tmp_path, column, values):
    place = {"name": "p", **column, "required": True, "partitioned": True}
    rows = [{"n": at, "p": value} for at, value in enumerate(values)]
    publish(f"{tmp_path}/lake/", contract(feed=[NUMBER, place]), "a", *rows, source=tmp_path)
    assert ask("SELECT n, p FROM feed ORDER BY n", f"{tmp_path}/lake/", tmp_path) == rows
    least = ask("SELECT max(p) AS p FROM feed", f"{tmp_path}/lake/", tmp_path)
    assert least == [{"p": max(values)}]


def test_what_json_has_no_number_for_is_no_null() -> None:
    doubles = "'nan'::DOUBLE AS a, '-inf'::FLOAT AS b, ['inf'::DOUBLE] AS c, 0.1::DOUBLE AS d, NULL::DOUBLE AS e"
    with query.asked(f"SELECT {doubles}", {}) as found:
        (row,) = values.rows(found)
        assert values.document(found.names, row) == '{"a":"nan","b":"-inf","c":["inf"],"d":0.1,"e":null}'
