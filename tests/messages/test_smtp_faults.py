"""A server that refuses, hangs up or keeps silent: each is told apart, and none of them holds us up for long."""

from __future__ import annotations

import threading
import time
from datetime import datetime

import pytest

from panzoto.errors import AddressRefused, MessageNotSent
from panzoto.messages.message import Message
from tests.support.ministack import free_port

from .mail_servers import Inbox, serving, silent, talking
from .test_smtp import sender

SECONDS = 0.5
LONGEST = 2.5


@pytest.mark.parametrize(
    "answer",
    [
        "550 no such user",
        "550 5.1.1 no such user",
        "553 5.1.3 bad syntax",
        "550 5.2.1 mailbox disabled",
        "551 not here",
        "556 5.1.10 that domain takes no mail",
    ],
)
def test_a_mailbox_that_is_not_there(mail: Message, now: datetime, answer: str) -> None:
    """What a server says for good of the recipient's mailbox is the recipient's address refused."""
    with serving(box := Inbox(answers={"RCPT": answer})) as port, pytest.raises(AddressRefused):
        sender(port).send(mail, now)
    assert not box.mails


@pytest.mark.parametrize(
    "answer",
    [
        "451 4.7.1 greylisted",
        "450 4.2.1 mailbox busy",
        "554 5.7.1 relay access denied",
        "550 5.7.1 unable to relay",
        "530 5.7.0 authentication required",
        "554 your address is on a list",
        "550 5.1.8 the sender's domain does not exist",
    ],
)
def test_a_refusal_that_is_not_about_the_mailbox(mail: Message, now: datetime, answer: str) -> None:
    """What passes, or is between us and the server, is not the recipient's fault; nothing is tried again at once."""
    with serving(box := Inbox(answers={"RCPT": answer})) as port, pytest.raises(MessageNotSent) as fault:
        sender(port).send(mail, now)
    assert (fault.value.reason, fault.value.again) == (f"recipient: {answer[:3]}", False)
    assert fault.value.retry_after
    assert not box.mails


def test_a_sender_that_is_refused(mail: Message, now: datetime) -> None:
    """A refused sender is our configuration's fault, whatever the code."""
    with serving(Inbox(answers={"MAIL": "550 5.1.1 who are you"})) as port, pytest.raises(MessageNotSent) as fault:
        sender(port).send(mail, now)
    assert fault.value.reason == "sender: 550"


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        ("451 try later", MessageNotSent),
        ("554 5.7.1 this looks like spam", MessageNotSent),
        ("550 no", MessageNotSent),
        ("550 5.1.1 no such user after all", AddressRefused),
    ],
)
def test_a_refusal_after_the_last_line(mail: Message, now: datetime, answer: str, raised: type[Exception]) -> None:
    """A server that has read the mail and does not want it has not taken it; a bare 550 may be about its words."""
    with serving(Inbox(answers={"DATA": answer})) as port, pytest.raises(raised):
        sender(port).send(mail, now)


@pytest.mark.parametrize(("step", "again"), [("EHLO", True), ("MAIL", True), ("RCPT", True), ("DATA", False)])
def test_a_server_that_hangs_up(mail: Message, now: datetime, step: str, again: bool) -> None:
    """Before the mail was handed over, a lost line means that nothing was sent; after it, nobody knows."""
    with serving(Inbox(hangs_up=step)) as port, pytest.raises(MessageNotSent) as fault:
        sender(port).send(mail, now)
    assert fault.value.again is again


def test_a_server_that_is_not_there(mail: Message, now: datetime) -> None:
    """A refused connection has sent nothing."""
    with pytest.raises(MessageNotSent) as fault:
        sender(free_port()).send(mail, now)
    assert (fault.value.reason, fault.value.again) == ("connect: ConnectionRefusedError", True)


def test_a_server_that_greets_with_a_refusal(mail: Message, now: datetime) -> None:
    """A server that is full says so in its first line, and is not asked again at once."""
    with talking(b"421 4.3.2 too many connections\r\n", 0.05) as port, pytest.raises(MessageNotSent) as fault:
        sender(port).send(mail, now)
    assert (fault.value.reason, fault.value.again) == ("connect: 421", False)


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_a_server_that_never_answers(mail: Message, now: datetime, security: str) -> None:
    """Silence ends at the deadline."""
    began = time.monotonic()
    with silent() as port, pytest.raises(MessageNotSent):
        sender(port, security=security, seconds=SECONDS).send(mail, now)
    assert SECONDS <= time.monotonic() - began < LONGEST


@pytest.mark.parametrize("line", [b"220-still here\r\n", b"2"])
def test_a_server_that_never_comes_to_the_point(mail: Message, now: datetime, line: bytes) -> None:
    """So does talk without end, though no single wait for it is ever long."""
    began = time.monotonic()
    with talking(line, 0.05) as port, pytest.raises(MessageNotSent) as fault:
        sender(port, seconds=SECONDS).send(mail, now)
    assert SECONDS <= time.monotonic() - began < LONGEST
    assert fault.value.reason.startswith("connect: ")


def test_nothing_stays_behind(mail: Message, now: datetime) -> None:
    """Whether a mail was sent or not, no thread and no socket of it is left; pytest finds the sockets."""
    before = threading.active_count()
    with serving(Inbox()) as port:
        sender(port).send(mail, now)
        assert threading.active_count() == before + 1  # the server's own
    with silent() as port, pytest.raises(MessageNotSent):
        sender(port, seconds=0.1).send(mail, now)
    assert threading.active_count() == before
