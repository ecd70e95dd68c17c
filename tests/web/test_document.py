"""Documents line by line: nothing of them is changed, what breaks rules is marked, what is personal is hidden."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.web.document import Line, Mark, byte_of, lines, pretty
from etl.web.tree import find, steps_of, tree
from etl.web.veil import veil
from tests.web.desks import ORDERS

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.sampled_from([None, 1, 4]), st.booleans())
def test_pretty_changes_nothing(value: object, indent: int | None, ascii_: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_)
    assert json.loads(pretty(text)) == value


@given(st.text())
def test_any_text_is_shown(text: str) -> None:
    shown = lines(text, [Mark(1, ((),), 3)], None)
    assert all(piece.text for line in shown for piece in line.pieces)
    assert pretty(text) == text or tree(text) is not None


@pytest.mark.parametrize(
    "text", ["1.50", "1e400", "-0", "9223372036854775808", '"\\u00e9"', '{"a":1.0,"a":2}', "[]", "{}"]
)
def test_tokens_stay_as_they_were_written(text: str) -> None:
    assert "".join(pretty(text).split()) == text


def test_long_texts_are_whole_in_what_is_edited() -> None:
    text = json.dumps({"a": "x" * 100_000})
    assert json.loads(pretty(text)) == json.loads(text)


def marked(text: str, *paths: str) -> list[tuple[str, tuple[int, ...]]]:
    marks = [Mark(number, (steps_of(path) or (),)) for number, path in enumerate(paths, 1)]
    return [(piece.text, piece.broken) for line in lines(text, marks, None) for piece in line.pieces if piece.broken]


ORDER = '{"id": 1.0, "who": {"name": null}, "lines": [{"n": 1}, {"n": 2, "n": 3}], "a b": [], "none": {}}'
PLACES = {
    "$.id": ["1.0"],
    "$.who": ["{"],
    "$.who.name": ["null"],
    "$.who.name.first": ["null"],
    "$.who.mail": ["mail: not there"],
    "$.who.mail.domain": ["mail: not there"],
    "$.lines[0].n": ["1"],
    "$.lines[-2].n": ["1"],
    "$.lines[1].n": ["2", "3"],
    "$.lines[2].n": ["["],
    "$.lines[*]": ["["],
    "$['a b']": ["[]"],
    "$['a b'][*]": ["[]"],
    "$.none.x": ["x: not there"],
    "$.products[*]": ["products: not there"],
    "$": ["{"],
}


@pytest.mark.parametrize("path", PLACES)
def test_what_is_marked(path: str) -> None:
    assert marked(ORDER, path) == [(text, (1,)) for text in PLACES[path]]


def test_several_at_one_place_have_all_their_numbers() -> None:
    assert marked(ORDER, "$.id", "$.id") == [("1.0", (1, 2))]


def test_of_a_number_the_first_place_is_what_a_link_leads_to() -> None:
    found = [
        piece.first
        for line in lines(ORDER, [Mark(1, (steps_of("$.lines[1].n") or (),))], None)
        for piece in line.pieces
    ]
    assert [each for each in found if each] == [(1,)]


@pytest.mark.parametrize("path", [None, "", "x", "$..a", "$.a[", "lower($.a)", "$" + ".a" * 5000])
def test_what_is_no_path_marks_nothing(path: str | None) -> None:
    assert steps_of(path) is None


@pytest.mark.parametrize(
    ("text", "detail", "expected"),
    [
        ('{"a": 1, "a": 2}', "a key that its object already has at byte 13 of the record", '"a"'),
        ('{"é": 1, "é": 2}', "a key that its object already has at byte 14 of the record", '"é"'),
        ('{"a": }', "expected a value at byte 6 of the record", "}"),
        ('{"é": }', "expected a value at byte 7 of the record", "}"),
        ('{"a": ', "the text ends (byte 1,006)", "here it ends"),
    ],
)
def test_a_byte_that_a_parser_names(text: str, detail: str, expected: str) -> None:
    found = lines(text, [Mark(1, (), byte_of(detail))], None)
    assert [piece.text for line in found for piece in line.pieces if piece.broken] == [expected]


def test_depth_is_no_danger() -> None:
    text = "[" * 900 + "]" * 900
    assert pretty(text)
    assert lines("[" * 100_000, [], None)


def words(found: Sequence[Line]) -> str:
    return "\n".join("".join(piece.text for piece in line.pieces) for line in found)


def test_a_long_document_is_cut_but_not_near_what_is_marked() -> None:
    order = {"lines": [{"n": at} for at in range(5000)]}
    shown = lines(json.dumps(order), [Mark(1, (steps_of("$.lines[4000].n") or (),))], None)
    assert len(shown) < 1000
    assert '"n": 4000' in words(shown)
    assert "more lines are not shown" in words(shown)


def test_what_is_hidden() -> None:
    order = {
        "order_id": 7,
        "customer": {"name": "Ana", "email": None, "vip": True},
        "products": [{"price": 1, "gift": {"for": "Bia"}}],
        "note": "call me",
        "extra": [],
    }
    shown = lines(json.dumps(order), [], veil(ORDERS))
    kinds = {piece.text for line in shown for piece in line.pieces}
    assert {"7", "1", "***", "null", "…"} <= kinds
    for hidden in ("Ana", "Bia", "call me", "true", '"for"'):
        assert hidden not in words(shown)
    assert '"vip": …' in words(shown)


def test_without_a_contract_all_values_are_hidden() -> None:
    shown = words(lines('{"a": 1, "b": ["x", null, {"c": true}]}', [], veil(None)))
    assert not {"1", '"x"', "true"} & set(shown.replace(",", " ").split())
    assert '"c": ***' in shown


def test_a_text_that_is_not_json_is_hidden_as_a_whole() -> None:
    assert lines('{"name": "Ana', [], veil(ORDERS)) == ()


def test_a_tree_knows_where_values_stand() -> None:
    text = ' {"a" : [ 10 , "x" ] } '
    root = tree(text)
    assert root
    (node,), lacks = find(root, ("a", 1))
    assert (text[node.start : node.end], lacks) == ('"x"', None)
    (node,), _ = find(root, ("a",))
    assert text[node.start : node.end] == '[ 10 , "x" ]'


def test_of_a_long_document_only_what_is_shown_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr("etl.web.document.Line", lambda *fields: made.append(1) or Line(*fields))  # type: ignore[func-returns-value]
    order = {"products": [{"price": at, "note": "x"} for at in range(20_000)]}
    shown = lines(json.dumps(order), [Mark(1, (steps_of("$.products[19000].price") or (),))], veil(ORDERS))
    assert len(made) == len(shown) < 1000
    assert [line.pieces[0].text for line in shown if "more lines" in line.pieces[0].text] == [
        "… 75,845 more lines are not shown",
        "… 3,992 more lines are not shown",
    ]
