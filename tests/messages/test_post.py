"""A message goes to the sender of its channel: at most twice, quickly, and without a trace of its words in the log."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import pytest
from structlog.testing import capture_logs

from panzoto.errors import AddressRefused, MessageNotSent, SmsNotOffered
from panzoto.messages.message import Message
from panzoto.messages.post import NoSms, Post, Sender
from tests.support.clocks import Clock

UNSENT = MessageNotSent("connect: ConnectionRefusedError", again=True)
UNKNOWN = MessageNotSent("ReadTimeoutError")


@dataclass
class Wire:
    """The way out of the building: it takes as long as it is told, and fails as often."""

    clock: Clock = field(default_factory=Clock)
    faults: list[Exception] = field(default_factory=list)
    seconds: float = 0.1
    sent: list[tuple[Message, datetime]] = field(default_factory=list)
    attempts: int = 0

    def send(self, message: Message, now: datetime) -> None:
        """Take a message, or fail."""
        self.attempts += 1
        self.clock.goes(self.seconds)
        if self.faults:
            raise self.faults.pop(0)
        self.sent.append((message, now))


def post(wire: Wire, sms: Sender | None = None) -> Post:
    """A post whose mail goes out by a wire, in the time of its clock."""
    return Post(mail=wire, sms=sms or NoSms(), clock=wire.clock, wait=wire.clock.wait)


def test_each_channel_has_its_sender(mail: Message, sms: Message, now: datetime) -> None:
    """Mail goes by mail, and SMS by SMS."""
    mails, texts = Wire(), Wire()
    both = post(mails, texts)
    both.send(mail, now)
    both.send(sms, now)
    assert (mails.sent, texts.sent) == ([(mail, now)], [(sms, now)])


def test_what_was_certainly_not_sent_is_tried_once_more(mail: Message, now: datetime) -> None:
    """A connection that did not come about is tried again, after a moment."""
    wire = Wire(faults=[UNSENT])
    post(wire).send(mail, now)
    assert (wire.attempts, len(wire.sent), len(wire.clock.waits)) == (2, 1, 1)


def test_and_no_more_than_once(mail: Message, now: datetime) -> None:
    """A provider that stays away is an error after the second attempt."""
    wire = Wire(faults=[UNSENT, UNSENT])
    with pytest.raises(MessageNotSent):
        post(wire).send(mail, now)
    assert wire.attempts == 2


@pytest.mark.parametrize("fault", [UNKNOWN, AddressRefused()])
def test_what_may_have_been_sent_is_not_tried_again(mail: Message, now: datetime, fault: Exception) -> None:
    """A lost answer may be that of a message that is on its way; nobody gets it twice."""
    wire = Wire(faults=[fault])
    with pytest.raises(type(fault)):
        post(wire).send(mail, now)
    assert wire.attempts == 1


def test_a_second_attempt_must_be_quick(mail: Message, now: datetime) -> None:
    """Somebody waits for the answer: after a slow failure there is no second one."""
    wire = Wire(faults=[UNSENT], seconds=3)
    with pytest.raises(MessageNotSent):
        post(wire).send(mail, now)
    assert wire.attempts == 1


def test_a_service_without_sms_says_so(sms: Message, now: datetime) -> None:
    """It is said clearly, and nothing is lost in silence."""
    with pytest.raises(SmsNotOffered, match="does not send SMS"):
        post(Wire()).send(sms, now)


@pytest.mark.parametrize(
    ("faults", "line"),
    [
        ([], {"event": "message_sent", "log_level": "info"}),
        ([UNKNOWN], {"event": "message_failed", "log_level": "warning", "reason": "ReadTimeoutError"}),
        ([AddressRefused()], {"event": "message_failed", "log_level": "warning", "reason": "AddressRefused"}),
    ],
)
def test_one_line_tells_what_became_of_it(
    mail: Message, now: datetime, faults: list[Exception], line: dict[str, str]
) -> None:
    """The log tells the kind, the channel and the reason, and neither the words nor the address."""
    with capture_logs() as logged:
        try:
            post(Wire(faults=list(faults))).send(mail, now)
        except (AddressRefused, MessageNotSent):
            assert faults
    assert logged == [{"kind": "verify_email", "channel": "email", **line}]


def test_a_defect_is_not_taken_for_an_outage(mail: Message, now: datetime) -> None:
    """What is wrong with us is a bare 500, as everywhere."""
    with pytest.raises(ZeroDivisionError):
        post(Wire(faults=[ZeroDivisionError()])).send(mail, now)
