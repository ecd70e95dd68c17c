"""Expressions as text: what is written parses back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.contract.expressions import (
    EACH,
    Coalesce,
    Day,
    Expression,
    Index,
    Json,
    NullIf,
    Path,
    Scale,
    Text,
    parse,
    written,
)

texts = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("'\"\\\n\x00"), max_size=6)
steps = st.lists(texts | st.integers(-(10**15) + 1, 10**15 - 1) | st.just(EACH), max_size=4)
paths = steps.map(lambda found: Path(tuple(found)))


def _functions(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(
        st.builds(Text, st.sampled_from(["trim", "lower", "upper"]), inner),
        st.builds(NullIf, inner, texts),
        st.builds(Coalesce, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Scale, inner, st.integers(-99, 99)),
        st.builds(Day, inner, st.sampled_from([None, "UTC", "America/Sao_Paulo"])),
    )


elements = paths.map(lambda path: Path((*path.steps, EACH)))
expressions = st.recursive(paths | st.builds(Index, elements) | st.builds(Json, paths), _functions, max_leaves=6)


@settings(deadline=None)
@given(expressions)
def test_what_is_written_parses_back(expression: Expression) -> None:
    assert parse(written(expression)) == expression


@pytest.mark.parametrize(
    "text",
    [
        "lower(trim($.customer.email))",
        r"nullif($.id, 'it\'s')",
        "coalesce($['b c'], scale($.a[0], -2))",
        "date($.at, 'America/Recife')",
        "index($.a[*].b[*])",
        "json($)",
    ],
)
def test_the_usual_way_to_write(text: str) -> None:
    assert written(parse(text)) == text
