"""Each saved event, and what it announces."""

import json
from pathlib import Path

import pytest

from etl.errors import UsageError
from etl.events import UnknownEvent, announced, is_batch, records

EVENTS = Path(__file__).with_name("events")
INCOMING = "s3://orders/orders_json_incoming/"


def saved(name: str) -> dict:
    return json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))


def messages(name: str) -> list[object]:
    """The saved event's bodies if SQS sent it, else the event itself."""
    event = saved(name)
    return [record["body"] for record in event["Records"]] if is_batch(event) else [event]


def said(record: object) -> str:
    """A record's location, in brackets if there is nothing to do, or a mark that it is not understood."""
    try:
        found = announced(record)
    except UnknownEvent:
        return "?"
    return f"({found.location})" if found.ignored else found.location


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("s3_one", ["sample.json"]),
        ("s3_multipart", ["sample.json"]),
        (
            "s3_awkward_keys",
            ["Loja Recife/pedidos 10+11.json", "pedidos de São João.json", "a%2Fb%3D.json", '🍵,;\n".json'],
        ),
        ("s3_two_contracts", ["sample.json", "marketplace/sample.ndjson"]),
        ("s3_one_of_each", ["sample.json", "vanished.json", "s3://orders/elsewhere/sample.json", "?", "partial.json"]),
        ("s3_folder", ["(2024/)", "sample.json"]),
        ("s3_removed", ["?"]),
        ("s3_test_event", ["(s3://orders/)"]),
        ("eventbridge_created", ["Loja Recife/10+11 %2F ção.json"]),  # as it is: EventBridge does not encode keys
        ("eventbridge_folder", ["(2024/)"]),
        ("eventbridge_deleted", ["?"]),
        ("eventbridge_backfill", ["partial.json"]),
        ("sqs_s3", ["sample.json", "pedidos 10+11.json", "partial.json"]),
        ("sqs_eventbridge", ["Loja 10+11.json"]),
        ("sqs_sns", ["sample.json", "Loja 10+11.json", "(s3://orders/)"]),
        ("sqs_sns_raw", ["sample.json"]),
        ("sqs_test_event", ["(s3://orders/)"]),
        ("sqs_all_bad", ["?", "?"]),
        ("api_gateway", ["?"]),
        ("sns_direct", ["?"]),
    ],
)
def test_saved_events(name: str, expected: list[str]) -> None:
    found = [said(record) for message in messages(name) for record in records(message)]
    assert [place.replace(INCOMING, "") for place in found] == expected


@pytest.mark.parametrize(
    ("event", "found"),
    [
        (None, "found NoneType in place of an object;"),
        ({}, "found no keys;"),
        ([1], "found list in place of an object;"),
        ("not JSON: ana@example.com", "found text that is not JSON;"),
        ("[" * 100_000, "found text that is not JSON;"),
        ('"\\ud800"', "found text that is not JSON;"),  # half a character
        ("3", "found int in place of an object;"),
        ({"Records": []}, "found the keys 'Records';"),
        ({"Records": "ana@example.com"}, "found the keys 'Records';"),
        ({"Records": [{"eventSource": "aws:kinesis"}]}, "found the keys 'eventSource' (eventSource 'aws:kinesis');"),
        ({"order_id": 1, "email": "ana@example.com"}, "found the keys 'order_id', 'email';"),
        ({"source": "aws.s3", "detail-type": "Object Deleted"}, "(source 'aws.s3', detail-type 'Object Deleted');"),
        ({"eventSource": "aws:s3", "eventName": "ObjectCreated:Put"}, "eventName 'ObjectCreated:Put');"),
        (
            {
                "eventSource": "aws:s3",
                "eventName": "ObjectCreated:Put",
                "s3": {"bucket": {"name": "b"}, "object": {"key": "a\ud800"}},
            },
            "found the keys 'key';",
        ),
        ({"a\nb" + "c" * 100: 1}, f"found the keys 'a\\nb{'c' * 37}';"),
        ({str(number): 1 for number in range(12)}, "'8', '9' and 2 more;"),
    ],
)
def test_what_is_not_understood_is_said_without_its_data(event: object, found: str) -> None:
    [record] = records(event)
    with pytest.raises(UsageError) as error:
        announced(record)
    text = str(error.value)
    assert found in text
    assert "accepted are S3 notifications of ObjectCreated" in text
    assert "ana@example.com" not in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("prefix", "key", "passed_over"),
    [
        ("in/", "in/a.json", False),
        ("in/", "in/2023/a_b.c.json", False),
        ("in/", "in/_a.json", True),
        ("in/", "in/.a.json", True),
        ("in/", "in/2023/_tmp/a.json", True),
        ("in/", "in/2023/", True),
        ("in/2023", "in/2023-01/_a.json", True),
        ("in/_a", "in/_a/b.json", False),  # it was asked for by name
        ("in/_a.json", "in/_a.json", False),
    ],
)
def test_a_backfill_passes_over_the_names_that_the_command_does(prefix: str, key: str, passed_over: bool) -> None:
    event = saved("eventbridge_backfill")
    event["detail"] |= {"prefix": prefix, "object": {"key": key, "size": 1}}
    found = announced(event)
    assert (found.location, found.backfill, found.ignored is not None) == (f"s3://orders/{key}", True, passed_over)


def test_uploads_that_are_told_of_are_no_backfill_whatever_their_names() -> None:
    event = saved("eventbridge_created")
    event["detail"]["object"]["key"] = "orders_json_incoming/_a.json"
    found = announced(event)
    assert (found.backfill, found.ignored) == (False, None)


def test_a_folder_with_content_is_an_upload() -> None:
    event = saved("eventbridge_folder")
    event["detail"]["object"]["size"] = 1
    assert announced(event).ignored is None
