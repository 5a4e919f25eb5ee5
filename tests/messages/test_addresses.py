"""A message goes to one address, and nothing in the address can make it two."""

from __future__ import annotations

from datetime import datetime
from email import message_from_bytes, policy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panzoto.errors import AddressRefused
from panzoto.messages.catalogue import Messages
from panzoto.messages.message import Message, one_line
from panzoto.messages.mime import envelope, sender_address
from panzoto.messages.samples import SAMPLES

MAIL = SAMPLES[0]
SMS = next(each for each in SAMPLES if each.channel == "sms")


@pytest.mark.parametrize(
    "to",
    [
        "ann@example.com\r\nBcc: bob@example.com",
        "ann@example.com, bob@example.com",
        "ann@example.com bob@example.com",
        "Ann <ann@example.com>",
        "ann@example.com\n",
        "\u202eann@example.com",
        "ann\u2028@example.com",
        "ann@b@example.com",
        "ann",
        "@example.com",
        "ann@",
        "",
        "a" * 65 + "@example.com",
        "ann@" + "e" * 251,
    ],
)
def test_what_is_no_email(messages: Messages, to: str) -> None:
    """Nothing is sent to what is not exactly one email."""
    with pytest.raises(AddressRefused):
        messages.render(MAIL, to=to, language="en")


@pytest.mark.parametrize(
    "to",
    ["14155550100", "+014155550100", "+1415555010a", "+1415", "+" + "1" * 16, "+1 415 5550100", "+1415555010\u0660"],
)
def test_what_is_no_phone_number(messages: Messages, to: str) -> None:
    """Nothing is sent to what is not a number in the form of E.164."""
    with pytest.raises(AddressRefused):
        messages.render(SMS, to=to, language="en")


@pytest.mark.parametrize("to", ["o'neil+tag@sub.example.co.uk", "a@b.c", "jürgen@straße.example", "用户@例え.jp"])
def test_odd_emails_are_emails(messages: Messages, to: str, now: datetime) -> None:
    """What is unusual and allowed gets its mail."""
    made = envelope(messages.render(MAIL, to=to, language="en"), sender_address("hello@example.com"), now)
    read = message_from_bytes(made.mail, policy=policy.default)
    [seen] = read["To"].addresses
    assert seen.addr_spec.encode("utf-8", "surrogateescape").decode() == made.recipient
    assert made.recipient.partition("@")[0] == to.partition("@")[0]
    assert made.recipient.partition("@")[2].isascii()


@pytest.mark.parametrize("to", ["ann@exa..mple.ü", "ann@-ü.example", "ann@" + "ü" * 70 + ".example"])
def test_a_domain_that_cannot_be(messages: Messages, now: datetime, to: str) -> None:
    """A domain that DNS could not have is found before anybody is asked."""
    with pytest.raises(AddressRefused):
        envelope(messages.render(MAIL, to=to, language="en"), sender_address("hello@example.com"), now)


@settings(deadline=None)
@given(st.text())
def test_no_subject_makes_a_header(subject: str) -> None:
    """Whatever a subject is made of, the mail has the headers that we gave it, once each."""
    when = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    message = Message(kind="k", channel="email", to="a@b.example", text="t\n", subject=one_line(subject), html="<p>")
    made = envelope(message, sender_address("hello@example.com"), when)
    read = message_from_bytes(made.mail, policy=policy.default)
    assert sorted(read.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    )


@pytest.mark.parametrize("subject", ["a\r\nBcc: b@c.example", "a\nb", "a\rb"])
def test_a_subject_of_two_lines_is_refused(now: datetime, subject: str) -> None:
    """Even a message that somebody made by hand adds no header."""
    message = Message(kind="k", channel="email", to="a@b.example", text="t", subject=subject, html="<p>")
    with pytest.raises(ValueError, match="linefeed or carriage return"):
        envelope(message, sender_address("hello@example.com"), now)


@pytest.mark.parametrize(
    ("given", "name", "address"),
    [
        ("hello@example.com", "", "hello@example.com"),
        ("Panzoto <hello@example.com>", "Panzoto", "hello@example.com"),
        ('"Panzoto, Inc." <hello@Example.COM>', "Panzoto, Inc.", "hello@example.com"),
        ("Pänzoto <hello@münchen.example>", "Pänzoto", "hello@xn--mnchen-3ya.example"),
    ],
)
def test_the_sender_s_address(given: str, name: str, address: str) -> None:
    """It has a name or not, and is written as the wire wants it."""
    found = sender_address(given)
    assert (found.display_name, found.addr_spec) == (name, address)


@pytest.mark.parametrize(
    "wrong",
    ["", "Panzoto", "a@b.c, d@e.f", "a@", "@b.c", "Panzoto <a@b.c", "a@b.c\nBcc: d@e.f", "A\nB <a@b.c>", "jürgen@b.c"],
)
def test_what_is_no_sender_s_address(wrong: str) -> None:
    """A sender that no server would take is found at the start."""
    with pytest.raises(ValueError, match="an address such as"):
        sender_address(wrong)
