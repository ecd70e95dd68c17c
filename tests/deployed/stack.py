"""The deployment under test: what `sam deploy` made of what `make build` built, and ways to look at it."""

from __future__ import annotations

import io
import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from etl.records import digest
from tests.deployed.emulator import ROOT, Emulator

SAM = ROOT / ".venv-sam" / "bin" / "sam"
INCOMING = "orders_json_incoming/"
_PATIENCE = 180  # seconds: a cold start unpacks a quarter of a gigabyte here, on two cores
T = TypeVar("T")


def deploy(
    emulator: Emulator, name: str, template: Path | None = None, **parameters: object
) -> subprocess.CompletedProcess[str]:
    """`sam deploy`, as README has it, without questions; of what was built, or of what is uploaded already."""
    command = [SAM, "deploy", "--stack-name", name, "--no-confirm-changeset"]
    command += ["--template-file", template, "--config-file", ROOT / "samconfig.toml"] if template else []
    command += ["--parameter-overrides", *(f"{key}={value}" for key, value in parameters.items())]
    env = {**emulator.env, "SAM_CLI_TELEMETRY": "0"}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def eventually(look: Callable[[], T], patience: float = _PATIENCE) -> T:
    """What `look` gives as soon as that is true. Fails with the last it gave."""
    until = time.monotonic() + patience
    while not (found := look()):
        assert time.monotonic() < until, f"still {found!r} after {patience} seconds"
        time.sleep(0.25)
    return found


@dataclass(frozen=True)
class Stack:
    """One deployment."""

    emulator: Emulator
    name: str
    bucket: str
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        if service not in self.clients:
            self.clients[service] = self.emulator.client(service)
        return self.clients[service]

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        [found] = self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}

    def resource(self, logical_id: str) -> str:
        """The physical id of a resource of the template."""
        found = self.client("cloudformation").describe_stack_resource(StackName=self.name, LogicalResourceId=logical_id)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    # Uploads, and what became of them.

    def upload(self, name: str, data: bytes) -> str:
        """Put it under the incoming prefix. Gives its location."""
        self.client("s3").put_object(Bucket=self.bucket, Key=INCOMING + name, Body=data)
        return f"s3://{self.bucket}/{INCOMING}{name}"

    def keys(self, prefix: str) -> list[str]:
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", ())]

    def read(self, location: str) -> bytes:
        key = location.removeprefix(f"s3://{self.bucket}/")
        return bytes(self.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def report(self, location: str, lake: str = "orders_parquet_datalake/", contract: str = "orders") -> Any:
        """The run report of an upload, once it is there."""
        key = f"{lake}_runs/{contract}/{digest(location.encode())}.json"
        eventually(lambda: self.keys(key))
        return json.loads(self.read(key))

    def settled(self) -> None:
        """Wait until no message is waiting or at work."""
        eventually(lambda: self.messages(self.outputs["Queue"]) == 0)

    def rows(self, report: Mapping[str, Any]) -> pa.Table:
        """All rows of the lake files that a report lists."""
        return pa.concat_tables(pq.read_table(io.BytesIO(self.read(file["location"]))) for file in report["files"])

    # Messages.

    def send(self, body: object) -> None:
        """A message to the function's queue: a text, or anything as JSON."""
        text = body if isinstance(body, str) else json.dumps(body)
        self.client("sqs").send_message(QueueUrl=self.outputs["Queue"], MessageBody=text)

    def messages(self, queue: str) -> int:
        """How many messages there are in a queue, at work ones included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    def attribute(self, queue: str, name: str) -> str:
        found = self.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=[name])
        return str(found["Attributes"].get(name, ""))

    def subscribe(self, queue: str, topic: str) -> None:
        """Have a queue get what is sent to a topic; its policy must allow that, too."""
        arn = self.attribute(queue, "QueueArn")
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        before = json.loads(self.attribute(queue, "Policy") or "{}").get("Statement", [])
        policy = json.dumps({"Version": "2012-10-17", "Statement": [*before, statement]})
        self.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
        self.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    # What it may not do.

    @contextmanager
    def denied(self, action: str, keys: str) -> Iterator[None]:
        """Take the function one of its rights away."""
        iam, role = self.client("iam"), self.resource("Role")
        statement = {"Effect": "Deny", "Action": action, "Resource": f"arn:aws:s3:::{self.bucket}/{keys}"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName=role, PolicyName="mistake", PolicyDocument=policy)
        try:
            yield
        finally:
            iam.delete_role_policy(RoleName=role, PolicyName="mistake")

    def credentials(self, role: str) -> Any:
        """Credentials of a role of the template."""
        name = self.resource(role)
        [arn] = [found["Arn"] for found in self.client("iam").list_roles()["Roles"] if found["RoleName"] == name]
        return self.client("sts").assume_role(RoleArn=arn, RoleSessionName="tests")["Credentials"]

    # What it said.

    def summary(self, location: str) -> Any:
        """What the function logged of an upload when it was through."""
        return eventually(lambda: self.summaries(location))[0]

    def summaries(self, location: str) -> list[Any]:
        """Each of them, if it was processed several times."""
        reports = [line["report"] for line in self.log() if "report" in line]
        return [report for report in reports if report["upload"]["location"] == location]

    def reasons(self, location: str | None) -> list[str]:
        """Why an upload failed, each time it did; None for messages that name none."""
        failed = [line for line in self.log() if line.get("level") == "ERROR" and line.get("upload") == location]
        return [line["reason"] for line in failed]

    def log(self) -> list[dict[str, Any]]:
        """The function's own lines."""
        return [line for line in self._documents() if "_aws" not in line]

    def metrics(self) -> list[dict[str, Any]]:
        """Its metrics, in CloudWatch's embedded format."""
        return [line for line in self._documents() if "_aws" in line]

    def _documents(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.log_texts() if text.startswith("{")]

    def log_texts(self) -> list[str]:
        pages = self.client("logs").get_paginator("filter_log_events").paginate(logGroupName=self.outputs["Logs"])
        return [line for page in pages for event in page["events"] for line in event["message"].splitlines()]


def announcing(location: str) -> dict[str, Any]:
    """The event that S3 sends of an upload."""
    bucket, _, key = location.removeprefix("s3://").partition("/")
    record = {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": {"key": key, "size": 1}},
    }
    return {"Records": [record]}


@dataclass(frozen=True)
class Inbox:
    """A queue that is subscribed to the topic, in place of a person's mail."""

    stack: Stack
    queue: str
    seen: list[dict[str, Any]] = field(default_factory=list)

    def about(self, text: str) -> dict[str, Any]:
        """The first message that has the text in it, once it is there."""
        return eventually(lambda: [message for message in self._received() if text in message["Message"]])[0]

    def _received(self) -> list[dict[str, Any]]:
        found = self.stack.client("sqs").receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        self.seen.extend(json.loads(message["Body"]) for message in found.get("Messages", ()))
        return self.seen
