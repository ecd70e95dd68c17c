"""One local AWS with one deployment, for all tests of this folder."""

import json
from collections.abc import Iterator

import pytest

from tests.deployed.emulator import Emulator, emulator
from tests.deployed.stack import Inbox, Stack, deploy

TIMEOUT = 60  # seconds; it is also when a failed upload is tried again


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "deployed" in item.path.parts:
            item.add_marker(pytest.mark.deployed)


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with emulator(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture(scope="session")
def stack(aws: Emulator) -> Stack:
    done = deploy(aws, "shop", BucketName="shop-orders", DatabaseName="shop", Timeout=TIMEOUT, RetryAfter=TIMEOUT)
    assert done.returncode == 0, done.stdout + done.stderr + aws.log.read_text(errors="replace")[-4000:]
    mend_concurrency(aws)
    return Stack(aws, "shop", "shop-orders")


def mend_concurrency(aws: Emulator) -> None:
    """The emulator keeps a Number parameter as text, on which its own poller fails: told again, as a number. Of a state
    machine's limit it knows no path: without a number beside it, functions for all uploads are started at once."""
    functions = aws.client("lambda")
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        functions.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": 2})
    machines = aws.client("stepfunctions")
    for machine in machines.list_state_machines()["stateMachines"]:
        arn = machine["stateMachineArn"]
        definition = json.loads(machines.describe_state_machine(stateMachineArn=arn)["definition"])
        definition["States"]["Uploads"]["MaxConcurrency"] = 2
        machines.update_state_machine(stateMachineArn=arn, definition=json.dumps(definition))


@pytest.fixture(scope="session")
def inbox(stack: Stack) -> Inbox:
    queue = stack.client("sqs").create_queue(QueueName="people")["QueueUrl"]
    stack.subscribe(queue, stack.outputs["Topic"])
    return Inbox(stack, queue)
