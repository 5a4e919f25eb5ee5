"""What the tests of messages share: the messages themselves, mail to send, and an authority that signs certificates."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from panzoto.messages.catalogue import Messages
from panzoto.messages.message import Message
from panzoto.messages.samples import SAMPLES, SOMEBODY

from .certificates import Authority


@pytest.fixture(scope="session")
def messages() -> Messages:
    """Every message, as it comes from our own templates."""
    return Messages(support="help@example.com")


@pytest.fixture
def mail(messages: Messages) -> Message:
    """A mail, ready to be sent."""
    return messages.render(SAMPLES[0], to=SOMEBODY["email"], language="de")


@pytest.fixture
def sms(messages: Messages) -> Message:
    """An SMS, ready to be sent."""
    code = next(each for each in SAMPLES if each.channel == "sms")
    return messages.render(code, to=SOMEBODY["sms"], language="en")


@pytest.fixture
def now() -> datetime:
    """A time at which something is sent."""
    return datetime(2026, 3, 4, 14, 5, 6, 789000, tzinfo=UTC)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority that nobody but these tests trusts."""
    return Authority.made(tmp_path_factory.mktemp("authority"))
