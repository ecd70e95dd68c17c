"""Fixtures that several tests share."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.seaweed import Seaweed


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """A boto3 client of an S3 in this process (moto), with one empty bucket: `orders`."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    import boto3
    from moto import mock_aws

    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="orders")
        yield client


@pytest.fixture(scope="session")
def weed() -> Iterator["Seaweed"]:
    """A SeaweedFS of this test process: one start for all tests that need one."""
    from tests import seaweed

    with seaweed.running() as server:
        yield server


@pytest.fixture
def seaweed(weed: "Seaweed", monkeypatch: pytest.MonkeyPatch) -> Iterator["Seaweed"]:
    """S3 as the AWS environment has it is SeaweedFS, asked by its admin, with one empty bucket: `orders`."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in weed.environment().items():
        monkeypatch.setenv(name, value)
    weed.start()  # a test may have killed it
    weed.admin.create_bucket(Bucket="orders")
    yield weed
    weed.start()
    weed.admin.delete_bucket(Bucket="orders")  # this server removes what is in it, too
