"""Pandera, and nothing that comes with it.

Where PySpark is installed, Pandera (0.35) imports all of it and `pyspark.pandas` with it, for its own classes of Spark:
a quarter of a second, 60 MB, a warning about the version of pandas in each process, and `SPARK_LOCAL_IP=127.0.0.1` in
the environment, by which a driver of ours would be out of reach of its executors.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_SET = ("SPARK_LOCAL_IP", "PYARROW_IGNORE_TIMEZONE")


@contextmanager
def _without_spark() -> Iterator[None]:
    """Imports within find no PySpark, or no more of it than there is, and leave the environment as it was."""
    hidden = "pyspark.pandas" if "pyspark" in sys.modules else "pyspark"
    known, before = sys.modules.get(hidden), {name: os.environ.get(name) for name in _SET}
    sys.modules[hidden] = None  # type: ignore[assignment]  # which is how Python is told that there is none
    try:
        yield
    finally:
        del sys.modules[hidden]
        if known is not None:
            sys.modules[hidden] = known
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)


with _without_spark():
    import pandera.pandas as pandera
    from pandera.backends.pandas import builtin_checks  # noqa: F401  else the first validation does, and finds PySpark
    from pandera.config import ValidationDepth, config_context
    from pandera.errors import SchemaError

__all__ = ["SchemaError", "ValidationDepth", "config_context", "pandera"]
