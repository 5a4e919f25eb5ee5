"""SMS by Amazon SNS."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from panzoto.aws.sending import ask
from panzoto.local.outbox import SENT_AT

from .message import Message

if TYPE_CHECKING:
    from types_boto3_sns import SNSClient
    from types_boto3_sns.type_defs import MessageAttributeValueTypeDef

# SNS says this of a number that it cannot send to, and of nothing else that we give it.
REFUSALS = frozenset({"InvalidParameter", "InvalidParameterValue", "OptedOut"})


class SnsSender:
    """Hands SMS to SNS. Of what it takes and cannot deliver, or will not pay for, we do not hear."""

    def __init__(self, client: SNSClient, *, sender_id: str | None = None) -> None:
        self._client = client
        self._same = {"AWS.SNS.SMS.SMSType": "Transactional"}
        if sender_id:
            self._same["AWS.SNS.SMS.SenderID"] = sender_id

    def send(self, message: Message, now: datetime) -> None:
        """Ask SNS once. A lost answer leaves open whether it sent the SMS, and is not asked again."""
        values = {**self._same, SENT_AT: now.astimezone(UTC).isoformat(timespec="milliseconds")}
        attributes: dict[str, MessageAttributeValueTypeDef] = {
            name: {"DataType": "String", "StringValue": value} for name, value in values.items()
        }
        ask(
            lambda: self._client.publish(PhoneNumber=message.to, Message=message.text, MessageAttributes=attributes),
            refusals=REFUSALS,
        )
