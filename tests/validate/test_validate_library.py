"""Pandera comes alone, also where PySpark is installed."""

import subprocess
import sys

import pytest

_USE = "import pandas\npandera.SeriesSchema('int64', pandera.Check.ge(1)).validate(pandas.Series([1]))"
_LOOK = "print(sorted(name for name in sys.modules if name.startswith('pyspark')), os.environ.get('SPARK_LOCAL_IP'))"


@pytest.mark.parametrize(("before", "spark"), [("", "[]"), ("import pyspark.util", "no pandas")])
def test_it_brings_no_spark_along(before: str, spark: str) -> None:
    script = f"import os, sys\n{before}\nfrom etl.validate.library import pandera\n{_USE}\n{_LOOK}"
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)
    found, address = done.stdout.rsplit(" ", 1)
    assert address.strip() == "None"
    assert found == spark if spark == "[]" else "'pyspark.util'" in found and "pyspark.pandas" not in found


def test_what_was_hidden_can_be_imported_afterwards() -> None:
    script = "import etl.validate.library\nimport pyspark.util\nprint(pyspark.util.__name__)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "pyspark.util"
