"""Markdown, as a parser of it reads it: text stays text, code stays code, and a table keeps its cells."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from etl.pages import markdown
from etl.pages.rendering import text
from etl.report.texts import visible
from tests.pages.feeds import HOSTILE, shipped

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
texts = st.text(st.characters(codec="utf-8") | st.sampled_from("\\`*_[]()|~$&<>#-+=.!1 \n\t"), max_size=40)


def hostile(test: object) -> object:
    for one in HOSTILE:
        test = example(one)(test)  # type: ignore[arg-type]
    return test


def shown(tokens: list[Token]) -> str:
    """The text of parsed Markdown; an assertion where there is any markup but code."""
    found = ""
    for token in tokens:
        assert token.type in ("text", "code_inline", "text_special") or token.content in ("<code>", "</code>"), token
        found += "" if token.type == "html_inline" else token.content
    return found


def flat(words: str) -> str:
    return " ".join(visible(words).split())


@hostile
@settings(deadline=None)
@given(texts)
def test_a_text_is_itself(words: str) -> None:
    tokens = PARSER.parse(markdown.inline(words))
    if not flat(words):
        assert tokens == []
        return
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert shown(tokens[1].children or []) == flat(words)


@hostile
@settings(deadline=None)
@given(texts)
def test_a_cell_keeps_its_text_and_its_code(words: str) -> None:
    row = f"| {markdown.inline(words)} | {markdown.code(words)} | end |"
    tokens = PARSER.parse(f"| a | b | c |\n|---|---|---|\n{row}\n")
    cells = [token.children or [] for token in tokens if token.type == "inline"][3:]
    text_, code, end = map(shown, cells)
    assert (text_, end) == (flat(words), "end")
    assert (
        code.replace("\xa0", " ").strip()
        == visible(words).replace("\n", " ").replace("\t", " ").replace("\xa0", " ").strip()
    )


@hostile
@settings(deadline=None)
@given(texts)
def test_a_fence_holds_its_lines(words: str) -> None:
    fence, after = PARSER.parse(f"{markdown.fence(words)}\n\nafter\n")[:2]
    assert (fence.type, after.type) == ("fence", "paragraph_open")
    assert fence.content.rstrip("\n") == visible(words).rstrip("\n")


@settings(deadline=None)
@given(texts)
def test_nothing_invisible_is_left(words: str) -> None:
    assert visible(visible(words)) == visible(words)
    assert not set(visible(words)) & set("\x00\x1b\r\u202e\u200b\u2066\ufeff")


@pytest.mark.parametrize(("words", "written"), [
    ("order_id is _new_", r"order_id is \_new\_"), ("1. one", r"1\. one"), ("1.0.0", "1.0.0"), ("- a - b", r"\- a - b"),
    ("a\n\n# b", "a # b"), ("x < y & z", "x &lt; y &amp; z"),
])  # fmt: skip
def test_no_more_is_escaped_than_has_to_be(words: str, written: str) -> None:
    assert markdown.inline(words) == written


@pytest.mark.parametrize("name", ["orders", "marketplace", "marketplace_export"])
def test_pages_have_the_parts_they_should(name: str) -> None:
    page = shipped(name)
    tokens = PARSER.parse(text(page))
    headings = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
    assert headings[0] == f"{page.name} {page.version}"
    assert [heading for heading in headings if heading.startswith("Table ")] == [f"Table {t.name}" for t in page.tables]
    assert page.example is not None
    tables = sum(token.type == "table_open" for token in tokens)
    assert tables == len(page.tables) + len(page.example.tables) + 1
    rows = sum(token.type == "tr_open" for token in tokens)
    columns = sum(len(table.columns) for table in page.tables)
    assert rows == tables + 2 * columns + len(page.policies)
    assert sum(token.type == "fence" for token in tokens) == 2 + bool(page.diagram)
    assert not [token for token in tokens if token.type == "html_block"]
