"""S3 by pyarrow's own client, which reads parts of many files at a time, with what boto3 knows of the place.

pyarrow looks for credentials, region and endpoint in a way of its own (no profile with single sign-on, no
`endpoint_url` of a configuration file), so it is told what boto3 has found: one AWS environment means one S3.
"""

from __future__ import annotations

import os

import boto3
from botocore.config import Config
from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

from etl.errors import StorageError
from etl.storage.faults import translated

_CONFIG = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=10)
_AWS = Config(ignore_configured_endpoint_urls=True)  # type: ignore[call-arg]  # the stubs lack it
_SECONDS = 60  # for an answer, as boto3 has it


def bucket_files(folder: str) -> tuple[S3FileSystem, str]:
    """The S3 that boto3 would ask, and the path (`bucket/key/`) of an `s3://` folder. Raises `StorageError`."""
    bucket = folder.removeprefix("s3://").partition("/")[0]
    with translated(folder):
        session = boto3.session.Session()
        client = session.client("s3", config=_CONFIG)
        credentials = session.get_credentials()
        found = client.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
        elsewhere = client.meta.endpoint_url != session.client("s3", config=_AWS).meta.endpoint_url
    if credentials is None:
        raise StorageError(f"{folder}: there are no AWS credentials; set AWS_PROFILE or log in, then run it again")
    keys = credentials.get_frozen_credentials()
    files = S3FileSystem(
        access_key=keys.access_key,
        secret_key=keys.secret_key,
        session_token=keys.token,
        region=found.get("x-amz-bucket-region", client.meta.region_name),
        endpoint_override=client.meta.endpoint_url if elsewhere else None,
        connect_timeout=10,
        request_timeout=_SECONDS,
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=5),
        tls_ca_file_path=os.environ.get("AWS_CA_BUNDLE"),
    )
    return files, folder.removeprefix("s3://")
