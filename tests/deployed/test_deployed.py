"""The deployed template at work: uploads by the S3 API, and everything that is to come of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deployed.emulator import ROOT
from tests.deployed.stack import INCOMING, Inbox, Stack, announcing, eventually

SAMPLE = (ROOT / "contracts" / "orders.sample.json").read_bytes()
PERSONAL = ("ana.lima@example.com", "Ana Lima", "Rua da Aurora")
BURST = 200


def orders(first: int, count: int = 1, **changes: Any) -> bytes:
    """A JSON array of orders, all good but for the first, which has `changes`."""
    customer = {"customer_id": 1, "name": PERSONAL[1], "email": PERSONAL[0], "address": PERSONAL[2]}
    product = {"product_id": "P01", "name": "Mouse", "category": "Electronics", "price": 25.00, "quantity": 2}
    good = {"order_date": "2024-01-10", "total_amount": 50.00, "customer": customer, "products": [product]}
    found = [{"order_id": number, **good} for number in range(first, first + count)]
    return json.dumps([found[0] | changes, *found[1:]]).encode()


def contents(stack: Stack) -> dict[str, str]:
    """Everything the function may write, by key: a hash of what is in it."""
    pages = stack.client("s3").get_paginator("list_objects_v2").paginate(Bucket=stack.bucket, Prefix="orders_")
    entries = (entry for page in pages for entry in page.get("Contents", ()))
    return {entry["Key"]: entry["ETag"] for entry in entries if not entry["Key"].startswith(INCOMING)}


# Uploads.


def test_a_good_upload_is_in_the_lake(stack: Stack) -> None:
    location = stack.upload("good.json", SAMPLE)
    report = stack.report(location)
    assert (report["status"], report["records"]["published"], report["quarantine"]) == ("published", 10, None)
    rows = stack.rows(report)
    assert set(rows["_upload"].to_pylist()) == {location}
    assert len(rows) == report["tables"]["orders"]["published"]
    assert stack.summary(location)["records"] == report["records"]


def test_a_key_arrives_as_it_was_given(stack: Stack) -> None:
    report = stack.report(stack.upload("Loja Recife/pedidos 10+11 %2F ção.json", SAMPLE))
    assert report["status"] == "published"


def test_each_feed_has_its_own_contract_and_lake(stack: Stack) -> None:
    sample = (ROOT / "contracts" / "marketplace.sample.ndjson").read_bytes()
    location = stack.upload("marketplace/a.ndjson", sample)
    report = stack.report(location, "orders_parquet_datalake/marketplace/", "marketplace")
    assert report["status"] == "published"
    assert all("/orders_parquet_datalake/marketplace/" in file["location"] for file in report["files"])


def test_a_bad_order_is_in_quarantine_and_who_subscribes_hears_of_it(stack: Stack, inbox: Inbox) -> None:
    location = stack.upload("bad.json", orders(1, 10, total_amount="12,50"))
    report = stack.report(location)
    assert (report["status"], report["records"]["quarantined"], report["records"]["published"]) == ("partial", 1, 9)
    folder = report["quarantine"]["location"]
    assert json.loads(stack.read(folder + "report.json")) == report
    [rejected] = [json.loads(line) for line in stack.read(folder + "rejected.ndjson").splitlines()]
    assert rejected["payload"]["total_amount"] == "12,50"
    assert rejected["violations"][0]["path"] == "$.total_amount"
    message = inbox.about(location)
    assert message["Subject"] == "1 record of 10 in quarantine [orders]"
    assert f"report:   {folder}report.html" in message["Message"]
    assert b"1 of 10 records is in quarantine" in stack.read(folder + "report.html")
    assert not any(value in json.dumps(message) + "".join(stack.log_texts()) for value in PERSONAL)


def test_an_upload_that_is_rejected_is_kept_whole(stack: Stack, inbox: Inbox) -> None:
    location = stack.upload("truncated.json", SAMPLE[:-100])
    report = stack.report(location)
    assert report["status"] == "rejected"
    assert stack.read(report["quarantine"]["location"] + "upload") == SAMPLE[:-100]
    assert "upload rejected" in inbox.about(location)["Subject"]


def test_metrics_are_printed_for_cloudwatch(stack: Stack) -> None:
    """The emulator makes no metrics of them; alarms and dashboard look for these names."""
    stack.summary(stack.upload("metrics.json", SAMPLE))
    printed: set[tuple[str, ...]] = set()
    for blob in stack.metrics():
        [about] = blob["_aws"]["CloudWatchMetrics"]
        [[dimension]] = about["Dimensions"]
        printed |= {(about["Namespace"], metric["Name"], dimension, blob[dimension]) for metric in about["Metrics"]}
    alarms = stack.client("cloudwatch").describe_alarms()["MetricAlarms"]
    ours = [alarm for alarm in alarms if alarm["Namespace"] == stack.name]
    watched = {
        (alarm["Namespace"], alarm["MetricName"], *alarm["Dimensions"][0].values())
        for alarm in ours
        if "marketplace" not in json.dumps(alarm["Dimensions"])
    }
    assert len(watched) == 2
    assert watched <= printed


def test_athena_finds_the_tables(stack: Stack) -> None:
    tables = stack.client("glue").get_tables(DatabaseName=stack.outputs["Database"])["TableList"]
    [table] = [table for table in tables if table["Name"] == "orders"]
    assert table["StorageDescriptor"]["Location"] == f"s3://{stack.bucket}/orders_parquet_datalake/orders/"
    assert table["Parameters"]["projection.enabled"] == "true"


# Deliveries: more than once, late, wrapped, many at a time.


def test_the_same_delivery_again_changes_nothing(stack: Stack) -> None:
    location = stack.upload("twice.json", orders(1, 10, total_amount=-1))
    stack.report(location)
    stack.settled()
    before = contents(stack)
    for _ in range(5):
        stack.send(announcing(location))
    eventually(lambda: len(stack.summaries(location)) >= 6)
    stack.settled()
    assert contents(stack) == before


def test_a_late_delivery_of_an_older_version_brings_nothing_back(stack: Stack) -> None:
    location = stack.upload("corrected.json", orders(1, 10, order_date="2024-01-09"))
    old = stack.report(location)
    assert stack.upload("corrected.json", orders(1, 3)) == location
    new = eventually(lambda: [found for found in [stack.report(location)] if found["records"]["read"] == 3])[0]
    stack.settled()
    stack.send(announcing(location))
    eventually(lambda: len(stack.summaries(location)) >= 3)
    stack.settled()
    assert stack.report(location) == new
    named = f"{new['upload']['id']}-"
    files = [key for key in stack.keys("orders_parquet_datalake/orders/") if named in key]
    assert [f"s3://{stack.bucket}/{key}" for key in files] == [file["location"] for file in new["files"]]
    assert not {file["location"] for file in old["files"]} & {file["location"] for file in new["files"]}


def test_an_event_inside_sns_inside_sqs(stack: Stack) -> None:
    location = stack.upload("fanned-out.json", SAMPLE)
    report = stack.report(location)
    stack.settled()
    topic = stack.client("sns").create_topic(Name="fan-out")["TopicArn"]
    stack.subscribe(stack.outputs["Queue"], topic)
    stack.client("sns").publish(TopicArn=topic, Message=json.dumps(announcing(location)))
    eventually(lambda: len(stack.summaries(location)) >= 2)
    stack.settled()
    assert stack.report(location) == report


def test_a_burst_is_all_accounted_for(stack: Stack) -> None:
    """Every fifth of them has a bad order among its good ones."""
    with ThreadPoolExecutor(8) as pool:
        uploads = range(BURST)
        locations = list(pool.map(lambda n: stack.upload(f"burst/{n}.json", orders(n * 10, 10, **_flaw(n))), uploads))
    stack.settled()
    reports = [stack.report(location) for location in locations]
    assert [report["records"]["read"] for report in reports] == [10] * BURST
    assert sum(report["records"]["published"] for report in reports) == BURST * 10 - BURST // 5
    assert sum(report["records"]["quarantined"] for report in reports) == BURST // 5
    assert sum(len(stack.rows(report)) for report in reports[:20]) == 20 * 10 - 4
    assert stack.messages(stack.outputs["DeadLetterQueue"]) == 0


def _flaw(number: int) -> dict[str, Any]:
    return {"order_id": 0} if number % 5 == 0 else {"order_id": number * 10 + 1_000_000}


# What goes wrong.


def test_a_missing_permission_is_told_and_nothing_is_lost(stack: Stack) -> None:
    with stack.denied("s3:PutObject", "orders_quarantine/*"):
        location = stack.upload("denied.json", orders(1, 10, total_amount=-1))
        eventually(lambda: stack.reasons(location))
        assert "access is denied; allow this role" in stack.reasons(location)[0]
    stack.send(announcing(location))  # not to wait until SQS gives the first out again
    assert stack.report(location)["status"] == "partial"


def test_an_upload_that_has_vanished_is_no_failure(stack: Stack) -> None:
    location = f"s3://{stack.bucket}/{INCOMING}vanished.json"
    stack.send(announcing(location))
    [line] = eventually(lambda: [line for line in stack.log() if line.get("upload") == location and "reason" in line])
    assert (line["level"], line["message"]) == ("WARNING", "upload has vanished")


def test_a_poison_message_ends_in_the_dead_letter_queue_and_raises_the_alarm(stack: Stack, inbox: Inbox) -> None:
    unclaimed = f"s3://{stack.bucket}/elsewhere/a.json"
    stack.summary(stack.upload("warm.json", SAMPLE))  # a cold start may take longer than the seconds below
    with _given_out_again_after(stack, 6):
        stack.send("S3CRET, and no event")
        stack.send(announcing(unclaimed))
        eventually(lambda: stack.messages(stack.outputs["DeadLetterQueue"]) == 2)
    assert [reason.count("no contract in") for reason in stack.reasons(unclaimed)] == [1] * 5
    assert "the event is not understood: found text that is not JSON" in stack.reasons(None)[0]
    assert "S3CRET" not in "".join(stack.log_texts())
    _publish_queue_metric(stack)
    assert _alarm(stack)["StateValue"] == "ALARM"
    assert "TryAgain" in inbox.about(stack.resource("DeadLettersAlarm"))["Message"]


@contextmanager
def _given_out_again_after(stack: Stack, seconds: int) -> Iterator[None]:
    """Not to wait for RetryAfter five times."""
    queue, before = stack.outputs["Queue"], stack.attribute(stack.outputs["Queue"], "VisibilityTimeout")
    sqs = stack.client("sqs")
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": str(seconds)})
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": before})


def _publish_queue_metric(stack: Stack) -> None:
    """What SQS tells CloudWatch each minute, and the emulator does not."""
    queue = stack.outputs["DeadLetterQueue"]
    stack.client("cloudwatch").put_metric_data(
        Namespace="AWS/SQS",
        MetricData=[
            {
                "MetricName": "ApproximateNumberOfMessagesVisible",
                "Dimensions": [{"Name": "QueueName", "Value": queue.rpartition("/")[2]}],
                "Value": stack.messages(queue),
            }
        ],
    )


def _alarm(stack: Stack) -> Any:
    [alarm] = stack.client("cloudwatch").describe_alarms(AlarmNames=[stack.resource("DeadLettersAlarm")])[
        "MetricAlarms"
    ]
    return alarm


# What the function may not do.


@pytest.fixture(scope="module")
def role(stack: Stack) -> Any:
    """Credentials of the function's own role."""
    return stack.credentials("Role")


@pytest.mark.parametrize(
    ("method", "key"),
    [
        ("get_object", "orders_parquet_datalake/orders/order_date=2024-01-10/x.parquet"),
        ("get_object", "orders_parquet_datalake/weekly_runs/x.parquet"),
        ("get_object", "elsewhere/x"),
        ("put_object", "orders_parquet_datalake/orders/x"),
        ("delete_object", "orders_parquet_datalake/_runs/orders/x.json"),
        ("delete_object", "orders_parquet_datalake/marketplace/_runs/marketplace/x.json"),
        ("delete_object", "orders_parquet_datalake/_contracts/x.yaml"),
        ("put_object", INCOMING + "x"),
        ("put_object", "elsewhere/x"),
        ("put_object", "orders_parquet_datalake_too/x"),
        ("delete_object", INCOMING + "x"),
        ("delete_object", "elsewhere/x"),
    ],
)
def test_denied_of_the_bucket(stack: Stack, role: Any, method: str, key: str) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        getattr(stack.emulator.client("s3", role), method)(Bucket=stack.bucket, Key=key)


@pytest.mark.parametrize(
    ("service", "method", "arguments"),
    [
        ("s3", "list_objects_v2", {"Bucket": "somebody-elses"}),
        ("s3", "put_object", {"Bucket": "somebody-elses", "Key": "orders_parquet_datalake/x"}),
        ("s3", "delete_bucket_policy", {"Bucket": "shop-orders"}),
        ("sqs", "send_message", {"QueueUrl": "Queue", "MessageBody": "{}"}),
        ("sqs", "receive_message", {"QueueUrl": "DeadLetterQueue"}),
        ("sns", "publish", {"TopicArn": "arn:aws:sns:us-east-1:000000000000:another", "Message": "x"}),
        ("iam", "list_roles", {}),
    ],
)
def test_denied_elsewhere(stack: Stack, role: Any, service: str, method: str, arguments: dict[str, str]) -> None:
    stack.client("s3").create_bucket(Bucket="somebody-elses")
    given = {name: stack.outputs.get(value, value) for name, value in arguments.items()}
    with pytest.raises(ClientError, match=r"AccessDenied|not authorized"):
        getattr(stack.emulator.client(service, role), method)(**given)


def test_allowed(stack: Stack, role: Any) -> None:
    """The same credentials do what the function does: the refusals above are not for want of a valid key."""
    s3 = stack.emulator.client("s3", role)
    lake = "orders_parquet_datalake/"
    for runs in (f"{lake}_runs/tried", f"{lake}shop/_runs/tried"):
        table, intent, report = f"{lake}tried/d=1/x.parquet", f"{runs}/x.intents/y.json", f"{runs}/x.json"
        for key in (table, intent, report):
            s3.put_object(Bucket=stack.bucket, Key=key, Body=b"")
        for key in (intent, report):
            s3.get_object(Bucket=stack.bucket, Key=key)
        for key in (table, intent):
            s3.delete_object(Bucket=stack.bucket, Key=key)
        stack.client("s3").delete_object(Bucket=stack.bucket, Key=report)
