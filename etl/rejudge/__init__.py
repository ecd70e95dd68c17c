"""What a contract would make of uploads that were judged before. Nothing is written.

The run reports of the lake, the newest first, say where each upload lies, and what became of its records. An upload
whose content is still there (at its place, or whole in quarantine) is judged again by the engine itself, and compared
record by record. Of one that is gone or has changed, the records in quarantine are judged again; what it published is
not known. `evidence` ends when so many records have been seen: of the upload that goes beyond, the first records are
judged, and no rule on the upload as a whole.

looking.py   through the run reports, until there is enough
past.py      what became of an upload's records
judging.py   what would become of them
"""

from etl.rejudge.looking import Evidence, evidence

__all__ = ["Evidence", "evidence"]
