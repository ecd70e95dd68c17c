"""A local file to blocks of records: whatever an upload may be, told by its content.

stored.py    the file's bytes, hashed as they pass
inflate.py   gzip, zstd or plain, by magic bytes
limits.py    how large all of it may be, and what is held of it
form.py      NDJSON, an array, one document
lines.py     NDJSON apart, in vectorised blocks
values.py    arrays and documents apart, each element with its position
wrapped.py   the records inside a wrapping document
placing.py   positions to lines and offsets, records to blocks
reading.py   all of it in order; the public face
corrected.py documents that were corrected since, in place of those received
"""

from etl.read.corrected import corrected
from etl.read.form import Delimiter, Form
from etl.read.inflate import Compression
from etl.read.limits import Limits
from etl.read.reading import Reading, read

__all__ = ["Compression", "Delimiter", "Form", "Limits", "Reading", "corrected", "read"]
