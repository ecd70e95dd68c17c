"""Deploying where something is in the way, changing a deployment, and taking it down."""

from __future__ import annotations

import json
import platform
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.deployed.conftest import TIMEOUT, mend_concurrency
from tests.deployed.emulator import ROOT, Emulator
from tests.deployed.stack import Stack, deploy

SAMPLE = (ROOT / "contracts" / "orders.sample.json").read_bytes()
OTHER = "x86_64" if platform.machine() in ("arm64", "aarch64") else "arm64"  # than what is built here
_POLL = {"Delay": 1, "MaxAttempts": 120}  # seconds between looks, and looks


@pytest.fixture(scope="module")
def uploaded(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template with the packages where the first deployment has put them: they need not be zipped once more."""
    found = stack.client("cloudformation").get_template(StackName=stack.name, TemplateStage="Original")["TemplateBody"]
    path = tmp_path_factory.mktemp("uploaded") / "template.yaml"
    path.write_text(found if isinstance(found, str) else json.dumps(found), encoding="utf-8")
    return path


def said(done: subprocess.CompletedProcess[str]) -> str:
    """What `sam deploy` complained of, in one line: it wraps tables to the width of a terminal."""
    return " ".join(done.stderr.split())


def test_a_bucket_that_exists_stops_the_deployment_and_stays_as_it_is(aws: Emulator, uploaded: Path) -> None:
    """Found when the stack is made. AWS finds some before that, and then nothing has been begun."""
    aws.client("s3").create_bucket(Bucket="somebodys-data")
    aws.client("s3").put_object(Bucket="somebodys-data", Key="x", Body=b"theirs")
    done = deploy(aws, "in-the-way", uploaded, BucketName="somebodys-data", DatabaseName="in_the_way")
    assert (done.returncode, "Stack in-the-way has been deleted" in said(done)) == (1, True), said(done)
    events = aws.client("cloudformation").describe_events(StackName="in-the-way")["OperationEvents"]
    assert "somebodys-data' already exists" in json.dumps(events, default=str)
    assert aws.client("s3").get_object(Bucket="somebodys-data", Key="x")["Body"].read() == b"theirs"
    again = deploy(aws, "in-the-way", uploaded, BucketName="my-own-data", DatabaseName="in_the_way")
    assert again.returncode == 0, said(again)  # what failed left nothing that is in the way of the next attempt


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"BucketName": "Not_A_Bucket"}, "a bucket name of 3 to 63 lower-case letters, digits and hyphens"),
        ({"BucketName": "fine-name", "Timeout": 901}, "Parameter 'Timeout' must be a number not greater than 900"),
        ({"BucketName": "fine-name", "Architecture": "riscv"}, "'riscv' is not in AllowedValues"),
        ({"BucketName": "fine-name", "Architecture": OTHER}, f"'{OTHER}' is not in AllowedValues"),
        ({"BucketName": "fine-name", "AccessLogBucket": "fine-name"}, "AccessLogBucket must be another bucket"),
        (
            {"BucketName": "fine-name", "AccessLogBucket": "logs", "CreateBucket": "false"},
            "AccessLogBucket is for the bucket that is created",
        ),
        (
            {"BucketName": "fine-name", "KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:alias/x"},
            "an alias grants nothing",
        ),
    ],
)
def test_a_wrong_parameter_is_named(aws: Emulator, uploaded: Path, parameters: dict[str, object], text: str) -> None:
    done = deploy(aws, "wrong", uploaded, **parameters)
    assert (done.returncode, text in said(done)) == (1, True), said(done)


def test_taking_it_down_keeps_the_data_and_a_new_deployment_goes_on(aws: Emulator, uploaded: Path) -> None:
    parameters = {"BucketName": "brief-orders", "DatabaseName": "brief", "Timeout": TIMEOUT, "RetryAfter": TIMEOUT}
    assert deploy(aws, "brief", uploaded, **parameters).returncode == 0
    location = Stack(aws, "brief", "brief-orders").upload("a.json", SAMPLE)
    cloudformation = aws.client("cloudformation")
    cloudformation.delete_stack(StackName="brief")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="brief", WaiterConfig=_POLL)
    done = deploy(aws, "again", uploaded, **parameters, CreateBucket="false")
    assert done.returncode == 0, said(done)
    mend_concurrency(aws)
    again = Stack(aws, "again", "brief-orders")
    assert again.read(location) == SAMPLE
    _run(again, again.outputs["NotifyQueue"])
    assert again.report(again.upload("b.json", SAMPLE))["status"] == "published"


def _run(stack: Stack, command: str) -> None:
    """What the output says, without the AWS command."""
    words = shlex.split(command)
    assert words[:4] == ["aws", "s3api", "put-bucket-notification-configuration", "--bucket"]
    stack.client("s3").put_bucket_notification_configuration(
        Bucket=words[4], NotificationConfiguration=json.loads(words[6])
    )
