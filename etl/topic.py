"""The SNS topic to which notices are sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from etl.errors import NoticeError
from etl.notice import Notice

if TYPE_CHECKING:
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef

_CONFIG = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=10)


class Topic:
    """An SNS topic, by its ARN."""

    def __init__(self, arn: str) -> None:
        self._arn = arn
        with self._translated():
            self._client = boto3.session.Session().client("sns", config=_CONFIG)

    def send(self, notice: Notice) -> None:
        """Publish it. Raises `NoticeError`."""
        facts: dict[str, MessageAttributeValueTypeDef] = {
            name: {"DataType": "String", "StringValue": value} for name, value in notice.facts.items()
        }
        with self._translated():
            self._client.publish(
                TopicArn=self._arn, Subject=notice.subject, Message=notice.text, MessageAttributes=facts
            )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, ClientError) as error:
            what = " ".join(str(error).split())
            raise NoticeError(
                f"the upload is done, but no notice of it could be sent to {self._arn} ({what}); see that ETL_TOPIC is "
                "right and this role may sns:Publish to it, then run it again"
            ) from error
