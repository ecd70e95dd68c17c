"""Objects on S3, by boto3's client and its managed transfers.

What is published here is read back with awswrangler, but not written with it: `awswrangler.s3.upload` (3.17) holds a
file in memory as a whole, cuts it into parts from 5 MiB on, and sends a failed write once more when the garbage
collector comes by, after the run has given up; `awswrangler.s3.delete_objects` passes over an `InternalError`. The
commit protocol (`etl.commit`) needs to know what was written and what was removed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from etl.errors import Conflict, NotFound, StorageError
from etl.records import Upload
from etl.storage.faults import translated

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CopySourceTypeDef, DeleteTypeDef

_MIB = 1 << 20
_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 5},
    connect_timeout=10,
    max_pool_connections=24,  # thousands of reports are read by so many threads
)
_UPLOAD = TransferConfig(multipart_threshold=64 * _MIB, multipart_chunksize=16 * _MIB, max_concurrency=4)
_COPY = TransferConfig(multipart_threshold=5 * 1024 * _MIB, multipart_chunksize=512 * _MIB)  # CopyObject ends at 5 GiB
_TYPES = {  # by which a browser knows what to show
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".ndjson": "application/x-ndjson",
    ".parquet": "application/vnd.apache.parquet",
    ".yaml": "application/yaml",
}
_DELETE = 1000  # keys in one DeleteObjects request


class S3Storage:
    """S3 by `s3://bucket/key`. One session; AWS_ENDPOINT_URL and the rest of the AWS environment apply."""

    def __init__(self) -> None:
        with translated("s3://"):
            self._client = boto3.session.Session().client("s3", config=_CONFIG)

    def stat(self, location: str) -> Upload:
        bucket, key = _split(location)
        with translated(location):
            return _upload(location, self._client.head_object(Bucket=bucket, Key=key))

    def list(self, prefix: str) -> Sequence[Upload]:
        bucket, start = _split(prefix)
        with translated(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=start)
            found = [_listed(bucket, entry) for page in pages for entry in page.get("Contents", ())]
        return sorted(found, key=lambda upload: upload.location)

    def folders(self, prefix: str) -> Sequence[str]:
        bucket, start = _split(prefix)
        with translated(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=start, Delimiter="/")
            found = [f"s3://{bucket}/{one['Prefix']}" for page in pages for one in page.get("CommonPrefixes", ())]
        return sorted(found)

    @contextmanager
    def fetch(self, location: str) -> Iterator[tuple[Upload, Path]]:
        with ExitStack() as stack:
            with translated(location):
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="etl-"))
                upload = self._download(location, Path(folder, "upload"))
            yield upload, Path(folder, "upload")

    def _download(self, location: str, path: Path) -> Upload:
        """One GET: what is known of the upload comes with the very bytes it is known of."""
        bucket, key = _split(location)
        answer = self._client.get_object(Bucket=bucket, Key=key)
        with path.open("wb") as file:
            shutil.copyfileobj(answer["Body"], file, _MIB)
        return _upload(location, answer)

    def read(self, location: str) -> tuple[bytes, str]:
        bucket, key = _split(location)
        with translated(location):
            answer = self._client.get_object(Bucket=bucket, Key=key)
            return answer["Body"].read(), answer["ETag"]

    def write(self, location: str, data: bytes, *, expect: str | None) -> None:
        bucket, key = _split(location)
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if expect is None else {"IfMatch": expect}
        try:
            with translated(location):
                self._client.put_object(Bucket=bucket, Key=key, Body=data, **_typed(key), **condition)
        except NotFound as error:
            raise Conflict(f"{location}: it has been removed meanwhile; run it again") from error

    def put(self, source: Path, location: str) -> None:
        bucket, key = _split(location)
        with translated(location):
            self._client.upload_file(str(source), bucket, key, ExtraArgs=_typed(key), Config=_UPLOAD)

    def copy(self, upload: Upload, location: str) -> None:
        bucket, key = _split(upload.location)
        source: CopySourceTypeDef = {"Bucket": bucket, "Key": key}
        if upload.version:
            source["VersionId"] = upload.version
        pinned = {"CopySourceIfMatch": f'"{upload.etag}"'} if upload.etag else {}
        with translated(upload.location):
            self._client.copy(source, *_split(location), ExtraArgs=pinned, Config=_COPY)

    def delete(self, locations: Iterable[str]) -> None:
        keys: dict[str, list[str]] = {}
        for bucket, key in map(_split, locations):
            keys.setdefault(bucket, []).append(key)
        for bucket, some in keys.items():
            for start in range(0, len(some), _DELETE):
                self._delete(bucket, some[start : start + _DELETE])

    def _delete(self, bucket: str, keys: Sequence[str]) -> None:
        with translated(f"s3://{bucket}/{keys[0]}"):
            chosen: DeleteTypeDef = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
            answer = self._client.delete_objects(Bucket=bucket, Delete=chosen)
        for failed in answer.get("Errors", ()):
            place, code = f"s3://{bucket}/{failed.get('Key')}", failed.get("Code")
            raise StorageError(f"{place}: it can't be removed ({code}); allow this role s3:DeleteObject, run it again")


def _split(location: str) -> tuple[str, str]:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    return bucket, key


def _typed(key: str) -> dict[str, Any]:
    """The argument that says what an object is; none where its name does not tell."""
    found = _TYPES.get(PurePosixPath(key).suffix)
    return {"ContentType": found} if found else {}


def _upload(location: str, answer: Mapping[str, Any]) -> Upload:
    return Upload(
        location,
        answer["LastModified"].astimezone(UTC),
        answer["ContentLength"],
        etag=answer["ETag"].strip('"'),
        version=answer.get("VersionId"),
    )


def _listed(bucket: str, found: Mapping[str, Any]) -> Upload:
    arrival = found["LastModified"].astimezone(UTC)
    return Upload(f"s3://{bucket}/{found['Key']}", arrival, found["Size"], etag=found["ETag"].strip('"'))
