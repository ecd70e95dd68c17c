"""Published rows -> staged Parquet files, one per table and partition.

The same rows give the same bytes: one writer per file, rows in record order, no clock and no random in it. Partition
columns live in the path, as Hive has it (`order_date=2024-01-10`), and not in the file.
"""

from etl.lake.published import dataset, published
from etl.lake.schema import LINEAGE
from etl.lake.writer import MOST_PARTITIONS, LakeWriter, StagedFile

__all__ = ["LINEAGE", "MOST_PARTITIONS", "LakeWriter", "StagedFile", "dataset", "published"]
