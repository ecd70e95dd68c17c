"""The state machine of backfills, by its text: its states hang together, it sends what the function knows, and may do
no more than it must."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from etl import deployment, errors
from etl.events import announced
from tests.deployment.test_stack import BUCKET, att, choice, properties, ref

MACHINE: Mapping[str, Any] = properties("Backfill")["Definition"]
UPLOADS = MACHINE["States"]["Uploads"]
CHILD = UPLOADS["ItemProcessor"]
PROCESS = CHILD["States"]["Process"]
NAME = "${AWS::Partition}:states:${AWS::Region}:123456789012"


def reached(machine: Mapping[str, Any]) -> set[str]:
    """The states that one comes to from the first. Fails at one that there is not, or that neither goes on nor ends."""
    found, todo = set[str](), [machine["StartAt"]]
    while todo:
        name = todo.pop()
        state = machine["States"][name]
        follow = [state["Next"]] if "Next" in state else []
        assert follow or state.get("End") or state["Type"] in ("Fail", "Succeed"), name
        todo += [each for each in [*follow, *(each["Next"] for each in state.get("Catch", ()))] if each not in found]
        found.add(name)
    return found


@pytest.mark.parametrize("machine", [MACHINE, CHILD], ids=["execution", "child"])
def test_every_state_is_reached_and_there(machine: Mapping[str, Any]) -> None:
    assert reached(machine) == set(machine["States"])


def test_it_has_no_null_which_cloudformation_refuses() -> None:
    assert "null" not in json.dumps(MACHINE)


def filled(template: Any, item: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    """An ItemSelector as it is for an item: what paths name, put in their places."""
    if not isinstance(template, dict):
        return template
    found = {}
    for key, value in template.items():
        if key.endswith(".$"):
            source = item if value.startswith("$$.Map.Item.Value.") else given
            found[key.removesuffix(".$")] = source[value.rpartition(".")[2]]
        else:
            found[key] = filled(value, item, given)
    return found


def test_the_function_knows_what_it_is_sent() -> None:
    item = {"Etag": '"b1946a"', "Key": "orders_json_incoming/2023/10+11 %2F.json", "LastModified": 1, "Size": 4481}
    event = filled(UPLOADS["ItemSelector"], item, {"prefix": "orders_json_incoming/"})
    failed = event | {"error": {"Error": "StorageError", "Cause": "..."}}  # as the dead-letter queue has it
    for each in (event, failed):
        found = announced(json.loads(json.dumps(each)))
        assert (found.location, found.backfill, found.ignored) == (f"s3://orders/{item['Key']}", True, None)


def test_it_looks_where_uploads_may_arrive_unless_it_is_told() -> None:
    incoming = deployment.PREFIXES["incoming"]
    assert re.findall(r"'(.*?)'", MACHINE["States"]["Settle"]["Output"]["prefix"]) == [incoming]
    assert UPLOADS["ItemReader"]["Parameters"] == {"Bucket": "orders", "Prefix.$": "$.prefix"}


def test_its_limit_is_a_number() -> None:
    """Of a parameter, `!Ref` makes a text, which Step Functions takes for no number."""
    assert MACHINE["States"]["Settle"]["Output"]["concurrency"] == "{% ${MaximumConcurrency} %}"
    assert UPLOADS["MaxConcurrencyPath"] == "$.concurrency"


def test_no_number_of_failures_stops_it_and_no_number_of_uploads() -> None:
    assert UPLOADS["ToleratedFailurePercentage"] == 100
    assert UPLOADS["ResultWriter"]["Parameters"] == {"Bucket": "orders", "Prefix": "orders_backfills"}
    assert not "orders_backfills/".startswith(tuple(deployment.PREFIXES.values()))  # which would be a loop
    assert set(PROCESS["Output"]) == {"upload", "status"}
    assert CHILD["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    assert properties("Backfill")["StateMachineType"] == "STANDARD"


def test_what_a_second_try_cannot_mend_has_none() -> None:
    """Lambda names an error by its class."""
    hopeless, *others = PROCESS["Retry"]
    assert hopeless["MaxAttempts"] == 0
    assert all(issubclass(getattr(errors, name), errors.EtlError) for name in hopeless["ErrorEquals"])
    assert all(each["MaxAttempts"] > 0 for each in others)
    assert others[-1]["ErrorEquals"] == ["States.ALL"]


def test_what_failed_lies_with_the_other_dead_letters_and_is_counted_as_failed() -> None:
    [caught] = PROCESS["Catch"]
    assert caught["ErrorEquals"] == ["States.ALL"]
    collects = CHILD["States"][caught["Next"]]
    assert collects["Resource"] == "arn:${AWS::Partition}:states:::sqs:sendMessage"
    assert collects["Arguments"] == {"QueueUrl": ref("DeadLetterQueue"), "MessageBody": "{% $states.input %}"}
    assert CHILD["States"][collects["Next"]]["Type"] == "Fail"


def test_its_role_may_do_this_and_no_more() -> None:
    (policy,) = properties("BackfillRole")["Policies"]
    *always, with_a_key = policy["PolicyDocument"]["Statement"]
    assert {each["Effect"] for each in always} == {"Allow"}
    assert {each["Sid"]: (each["Action"], each["Resource"]) for each in always} == {
        "ListUploads": ("s3:ListBucket", BUCKET),
        "HaveThemProcessed": ("lambda:InvokeFunction", att("EtlFunction.Arn")),
        "CollectWhatFailed": ("sqs:SendMessage", att("DeadLetterQueue.Arn")),
        "WriteResults": (
            ["s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"],
            f"{BUCKET}/orders_backfills/*",
        ),
        "StartChildren": ("states:StartExecution", f"arn:{NAME}:stateMachine:etl-backfill"),
        "LookAfterChildren": (
            ["states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"],
            [f"arn:{NAME}:execution:etl-backfill:*", f"arn:{NAME}:execution:etl-backfill/Uploads:*"],
        ),
    }
    assert [each["Condition"] for each in always if "Condition" in each] == [
        {"StringLike": {"s3:prefix": deployment.PREFIXES["incoming"] + "*"}}
    ]
    using = {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": ref("KmsKeyArn")}
    assert with_a_key == choice("HasKmsKey", {"Sid": "UseTheKey", **using})


def test_its_role_names_it_as_it_is_called() -> None:
    assert properties("Backfill")["StateMachineName"] == "etl-backfill"
    assert UPLOADS["Label"] == "Uploads"


def test_step_functions_alone_takes_the_role() -> None:
    (trust,) = properties("BackfillRole")["AssumeRolePolicyDocument"]["Statement"]
    assert trust == {
        "Effect": "Allow",
        "Principal": {"Service": "states.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
    }
