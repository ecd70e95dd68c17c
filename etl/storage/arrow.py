"""The same places as pyarrow reaches them, for those who read many Parquet files in parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.storage.base import is_s3

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem


def arrow_files(folder: str) -> tuple[FileSystem, str]:
    """A file system of pyarrow, and the path in it of a folder, which ends with `/`. Raises `StorageError`."""
    if is_s3(folder):
        from etl.storage.arrow_s3 import bucket_files  # boto3: time that local lakes save

        return bucket_files(folder)
    from pyarrow.fs import LocalFileSystem

    return LocalFileSystem(), folder
