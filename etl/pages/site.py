"""The files that a set of contracts gives: each its page, and one that leads to them where there are several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from etl.errors import UsageError
from etl.pages.model import Page
from etl.pages.rendering import html, html_index, text, text_index

_INDEXES = ("index", "readme")


def site(pages: Sequence[Page]) -> Mapping[str, str]:
    """The content of each file, by its name. Raises `UsageError` where two would have the same."""
    names = Counter(page.name.lower() for page in pages)
    if twice := [page.name for page in pages if names[page.name.lower()] > 1]:
        raise UsageError(f"there are two contracts '{twice[0]}' (case does not count); document them apart")
    if len(pages) > 1 and (taken := [page.name for page in pages if page.name.lower() in _INDEXES]):
        raise UsageError(f"the page of '{taken[0]}' would take the place of that of all contracts; document it alone")
    files = {f"{page.name}.html": html(page) for page in pages} | {f"{page.name}.md": text(page) for page in pages}
    if len(pages) > 1:
        files |= {"index.html": html_index(pages), "README.md": text_index(pages)}
    return files
