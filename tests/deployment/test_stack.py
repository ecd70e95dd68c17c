"""What nothing here can try: lifecycle, keys, who may send to the queue, what each alarm looks at.

Said once more, whole, so that no word of it changes by mistake. `!If` reads as [condition, then, else], and a bucket is
`orders`, as in PARAMETERS.
"""

from typing import Any

import pytest

from tests.deployment.documents import TEMPLATE, parsed, resources

BUCKET = "arn:${AWS::Partition}:s3:::orders"
LAKE = f"{BUCKET}/orders_parquet_datalake"
NO_VALUE = "AWS::NoValue"


def properties(logical_id: str) -> dict[str, Any]:
    return parsed(TEMPLATE.read_text(encoding="utf-8"))["Resources"][logical_id]["Properties"]


def only(logical_id: str) -> dict[str, Any]:
    """The one statement of a policy."""
    (statement,) = properties(logical_id)["PolicyDocument"]["Statement"]
    return statement


# Who may do what.


def test_the_bucket_alone_may_send_to_the_queue():
    assert properties("QueuePolicy")["Queues"] == ["Queue"]
    assert only("QueuePolicy") == {
        "Sid": "UploadsOfTheBucket",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "Queue.Arn",
        "Condition": {
            "ArnEquals": {"aws:SourceArn": BUCKET},
            "StringEquals": {"aws:SourceAccount": "123456789012"},
        },
    }


def test_nobody_comes_to_the_bucket_without_tls():
    assert properties("BucketPolicy")["Bucket"] == "Bucket"
    assert only("BucketPolicy") == {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["Bucket.Arn", "${Bucket.Arn}/*"],
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
            "Queue.Arn",
        ),
        "TellOfQuarantinedRecords": ("sns:Publish", "Topic"),
        "Log": (["logs:CreateLogStream", "logs:PutLogEvents"], "LogGroup.Arn"),
        "Trace": (["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
    }
    assert with_a_key == [
        "HasKmsKey",
        {
            "Sid": "UseTheKey",
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": "KmsKeyArn",
        },
        NO_VALUE,
    ]


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
                "BucketKeyEnabled": ["HasKmsKey", True, NO_VALUE],
                "ServerSideEncryptionByDefault": {
                    "SSEAlgorithm": ["HasKmsKey", "aws:kms", "AES256"],
                    "KMSMasterKeyID": ["HasKmsKey", "KmsKeyArn", NO_VALUE],
                },
            }
        ]
    }
    assert bucket["LoggingConfiguration"] == [
        "HasAccessLogs",
        {"DestinationBucketName": "AccessLogBucket", "LogFilePrefix": "orders/"},
        NO_VALUE,
    ]


def test_what_is_removed_and_when():
    assert properties("Bucket")["LifecycleConfiguration"]["Rules"] == [
        {
            "Id": "quarantine",
            "Status": "Enabled",
            "Prefix": "orders_quarantine/",
            "ExpirationInDays": "QuarantineDays",
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        },
        {
            "Id": "old-versions",
            "Status": "Enabled",
            "NoncurrentVersionExpiration": {"NoncurrentDays": "OldVersionDays"},
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
        "CreatesBucket": ["CreateBucket", "true"],
        "FindsBucket": ["CreatesBucket"],
        "HasKmsKey": [["KmsKeyArn", ""]],
        "HasAccessLogs": [["AccessLogBucket", ""]],
        "HasEmail": [["NotifyEmail", ""]],
    }


# How the function is called, and who hears of what.


def test_the_function_takes_one_upload_at_a_time_and_answers_for_it():
    function = properties("EtlFunction")
    assert function["Tracing"] == "Active"
    assert function["LoggingConfig"]["LogFormat"] == "JSON"
    assert function["EphemeralStorage"] == {"Size": "EphemeralStorage"}
    assert function["Events"]["Uploads"]["Properties"] == {
        "Queue": "Queue.Arn",
        "BatchSize": 1,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": "MaximumConcurrency"},
    }


# What is watched: where, by which dimension, how, and above what.
ALARMS = {
    "DeadLettersAlarm": (
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
        ("QueueName", "DeadLetterQueue.QueueName"),
        ("Maximum", 60, 1, 0),
    ),
    "OldestMessageAlarm": (
        ("AWS/SQS", "ApproximateAgeOfOldestMessage"),
        ("QueueName", "Queue.QueueName"),
        ("Maximum", 60, 5, "OldestMessageSeconds"),
    ),
    "UploadsFailedAlarm": (("etl", "UploadsFailed"), ("function", "EtlFunction"), ("Sum", 60, 1, 0)),
    "FunctionStoppedAlarm": (("AWS/Lambda", "Errors"), ("FunctionName", "EtlFunction"), ("Sum", 60, 1, 0)),
    "OrdersQuarantinedAlarm": (
        ("etl", "QuarantinedPercent"),
        ("contract", "orders"),
        ("Average", 300, 1, "QuarantinedPercent"),
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
    assert (alarm["AlarmActions"], alarm["TreatMissingData"]) == (["Topic"], "notBreaching")


def test_an_end_is_told_only_of_what_lasts():
    """Messages that wait or are dead end by somebody's doing. One bad upload among good ones is over at once."""
    alarms = resources("AWS::CloudWatch::Alarm")
    assert {name for name, alarm in alarms.items() if "OKActions" in alarm} == {
        "DeadLettersAlarm",
        "OldestMessageAlarm",
    }
    assert len(alarms) == 4 + 3
