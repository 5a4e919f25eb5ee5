"""Hands a message to the sender of its channel, within bounded time, and never twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import structlog

from panzoto import counters
from panzoto.errors import AddressRefused, MessageNotSent, SmsNotOffered
from panzoto.tally import Tally

from .message import Message

# A second attempt is made only if the first failed so soon that both together are still quick.
SOON_SECONDS = 2.5
PAUSE_SECONDS = 0.2

log = structlog.get_logger()


class Sender(Protocol):
    """Something that takes messages of one channel."""

    def send(self, message: Message, now: datetime) -> None:
        """Hand the message over. Raises `AddressRefused`, or `MessageNotSent`, which says whether to try again."""


class NoSms:
    """The sender of a service without SMS."""

    def send(self, message: Message, now: datetime) -> None:  # noqa: ARG002 (it sends nothing, ever)
        """Say that there is none."""
        raise SmsNotOffered


class Post:
    """Sends messages. A log line tells the kind and the channel of each, and never its words or its address."""

    def __init__(
        self,
        *,
        mail: Sender,
        sms: Sender,
        tally: Tally | None = None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._senders = {"email": mail, "sms": sms}
        self._tally = tally
        self._clock = clock
        self._wait = wait

    def send(self, message: Message, now: datetime) -> None:
        """Hand a message to its sender.

        When this returns, the provider has the message. `AddressRefused` and `SmsNotOffered` say that nobody will ever
        get it. After `MessageNotSent` nobody knows: the answer of the provider may have been lost.
        """
        try:
            self._attempt(message, now)
        except (AddressRefused, MessageNotSent, SmsNotOffered) as fault:
            reason = fault.reason if isinstance(fault, MessageNotSent) else type(fault).__name__
            counters.MESSAGES.labels(message.kind, "failed").inc()
            log.warning("message_failed", kind=message.kind, channel=message.channel, reason=reason)
            raise
        counters.MESSAGES.labels(message.kind, "sent").inc()
        if self._tally is not None:
            self._tally.count(f"sent#{message.channel}")
        log.info("message_sent", kind=message.kind, channel=message.channel)

    def _attempt(self, message: Message, now: datetime) -> None:
        """Once, or twice when the first attempt certainly sent nothing."""
        sender = self._senders[message.channel]
        began = self._clock()
        try:
            return sender.send(message, now)
        except MessageNotSent as fault:
            if not fault.again or self._clock() - began > SOON_SECONDS:
                raise
        self._wait(PAUSE_SECONDS)
        return sender.send(message, now)
