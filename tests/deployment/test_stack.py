"""What nothing here can try: lifecycle, keys, who may send to the queue, what each alarm looks at.

Said once more, whole, so that no word of it changes by mistake. Functions stand by their names, and what PARAMETERS
knows is resolved: the bucket is `orders`.
"""

from typing import Any

import pytest

from tests.deployment.documents import TEMPLATE, parsed, resources

BUCKET = "arn:${AWS::Partition}:s3:::orders"
LAKE = f"{BUCKET}/orders_parquet_datalake"


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def att(name: str) -> dict[str, str]:
    return {"GetAtt": name}


def choice(condition: str, then: Any, otherwise: Any = None) -> dict[str, Any]:
    """`!If`; without `otherwise`, the property is left out."""
    return {"If": [condition, then, ref("AWS::NoValue") if otherwise is None else otherwise]}


def properties(logical_id: str) -> dict[str, Any]:
    return parsed(TEMPLATE.read_text(encoding="utf-8"))["Resources"][logical_id]["Properties"]


def only(logical_id: str) -> dict[str, Any]:
    """The one statement of a policy."""
    (statement,) = properties(logical_id)["PolicyDocument"]["Statement"]
    return statement


# Who may do what.


def test_the_bucket_alone_may_send_to_the_queue():
    assert properties("QueuePolicy")["Queues"] == [ref("Queue")]
    assert only("QueuePolicy") == {
        "Sid": "UploadsOfTheBucket",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": att("Queue.Arn"),
        "Condition": {
            "ArnEquals": {"aws:SourceArn": BUCKET},
            "StringEquals": {"aws:SourceAccount": "123456789012"},
        },
    }


def test_nobody_comes_to_the_bucket_without_tls():
    assert properties("BucketPolicy")["Bucket"] == ref("Bucket")
    assert only("BucketPolicy") == {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [att("Bucket.Arn"), "${Bucket.Arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": False}},
    }


def test_the_function_may_do_this_and_no_more():
    (policy,) = properties("Role")["Policies"]
    statements = policy["PolicyDocument"]["Statement"]
    *always, with_a_key = statements
    assert {each["Effect"] for each in always} == {"Allow"}
    assert {each["Sid"]: (each["Action"], each["Resource"]) for each in always} == {
        "ReadUploads": (
            ["s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectTagging", "s3:GetObjectVersionTagging"],
            f"{BUCKET}/orders_json_incoming/*",
        ),
        "TellMissingFromForbidden": ("s3:ListBucket", BUCKET),
        "PublishTables": (["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"], f"{LAKE}/*.parquet"),
        "RunsAndContracts": (
            ["s3:GetObject", "s3:PutObject"],
            [f"{LAKE}/_runs/*", f"{LAKE}/_contracts/*", f"{LAKE}/*/_runs/*", f"{LAKE}/*/_contracts/*"],
        ),
        "ForgetIntents": ("s3:DeleteObject", f"{LAKE}/*.intents/*"),
        "Quarantine": (
            ["s3:GetObject", "s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject", "s3:AbortMultipartUpload"],
            f"{BUCKET}/orders_quarantine/*",
        ),
        "TakeUploadsFromTheQueue": (
            ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
            att("Queue.Arn"),
        ),
        "TellOfQuarantinedRecords": ("sns:Publish", ref("Topic")),
        "Log": (["logs:CreateLogStream", "logs:PutLogEvents"], att("LogGroup.Arn")),
        "Trace": (["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
    }
    using = {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": ref("KmsKeyArn")}
    assert with_a_key == choice("HasKmsKey", {"Sid": "UseTheKey", **using})


def test_lambda_alone_takes_the_role():
    (trust,) = properties("Role")["AssumeRolePolicyDocument"]["Statement"]
    assert trust == {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


# What is kept, and how.


def test_the_bucket():
    bucket = properties("Bucket")
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["BucketEncryption"] == {
        "ServerSideEncryptionConfiguration": [
            {
                "BucketKeyEnabled": choice("HasKmsKey", True),
                "ServerSideEncryptionByDefault": {
                    "SSEAlgorithm": choice("HasKmsKey", "aws:kms", "AES256"),
                    "KMSMasterKeyID": choice("HasKmsKey", ref("KmsKeyArn")),
                },
            }
        ]
    }
    logs = {"DestinationBucketName": ref("AccessLogBucket"), "LogFilePrefix": "orders/"}
    assert bucket["LoggingConfiguration"] == choice("HasAccessLogs", logs)


def test_what_is_removed_and_when():
    assert properties("Bucket")["LifecycleConfiguration"]["Rules"] == [
        {
            "Id": "quarantine",
            "Status": "Enabled",
            "Prefix": "orders_quarantine/",
            "ExpirationInDays": ref("QuarantineDays"),
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        },
        {
            "Id": "backfills",
            "Status": "Enabled",
            "Prefix": "orders_backfills/",
            "ExpirationInDays": ref("LogDays"),
        },
        {
            "Id": "old-versions",
            "Status": "Enabled",
            "NoncurrentVersionExpiration": {"NoncurrentDays": ref("OldVersionDays")},
            "ExpiredObjectDeleteMarker": True,
        },
        {
            "Id": "abandoned-transfers",
            "Status": "Enabled",
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        },
    ]


@pytest.mark.parametrize("logical_id", ["Bucket", "BucketPolicy"])
def test_the_bucket_and_its_policy_outlive_the_stack(logical_id):
    found = parsed(TEMPLATE.read_text(encoding="utf-8"))["Resources"][logical_id]
    kept = {key: found[key] for key in ("Condition", "DeletionPolicy", "UpdateReplacePolicy")}
    assert kept == {
        "Condition": "CreatesBucket",
        "DeletionPolicy": "RetainExceptOnCreate",
        "UpdateReplacePolicy": "Retain",
    }


def test_the_bucket_waits_for_the_right_to_tell_the_queue():
    assert parsed(TEMPLATE.read_text(encoding="utf-8"))["Resources"]["Bucket"]["DependsOn"] == "QueuePolicy"


@pytest.mark.parametrize("logical_id", ["Queue", "DeadLetterQueue"])
def test_the_queues_are_encrypted_and_keep_messages_as_long_as_they_can(logical_id):
    queue = properties(logical_id)
    assert (queue["SqsManagedSseEnabled"], queue["MessageRetentionPeriod"]) == (True, 14 * 86_400)


def test_conditions():
    """What each of the branches above depends on."""
    assert parsed(TEMPLATE.read_text(encoding="utf-8"))["Conditions"] == {
        "CreatesBucket": {"Equals": [ref("CreateBucket"), "true"]},
        "FindsBucket": {"Not": [{"Condition": "CreatesBucket"}]},
        "HasKmsKey": _given("KmsKeyArn"),
        "HasAccessLogs": _given("AccessLogBucket"),
        "HasEmail": _given("NotifyEmail"),
    }


def _given(parameter: str) -> dict[str, Any]:
    return {"Not": [{"Equals": [ref(parameter), ""]}]}


# How the function is called, and who hears of what.


def test_the_function_takes_one_upload_at_a_time_and_answers_for_it():
    function = properties("EtlFunction")
    assert function["Tracing"] == "Active"
    assert function["LoggingConfig"]["LogFormat"] == "JSON"
    assert function["EphemeralStorage"] == {"Size": ref("EphemeralStorage")}
    assert function["Events"]["Uploads"]["Properties"] == {
        "Queue": att("Queue.Arn"),
        "BatchSize": 1,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": ref("MaximumConcurrency")},
    }


def test_each_parameter_is_where_it_belongs():
    function, queue = properties("EtlFunction"), properties("Queue")
    names = ("MemorySize", "Timeout", "Architectures", "Role", "Layers")
    assert {name: function[name] for name in names} == {
        "MemorySize": ref("MemorySize"),
        "Timeout": ref("Timeout"),
        "Architectures": [ref("Architecture")],
        "Role": att("Role.Arn"),
        "Layers": [ref("EtlLibraries")],
    }
    assert queue["VisibilityTimeout"] == ref("RetryAfter")
    assert queue["RedrivePolicy"] == {"deadLetterTargetArn": att("DeadLetterQueue.Arn"), "maxReceiveCount": 5}
    assert properties("LogGroup")["RetentionInDays"] == ref("LogDays")
    assert properties("EmailSubscription")["Endpoint"] == ref("NotifyEmail")
    assert function["Environment"]["Variables"] == {
        "ORDERS_BUCKET": "orders",
        "ETL_TOPIC": ref("Topic"),
        "OPENLINEAGE_URL": ref("OpenLineageUrl"),
        "OPENLINEAGE_NAMESPACE": "etl",
        "POWERTOOLS_SERVICE_NAME": "etl",
        "POWERTOOLS_METRICS_NAMESPACE": "etl",
    }


# What is watched: where, by which dimension, how, and above what.
ALARMS = {
    "DeadLettersAlarm": (
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
        ("QueueName", att("DeadLetterQueue.QueueName")),
        ("Maximum", 60, 1, 0),
    ),
    "OldestMessageAlarm": (
        ("AWS/SQS", "ApproximateAgeOfOldestMessage"),
        ("QueueName", att("Queue.QueueName")),
        ("Maximum", 60, 5, ref("OldestMessageSeconds")),
    ),
    "UploadsFailedAlarm": (("etl", "UploadsFailed"), ("function", ref("EtlFunction")), ("Sum", 60, 1, 0)),
    "FunctionStoppedAlarm": (("AWS/Lambda", "Errors"), ("FunctionName", ref("EtlFunction")), ("Sum", 60, 1, 0)),
    "OrdersQuarantinedAlarm": (
        ("etl", "QuarantinedPercent"),
        ("contract", "orders"),
        ("Average", 300, 1, ref("QuarantinedPercent")),
    ),
}


@pytest.mark.parametrize("logical_id", ALARMS)
def test_what_raises_the_alarm(logical_id):
    alarm = properties(logical_id)
    where, (name, value), (statistic, period, periods, threshold) = ALARMS[logical_id]
    assert (alarm["Namespace"], alarm["MetricName"]) == where
    assert alarm["Dimensions"] == [{"Name": name, "Value": value}]
    assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]) == (statistic, period, periods)
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (threshold, "GreaterThanThreshold")
    assert (alarm["AlarmActions"], alarm["TreatMissingData"]) == ([ref("Topic")], "notBreaching")


def test_an_end_is_told_only_of_what_lasts():
    """Messages that wait or are dead end by somebody's doing. One bad upload among good ones is over at once."""
    alarms = resources("AWS::CloudWatch::Alarm")
    assert {name for name, alarm in alarms.items() if "OKActions" in alarm} == {
        "DeadLettersAlarm",
        "OldestMessageAlarm",
    }
    assert len(alarms) == 4 + 3
