"""Mail by Amazon SES."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from panzoto.aws.sending import ask
from panzoto.errors import AddressRefused

from .message import Message
from .mime import envelope, sender_address

if TYPE_CHECKING:
    from types_boto3_ses import SESClient

# Of all that we give to SES only the recipient differs from mail to mail, so that a wrong value is the recipient.
REFUSALS = frozenset({"InvalidParameterValue"})


class SesSender:
    """Hands mails to SES. Of what it takes and cannot deliver, as to a suppressed address, we do not hear."""

    def __init__(self, client: SESClient, mail_from: str) -> None:
        self._client = client
        self._from = sender_address(mail_from)

    def send(self, message: Message, now: datetime) -> None:
        """Ask SES once. A lost answer leaves open whether it sent the mail, and is not asked again."""
        made = envelope(message, self._from, now)
        if not made.recipient.isascii():  # SES cannot write to such an address
            raise AddressRefused
        ask(
            lambda: self._client.send_raw_email(
                Source=made.sender, Destinations=[made.recipient], RawMessage={"Data": made.mail}
            ),
            refusals=REFUSALS,
        )
