"""YAML as contracts read it: JSON's scalars, everything else text, and a place for each."""

from __future__ import annotations

from decimal import Decimal

import pytest

from etl.contract.source import Mark, Place, read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("1.50", Decimal("1.50")),
        ("1e3", Decimal(1000)),
        ("12345678901234567890.123456789", Decimal("12345678901234567890.123456789")),
        ("2024-01-31", "2024-01-31"),
        ("12:30:45", "12:30:45"),
        ("no", "no"),
        ("on", "on"),
        ("010", "010"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        (".5", ".5"),
        (".nan", ".nan"),
        ("-.inf", "-.inf"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("|\n  a\n  b\n", "a\nb\n"),
        ("[1, a]", [1, "a"]),
        ("{b: 1}", {"b": 1}),
        ("=", "="),
    ],
)
def test_scalars(text, value):
    source = read(f"a: {text}", "f")
    assert not source.faults
    assert source.data == {"a": value}
    assert type(source.data["a"]) is type(value)


def test_a_number_of_thousands_of_digits_is_a_number():
    assert read("a: " + "9" * 5000, "f").data["a"] == Decimal("9" * 5000)


def test_aliases_and_merges_are_expanded():
    source = read("base: &b {x: 1, y: 2}\nother: {<<: *b, y: 3}\nlist: {<<: [*b, {z: 4, x: 9}]}\nsame: *b", "f")
    assert not source.faults
    assert source.data["other"] == {"x": 1, "y": 3}
    assert source.data["list"] == {"x": 1, "y": 2, "z": 4}
    assert source.data["same"] == {"x": 1, "y": 2}


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("a: $.x", Mark(1, 4, 4)),
        ("a: '$.x'", Mark(1, 4, 5)),
        ('a: "$.x"', Mark(1, 4, 5)),
        ('a: "\\u0024.x"', Mark(1, 4)),
        ("a: 'it''s'", Mark(1, 4)),
        ("a: |\n  $.x", Mark(1, 4)),
        ("a: x\n  y", Mark(1, 4)),
        ("a: x  # y", Mark(1, 4, 4, comment=True)),
        ("a: x#y", Mark(1, 4, 4)),
        ("é: {è: 1}", Mark(1, 4)),
        ("\ufeffa: x", Mark(1, 4, 4)),
    ],
)
def test_marks_count_characters(text, mark):
    source = read(text, "f")
    (key,) = source.data
    assert source.mark((key,)) == mark


def test_a_fault_of_something_absent_stands_at_what_is_round_it():
    source = read("a:\n  - b: 1", "f")
    (Place(source) / "a" / 0 / "c" / "d").fault("absent")
    assert [str(fault) for fault in source.faults] == ["f:2:5: absent"]
