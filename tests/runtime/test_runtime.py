"""The function under AWS's own runtime: cold and warm, what it answers, and what a sandbox that ends leaves behind."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.handler.test_events import INCOMING, saved
from tests.handler.test_handler import CONTRACTS, PERSONAL, SAMPLE, UPLOADS
from tests.runtime.bucket import Bucket
from tests.runtime.sandbox import Call, Function, deployed

LAKE = "orders_parquet_datalake/"


@pytest.fixture(scope="module")
def filled() -> Iterator[Bucket]:
    """What the saved events speak of; moto's server knows no key with a line break."""
    bucket = Bucket()
    for name, content in UPLOADS.items():
        if "\n" not in name:
            bucket.put(f"orders_json_incoming/{name}", content)
    bucket.put("elsewhere/sample.json", SAMPLE)
    yield bucket
    bucket.close()


@pytest.fixture(scope="module")
def function(filled: Bucket, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Function]:
    """One that stays warm from test to test."""
    with deployed(tmp_path_factory.mktemp("function"), environment=settings(filled)) as function:
        yield function


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    """One upload, the sample, and nothing else."""
    bucket = Bucket()
    bucket.put("orders_json_incoming/sample.json", SAMPLE)
    yield bucket
    bucket.close()


def settings(bucket: Bucket) -> dict[str, str]:
    return {"AWS_ENDPOINT_URL": bucket.url, "ORDERS_BUCKET": "orders"}


def ours(call: Call) -> list[dict[str, Any]]:
    """The lines that the function has logged; the runtime's own have no `service`."""
    return [line for line in call.logs if line.get("service") == "etl"]


def created(key: str) -> dict[str, Any]:
    """EventBridge's event for any key, as it is."""
    event = saved("eventbridge_created")
    event["detail"]["object"]["key"] = key
    return event


def delivered(key: str) -> dict[str, Any]:
    """The queue's message about an upload."""
    event = saved("sqs_sns_raw")
    event["Records"][0]["body"] = json.dumps(created(key))
    return event


def committed(bucket: Bucket) -> list[str]:
    """The run reports, of which each has come last in its run."""
    return [key for key in bucket.keys(f"{LAKE}_runs/") if ".intents/" not in key]


def whole(bucket: Bucket) -> int:
    """How many uploads of ten good orders are in the lake, each with all of its files. Fails at anything left over."""
    assert bucket.keys(f"{LAKE}_runs/") == committed(bucket)
    reports = [bucket.json(key) for key in committed(bucket)]
    assert {(report["records"]["read"], report["records"]["published"]) for report in reports} <= {(10, 10)}
    files = [file["location"] for report in reports for file in report["files"]]
    assert sorted(files) == [f"s3://orders/{key}" for key in bucket.keys(f"{LAKE}orders/")]
    return len(reports)


def test_a_cold_start_and_a_warm_call(bucket: Bucket, tmp_path: Path) -> None:
    with deployed(tmp_path, environment=settings(bucket)) as function:
        cold, warm = function(saved("sqs_sns_raw")), function(saved("s3_one"))
    assert cold.payload == {"batchItemFailures": []}
    assert whole(bucket) == 1
    assert [each["upload"]["location"] for each in warm.payload["uploads"]] == [f"{INCOMING}sample.json"]
    for call, start in ((cold, True), (warm, False)):
        assert [line["message"] for line in ours(call)] == ["upload begins", "upload processed"]
        assert {line["cold_start"] for line in ours(call)} == {start}
        assert {line["function_request_id"] for line in ours(call)} == {call.request_id}
        assert [blob["RecordsRead"] for blob in call.metrics if "contract" in blob] == [[10.0]]
        assert [blob["UploadsFailed"] for blob in call.metrics if "function" in blob] == [[0.0]]
    assert [line.get("message_id") for line in ours(cold) + ours(warm)] == ["message-1"] * 2 + [None] * 2


ANSWERS = {
    "s3_one": 1,
    "s3_awkward_keys": 3,
    "s3_two_contracts": 2,
    "s3_partial_and_rejected": 2,
    "s3_vanished": 0,
    "s3_test_event": 0,
    "eventbridge_created": 1,
}


@pytest.mark.parametrize(("name", "uploads"), ANSWERS.items())
def test_what_is_returned_can_be_written_as_json(name: str, uploads: int, function: Function) -> None:
    call = function(saved(name))
    assert not call.failed
    assert len(call.payload["uploads"]) == uploads
    assert [line["report"] for line in ours(call) if "report" in line] == call.payload["uploads"]
    assert not any(value in call.printed for value in PERSONAL)


@pytest.mark.parametrize(
    "name", ["Ação 10+11%2F.json", "🍵,;'\"\\.json", "\u2028\x7f.json", "مرحبا.json", "a\ufffd.json"]
)
def test_keys_come_back_as_they_are(name: str, function: Function, filled: Bucket) -> None:
    filled.put(f"orders_json_incoming/{name}", SAMPLE)
    call = function(created(f"orders_json_incoming/{name}"))
    assert [each["upload"]["location"] for each in call.payload["uploads"]] == [INCOMING + name]
    assert [line["upload"] for line in ours(call) if "upload" in line] == [INCOMING + name]
    assert [line["report"]["upload"]["location"] for line in ours(call) if "report" in line] == [INCOMING + name]


def test_poison_among_good_messages_fails_alone(function: Function) -> None:
    call = function(saved("sqs_poison"))
    assert call.payload == {
        "batchItemFailures": [{"itemIdentifier": f"message-{number}"} for number in (2, 3, 4, 5, 7)]
    }
    assert [line["report"]["status"] for line in ours(call) if "report" in line] == ["published", "partial"]
    assert not any(value in call.printed for value in PERSONAL)
    assert not any({"stackTrace", "exception", "stack_trace", "traceback"} & set(line) for line in call.logs)


def test_a_failure_is_named_to_the_caller_and_ends_with_the_call(function: Function) -> None:
    call = function(saved("s3_no_contract"))
    kind, message = call.error
    assert kind == "UsageError"
    assert message.startswith("s3://orders/elsewhere/sample.json: no contract in")
    _, own, runtime = call.logs  # the runtime logs what it hands to the caller, with lines of source and no values
    assert (own["reason"], runtime["errorMessage"]) == (message, message)
    assert "traceback" not in own
    assert function(saved("s3_one")).payload["uploads"][0]["status"] == "published"
    assert {line["cold_start"] for line in ours(function(saved("s3_folder")))} == {False}


def test_a_broken_contract_is_a_failed_message_and_no_failed_start(bucket: Bucket, tmp_path: Path) -> None:
    broken = (CONTRACTS / "orders.odcs.yaml").read_text(encoding="utf-8").replace("required: true", "requred: true", 1)
    place = tmp_path / "orders.odcs.yaml"
    place.write_text(broken, encoding="utf-8")
    line = broken[: broken.index("requred")].count("\n") + 1
    with deployed(tmp_path, environment=settings(bucket) | {"ORDERS_CONTRACTS": str(tmp_path)}) as function:
        call = function(saved("sqs_sns_raw"))
    assert call.payload == {"batchItemFailures": [{"itemIdentifier": "message-1"}]}
    [logged] = [line for line in ours(call) if "reason" in line]
    assert f"{place}:{line}:" in logged["reason"]
    assert "requred" in logged["reason"]


SAMPLE_RUN = f"{LAKE}_runs/orders/fad324d69efca6e3"  # the hash of where the sample lies


# What a run asks of S3, in the order of the commit protocol, and what is there before: intents, lake files, reports.
STEPS = {
    "fetch": ("GET", "/orders_json_incoming/", (0, 0, 0)),
    "announce": ("PUT", f"{SAMPLE_RUN}.intents/", (0, 0, 0)),
    "put": ("PUT", f"/{LAKE}orders/", (1, 0, 0)),
    "commit": ("PUT", f"{SAMPLE_RUN}.json", (1, 6, 0)),
    "settle": ("POST", "?delete", (1, 6, 1)),
}


def test_a_message_whose_sandboxes_are_killed_at_every_step_loses_nothing(bucket: Bucket, tmp_path: Path) -> None:
    """As for want of memory. The queue delivers the message again, and each time a new sandbox finds what is left."""
    message = saved("sqs_sns_raw")
    with deployed(tmp_path, environment=settings(bucket)) as function:
        for method, part, left in STEPS.values():
            with bucket.held(method, part, then=function.kill):
                killed = function(message)
            assert killed.error == ("Runtime.ExitError", "Runtime exited with error: signal: SIGKILL")
            assert [line["upload"] for line in ours(killed)] == [f"{INCOMING}sample.json"]  # what it was killed over
            prefixes = (f"{SAMPLE_RUN}.intents/", f"{LAKE}orders/", f"{SAMPLE_RUN}.json")
            assert tuple(len(bucket.keys(prefix)) for prefix in prefixes) == left
        last = function(message)
    assert last.payload == {"batchItemFailures": []}
    assert {line["cold_start"] for line in ours(last)} == {True}
    assert whole(bucket) == 1


def test_a_timeout_half_way_loses_nothing(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put("orders_json_incoming/late.json", SAMPLE)
    message = delivered("orders_json_incoming/late.json")
    with deployed(tmp_path, environment=settings(bucket)) as function:
        function(saved("s3_one"))
        function.timeout = 3
        with bucket.held("PUT", f"/{LAKE}orders/") as held:
            late = function(message)
        assert held.reached.is_set()
        assert late.error[0] == "Sandbox.Timedout"
        assert len(committed(bucket)) == 1
        [line] = [line for line in late.logs if line["level"] == "ERROR"]
        assert line["message"] == "upload is about to time out"
        assert line["upload"] == "s3://orders/orders_json_incoming/late.json"
        function.timeout = 60
        assert function(message).payload == {"batchItemFailures": []}
        assert list(function.tmp.iterdir()) == []  # what the killed one had staged is gone
    assert whole(bucket) == 2


@pytest.mark.parametrize("room", [len(SAMPLE) - 1, len(SAMPLE) + 1], ids=["the upload", "what it becomes"])
def test_what_does_not_fit_is_told_and_stays_where_it_is(bucket: Bucket, tmp_path: Path, room: int) -> None:
    """A limit on the size of files stands for a full /tmp, which is the same to a program: a write that is refused."""
    limit = f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))\n"
    narrow = tmp_path / "narrow.py"
    narrow.write_text(
        f"import sys\nsys.path.insert(0, {str(CONTRACTS.parent)!r})\n{limit}from handler import handler\n"
    )
    environment = {**settings(bucket), "ORDERS_CONTRACTS": str(CONTRACTS)}
    with deployed(tmp_path, environment=environment, handler="narrow.handler", root=tmp_path) as function:
        call = function(delivered("orders_json_incoming/sample.json"))
        assert call.payload == {"batchItemFailures": [{"itemIdentifier": "message-1"}]}
        assert list(function.tmp.iterdir()) == []
    [reason] = [line["reason"] for line in ours(call) if "reason" in line]
    assert reason.startswith("s3://orders/orders_json_incoming/sample.json: ")
    assert "File too large" in reason
    assert "raise EphemeralStorage" in reason
    assert bucket.keys(LAKE) == []
