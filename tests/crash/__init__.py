"""Runs that are disturbed: by a storage that fails, by being killed, by each other, and by any bytes at all.

`make test` does a bounded part of it; `make soak` (SOAK=1) does all, and ends with the figures.
"""

import os

SOAK = bool(os.environ.get("SOAK"))
