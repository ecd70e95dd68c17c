"""The Lambda function: AWS events -> pipeline -> response. It dispatches and reports; decisions are made in `etl`.

Invoked by S3 or EventBridge it answers `{"uploads": [summary, ...], "passedOver": [...]}`, and raises once all are
through if one failed, so that Lambda tries again; by SQS `{"batchItemFailures": [...]}` (the event source mapping needs
ReportBatchItemFailures). A rejected upload is done, and so is one that has vanished since. A backfill passes over what
stands in the lake already, and sends no notices: it may find as many uploads as there ever were. Logs, metrics and
notices hold locations and counts, no values.

Environment: ORDERS_CONTRACTS, the folder of contracts (`contracts` beside this file); whatever `${ORDERS_...}` the
contracts name; ETL_TOPIC, the SNS topic that hears of uploads with quarantined records (none); OPENLINEAGE_URL and the
like, the server that hears of all runs (none); POWERTOOLS_METRICS_NAMESPACE, POWERTOOLS_SERVICE_NAME (both `etl`) and
POWERTOOLS_LOG_LEVEL.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from pathlib import Path
from threading import Timer
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from etl import contract as contracts
from etl import events, pipeline
from etl.contract.model import Contract
from etl.errors import EtlError, NotFound, UsageError
from etl.events import Announced
from etl.lineage import Lineage
from etl.notice import notice
from etl.storage import Storage, open_storage
from etl.topic import Topic

_FAREWELL = 2.0  # seconds before the time is up, of which Lambda leaves no word
_RULE = ("table", "column", "rule", "severity", "violations", "records")  # no examples: they hold values

Summary = dict[str, Any]

# RFC 3339: for lines with another time Lambda's own filter by level takes INFO.
logger = Logger(service=os.environ.get("POWERTOOLS_SERVICE_NAME", "etl"), use_rfc3339=True)

if "AWS_LAMBDA_RUNTIME_API" in os.environ:  # this process is a function's only one, and its /tmp may be a killed one's
    pipeline.sweep()


class Failed(EtlError):
    """Some of what an event announced was not processed; the text says of each why."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of the function: how long it may take, what it has done, and what there was nothing to do about."""

    context: LambdaContext
    done: list[Summary] = field(default_factory=list)
    passed_over: list[Summary] = field(default_factory=list)
    failed: list[EtlError] = field(default_factory=list)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Process every upload that an event announces. Raises `EtlError` if one failed, but for SQS."""
    invocation = Invocation(context)
    try:
        if events.is_batch(event):
            return _batch(event, invocation)
        _process(event, invocation)
    finally:
        _measure(invocation)
    return {"uploads": invocation.done, "passedOver": invocation.passed_over}


def _batch(event: dict[str, Any], invocation: Invocation) -> dict[str, Any]:
    def message(record: SQSRecord) -> None:
        with logger.append_context_keys(message_id=record.message_id):
            _process(record.body, invocation)

    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    return dict(process_partial_response(event, message, processor, invocation.context))


def _process(event: object, invocation: Invocation) -> None:
    """All that one event or message announces; what failed is raised at the end."""
    records = events.records(event)
    errors = [error for error in (_attempt(record, invocation) for record in records) if error]
    invocation.failed.extend(errors)
    if len(errors) == 1:
        raise errors[0].with_traceback(None)  # what Lambda shows of it: the text, not our frames
    if errors:
        raise Failed(f"{len(errors)} of {len(records)} uploads failed: {'; '.join(map(str, errors))}")


def _attempt(record: object, invocation: Invocation) -> EtlError | None:
    """One upload. What went wrong is logged and handed back, so that the others have their turn."""
    location = None
    try:
        announced = events.announced(record)
        location = announced.location
        if announced.ignored:
            logger.info("ignored", upload=location, reason=announced.ignored)
            _pass_over(announced.location, announced.ignored, invocation)
        else:
            logger.info("upload begins", upload=location)  # a kill for want of memory leaves no other word
            with _timed(location, invocation.context):
                _run(announced, invocation)
    except NotFound as error:
        logger.warning("upload has vanished", upload=location, reason=str(error))
        _pass_over(location, "it has vanished", invocation)
    except EtlError as error:
        return _failed(location, error)
    except Exception as error:  # noqa: BLE001  the outermost edge: one upload's bug does not stop the others
        return _bug(location, error)
    return None


@contextmanager
def _timed(location: str, context: LambdaContext) -> Iterator[None]:
    """Log which upload it is that runs out of time: Lambda then stops the process, and says nothing of it."""
    left = context.get_remaining_time_in_millis() / 1000 - _FAREWELL
    reason = "the time is nearly up: raise Timeout or MemorySize; nothing is lost, the upload is tried again"
    timer = Timer(max(left, 0), logger.error, ["upload is about to time out"], {"upload": location, "reason": reason})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _run(announced: Announced, invocation: Invocation) -> None:
    location, contract = announced.location, _contract(announced.location)
    outputs = pipeline.outputs_of(contract, None, None)
    if announced.backfill and (standing := pipeline.standing(location, contract, _storage(), outputs)):
        reason = f"it has been through already: {standing['status']}, by {contract.name} {contract.version}"
        logger.info("upload passed over", upload=location, reason=reason)
        _pass_over(location, reason, invocation)
        return
    report = _lineage().follow(location, contract, lambda: pipeline.run(location, contract, _storage(), outputs))
    summary = _summary(report)
    invocation.done.append(summary)  # before anybody is told: what is published counts, told or not
    logger.info("upload processed", report=summary)
    if not announced.backfill:
        _tell(report)


def _pass_over(location: str | None, reason: str, invocation: Invocation) -> None:
    invocation.passed_over.append({"upload": location, "reason": reason})


def _tell(report: Mapping[str, Any]) -> None:
    """Whoever watches the quarantine hears of it: at least once, since an upload may be run again."""
    arn, message = os.environ.get("ETL_TOPIC"), notice(report)
    if arn and message:
        _topic(arn).send(message)


def _failed(location: str | None, error: EtlError) -> EtlError:
    logger.error("upload failed", upload=location, reason=str(error))
    return error


def _bug(location: str | None, error: Exception) -> Failed:
    """An error nobody foresaw. Where it arose is logged, its text is not: it may hold values of the upload."""
    kind, frames = type(error).__name__, traceback.format_tb(error.__traceback__)
    logger.critical("upload failed unexpectedly", upload=location, reason=kind, traceback=frames)
    return Failed(f"{location}: {kind}: this is a bug; the log says where, please report it")


def _contract(location: str) -> Contract:
    folder = os.environ.get("ORDERS_CONTRACTS", str(Path(__file__).with_name("contracts")))
    contract = contracts.route(location, _contracts(folder))
    if contract is None:
        raise UsageError(
            f"{location}: no contract in {folder} has an 'incoming' server that covers it (or its ${{ORDERS_...}} "
            "variable is not set): deploy one, or point the trigger elsewhere"
        )
    return contract


@cache  # the deployed contracts don't change while the function is warm; a fault is not kept
def _contracts(folder: str) -> Sequence[Contract]:
    return contracts.load_all(folder)


@cache  # connections to S3, and nothing about an upload
def _storage() -> Storage:
    return open_storage()


@cache  # when its server last failed, and nothing about an upload
def _lineage() -> Lineage:
    return Lineage(lambda location, reason: logger.warning("lineage not told", upload=location, reason=reason))


@cache
def _topic(arn: str) -> Topic:
    return Topic(arn)


def _summary(report: Mapping[str, Any]) -> Summary:
    """What the log and the caller learn of a run: counts and places."""
    return {
        "status": report["status"],
        "contract": {key: report["contract"][key] for key in ("name", "version")},
        "upload": {key: report["upload"][key] for key in ("location", "id", "contentId")},
        "records": report["records"],
        "tables": report["tables"],
        "rules": [{key: rule[key] for key in _RULE} for rule in report["rules"]],
        "quarantine": (report["quarantine"] or {}).get("location"),
    }


def _measure(invocation: Invocation) -> None:
    """One blob of metrics per contract, since a blob has one set of dimensions; and one of what failed, which may have
    found no contract. Lambda's own `Errors` knows nothing of messages that go back to the queue."""
    for contract in sorted({summary["contract"]["name"] for summary in invocation.done}):
        done = [summary for summary in invocation.done if summary["contract"]["name"] == contract]
        _emit({"contract": contract}, [*chain.from_iterable(map(_values, done))])
    failed = ("UploadsFailed", MetricUnit.Count, len(invocation.failed))
    _emit({"function": invocation.context.function_name}, [failed])


def _emit(dimensions: Mapping[str, str], values: Sequence[tuple[str, MetricUnit, float]]) -> None:
    # An empty service keeps the dimension `service` out: alarms name all dimensions of a metric or miss it.
    metrics = EphemeralMetrics(namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "etl"), service="")
    for name, value in dimensions.items():
        metrics.add_dimension(name, value)
    for metric in values:
        metrics.add_metric(*metric)
    metrics.flush_metrics()


def _values(summary: Summary) -> Iterator[tuple[str, MetricUnit, float]]:
    for name, count in _counts(summary).items():
        yield name, MetricUnit.Count, count
    yield "QuarantinedPercent", MetricUnit.Percent, _share(summary)


def _counts(summary: Summary) -> dict[str, int]:
    records = summary["records"]
    return {
        "RecordsRead": records["read"],
        "RecordsPublished": records["published"],
        "RecordsQuarantined": _touched(summary),
        "Uploads": 1,
        "UploadsRejected": int(summary["status"] == "rejected"),
    }


def _share(summary: Summary) -> float:
    read: int = summary["records"]["read"]
    return 100 * _touched(summary) / max(read, 1)


def _touched(summary: Summary) -> int:
    """Records in quarantine; of a split one, a part."""
    return int(summary["records"]["quarantined"] + summary["records"]["split"])
