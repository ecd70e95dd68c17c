"""Patterns: what is made of them RE2 finds, and in the dialect of JSON Schema they find the same."""

import re
from random import Random

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.contract.formats import STRING_FORMATS
from etl.documents.dialect import ecma
from etl.documents.regexes import UnknownSyntax, needs, parse
from etl.documents.texts import matching

PATTERNS = [
    "^P[0-9]{2,8}$",
    "",
    "a|b|",
    r"^\d+\.\w*\S\s$",
    r"^[^a-z\d]{3}$",
    r"^[]a-]+[a\-z]$",
    r"^[[:alpha:]][^[:space:]]\x41\x{1F600}$",
    r"^(?i)kilo[s-t]$",
    r"^(?i:ab)C$",
    r"^(?:x{2}){1,3}?y+?$",
    r"^(?P<name>a)(?<other>b)$",
    r"\bword\b",
    r"^\Qa.b|c\E*$",
    r"^.{3}$",
    r"(?s)^.$",
    r"\A\z",
    r"^\pL\p{Lu}\P{L}[\p{Nd}-]$",
    r"^\/\-\[\{$",
    *(each.pattern for each in STRING_FORMATS.values() if each.pattern),
]


def found(pattern: str, texts: list[str]) -> list[bool]:
    return list(pc.match_substring_regex(pa.array(texts, pa.string()), pattern).to_pylist())


@pytest.mark.parametrize("pattern", PATTERNS)
def test_texts_made_for_a_pattern_match_it(pattern: str) -> None:
    tree, random = parse(pattern), Random(1)
    texts = [matching(tree, random, spare) for spare in (0, 1, 5) for _ in range(10)]
    assert all(found(pattern, texts))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(max_size=8), max_size=5), st.integers(0, 1000))
def test_the_other_dialect_finds_the_same(texts: list[str], seed: int) -> None:
    random = Random(seed)
    for pattern in PATTERNS:
        near = matching(parse(pattern), random, 2)
        asked = [*texts, near, near[:-1], f"{near}!", f" {near}", near.upper(), near.swapcase()]
        asked = [text for text in asked if not text.endswith("\n")]  # Python's $ is before a last line feed, too
        assert [bool(re.search(ecma(pattern), text)) for text in asked] == found(pattern, asked), pattern


@pytest.mark.parametrize("pattern", [r"\p{Greek}", r"(?i)[\x{0}-\x{10FFFF}]", f"{'(' * 900}{')' * 900}"])
def test_what_is_not_read_is_said(pattern: str) -> None:
    with pytest.raises(UnknownSyntax):
        parse(pattern)


@pytest.mark.parametrize(("pattern", "needed"), [("P1", True), ("1|P", False), ("P*1", False), ("(?:P|Q)+", True)])
def test_whether_a_character_is_needed(pattern: str, needed: bool) -> None:
    assert needs(parse(pattern), ((65, 90),)) is needed
