"""Documents of a contract, for those who send them: the JSON Schema to check them by, and made-up uploads.

    json_schema(contract)                    what the engine accepts, as far as JSON Schema can say it
    Upload(contract, count, bad, seed)       valid documents, and some that are broken each by a named rule
    texts(upload, manifest)                  its records, and meanwhile the account of what was broken

schema.py      the JSON Schema of a contract: frame.py (as a tree), accepted.py (single values), dialect.py (patterns)
places.py      the places of a document that the contract reads
candidates.py  values by guess: numbers.py, moments.py, texts.py (regexes.py reads patterns)
pools.py       of these, the ones that the engine takes at a place, and the ones that break a rule
builder.py     documents from pools
valid.py       those that break nothing, also of what columns and documents have to keep together
breaking.py    those that break one rule
judge.py       the engine's word on all of them
uploads.py     both in one upload
manifest.py    the account of what was broken
"""

from etl.documents.manifest import texts
from etl.documents.schema import json_schema
from etl.documents.uploads import Upload

__all__ = ["Upload", "json_schema", "texts"]
