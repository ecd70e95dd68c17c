"""README's section on deployment, word for word: deployed, watched, queried, taken down."""

from __future__ import annotations

import json
import os
import re
import subprocess

import duckdb
import pytest

from tests.deployed.conftest import mend_concurrency
from tests.deployed.emulator import ROOT, Emulator
from tests.deployed.stack import INCOMING, Stack, eventually
from tests.deployed.test_backfill import ended
from tests.deployment.documents import parsed

README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = README[README.index("## Deploy") : README.index("## Contract reference")]
DEPLOY, LOOK, LOGS, BACKFILL, RESULTS, TAKE_DOWN = re.findall(r"^```bash\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)


def run(command: str, aws: Emulator) -> str:
    """As somebody types it, who says yes when asked."""
    kept = ("HOME", "ARCHITECTURE", "PYTHON313")  # where a Python 3.13 lies, and what `make e2e` builds for
    env = {**aws.env, **{name: os.environ[name] for name in kept if name in os.environ}, "SAM_CLI_TELEMETRY": "0"}
    done = subprocess.run(["sh", "-e"], input=command, text=True, capture_output=True, cwd=ROOT, env=env, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def deployed(aws: Emulator) -> Stack:
    build, deploy, upload = DEPLOY.splitlines()
    run(build, aws)
    run(f"echo y | {deploy}", aws)
    mend_concurrency(aws)
    run(upload, aws)
    return Stack(aws, "orders-etl", "my-orders")


def test_three_commands_and_the_lake_has_rows(deployed: Stack, aws: Emulator) -> None:
    eventually(lambda: deployed.keys("orders_parquet_datalake/_runs/orders/"))
    assert "orders_parquet_datalake/orders/order_date=2024-01-10/" in run(LOOK, aws)


def test_the_log_is_found_and_says_what_to_do(deployed: Stack, aws: Emulator) -> None:
    deployed.send("no event")
    eventually(lambda: deployed.reasons(None))
    assert "the event is not understood" in run(LOGS, aws)


def test_a_backfill_passes_over_what_has_been_through(deployed: Stack, aws: Emulator) -> None:
    deployed.summary(f"s3://my-orders/{INCOMING}orders.sample.json")  # it is through, and has cleaned up
    execution = ended(deployed, json.loads(run(BACKFILL, aws))["executionArn"])
    assert execution.statuses == {f"{INCOMING}orders.sample.json": "passed over"}


def test_what_became_of_a_backfill_is_counted(deployed: Stack, aws: Emulator) -> None:
    """The emulator writes no results: these are as Step Functions documents them."""
    statuses = ["published", "passed over", "published"]
    done = "".join(f'{{"upload":"{n}.json","status":"{status}"}}\n' for n, status in enumerate(statuses))
    failed = '{"ExecutionArn":"arn","Status":"FAILED","Input":"{\\"source\\":\\"aws.s3\\"}","Error":"StorageError"}\n'
    for name, lines in {"SUCCEEDED_0.jsonl": done, "FAILED_0.jsonl": failed, "manifest.json": "{}"}.items():
        deployed.client("s3").put_object(Bucket=deployed.bucket, Key=f"orders_backfills/x/{name}", Body=lines.encode())
    assert [line.split(maxsplit=1) for line in run(RESULTS, aws).splitlines()] == [
        ["1", '"status":"passed over"'],
        ["2", '"status":"published"'],
    ]


def test_the_query_is_one_of_the_tables(deployed: Stack) -> None:
    """In DuckDB: the emulator's Athena knows no projected partitions."""
    [query] = re.findall(r"^```sql\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)
    location = "s3://my-orders/orders_json_incoming/orders.sample.json"
    orders = deployed.rows(deployed.report(location))
    with duckdb.connect() as connection:
        connection.register("rows", orders)
        connection.execute("CREATE SCHEMA orders_lake")
        connection.execute("CREATE VIEW orders_lake.orders AS SELECT *, DATE '2024-01-10' AS order_date FROM rows")
        assert connection.execute(query).fetchall()


def test_every_parameter_is_in_the_table() -> None:
    shown = dict(re.findall(r"^\| `(\w+)` \| (?:`?([\w.]*)`? )?\|", SECTION, re.MULTILINE))
    parameters = parsed((ROOT / "template.yaml").read_text(encoding="utf-8"))["Parameters"]
    assert shown == {name: str(about.get("Default", "")) for name, about in parameters.items()}


def test_taken_down_the_bucket_stays(deployed: Stack, aws: Emulator) -> None:
    run(TAKE_DOWN, aws)
    stacks = aws.client("cloudformation").list_stacks(StackStatusFilter=["CREATE_COMPLETE", "UPDATE_COMPLETE"])
    assert "orders-etl" not in {stack["StackName"] for stack in stacks["StackSummaries"]}
    assert deployed.keys("orders_json_incoming/")
    assert deployed.keys("orders_parquet_datalake/")
