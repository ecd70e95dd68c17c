"""The account of one upload: counts first, then what broke, with the first few places of each rule.

account.py    the sums, added up block by block
document.py   the run report as a JSON document
words.py      it in plain words: the verdict, what a rule asks for (rules.py), what is wrong at a place (violations.py)
page.py       it as a page of HTML, by view.py, what the page shows; imported where there is something to show
look.py       the colours and the style sheet of pages
"""

from etl.report.account import EXAMPLES, MASK, UNKNOWN_FIELDS, Account
from etl.report.document import VERSION, Status, describe, document

__all__ = ["EXAMPLES", "MASK", "UNKNOWN_FIELDS", "VERSION", "Account", "Status", "describe", "document"]
