"""The function under saved events: S3 in this process (moto), the contracts and samples as they are deployed."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import awswrangler
import boto3
import pytest

from etl.errors import EtlError, StorageError, UsageError
from tests.handler.test_events import INCOMING, saved

ROOT = Path(__file__).parents[2]
CONTRACTS = ROOT / "contracts"
SAMPLE = (CONTRACTS / "orders.sample.json").read_bytes()
PERSONAL = ("ana.lima@example.com", "Ana Lima", "Rua da Aurora", "joao", "Conceição", "S3CRET")


def orders(number: int, **changes: Any) -> bytes:
    """A JSON array of orders, all good but for the first, which has `changes`."""
    customer = {"customer_id": 1, "name": "Ana Lima", "email": "ana.lima@example.com", "address": "Rua da Aurora 1"}
    product = {"product_id": "P01", "name": "Mouse", "category": "Electronics", "price": 25.00, "quantity": 2}
    good = {"order_date": "2024-01-10", "total_amount": 50.00, "customer": customer, "products": [product]}
    found = [{"order_id": at, **good} for at in range(1, number + 1)]
    return json.dumps([found[0] | changes, *found[1:]]).encode()


UPLOADS = {
    "sample.json": SAMPLE,
    "marketplace/sample.ndjson": (CONTRACTS / "marketplace.sample.ndjson").read_bytes(),
    "partial.json": orders(10, customer={"customer_id": 1, "name": "Ana Lima", "email": "S3CRET"}),
    "rejected.json": orders(2, total_amount=-1),
    "Loja Recife/pedidos 10+11.json": SAMPLE,
    "pedidos de São João.json": SAMPLE,
    "a%2Fb%3D.json": SAMPLE,
    '🍵,;\n".json': SAMPLE,
    "Loja Recife/10+11 %2F ção.json": SAMPLE,
    "Loja 10+11.json": SAMPLE,
    "pedidos 10+11.json": SAMPLE,
    "2024/": b"",
}


@dataclass(frozen=True)
class Context:
    """What the Lambda runtime tells a function of an invocation."""

    function_name: str = "etl"
    memory_limit_in_mb: int = 1024
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:etl"
    aws_request_id: str = "b6c59e0a-59d4-4d7f-9d2c-4a1a2d0b5a3e"
    left: int = 300_000

    def get_remaining_time_in_millis(self) -> int:
        return self.left


@dataclass
class Function:
    """The deployed function, and what it has printed: logs, and metrics in CloudWatch's embedded format; those of its
    contracts, and what failed."""

    invoke: Callable[[Any, Context], dict[str, Any]]
    printed: Callable[[], str]
    text: str = ""
    logs: list[dict[str, Any]] = field(default_factory=list)
    metrics: list[dict[str, Any]] = field(default_factory=list)
    failed: float = 0

    def __call__(self, event: Any, context: Context = Context()) -> dict[str, Any]:
        try:
            return self.invoke(event, context)
        finally:
            self.text = self.printed()
            lines = [json.loads(line) for line in self.text.splitlines()]
            self.logs = [line for line in lines if "_aws" not in line]
            self.metrics = [line for line in lines if "contract" in line and "_aws" in line]
            [self.failed] = next(line["UploadsFailed"] for line in lines if "UploadsFailed" in line)

    def logged(self, key: str) -> list[Any]:
        return [line[key] for line in self.logs if key in line]


@pytest.fixture
def function(s3: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Function]:
    import handler

    for name in ("ORDERS_CONTRACTS", "ETL_TOPIC", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_DEV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ORDERS_BUCKET", "orders")
    for name, content in UPLOADS.items():
        s3.put_object(Bucket="orders", Key=f"orders_json_incoming/{name}", Body=content)
    s3.put_object(Bucket="orders", Key="elsewhere/sample.json", Body=SAMPLE)

    def invoke(event: Any, context: Context) -> dict[str, Any]:
        for out in handler.logger.handlers:
            monkeypatch.setattr(out, "stream", sys.stdout)  # pytest has another one for each phase of a test
        return handler.handler(event, context)

    handler._storage.cache_clear()  # each test has an S3 of its own
    yield Function(invoke, lambda: capsys.readouterr().out)
    handler._storage.cache_clear()


def keys(s3: Any, prefix: str) -> list[str]:
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket="orders", Prefix=prefix).get("Contents", [])]


def rows(table: str) -> Any:
    return awswrangler.s3.read_parquet(f"s3://orders/orders_parquet_datalake/{table}/", dataset=True)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("s3_one", [("sample.json", "published", 10)]),
        ("s3_multipart", [("sample.json", "published", 10)]),
        (
            "s3_awkward_keys",
            [
                ("Loja Recife/pedidos 10+11.json", "published", 10),
                ("pedidos de São João.json", "published", 10),
                ("a%2Fb%3D.json", "published", 10),
                ('🍵,;\n".json', "published", 10),
            ],
        ),
        ("s3_partial_and_rejected", [("partial.json", "partial", 10), ("rejected.json", "rejected", 2)]),
        ("s3_vanished", []),
        ("s3_folder", [("sample.json", "published", 10)]),
        ("s3_test_event", []),
        ("eventbridge_created", [("Loja Recife/10+11 %2F ção.json", "published", 10)]),
        ("eventbridge_folder", []),
    ],
)
def test_invoked_directly(function: Function, name: str, expected: list[tuple[str, str, int]]) -> None:
    answer = function(saved(name))
    assert list(answer) == ["uploads", "passedOver"]
    found = [(each["upload"]["location"], each["status"], each["records"]["read"]) for each in answer["uploads"]]
    assert found == [(INCOMING + key, status, records) for key, status, records in expected]
    assert function.logged("report") == answer["uploads"]


@pytest.mark.parametrize(
    ("name", "error", "text"),
    [
        ("s3_no_contract", UsageError, "s3://orders/elsewhere/sample.json: no contract in"),
        ("s3_removed", UsageError, "eventName 'ObjectRemoved:DeleteMarkerCreated'"),
        ("eventbridge_deleted", UsageError, "detail-type 'Object Deleted'"),
        ("api_gateway", UsageError, "the event is not understood"),
        ("sns_direct", UsageError, "EventSource 'aws:sns'"),
        ("s3_one_of_each", EtlError, r"2 of 5 uploads failed: s3://orders/elsewhere/sample.json: no .*ObjectRemoved"),
    ],
)
def test_a_failure_is_raised_so_that_lambda_tries_again(
    function: Function, name: str, error: type[EtlError], text: str
) -> None:
    with pytest.raises(error, match=text) as raised:
        function(saved(name))
    assert not any(value in str(raised.value) + function.text for value in PERSONAL)
    assert [line["level"] for line in function.logs if "failed" in line["message"]]


def test_one_failure_does_not_stop_the_others(function: Function, s3: Any) -> None:
    with pytest.raises(EtlError):
        function(saved("s3_one_of_each"))
    assert [each["status"] for each in function.logged("report")] == ["published", "partial"]
    assert len(keys(s3, "orders_parquet_datalake/_runs/orders/")) == 2
    assert function.metrics[0]["Uploads"] == [1.0, 1.0]


@pytest.mark.parametrize(
    ("name", "expected", "failed"),
    [
        ("sqs_s3", ["sample.json", "pedidos 10+11.json", "partial.json"], []),
        ("sqs_eventbridge", ["Loja 10+11.json"], []),
        ("sqs_sns", ["sample.json", "Loja 10+11.json"], []),
        ("sqs_sns_raw", ["sample.json"], []),
        ("sqs_test_event", [], []),
        ("sqs_poison", ["sample.json", "partial.json"], [2, 3, 4, 5, 7]),
        ("sqs_all_bad", [], [1, 2]),
    ],
)
def test_invoked_by_sqs(function: Function, name: str, expected: list[str], failed: list[int]) -> None:
    answer = function(saved(name))
    assert answer == {"batchItemFailures": [{"itemIdentifier": f"message-{number}"} for number in failed]}
    assert [each["upload"]["location"] for each in function.logged("report")] == [INCOMING + key for key in expected]
    errors = [line["message_id"] for line in function.logs if line["level"] == "ERROR"]
    assert errors == [f"message-{number}" for number in failed]
    assert not any(value in function.text for value in PERSONAL)


def written(s3: Any) -> dict[str, Any]:
    """When each object was written, by key and version; but for the uploads."""
    found = s3.list_object_versions(Bucket="orders")["Versions"]
    return {(each["Key"], each["VersionId"]): each["LastModified"] for each in found if "incoming" not in each["Key"]}


def test_a_backfill_passes_over_what_has_been_through(function: Function, s3: Any) -> None:
    s3.put_bucket_versioning(Bucket="orders", VersioningConfiguration={"Status": "Enabled"})
    answer = function(saved("eventbridge_backfill"))
    assert ([each["status"] for each in answer["uploads"]], answer["passedOver"]) == (["partial"], [])
    before = written(s3)
    again = function(saved("eventbridge_backfill"))
    reason = "it has been through already: partial, by orders 1.0.0"
    assert again == {"uploads": [], "passedOver": [{"upload": INCOMING + "partial.json", "reason": reason}]}
    assert (function.logged("reason"), function.metrics, function.failed) == ([reason], [], 0)
    message = saved("sqs_sns_raw")
    message["Records"][0]["body"] = json.dumps(saved("eventbridge_backfill"))  # out of the dead-letter queue
    assert function(message) == {"batchItemFailures": []}
    assert function.logged("reason") == [reason]
    assert written(s3) == before


def test_a_backfill_runs_what_was_corrected_since(function: Function, s3: Any) -> None:
    function(saved("eventbridge_backfill"))
    s3.put_object(Bucket="orders", Key="orders_json_incoming/partial.json", Body=orders(3))
    [summary] = function(saved("eventbridge_backfill"))["uploads"]
    assert (summary["status"], summary["records"]["read"]) == ("published", 3)


def test_other_events_run_what_has_been_through(function: Function) -> None:
    for _ in range(2):
        assert len(function(saved("s3_one"))["uploads"]) == 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("s3_vanished", "it has vanished"),
        ("eventbridge_folder", "it is the marker of a folder"),
        ("s3_test_event", "S3 sends this to try a new notification out"),
    ],
)
def test_what_there_is_nothing_to_do_about_is_said(function: Function, name: str, expected: str) -> None:
    assert [each["reason"] for each in function(saved(name))["passedOver"]] == [expected]


def test_the_summary_has_counts_and_places_and_no_values(function: Function) -> None:
    [partial, rejected] = function(saved("s3_partial_and_rejected"))["uploads"]
    assert partial["records"] == {"read": 10, "published": 9, "quarantined": 1, "duplicates": 0, "split": 0}
    assert partial["contract"] == {"name": "orders", "version": "1.0.0"}
    assert partial["tables"] == {"orders": {"read": 10, "published": 9, "quarantined": 1}}
    broken = {"table": "orders", "column": "email", "rule": "format", "severity": "error"}
    assert partial["rules"] == [{**broken, "violations": 1, "records": 1}]
    name = f"{partial['upload']['id']}-{partial['upload']['contentId']}"
    assert partial["quarantine"].startswith("s3://orders/orders_quarantine/orders/")
    assert partial["quarantine"].endswith(f"/{name}/")
    assert "maxQuarantined" in [rule["rule"] for rule in rejected["rules"]]
    assert not any(value in function.text for value in PERSONAL)


def test_the_lake_is_what_awswrangler_reads(function: Function) -> None:
    function(saved("s3_awkward_keys"))
    lake = rows("orders")
    assert len(lake) == 4 * sum(len(order["products"]) for order in json.loads(SAMPLE))
    assert set(lake["_upload"]) == {INCOMING + key for key in list(UPLOADS)[4:8]}


def test_the_same_event_again_changes_nothing(function: Function, s3: Any) -> None:
    function(saved("sqs_s3"))
    first = keys(s3, "orders_")
    function(saved("sqs_s3"))
    assert keys(s3, "orders_") == first


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("s3_two_contracts", {"orders": (10, 10, 0, 1, 0), "marketplace": (5, 5, 0, 1, 0)}),
        ("s3_partial_and_rejected", {"orders": (12, 9, 3, 2, 1)}),
        ("sqs_s3", {"orders": (30, 29, 1, 3, 0)}),
        ("s3_test_event", {}),
    ],
)
def test_metrics_are_one_blob_per_contract(
    function: Function, name: str, expected: dict[str, Sequence[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "shop")  # would be a dimension, and no alarm would find the metric
    function(saved(name))
    names = ["RecordsRead", "RecordsPublished", "RecordsQuarantined", "Uploads", "UploadsRejected"]
    found = {blob["contract"]: tuple(sum(blob[metric]) for metric in names) for blob in function.metrics}
    assert found == expected
    for blob in function.metrics:
        [about] = blob["_aws"]["CloudWatchMetrics"]
        assert (about["Namespace"], about["Dimensions"]) == ("etl", [["contract"]])
        assert [metric["Name"] for metric in about["Metrics"]] == [*names, "QuarantinedPercent"]


@pytest.mark.parametrize(("name", "failed"), [("s3_one", 0), ("s3_one_of_each", 2), ("sqs_poison", 5)])
def test_what_failed_is_counted_since_lambda_counts_no_message_that_goes_back(
    function: Function, name: str, failed: int
) -> None:
    with suppress(EtlError):
        function(saved(name))
    assert function.failed == failed
    [blob] = [json.loads(line) for line in function.text.splitlines() if "UploadsFailed" in line]
    [about] = blob["_aws"]["CloudWatchMetrics"]
    assert (about["Namespace"], about["Dimensions"], blob["function"]) == ("etl", [["function"]], "etl")


def test_an_upload_is_named_before_its_run_may_be_killed(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    from etl import pipeline

    named: list[str] = []
    monkeypatch.setattr(pipeline, "run", lambda *_: named.append(function.printed()) or {}["killed"])
    with pytest.raises(EtlError):
        function(saved("s3_one"))
    begins = json.loads(named[0].splitlines()[-1])
    assert (begins["level"], begins["message"]) == ("INFO", "upload begins")
    assert begins["upload"] == INCOMING + "sample.json"


def test_the_share_of_quarantined_records_is_of_each_upload(function: Function) -> None:
    function(saved("s3_partial_and_rejected"))
    assert function.metrics[0]["QuarantinedPercent"] == [10.0, 100.0]


def test_a_split_record_counts_as_quarantined(
    function: Function, s3: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    by_row = (CONTRACTS / "orders.odcs.yaml").read_text(encoding="utf-8").replace("value: record", "value: row")
    (tmp_path / "orders.odcs.yaml").write_text(by_row, encoding="utf-8")
    monkeypatch.setenv("ORDERS_CONTRACTS", str(tmp_path))
    product = {"product_id": "P01", "name": "Mouse", "category": "Electronics", "price": 25.00, "quantity": 2}
    upload = orders(10, products=[product, product | {"product_id": "P02", "quantity": 0}])
    s3.put_object(Bucket="orders", Key="orders_json_incoming/sample.json", Body=upload)
    [summary] = function(saved("s3_one"))["uploads"]
    assert summary["records"] == {"read": 10, "published": 9, "quarantined": 0, "duplicates": 0, "split": 1}
    assert function.metrics[0]["RecordsQuarantined"] == [1.0]


def test_a_message_fails_with_one_of_its_uploads_and_the_others_are_done(function: Function) -> None:
    message = saved("sqs_sns_raw")
    message["Records"][0]["body"] = json.dumps(saved("s3_one_of_each"))
    assert function(message) == {"batchItemFailures": [{"itemIdentifier": "message-1"}]}
    assert [each["status"] for each in function.logged("report")] == ["published", "partial"]


def test_a_contract_fault_fails_the_messages_until_it_is_mended(
    function: Function, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = (CONTRACTS / "orders.odcs.yaml").read_text(encoding="utf-8").replace("required: true", "requred: true")
    (tmp_path / "orders.odcs.yaml").write_text(broken, encoding="utf-8")
    monkeypatch.setenv("ORDERS_CONTRACTS", str(tmp_path))
    assert function(saved("sqs_sns_raw")) == {"batchItemFailures": [{"itemIdentifier": "message-1"}]}
    [reason] = function.logged("reason")
    assert "orders.odcs.yaml:" in reason
    assert "requred" in reason


def test_a_broken_storage_is_one_line_without_traceback(function: Function, s3: Any) -> None:
    for key in keys(s3, ""):
        s3.delete_object(Bucket="orders", Key=key)
    s3.delete_bucket(Bucket="orders")
    with pytest.raises(StorageError, match="there is no such bucket"):
        function(saved("s3_one"))
    [line] = [line for line in function.logs if line["level"] == "ERROR"]
    assert line["upload"] == INCOMING + "sample.json"
    assert "no such bucket" in line["reason"]
    assert not {"exception", "stack_trace", "traceback"} & set(line)


def test_a_bug_is_told_by_its_place_and_not_by_its_text(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    from etl import pipeline

    def run(location: str, *_: Any) -> dict[str, Any]:
        raise ZeroDivisionError(f"can't divide {PERSONAL[0]}")

    monkeypatch.setattr(pipeline, "run", run)
    with pytest.raises(EtlError, match=r"sample\.json: ZeroDivisionError: this is a bug"):
        function(saved("s3_one"))
    [line] = [line for line in function.logs if line["level"] == "CRITICAL"]
    assert "ZeroDivisionError" in line["reason"]
    assert any(run.__name__ in frame for frame in line["traceback"])
    assert not any(value in function.text for value in PERSONAL)
    assert function(saved("sqs_sns_raw")) == {"batchItemFailures": [{"itemIdentifier": "message-1"}]}


def test_each_line_names_its_invocation(function: Function) -> None:
    function(saved("s3_folder"))
    assert {line["function_request_id"] for line in function.logs} == {Context().aws_request_id}
    assert [line["message"] for line in function.logs] == ["ignored", "upload begins", "upload processed"]


@dataclass
class Subscribed:
    """A topic, and the queue that gets what is sent to it."""

    topic: str
    queue: str
    client: Any

    def messages(self) -> list[dict[str, Any]]:
        found = self.client.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in found]


@pytest.fixture
def subscribed(s3: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Subscribed]:
    import handler

    sqs, sns = boto3.client("sqs"), boto3.client("sns")
    queue, topic = sqs.create_queue(QueueName="people")["QueueUrl"], sns.create_topic(Name="etl")["TopicArn"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    monkeypatch.setenv("ETL_TOPIC", topic)
    handler._topic.cache_clear()
    yield Subscribed(topic, queue, sqs)
    handler._topic.cache_clear()


def test_who_subscribes_hears_of_quarantined_records(function: Function, subscribed: Subscribed) -> None:
    [partial, rejected] = function(saved("s3_partial_and_rejected"))["uploads"]
    one, other = sorted(subscribed.messages(), key=lambda message: message["Subject"])
    assert one["Subject"] == "1 record of 10 in quarantine [orders]"
    assert one["Message"] == (
        "1 record of 10 in quarantine; 9 records published.\n\n"
        f"upload:   {INCOMING}partial.json\n"
        "contract: orders 1.0.0\n"
        f"report:   {partial['quarantine']}report.html\n"
        f"records:  {partial['quarantine']}rejected.ndjson\n\n"
        "broken rules:\n"
        "  orders.email format: 1 record"
    )
    assert {name: fact["Value"] for name, fact in one["MessageAttributes"].items()} == {
        "contract": "orders",
        "status": "partial",
    }
    assert other["Subject"] == "upload rejected, 2 records in quarantine [orders]"
    assert f"report:   {rejected['quarantine']}report.html" in other["Message"]


def test_a_backfill_sends_no_message_for_each_of_its_uploads(function: Function, subscribed: Subscribed) -> None:
    [summary] = function(saved("eventbridge_backfill"))["uploads"]
    assert summary["quarantine"]
    assert subscribed.messages() == []


def test_good_uploads_are_no_news(function: Function, subscribed: Subscribed) -> None:
    function(saved("s3_one"))
    assert subscribed.messages() == []


def test_a_notice_that_cannot_be_sent_fails_the_message_after_the_upload_is_done(
    function: Function, subscribed: Subscribed, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = subscribed.topic, subscribed.topic + "-missing"
    message = saved("sqs_sns_raw")
    message["Records"][0]["body"] = json.dumps(saved("s3_partial_and_rejected"))
    monkeypatch.setenv("ETL_TOPIC", bad)
    assert function(message)["batchItemFailures"] == [{"itemIdentifier": "message-1"}]
    assert f"no notice of it could be sent to {bad}" in function.logged("reason")[0]
    assert function.failed == 2
    assert function.metrics[0]["Uploads"] == [1.0, 1.0]  # they are done, told or not
    done = keys(s3, "orders_")
    monkeypatch.setenv("ETL_TOPIC", good)
    assert function(message)["batchItemFailures"] == []
    assert keys(s3, "orders_") == done
    assert len(subscribed.messages()) == 2


def test_an_upload_that_runs_out_of_time_is_named(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    from etl import pipeline

    run = pipeline.run
    warned = Event()

    def slow(*given: Any) -> dict[str, Any]:
        warned.wait(10)
        return run(*given)

    import handler

    complain = handler.logger.error
    monkeypatch.setattr(handler.logger, "error", lambda *text, **more: (complain(*text, **more), warned.set()))
    monkeypatch.setattr(pipeline, "run", slow)
    function(saved("s3_one"), Context(left=2_010))
    [line] = [line for line in function.logs if line["level"] == "ERROR"]
    assert (line["message"], line["upload"]) == ("upload is about to time out", INCOMING + "sample.json")
    assert "raise Timeout or MemorySize" in line["reason"]
