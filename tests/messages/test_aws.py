"""Mail by SES and SMS by SNS: read back where `make run` shows them, and told apart when AWS refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config import Config
from panzoto.aws.clients import Clients
from panzoto.errors import AddressRefused, MessageNotSent
from panzoto.local.outbox import Outbox
from panzoto.messages.catalogue import Messages
from panzoto.messages.message import Channel, Message
from panzoto.messages.post import NoSms, Post
from panzoto.messages.samples import SAMPLES, SOMEBODY
from panzoto.messages.ses import SesSender
from panzoto.messages.sns import SnsSender
from tests.support.configs import configured

from .answering import Aws, answering
from .mail_servers import silent

FROM = "Pänzoto <hello@example.com>"


def mine(ministack: str, account: str, config: Config) -> tuple[Post, Outbox]:
    """A post on the embedded AWS, whose sender is verified, and the outbox that shows what it sent."""
    clients = Clients(config)
    clients.ses().verify_email_identity(EmailAddress="hello@example.com")
    post = Post(mail=SesSender(clients.ses(), FROM), sms=SnsSender(clients.sns(), sender_id="Panzoto"))
    return post, Outbox(ministack)


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_message_arrives(
    config_for: Callable[..., Config], ministack: str, account: str, messages: Messages, language: str
) -> None:
    """Each kind stands in the outbox as it was written, newest first."""
    post, outbox = mine(ministack, account, config_for())
    now = datetime.now(UTC)
    somebody = {"email": f"{account}@example.com", "sms": f"+1{account}"}
    made = [messages.render(kind, to=somebody[kind.channel], language=language) for kind in SAMPLES]
    for message in made:
        post.send(message, now)
    found = [each for each in outbox.messages() if account in each["to"]]
    shown = {(each["to"], each["subject"], _lines(each["text"]), _lines(each["html"])) for each in found}
    assert shown == {(each.to, each.subject, each.text, each.html) for each in made}
    assert len(found) == len(made)


def _lines(text: str | None) -> str | None:
    """Text with the ends of lines that it had before it was a mail."""
    return text.replace("\r\n", "\n") if text else None


def test_the_outbox_knows_when_an_sms_was_sent(
    config_for: Callable[..., Config], ministack: str, account: str, messages: Messages
) -> None:
    """The time of the sending goes along, in UTC whatever zone it came in, so that the newest code stands above."""
    post, outbox = mine(ministack, account, config_for())
    code, to = next(each for each in SAMPLES if each.channel == "sms"), f"+1{account}"
    first = datetime(2026, 3, 4, 14, 5, 6, 789000, tzinfo=UTC)
    zone = datetime.fromisoformat("2026-03-04T12:00:00-05:00").tzinfo
    for when in (first + timedelta(seconds=1), first.astimezone(zone)):
        post.send(messages.render(code, to=to, language="en"), when)
    found = [each["sent_at"] for each in outbox.messages() if each["to"] == to]
    assert found == ["2026-03-04T14:05:07.789+00:00", "2026-03-04T14:05:06.789+00:00"]


def test_what_sns_is_told(sms: Message, now: datetime) -> None:
    """The SMS is transactional, and carries the sender's name where there is one."""
    for sender_id, told in (("Panzoto", ["Panzoto"]), (None, [])):
        with answering((500, "InternalError")) as aws, pytest.raises(MessageNotSent):
            SnsSender(aws.clients().sns(), sender_id=sender_id).send(sms, now)
        asked = {name: values[0] for name, values in aws.asked[0].items()}
        names = {value: key for key, value in asked.items() if key.endswith(".Name")}
        assert asked[names["AWS.SNS.SMS.SMSType"].replace(".Name", ".Value.StringValue")] == "Transactional"
        key = names.get("AWS.SNS.SMS.SenderID")
        assert ([asked[key.replace(".Name", ".Value.StringValue")]] if key else []) == told
        assert (asked["PhoneNumber"], asked["Message"]) == (sms.to, sms.text)


def test_an_unverified_sender_is_our_fault(config_for: Callable[..., Config], mail: Message, now: datetime) -> None:
    """SES refuses a sender that is not verified; the client hears that the message was not sent."""
    with pytest.raises(MessageNotSent) as fault:
        SesSender(Clients(config_for()).ses(), "nobody@example.org").send(mail, now)
    assert (fault.value.reason, fault.value.again) == ("MessageRejected", False)


@pytest.mark.parametrize(
    ("channel", "answer", "raised"),
    [
        ("email", (400, "InvalidParameterValue"), AddressRefused),
        ("sms", (400, "InvalidParameter"), AddressRefused),
        ("sms", (400, "OptedOut"), AddressRefused),
        ("email", (400, "MailFromDomainNotVerified"), MessageNotSent),
        ("email", (400, "AccountSendingPaused"), MessageNotSent),
        ("email", (403, "AccessDenied"), MessageNotSent),
        ("sms", (403, "AuthorizationError"), MessageNotSent),
        ("sms", (500, "InternalError"), MessageNotSent),
        ("email", (503, "ServiceUnavailable"), MessageNotSent),
    ],
)
def test_refusals_are_told_apart(
    messages: Messages, now: datetime, channel: Channel, answer: tuple[int, str], raised: type[Exception]
) -> None:
    """What AWS says of the address is the address refused; everything else is an outage; neither is asked twice."""
    kind = next(each for each in SAMPLES if each.channel == channel)
    message = messages.render(kind, to=SOMEBODY[channel], language="en")
    with answering(answer, answer) as aws, pytest.raises(raised) as fault:
        _post(aws).send(message, now)
    assert len(aws.asked) == 1
    assert "ann@" not in str(fault.value)


def _post(aws: Aws) -> Post:
    clients = aws.clients()
    return Post(mail=SesSender(clients.ses(), FROM), sms=SnsSender(clients.sns()))


def test_too_fast_is_tried_once_more(mail: Message, sms: Message, now: datetime) -> None:
    """Being asked to go slower means that nothing was sent."""
    for message, code in ((mail, "Throttling"), (sms, "Throttled")):
        with answering((400, code), (400, code), (400, code)) as aws, pytest.raises(MessageNotSent) as fault:
            _post(aws).send(message, now)
        assert (len(aws.asked), fault.value.reason) == (2, code)


def test_a_lost_answer_is_not_asked_for_again(mail: Message, sms: Message, now: datetime) -> None:
    """A line that was cut after the request may have carried a message that is on its way."""
    for message in (mail, sms):
        with answering() as aws, pytest.raises(MessageNotSent) as fault:
            _post(aws).send(message, now)
        assert (len(aws.asked), fault.value.again) == (1, False)


def test_an_answer_that_is_none(mail: Message, now: datetime) -> None:
    """A proxy's page in place of an answer says nothing of the mail."""
    with answering((200, "<<<")) as aws, pytest.raises(MessageNotSent) as fault:
        _post(aws).send(mail, now)
    assert fault.value.reason == "ResponseParserError"


def test_an_aws_that_is_not_there(mail: Message, sms: Message, now: datetime) -> None:
    """A connection that does not come about has sent nothing."""
    clients = Clients(configured("123456789012", "http://127.0.0.1:9"))
    for sender, message in ((SesSender(clients.ses(), FROM), mail), (SnsSender(clients.sns()), sms)):
        with pytest.raises(MessageNotSent) as fault:
            sender.send(message, now)
        assert (fault.value.reason, fault.value.again) == ("EndpointConnectionError", True)


def test_an_aws_that_never_answers(sms: Message, now: datetime) -> None:
    """Silence ends, and is not asked a second time."""
    began = datetime.now(UTC)
    with silent() as port, pytest.raises(MessageNotSent) as fault:
        _post(Aws(f"http://127.0.0.1:{port}")).send(sms, now)
    assert (fault.value.reason, fault.value.again) == ("ReadTimeoutError", False)
    assert datetime.now(UTC) - began < timedelta(seconds=8)


def test_neither_client_repeats_anything_by_itself() -> None:
    """Botocore's own retries would send twice when an answer is lost, so they are off, and no wait is long."""
    clients = Clients(configured("123456789012", "http://127.0.0.1:9"))
    made: list[Any] = [clients.ses(), clients.sns()]
    for client in made:
        settings = client.meta.config
        assert settings.retries["total_max_attempts"] == 1
        assert settings.connect_timeout + settings.read_timeout <= 7


def test_ses_cannot_write_to_every_name(messages: Messages, now: datetime) -> None:
    """An address whose name is not ASCII is refused before SES is asked."""
    message = messages.render(SAMPLES[0], to="jürgen@example.com", language="de")
    with answering() as aws, pytest.raises(AddressRefused):
        Post(mail=SesSender(aws.clients().ses(), FROM), sms=NoSms()).send(message, now)
    assert not aws.asked
