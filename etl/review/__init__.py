"""What lies in a quarantine: its folders, as one listing shows them; their reports; their rejected records.

folders.py     the folders and their review states
summaries.py   what each report comes to, quickly, for thousands
recalled.py    ... read side by side
memory.py      ... and remembered by this machine
choosing.py    the folders that a person means
reports.py     a folder's report, of this version or of an older one
contracts.py   which contract judges its records now
lines.py       the rejected records, one by one
history.py     what became of a folder
dismissing.py  one set aside, with a reason
statistics.py  how much is rejected, and by which rules
erasing.py     payloads removed, accounts kept
"""

from etl.review.folders import Folder, folder, folders
from etl.review.lines import Line, lines
from etl.review.reports import report
from etl.review.summaries import Account, Broken, Summary, run_summaries, runs, summaries

__all__ = [
    "Account",
    "Broken",
    "Folder",
    "Line",
    "Summary",
    "folder",
    "folders",
    "lines",
    "report",
    "run_summaries",
    "runs",
    "summaries",
]
