"""The mail and SMS that `make run` would have sent, as the embedded AWS took them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
import urllib3

from panzoto.errors import OutboxUnavailable

SECONDS = 5.0
RETRY_AFTER = 2
# The emulator keeps no time of an SMS, so the sender sends it along as an attribute, which phones do not see.
SENT_AT = "panzoto.sent_at"

Message = dict[str, Any]


class Outbox:
    """What the embedded AWS was asked to send."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool = urllib3.PoolManager(timeout=SECONDS, retries=False)

    def messages(self) -> list[Message]:
        """Every message, newest first."""
        accounts = self._fetch("ses/messages")["messages"].values()
        phones = self._fetch("sns/sms-messages")["sms_messages"].items()
        found = [_mail(record) for account in accounts for record in account]
        found += [_sms(phone, record) for phone, records in phones for record in records]
        return sorted(found, key=lambda message: message["sent_at"] or "", reverse=True)

    def _fetch(self, path: str) -> Any:
        try:
            response = self._pool.request("GET", f"{self._url}/_ministack/{path}")
        except urllib3.exceptions.HTTPError as fault:
            raise OutboxUnavailable(retry_after=RETRY_AFTER) from fault
        return orjson.loads(response.data)


def _mail(record: Mapping[str, Any]) -> Message:
    return {
        "channel": "email",
        "to": ", ".join(record["To"]),
        "subject": record["Subject"],
        "text": record["BodyText"].replace("\r\n", "\n"),
        "html": record["BodyHtml"],
        "sent_at": datetime.fromtimestamp(record["Timestamp"], UTC).isoformat(timespec="milliseconds"),
    }


def _sms(phone: str, record: Mapping[str, Any]) -> Message:
    return {
        "channel": "sms",
        "to": phone,
        "subject": None,
        "text": record["Message"],
        "html": None,
        "sent_at": record["MessageAttributes"].get(SENT_AT, {}).get("StringValue"),
    }
