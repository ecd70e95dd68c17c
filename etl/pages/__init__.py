"""Contracts as pages for people: HTML and Markdown.

page.py      a contract to its page: model.py, plain words and no markup
tables.py    tables and columns; the words are in grain.py, types.py, rules.py and policies.py, and remarks.py has what
             the contract says to people alone
fields.py    the map, from the fields of a document to columns; sources.py writes expressions out
entities.py  how tables belong together
example.py   the first record of a sample and the rows it becomes; document.py shows the record
rendering.py the page by its templates; drawing.py (SVG), outline.py and markdown.py
site.py      the files of several contracts
"""

from etl.pages.site import site

__all__ = ["site"]
