"""The outbox shows what would have been sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3

from config import Config
from panzoto import create_app
from panzoto.local.outbox import SENT_AT


def test_mail_and_sms_are_shown_newest_first(config_for: Callable[..., Config], ministack: str, account: str) -> None:
    """A mail and then an SMS stand in the outbox, the SMS above, for programs and for people."""
    config = config_for(outbox_url=ministack)
    made: Any = {
        "endpoint_url": ministack,
        "aws_access_key_id": account,
        "aws_secret_access_key": "t",
        "region_name": "us-east-1",
    }
    mail = boto3.client("ses", **made)
    mail.verify_email_identity(EmailAddress="panzoto@example.com")
    body: Any = {"Text": {"Data": f"for {account}"}, "Html": {"Data": "<b onclick='steal()'>link</b>"}}
    message: Any = {"Subject": {"Data": "Your link <now>"}, "Body": body}
    destination: Any = {"ToAddresses": ["ann@example.com"]}
    mail.send_email(Source="panzoto@example.com", Destination=destination, Message=message)
    stamp: Any = {SENT_AT: {"DataType": "String", "StringValue": "2100-01-01T00:00:00.000+00:00"}}
    texts = boto3.client("sns", **made)
    texts.publish(PhoneNumber="+14155550100", Message=f"Code for {account}", MessageAttributes=stamp)
    texts.publish(PhoneNumber="+14155550101", Message=f"Another sender's, for {account}")

    client = create_app(config).test_client()
    sms, letter, unstamped = (each for each in client.get("/dev/outbox.json").get_json() if account in each["text"])
    assert sms == {
        "channel": "sms",
        "to": "+14155550100",
        "subject": None,
        "text": f"Code for {account}",
        "html": None,
        "sent_at": "2100-01-01T00:00:00.000+00:00",
    }
    assert (letter["channel"], letter["to"], letter["subject"]) == ("email", "ann@example.com", "Your link <now>")
    assert letter["html"] == "<b onclick='steal()'>link</b>"
    assert letter["sent_at"] < sms["sent_at"]
    assert unstamped["sent_at"] is None
    page = client.get("/dev/outbox").get_data(as_text=True)
    assert "Your link &lt;now&gt;" in page
    assert "<iframe sandbox" in page
    assert "<b onclick" not in page
