"""Two versions of a contract: every change with its effect, and the version step that it asks for.

    breaking     lake readers or the Parquet schema break, or values come to mean something else       major
    tightening   some uploads that passed will be quarantined; readers are unaffected                  minor
    safe         older uploads still pass; where a rule is loosened or something is new, readers may    minor
                 meet what was refused before, else nothing changes for them                           patch

What is unknown is taken for the worse: of two patterns nobody can tell which texts match only one, and a new column
judges fields that were passed over before. Two promises are breaking to fall, as they are to GraphQL (a type that
becomes nullable) and dbt (a constraint of a model that is dropped): `required`, since readers may meet nulls, and keys,
since joins may double rows.

"Safe" is meant record by record: a rule on the upload as a whole sees the records that a loosened rule lets in, and may
find a total that it refuses.

nouns.py      changes, and where they are
compare.py    all of it in order; the public face
tables.py     table by table: columns, grain, keys, conditions, partitions
columns.py    column by column: source and type
rules.py      what a column's values must be
uploads.py    rules on the upload as a whole
policies.py   the policies
places.py     the servers, and the contract's name
written.py    what is written otherwise, and means the same here
athena.py     what Athena no longer finds
unread.py     fields that were refused
words.py      expressions and values as they are written
versions.py   semantic versions
"""

from etl.diff.compare import Document, changes, document
from etl.diff.nouns import EFFECTS, STEPS, Change, Effect, Step, greatest
from etl.diff.versions import least, shortfall

__all__ = ["EFFECTS", "STEPS", "Change", "Document", "Effect", "Step", "changes", "document", "greatest", "least"]
__all__ += ["shortfall"]
