"""The orders as they are deployed, in a bucket on SeaweedFS: what is uploaded, what runs leave, and that put back."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from etl import contract as contracts
from etl import pipeline
from etl.storage import Storage
from etl.storage import s3 as module
from etl.storage.s3 import S3Storage
from tests.seaweed import BUCKET, Seaweed

ROOT = Path(__file__).parent.parent
FILE = ROOT / "contracts" / "orders.odcs.yaml"
CONTRACT = contracts.load(FILE, env={"ORDERS_BUCKET": BUCKET})
OUTPUTS = pipeline.outputs_of(CONTRACT, None, None)
KEY = "orders_json_incoming/sample.json"
LOCATION = f"s3://{BUCKET}/{KEY}"

SAMPLE = FILE.with_name("orders.sample.json").read_bytes()
PARTIAL, OTHER_PARTIAL, REJECTED, UNREADABLE = (
    (ROOT / "quarantine_examples" / name / "upload.json").read_bytes()
    for name in ("wrong-type", "bad-email", "too-many-bad-orders", "truncated-array")
)


def upload(seaweed: Seaweed, data: bytes) -> None:
    seaweed.admin.put_object(Bucket=BUCKET, Key=KEY, Body=data)


def run(storage: Storage) -> dict[str, Any]:
    return pipeline.run(LOCATION, CONTRACT, storage, OUTPUTS)


def results(seaweed: Seaweed) -> dict[str, bytes]:
    """What runs have left: content by key."""
    return {key: data for key, data in seaweed.objects().items() if key != KEY}


def restore(seaweed: Seaweed, before: Mapping[str, bytes]) -> None:
    """Make `before` all that runs have left."""
    for key in set(seaweed.listed()) - {KEY, *before}:
        seaweed.admin.delete_object(Bucket=BUCKET, Key=key)
    for key, data in before.items():
        seaweed.admin.put_object(Bucket=BUCKET, Key=key, Body=data)


def hasty(attempts: int) -> S3Storage:
    """A storage that tries a request this often and no more: tests don't wait for a server that is known to be dead."""
    retries = Config(retries={"mode": "standard", "total_max_attempts": attempts})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CONFIG", module._CONFIG.merge(retries))
        return S3Storage()
