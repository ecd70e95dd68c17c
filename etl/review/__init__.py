"""What lies in a quarantine: its folders, as one listing shows them; their reports; their rejected records.

folders.py   the folders and their review states
reports.py   a folder's report, of this version or of an older one
lines.py     the rejected records, one by one
"""

from etl.review.folders import Folder, folder, folders
from etl.review.lines import Line, lines
from etl.review.reports import report

__all__ = ["Folder", "Line", "folder", "folders", "lines", "report"]
