"""Blocks of records -> typed rows by table, and violations.

Straight records take the vectorised path, odd ones the per-record path, which is the specification: both give the
same rows and the same violations.

flattener.py   which record takes which path, and both together again in record order
fields.py      the tree of fields that the contract reads; unknown fields
record.py      the per-record path, with convert.py (one value) and temporal.py (dates and times)
straight.py    the vectorised path: parsing.py (Arrow; lexical.py and screen.py say what it may be given, schema.py what
               it reads), exploded.py and reader.py (rows), columns.py (conversions)
expansion.py   records that would become far more than they are
habits.py      how a feed writes its values
merging.py     rows of both paths in record order
"""

from etl.flatten.convert import typed
from etl.flatten.flattener import Flattener

__all__ = ["Flattener", "typed"]
