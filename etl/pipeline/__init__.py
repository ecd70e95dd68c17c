"""One upload, start to end: read -> flatten -> validate -> split -> stage, then decide, then publish.

Everything up to the decision happens in a temporary folder; `commit` makes it visible. `check` stops before that.

runs.py         run and check
judgement.py    one pass over an upload, and the verdict on it as a whole
corrections.py  documents that were corrected in a review
passing.py      whether an upload has been through already
snapshot.py     the contract, kept in the lake
publication.py  what is written, and where
staging.py      the temporary folder
"""

import pyarrow as pa

from etl.pipeline.judgement import STDIN, Progress
from etl.pipeline.passing import standing
from etl.pipeline.publication import Outputs, outputs_of
from etl.pipeline.runs import check, check_file, run, run_file
from etl.pipeline.staging import sweep

# What blocks have held goes back to the system as they go: a fifth less memory at the peak, and no slower.
pa.set_memory_pool(pa.system_memory_pool())

__all__ = ["STDIN", "Outputs", "Progress", "check", "check_file", "outputs_of", "run", "run_file", "standing", "sweep"]
