"""How codes go to phones, and how guesses at them are charged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
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
from ._devices import is_owners, maybe_fingerprint
from ._mail import minutes, send
from ._phones import Phone
from .client import Client

NOT_SENT = (AddressRefused, MessageNotSent, SmsNotOffered)
# After these nothing was sent for certain.
NEVER_SENT = (AddressRefused, Overloaded, RateLimited, SmsNotOffered)


def _charge_sms(deps: Deps, phone: Phone, device: str | None, client: Client, now: datetime) -> Callable[[], None]:
    """Charge an SMS before it is sent, to the phone and over everything; what takes the phone's charge back."""
    give_back = _charge_phone(deps, phone.number, device, _part(client), now)
    try:
        deps.sms_breaker.charge(now)
    except RateLimited:
        give_back()  # it outlasts the breaker by far
        raise
    return give_back


def _charge_phone(deps: Deps, phone: str, device: str | None, part: Part, now: datetime) -> Callable[[], None]:
    """Charge a phone, and its part for one network; what takes the charge back.

    Where others have used up what the phone has, a device that its owner has signed in from goes on with its own.
    """
    try:
        deps.rates.charge("code.phone", phone, now, part)
    except RateLimited:
        if device is None or not is_owners(deps, deps.phones.find(phone), device):
            raise
        deps.rates.charge("code.device", f"{phone}#{device}", now)
        return partial(deps.rates.give_back, "code.device", f"{phone}#{device}", now)
    return partial(deps.rates.give_back, "code.phone", phone, now, part)


def _part(client: Client) -> Part:
    """What one network may bring about of what a phone is charged: less than all, or it would shut out its owner."""
    return Part.of("code.network", client.network)


def _charge_wrong_guess(deps: Deps, otp: Otp, client: Client, now: datetime) -> None:
    """Charge a guess that was looked at, and was wrong; codes and wrong guesses of a phone are bounded together.

    Where whoever guesses has used up their part, it is charged to whoever has asked for the code, or two networks would
    guess for nothing: one asks, the other guesses.
    """
    try:
        _charge_phone(deps, otp.phone, otp.device, _part(client), now)
    except RateLimited:
        if otp.asked_from is not None:
            deps.rates.charge("code.phone", otp.phone, now, Part("code.network", otp.asked_from))
        raise


@contextmanager
def charged_sms(deps: Deps, phone: Phone, device: str | None, client: Client, now: datetime) -> Iterator[None]:
    """Charge an SMS that is sent inside. What was certainly not sent is not charged: nobody is locked out by it.

    `device` is the fingerprint of the device that asks.
    """
    give_back = _charge_sms(deps, phone, device, client, now)
    try:
        yield
    except PanzotoError as fault:
        if isinstance(fault, NEVER_SENT) or (isinstance(fault, MessageNotSent) and fault.again):
            give_back()
            deps.sms_breaker.give_back(now)
        raise


def send_code(deps: Deps, phone: Phone, purpose: str, device_id: str | None, client: Client, now: datetime) -> Otp:
    """Send a new code, which ends the one before.

    It is kept before it is sent. If it cannot be sent it is taken back, so that the next try need not wait; a crash
    between the two leaves a code that nobody knows.
    """
    deps.rates.charge("code.address", client.network, now)
    deps.otps.check_resend(phone.number, deps.config.otp_resend_delay, now)
    device = maybe_fingerprint(device_id)
    with charged_sms(deps, phone, device, client, now):
        code = deps.codes.new()
        otp = Otp(
            phone=phone.number,
            purpose=purpose,
            device=device,
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
    device = maybe_fingerprint(device_id)
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
