"""The review in a browser: the quarantine as a place where people work. Server-rendered, and without scripts.

serving.py     the port, the link, and the server
guard.py       hosts, sessions, forms, headers
sessions.py    the token that works once
routes.py      addresses and what answers them
desk.py        what is worked on: storage, places, contracts, who and when
home.py        shares by day and rule, and the uploads; index.py: all of them in short; plots.py: as pictures
uploads.py     one upload
records.py     one record; rejected.py: as it lies in quarantine; corrections.py: as it was edited
actions.py     replay, dismiss, reveal, check, correct; judges.py: by which contract
document.py    a document with what breaks rules marked in place; tree.py: where its values stand
veil.py        what is hidden until it is revealed; reveals.py: who has looked
violations.py  violations in words; stated.py: the rule as the contract states it
rendering.py   templates
"""

from etl.web.desk import Desk
from etl.web.serving import serve

__all__ = ["Desk", "serve"]
