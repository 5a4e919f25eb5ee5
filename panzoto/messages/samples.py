"""One message of each kind, to try templates with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from .kinds import (
    EmailChanged,
    IdentityChanged,
    Kind,
    LinkRefusedEmail,
    LinkRefusedSms,
    MagicLinkEmail,
    MagicLinkSms,
    NewDevice,
    PasswordChanged,
    PhoneChanged,
    PhoneChangedSms,
    PhoneCode,
    RecoveryKeyReplaced,
    RegistrationAttempt,
    ResetPassword,
    VerifyEmail,
)
from .message import Channel

SOMEBODY: Mapping[Channel, str] = {"email": "ann@example.com", "sms": "+14155550100"}
WHEN = datetime(2026, 3, 4, 14, 5, tzinfo=UTC)
ADDRESS = "203.0.113.9"
PHONE = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36"
)
LINK = "https://app.example.com/m/tok_ml_a1b2c3d4e5f6.c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlYw"

SAMPLES: tuple[Kind, ...] = (
    VerifyEmail(link=LINK, minutes=60),
    ResetPassword(link=LINK, minutes=30),
    PasswordChanged(when=WHEN, address=ADDRESS, user_agent=PHONE),
    RecoveryKeyReplaced(when=WHEN, address=ADDRESS, user_agent=PHONE),
    EmailChanged(when=WHEN, address=None, user_agent=None, old="ann@example.com", new="bob@example.org"),
    RegistrationAttempt(),
    NewDevice(when=WHEN, address=ADDRESS, user_agent=PHONE),
    PhoneCode(code="123456", minutes=10),
    PhoneCode(code="123456", minutes=1, domain="app.example.com"),
    MagicLinkEmail(link=LINK, minutes=15, code="12345678"),
    MagicLinkSms(link=LINK, minutes=15),
    LinkRefusedEmail(),
    LinkRefusedSms(),
    PhoneChanged(when=WHEN, address=ADDRESS, user_agent=PHONE, old=None, new="+14155550100"),
    PhoneChanged(when=WHEN, address=ADDRESS, user_agent=PHONE, old="+14155550100", new="+14155550111"),
    PhoneChanged(when=WHEN, address=ADDRESS, user_agent=PHONE, old="+14155550100", new=None),
    PhoneChangedSms(),
    IdentityChanged(when=WHEN, address=ADDRESS, user_agent=PHONE, provider="google", linked=True),
    IdentityChanged(when=WHEN, address=ADDRESS, user_agent=PHONE, provider="my_work", linked=False),
)
