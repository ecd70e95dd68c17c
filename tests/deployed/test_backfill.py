"""The state machine over uploads that nobody has told the function of: what lies there is processed, what fails is
collected, and what has been through is passed over.

The emulator starts the children and counts them. It writes no results to S3 (their outputs are the execution's), asks
the role for nothing, calls every error of the function Runtime.HandlerError, and moves no messages between queues.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from etl.records import digest
from tests.deployed.emulator import ROOT
from tests.deployed.stack import INCOMING, Inbox, Stack, eventually
from tests.deployed.test_deployed import SAMPLE, orders

YEARS = "years gone by/"
UPLOADS = {
    "2022/good.json": (SAMPLE, "published"),
    "2022/bad.json": (orders(1, 10, total_amount="12,50"), "partial"),
    "2022/truncated.json": (SAMPLE[:-100], "rejected"),
    "2022/nothing.json": (b"", "empty"),
    "2023/Loja Recife/pedidos 10+11 %2F ção.json": (orders(20, 3), "published"),
    "2023/denied.json": (orders(30, 10, order_id=0), None),
    "2023/": (b"", "passed over"),
    "2023/_draft.json": (SAMPLE, "passed over"),
    "2023/.tmp/half.json": (SAMPLE[:100], "passed over"),
}
TRIAL = b'{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "shop-orders"}'  # an event that does nothing
DENIED = INCOMING + YEARS + "2023/denied.json"


@dataclass(frozen=True)
class Execution:
    """One that has ended: its own description, and its children's outputs, status by key."""

    described: Mapping[str, Any]
    counts: Mapping[str, int]
    statuses: Mapping[str, str]


def backfill(stack: Stack, given: Mapping[str, str]) -> Execution:
    machines = stack.client("stepfunctions")
    arn = machines.start_execution(stateMachineArn=stack.outputs["Backfill"], input=json.dumps(given))["executionArn"]
    return ended(stack, arn)


def ended(stack: Stack, arn: str) -> Execution:
    machines = stack.client("stepfunctions")
    eventually(lambda: machines.describe_execution(executionArn=arn)["status"] != "RUNNING")
    described = machines.describe_execution(executionArn=arn)
    assert described["status"] == "SUCCEEDED", described
    [run] = machines.list_map_runs(executionArn=arn)["mapRuns"]
    counts = machines.describe_map_run(mapRunArn=run["mapRunArn"])["itemCounts"]
    outputs = [output for output in json.loads(described["output"]) if output]
    return Execution(described, counts, {output["upload"]: output["status"] for output in outputs})


@contextmanager
def untold(stack: Stack) -> Iterator[None]:
    """The bucket tells nobody of uploads, as before there was a deployment."""
    s3 = stack.client("s3")
    found = s3.get_bucket_notification_configuration(Bucket=stack.bucket)
    found.pop("ResponseMetadata")
    s3.put_bucket_notification_configuration(Bucket=stack.bucket, NotificationConfiguration={})
    try:
        yield
    finally:
        s3.put_bucket_notification_configuration(Bucket=stack.bucket, NotificationConfiguration=found)


def written(stack: Stack) -> dict[str, tuple[str, datetime]]:
    """Everything of these uploads in lake and quarantine, by key: a hash of what is in it, and when it was written."""
    ids = [digest(f"s3://{stack.bucket}/{INCOMING}{YEARS}{name}".encode()) for name in UPLOADS]
    pages = stack.client("s3").get_paginator("list_objects_v2").paginate(Bucket=stack.bucket, Prefix="orders_")
    found = (entry for page in pages for entry in page.get("Contents", ()))
    return {
        entry["Key"]: (entry["ETag"], entry["LastModified"]) for entry in found if any(i in entry["Key"] for i in ids)
    }


def bytes_of(found: Mapping[str, tuple[str, datetime]]) -> dict[str, str]:
    return {key: tag for key, (tag, _) in found.items()}


@pytest.fixture(scope="module")
def first(stack: Stack, inbox: Inbox) -> Execution:
    """The first one, while one upload can't be read. Before it, nothing has been processed."""
    with untold(stack):
        for name, (data, _) in UPLOADS.items():
            stack.upload(YEARS + name, data)
    assert written(stack) == {}
    with stack.denied("s3:GetObject", DENIED):
        return backfill(stack, {"prefix": INCOMING + YEARS})


@pytest.fixture(scope="module")
def healed(stack: Stack, first: Execution) -> None:
    """What failed has been tried again, as the output says: by hand, since the emulator has not that command."""
    [message] = _dead_letters(stack)
    words = shlex.split(stack.outputs["TryAgain"])
    arns = [stack.attribute(stack.outputs[name], "QueueArn") for name in ("DeadLetterQueue", "Queue")]
    assert words[2:] == ["start-message-move-task", "--source-arn", arns[0], "--destination-arn", arns[1]]
    stack.send(message["Body"])
    queue = stack.outputs["DeadLetterQueue"]
    stack.client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    stack.report(f"s3://{stack.bucket}/{DENIED}")
    stack.settled()


def _dead_letters(stack: Stack) -> list[Any]:
    queue = stack.outputs["DeadLetterQueue"]
    found = stack.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0)
    return list(found.get("Messages", []))


def test_all_are_done_but_the_one_that_fails(stack: Stack, first: Execution) -> None:
    assert first.statuses == {INCOMING + YEARS + name: status for name, (_, status) in UPLOADS.items() if status}
    counts = {name: first.counts[name] for name in ("total", "succeeded", "failed")}
    assert counts == {"total": len(UPLOADS), "succeeded": len(UPLOADS) - 1, "failed": 1}
    for name, (_, status) in UPLOADS.items():
        if status not in (None, "passed over"):
            location = f"s3://{stack.bucket}/{INCOMING}{YEARS}{name}"
            assert stack.report(location)["status"] == status


def test_what_failed_was_tried_again_and_is_collected_with_its_reason(stack: Stack, first: Execution) -> None:
    location = f"s3://{stack.bucket}/{DENIED}"
    assert len(eventually(lambda: stack.reasons(location))) == 4  # as Process says: three times more
    [message] = _dead_letters(stack)
    event = json.loads(message["Body"])
    assert event["detail"]["object"]["key"] == DENIED
    assert "denied.json: access is denied; " in event["error"]["Cause"]


def test_nobody_is_told_of_each_upload(stack: Stack, first: Execution, inbox: Inbox) -> None:
    later = stack.upload("after.json", orders(1, 10, total_amount=-1))
    inbox.about(later)
    assert [message["Message"] for message in inbox.seen if YEARS in message["Message"]] == []


def test_what_failed_is_done_by_the_queue_then(stack: Stack, healed: None) -> None:
    assert stack.report(f"s3://{stack.bucket}/{DENIED}")["status"] == "partial"
    assert _dead_letters(stack) == []


def test_lake_and_quarantine_are_what_the_command_gives(stack: Stack, healed: None) -> None:
    """All of it is taken away, and `etl run` writes it anew."""
    before = bytes_of(written(stack))
    assert len(before) > 10
    for key in before:
        stack.client("s3").delete_object(Bucket=stack.bucket, Key=key)
    assert written(stack) == {}
    command = [sys.executable, "-c", "from etl.cli import main; main()", "run"]
    command += [f"s3://{stack.bucket}/{INCOMING}{YEARS}"]
    env = {**os.environ, **stack.emulator.env, "ORDERS_BUCKET": stack.bucket, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr  # an upload is rejected
    assert bytes_of(written(stack)) == before


def test_again_all_are_passed_over_and_nothing_is_written(stack: Stack, healed: None) -> None:
    before = written(stack)
    again = backfill(stack, {"prefix": INCOMING + YEARS + "2022/"})
    assert again.statuses == {INCOMING + YEARS + name: "passed over" for name in UPLOADS if name.startswith("2022/")}
    assert written(stack) == before


def test_as_the_output_says_it_looks_at_all_there_are(stack: Stack, healed: None) -> None:
    """Among them a corrected upload, which alone is processed."""
    with untold(stack):
        corrected = stack.upload(YEARS + "2022/bad.json", orders(1, 10))
    aws = ROOT / ".venv-sam" / "bin"
    env = {**stack.emulator.env, "PATH": f"{aws}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", stack.outputs["StartBackfill"]], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    run = ended(stack, json.loads(done.stdout)["executionArn"])
    assert set(run.statuses) == set(stack.keys(INCOMING))
    assert run.statuses[INCOMING + YEARS + "2022/bad.json"] == "published"
    assert stack.report(corrected)["records"]["published"] == 10
    assert set(run.statuses.values()) == {"published", "passed over"}


def test_without_a_prefix_it_looks_at_all_there_are(stack: Stack) -> None:
    assert set(backfill(stack, {}).statuses) == set(stack.keys(INCOMING))


# What its role may do: the emulator's state machine does not ask, so it is asked here.


@pytest.fixture(scope="module")
def role(stack: Stack) -> Any:
    """Credentials of the role, which trusts Step Functions, of this account, alone: for a moment this user, too."""
    iam, name = stack.client("iam"), stack.resource("BackfillRole")
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    assert trust["Statement"][0]["Principal"] == {"Service": "states.amazonaws.com"}
    anybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    iam.update_assume_role_policy(
        RoleName=name, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [anybody]})
    )
    try:
        return stack.credentials("BackfillRole")
    finally:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))


@pytest.mark.parametrize(
    ("service", "method", "arguments"),
    [
        ("s3", "list_objects_v2", {"Prefix": INCOMING}),
        ("s3", "list_objects_v2", {"Prefix": f"{INCOMING}2023/"}),
        ("s3", "put_object", {"Key": "orders_backfills/x/manifest.json", "Body": b""}),
        ("sqs", "send_message", {"QueueUrl": "DeadLetterQueue", "MessageBody": "{}"}),
        ("lambda", "invoke", {"FunctionName": "Function", "Payload": TRIAL}),
    ],
)
def test_allowed(stack: Stack, role: Any, service: str, method: str, arguments: Mapping[str, Any]) -> None:
    _call(stack, role, service, method, arguments)
    queue = stack.outputs["DeadLetterQueue"]
    for message in _dead_letters(stack):
        stack.client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


@pytest.mark.parametrize(
    ("service", "method", "arguments"),
    [
        ("s3", "list_objects_v2", {"Prefix": ""}),
        ("s3", "list_objects_v2", {"Prefix": "orders_quarantine/"}),
        ("s3", "get_object", {"Key": f"{INCOMING}after.json"}),
        ("s3", "get_object", {"Key": "orders_quarantine/x"}),
        ("s3", "put_object", {"Key": f"{INCOMING}x", "Body": b""}),
        ("s3", "delete_object", {"Key": "orders_backfills/x/manifest.json"}),
        ("sqs", "send_message", {"QueueUrl": "Queue", "MessageBody": "{}"}),
        ("sqs", "receive_message", {"QueueUrl": "DeadLetterQueue"}),
    ],
)
def test_denied(stack: Stack, role: Any, service: str, method: str, arguments: Mapping[str, Any]) -> None:
    with pytest.raises(ClientError, match=r"AccessDenied|not authorized"):
        _call(stack, role, service, method, arguments)


def _call(stack: Stack, role: Any, service: str, method: str, arguments: Mapping[str, Any]) -> None:
    where = {"Bucket": stack.bucket} if service == "s3" else {}
    given = {
        name: stack.outputs.get(value, value) if isinstance(value, str) else value for name, value in arguments.items()
    }
    getattr(stack.emulator.client(service, role), method)(**where, **given)
