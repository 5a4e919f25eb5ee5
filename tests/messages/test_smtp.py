"""Mail goes to a real SMTP server: in the clear where that is allowed, encrypted and checked where it is not."""

from __future__ import annotations

import ssl
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from panzoto.errors import AddressRefused, MessageNotSent
from panzoto.messages.catalogue import Messages
from panzoto.messages.message import Message
from panzoto.messages.samples import SAMPLES
from panzoto.messages.smtp import SmtpSender, SmtpServer

from .certificates import Authority
from .mail_servers import HOST, PASSWORD, USER, Inbox, knows, serving

FROM = "Pänzoto <hello@example.com>"


def sender(port: int, **settings: Any) -> SmtpSender:
    """A sender to a server of the tests."""
    return SmtpSender(SmtpServer(host=HOST, port=port, **{"security": "none", "seconds": 5.0, **settings}), FROM)


def trusting(authority: Authority, port: int, **settings: Any) -> SmtpSender:
    """A sender that trusts the tests' authority."""
    return sender(port, ca_file=authority.file, **{"security": "starttls", **settings})


def test_a_mail_arrives_as_it_was_written(mail: Message, now: datetime) -> None:
    """Sender, recipient, subject, text and HTML come out as they went in, under the time of the sending."""
    with serving(box := Inbox()) as port:
        sender(port).send(mail, now)
    [got], [envelope] = box.mails, box.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("hello@example.com", [mail.to])
    assert (got["From"], got["To"], got["Subject"]) == (FROM, mail.to, mail.subject)
    assert got["Date"].datetime == now.replace(microsecond=0)
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["Message-ID"].endswith("@example.com>")
    assert got.get_content_type() == "multipart/alternative"
    text, html = got.iter_parts()
    assert (text.get_content_type(), text.get_content().replace("\r\n", "\n")) == ("text/plain", mail.text)
    assert (html.get_content_type(), html.get_content().replace("\r\n", "\n")) == ("text/html", mail.html)
    assert isinstance(envelope.content, bytes)
    assert envelope.content.isascii()
    assert max(len(line) for line in envelope.content.splitlines()) <= 78


def test_the_name_that_the_server_hears_is_the_sender_s(mail: Message, now: datetime) -> None:
    """The server learns the domain that the mail is from, not the name of our machine."""
    with serving(box := Inbox()) as port:
        sender(port).send(mail, now)
    assert box.sessions[0].host_name == "example.com"


def test_starttls_and_login(authority: Authority, mail: Message, now: datetime) -> None:
    """With a certificate that is trusted and a login that is right, the mail goes over an encrypted line."""
    settings: Any = {"tls_context": authority.context(HOST), "require_starttls": True}
    with serving(box := Inbox(), authenticator=knows, auth_required=True, **settings) as port:
        trusting(authority, port, user=USER, password=PASSWORD).send(mail, now)
    assert len(box.mails) == 1
    assert box.sessions[-1].ssl is not None


def test_tls_from_the_first_byte(authority: Authority, mail: Message, now: datetime) -> None:
    """A server that speaks nothing but TLS is spoken to in TLS."""
    with serving(box := Inbox(), tls=authority.context(HOST)) as port:
        trusting(authority, port, security="tls").send(mail, now)
    assert len(box.mails) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_nobody_we_trust(authority: Authority, mail: Message, now: datetime, security: str) -> None:
    """A server whose certificate no trusted authority signed gets nothing."""
    context = authority.context(HOST)
    given: Any = {"tls": context} if security == "tls" else {"tls_context": context}
    with serving(box := Inbox(), **given) as port, pytest.raises(MessageNotSent) as fault:
        sender(port, security=security).send(mail, now)
    assert (fault.value.reason, fault.value.again) == ("connect: SSLCertVerificationError", False)
    assert not box.mails


def test_a_certificate_for_somebody_else(authority: Authority, mail: Message, now: datetime) -> None:
    """A server with another host's certificate gets nothing, however well it is signed."""
    other = authority.context("other.example")
    with serving(box := Inbox(), tls_context=other) as port, pytest.raises(MessageNotSent) as fault:
        trusting(authority, port).send(mail, now)
    assert isinstance(fault.value.__cause__, ssl.SSLCertVerificationError)
    assert not box.mails


def test_no_encryption_is_no_reason_to_do_without(authority: Authority, mail: Message, now: datetime) -> None:
    """A server that does not offer STARTTLS, or from which somebody has taken the offer, gets nothing in the clear."""
    with serving(box := Inbox()) as port, pytest.raises(MessageNotSent) as fault:
        trusting(authority, port).send(mail, now)
    assert (fault.value.reason, fault.value.again) == ("connect: SMTPNotSupportedError", False)
    assert not box.envelopes


def test_a_wrong_login(authority: Authority, mail: Message, now: datetime) -> None:
    """A refused login is ours to mend: the caller hears 503, and no second try counts against us."""
    settings: Any = {"authenticator": knows, "tls_context": authority.context(HOST)}
    with serving(box := Inbox(), **settings) as port, pytest.raises(MessageNotSent) as fault:
        trusting(authority, port, user=USER, password="wrong").send(mail, now)
    assert (fault.value.reason, fault.value.again) == ("connect: 535", False)
    assert PASSWORD not in repr(SmtpServer(host=HOST, user=USER, password=PASSWORD))
    assert not box.mails


def test_a_domain_that_is_not_ascii(messages: Messages, now: datetime) -> None:
    """It is written as DNS has it, by the rules of today, for which ß is not ss."""
    with serving(box := Inbox()) as port:
        sender(port).send(messages.render(SAMPLES[0], to="ann@straße.example", language="de"), now)
    assert box.envelopes[0].rcpt_tos == ["ann@xn--strae-oqa.example"]
    assert box.mails[0]["To"] == "ann@xn--strae-oqa.example"


def test_a_name_that_is_not_ascii(messages: Messages, now: datetime) -> None:
    """A server that can write to such an address is asked to; to one that cannot, the address is none."""
    message = messages.render(SAMPLES[0], to="jürgen@example.com", language="de")
    with serving(box := Inbox()) as port:
        sender(port).send(message, now)
    assert box.envelopes[0].rcpt_tos == ["jürgen@example.com"]
    assert "SMTPUTF8" in box.envelopes[0].mail_options
    with serving(box := Inbox(), enable_SMTPUTF8=False) as port, pytest.raises(AddressRefused):
        sender(port).send(message, now)
    assert not box.mails


def test_an_authority_s_file_must_be_there(tmp_path: Path) -> None:
    """A sender that could check no certificate is not made."""
    with pytest.raises(FileNotFoundError):
        sender(25, ca_file=tmp_path / "none.pem")
