"""What has been through is passed over: the very upload, by the very contract, with nothing left to clean up."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from etl import pipeline
from etl.errors import NotFound, StorageError
from etl.pipeline import Outputs
from tests.crash.bucket import OUTPUTS, START, Bucket
from tests.examples import EXAMPLES, contract_of, upload_of

AT = "s3://shop/orders_json_incoming/orders.json"
CONTRACT = contract_of(EXAMPLES[0])
GOOD = b'{"order_id": 1}'


def standing(bucket: Bucket, contract: object = CONTRACT, outputs: Outputs = OUTPUTS) -> object:
    before = dict(bucket.storage.objects)
    found = pipeline.standing(AT, contract, bucket.storage, outputs)  # type: ignore[arg-type]
    assert bucket.storage.objects == before, "nothing is written"
    return found


@pytest.fixture(params=EXAMPLES, ids=lambda folder: folder.name)
def example(request: pytest.FixtureRequest) -> tuple[Bucket, object]:
    contract, bucket = contract_of(request.param), Bucket()
    bucket.upload(AT, upload_of(request.param).read_bytes())
    return bucket, contract


def test_what_was_run_stands_with_its_report(example: tuple[Bucket, object]) -> None:
    bucket, contract = example
    assert standing(bucket, contract) is None
    report = bucket.run(AT, contract)  # type: ignore[arg-type]
    assert standing(bucket, contract) == report


def replaced(bucket: Bucket) -> None:
    bucket.upload(AT, GOOD + b" ", minute=5)


def touched(bucket: Bucket) -> None:
    data, arrival = bucket.storage.objects[AT]
    bucket.storage.objects[AT] = data, arrival + timedelta(seconds=1)


def rewritten_within_a_second(bucket: Bucket) -> None:
    data, arrival = bucket.storage.objects[AT]
    bucket.storage.objects[AT] = data.replace(b"1", b"2"), arrival


def left_an_intent(bucket: Bucket) -> None:
    """Of a run that has committed and not cleaned up, or of another one that was killed."""
    upload_id = bucket.run(AT, CONTRACT)["upload"]["id"]
    at = f"{OUTPUTS.lake}_runs/{CONTRACT.name}/{upload_id}.intents/0123456789abcdef.json"
    intent = {"upload": AT, "contentId": "0123456789abcdef", "arrival": "2024-02-01T08:30:00Z", "files": []}
    text = str(intent | {"quarantine": [], "replaces": [], "supersedes": []}).replace("'", '"')
    bucket.storage.objects[at] = text.encode(), START


@pytest.mark.parametrize("change", [replaced, touched, rewritten_within_a_second, left_an_intent])
def test_what_has_changed_since_is_run(change: Callable[[Bucket], None]) -> None:
    bucket = Bucket()
    bucket.upload(AT, GOOD)
    bucket.run(AT, CONTRACT)
    assert standing(bucket)
    change(bucket)
    assert standing(bucket) is None
    bucket.run(AT, CONTRACT)
    bucket.run(AT, CONTRACT)  # a left intent is gone with the second: the first may have had a predecessor at work
    assert standing(bucket)


def test_another_contract_or_another_place_is_another_run() -> None:
    bucket = Bucket()
    bucket.upload(AT, GOOD)
    assert bucket.run(AT, CONTRACT)["quarantine"]
    assert standing(bucket, replace(CONTRACT, digest="0" * 16)) is None
    assert standing(bucket, replace(CONTRACT, name="other")) is None
    assert standing(bucket, CONTRACT, Outputs("s3://shop/elsewhere/", OUTPUTS.quarantine)) is None
    for quarantine in ("s3://shop/elsewhere/", "s3://shop/", f"{OUTPUTS.quarantine}below/"):
        assert standing(bucket, CONTRACT, Outputs(OUTPUTS.lake, quarantine)) is None


def test_what_was_never_there_has_not_been_through() -> None:
    assert standing(Bucket()) is None


def test_what_is_gone_is_not_found() -> None:
    bucket = Bucket()
    bucket.upload(AT, GOOD)
    bucket.run(AT, CONTRACT)
    del bucket.storage.objects[AT]
    with pytest.raises(NotFound):
        standing(bucket)


def test_what_is_no_report_is_said() -> None:
    bucket = Bucket()
    bucket.upload(AT, GOOD)
    bucket.run(AT, CONTRACT)
    (at,) = bucket.reports
    bucket.storage.objects[at] = b"{}", START
    with pytest.raises(StorageError, match="this is not a run report"):
        standing(bucket)
