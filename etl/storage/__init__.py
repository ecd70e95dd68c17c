"""The one seam to the world: files and S3 objects, by location.

A location is a text: `s3://bucket/key`, or a local path. `open_storage()` serves both. boto3 is imported
with the first `s3://` location and nowhere else, so that a run on a laptop does not wait for it.
"""

from etl.storage.anywhere import AnyStorage, open_storage
from etl.storage.arrow import arrow_files
from etl.storage.base import Storage, is_s3, normal
from etl.storage.local import LocalStorage
from etl.storage.memory import MemoryStorage

__all__ = ["AnyStorage", "LocalStorage", "MemoryStorage", "Storage", "arrow_files", "is_s3", "normal", "open_storage"]
