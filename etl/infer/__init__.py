"""A contract from samples: what the documents hold, as a proposal that takes them all.

vocabulary.py the words that names are judged by
words.py      what names of fields say
texts.py      what texts look like
seen.py       what was seen at each place of the documents: counts, never the documents
scan.py       samples to that
wrapping.py   whether the samples wrap their records
types.py      what was seen to the type that takes it
shapes.py     what a place becomes: a column, several, a table, JSON text
places.py     the rows of each table, and the places below them
keys.py       which columns tell rows apart, and on which day an event was
names.py      valid names for columns and tables
draft.py      the proposal, as values
tables.py     its tables and columns
render.py     the proposal as YAML
inferring.py  all of it in order; the public face

It must lint clean and accept its samples, whatever they are: texts are judged by the flattener's own conversions, and
a property test runs what is proposed.
"""

from etl.infer.inferring import Inferred, contract_name, infer
from etl.infer.scan import LeftOut, Sample

__all__ = ["Inferred", "LeftOut", "Sample", "contract_name", "infer"]
