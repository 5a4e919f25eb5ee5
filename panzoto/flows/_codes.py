"""How codes go to phones, and how guesses at them are charged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from urllib.parse import urlsplit

from panzoto.deps import Deps
from panzoto.errors import (
    AddressRefused,
    CodeRejected,
    MessageNotSent,
    Overloaded,
    PanzotoError,
    RateLimited,
    SmsNotOffered,
)
from panzoto.messages.kinds import PhoneCode
from panzoto.models.auth_state.otps import Otp
from panzoto.models.auth_state.rates import Part

from ._audit import record
from ._devices import fingerprint
from ._mail import minutes, send
from ._phones import Phone
from .client import Client

NOT_SENT = (AddressRefused, MessageNotSent, SmsNotOffered)
# After these nothing was sent for certain.
NEVER_SENT = (AddressRefused, Overloaded, RateLimited, SmsNotOffered)


def _charge_sms(deps: Deps, phone: Phone, client: Client, now: datetime) -> None:
    """Charge an SMS before it is sent: to the phone, to its part for one network, and over everything."""
    deps.rates.charge("code.phone", phone.number, now, _part(client))
    try:
        deps.sms_breaker.charge(now)
    except RateLimited:
        deps.rates.give_back("code.phone", phone.number, now, _part(client))  # it outlasts the breaker by far
        raise


def _part(client: Client) -> Part:
    """What one network may bring about of what a phone is charged: less than all, or it would shut out its owner."""
    return Part.of("code.network", client.network)


def _charge_wrong_guess(deps: Deps, otp: Otp, client: Client, now: datetime) -> None:
    """Charge a guess that was looked at, and was wrong; codes and wrong guesses of a phone are bounded together.

    Where whoever guesses has used up their part, it is charged to whoever has asked for the code, or two networks would
    guess for nothing: one asks, the other guesses.
    """
    try:
        deps.rates.charge("code.phone", otp.phone, now, _part(client))
    except RateLimited:
        if otp.asked_from is not None:
            deps.rates.charge("code.phone", otp.phone, now, Part("code.network", otp.asked_from))
        raise


@contextmanager
def charged_sms(deps: Deps, phone: Phone, client: Client, now: datetime) -> Iterator[None]:
    """Charge an SMS that is sent inside. What was certainly not sent is not charged: nobody is locked out by it."""
    _charge_sms(deps, phone, client, now)
    try:
        yield
    except PanzotoError as fault:
        if isinstance(fault, NEVER_SENT) or (isinstance(fault, MessageNotSent) and fault.again):
            deps.rates.give_back("code.phone", phone.number, now, _part(client))
            deps.sms_breaker.give_back(now)
        raise


def send_code(deps: Deps, phone: Phone, purpose: str, device_id: str | None, client: Client, now: datetime) -> Otp:
    """Send a new code, which ends the one before.

    It is kept before it is sent. If it cannot be sent it is taken back, so that the next try need not wait; a crash
    between the two leaves a code that nobody knows.
    """
    deps.rates.charge("code.address", client.network, now)
    deps.otps.check_resend(phone.number, deps.config.otp_resend_delay, now)
    with charged_sms(deps, phone, client, now):
        code = deps.codes.new()
        otp = Otp(
            phone=phone.number,
            purpose=purpose,
            device=fingerprint(device_id) if device_id else None,
            created_at=now,
            expires_at=now + deps.config.otp_expiry,
            hash=deps.codes.hash(phone.number, code),
            asked_from=_part(client).mark,
        )
        deps.otps.issue(otp, deps.config.otp_resend_delay, now)
        try:
            send(deps, _message(deps, code), phone.number, client, now)
        except NOT_SENT:
            deps.otps.withdraw(otp)
            raise
    if deps.config.otp_test_mode:
        deps.otps.keep_in_clear(otp, code)
    return otp


def _message(deps: Deps, code: str) -> PhoneCode:
    return PhoneCode(code=code, minutes=minutes(deps.config.otp_expiry), domain=_domain(deps))


def _domain(deps: Deps) -> str | None:
    """The site on which phones offer the code, where people reach the service by https."""
    parts = urlsplit(deps.config.public_url)
    return parts.hostname if parts.scheme == "https" else None


def guess_code(
    deps: Deps, phone: Phone, purpose: str, code: str, device_id: str | None, client: Client, now: datetime
) -> Otp:
    """The code that was sent, if this is it. One guess is charged before it is looked at."""
    deps.rates.charge("code.guesses", client.network, now)
    device = fingerprint(device_id) if device_id else None
    most, delay = deps.config.otp_max_attempts, deps.config.otp_resend_delay
    try:
        otp = deps.otps.spend_attempt(phone.number, purpose, device, now, most=most, delay=delay)
    except CodeRejected:
        deps.codes.verify_nobody(phone.number, code)
    try:
        deps.codes.verify(otp.hash, phone.number, code)
    except Overloaded:
        deps.otps.give_back(otp)
        raise
    except CodeRejected:
        record(deps, f"phone:{phone.number}", "code_rejected", client, now, {"by": "otp"})
        _charge_wrong_guess(deps, otp, client, now)
        raise
    return otp
