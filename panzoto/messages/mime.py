"""A mail as it goes over the wire: text and HTML side by side, in seven bits but for an address that has more."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, make_msgid

import idna

from panzoto.errors import AddressRefused

from .message import EMAIL, Message

# An address by itself, or in angle brackets after a name, which may stand in quotes.
MAILBOX = re.compile(
    r"(?P<bare>[^\s<>]+)"
    r'|(?:"(?P<quoted>[^"\\\x00-\x1f]*)"|(?P<name>[^"<>@,;:\\\x00-\x1f]*?)) *<(?P<address>[^\s<>]+)>'
)


@dataclass(frozen=True)
class Envelope:
    """A mail, and between whom it goes."""

    sender: str
    recipient: str
    mail: bytes


def sender_address(value: str) -> Address:
    """The address in `Panzoto <hello@example.com>` or `hello@example.com`; its part before the @ is ASCII."""
    found = MAILBOX.fullmatch(value.strip())
    address = found["bare"] or found["address"] if found else ""
    local, _, domain = address.rpartition("@")
    if not found or not EMAIL.fullmatch(address) or not local.isascii():
        raise ValueError("an address such as Panzoto <hello@example.com>")
    return Address(found["quoted"] or found["name"] or "", local, _ascii_domain(domain))


def envelope(message: Message, sender: Address, now: datetime) -> Envelope:
    """The mail that a message makes. No value can add a header to it: a header has one line or is refused."""
    local, _, domain = message.to.rpartition("@")
    try:
        recipient = Address(username=local, domain=_ascii_domain(domain))
    except ValueError as fault:
        raise AddressRefused from fault
    policy = SMTP if local.isascii() else SMTPUTF8
    mail = EmailMessage(policy=policy)
    mail["From"] = sender
    mail["To"] = recipient
    mail["Subject"] = message.subject or ""
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = make_msgid(domain=sender.domain)
    mail["Auto-Submitted"] = "auto-generated"  # no absence notice shall answer it
    mail.set_content(message.text, cte="quoted-printable")
    mail.add_alternative(message.html or "", subtype="html", cte="quoted-printable")
    return Envelope(sender.addr_spec, recipient.addr_spec, mail.as_bytes())


def _ascii_domain(domain: str) -> str:
    """The domain as DNS has it. The standard library's codec has the rules of 2003, which lead some mail astray."""
    return domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
