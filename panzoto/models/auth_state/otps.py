"""Phone codes: one for each phone, which the next replaces, and of which so many guesses are looked at."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from panzoto.errors import CodeRejected, CodeSpent, RateLimited
from panzoto.models.spec import AUTH_STATE
from panzoto.models.store.expressions import Attr, Change, Condition
from panzoto.models.store.transaction import Member
from panzoto.models.store.wire import Item
from panzoto.models.table import Table
from panzoto.models.times import from_seconds, seconds

from .keys import key

KIND, IN_CLEAR = "OTP", "OTP_TEST"
SIGN_IN = "sign_in"


def for_account(user_id: str) -> str:
    """What a code is for that adds a phone to an account; it signs nobody in."""
    return f"account:{user_id}"


@dataclass(frozen=True, kw_only=True)
class Otp:
    """A code that was sent. `device` is a fingerprint of the device that asked; only there it works.

    `asked_from` stands for the network that asked for it.
    """

    phone: str
    purpose: str
    device: str | None
    created_at: datetime
    expires_at: datetime
    hash: str = field(repr=False)
    attempts: int = 0
    asked_from: str | None = None


class Otps(Table):
    """`OTP#<phone>`: the newest code of a phone, and `OTP_TEST#<phone>`: the same in clear, in test mode alone."""

    spec = AUTH_STATE

    def check_resend(self, phone: str, delay: timedelta, now: datetime) -> None:
        """Raise `RateLimited` if the last code was sent a moment ago. `issue` decides; this comes before any charge."""
        item = self.get(key(KIND, phone))
        if item and "OTPHash" in item and "Purpose" in item and item["CreatedAt"] > seconds(now - delay):
            raise _too_soon(item, delay, now)

    def issue(self, otp: Otp, delay: timedelta, now: datetime) -> None:
        """Keep a code that is about to be sent, in place of the one before; of two at the same moment one is."""
        earlier = Attr("OTPHash").not_exists() | Attr("CreatedAt").lte(seconds(now - delay))
        earlier |= Attr("Purpose").not_exists()  # what older software left works nowhere here
        self.put(to_item(otp), when=earlier, otherwise=lambda item: _too_soon(item, delay, now))

    def keep_in_clear(self, otp: Otp, code: str) -> None:
        """Keep the code where tests read it."""
        ends = seconds(otp.expires_at)
        self.put({**key(IN_CLEAR, otp.phone), "OTP": code, "ExpiresAt": ends, "TTL": ends})

    def withdraw(self, otp: Otp) -> None:
        """Take back a code that could not be sent, unless it was used or replaced meanwhile."""
        with suppress(CodeRejected):
            self.update(key(KIND, otp.phone), _ended(), when=_is(otp), otherwise=CodeRejected)

    def spend_attempt(
        self, phone: str, purpose: str, device: str | None, now: datetime, *, most: int, delay: timedelta
    ) -> Otp:
        """Charge one guess, before it is looked at. `delay` is when the next code may be asked for."""
        mine = _works_for(purpose, device, now)
        return from_item(
            self.update(
                key(KIND, phone),
                Change(add={"Attempts": 1}),
                when=mine & Attr("Attempts").lt(most),
                otherwise=lambda item: _why_not(item, purpose, device, delay, now),
            )
        )

    def give_back(self, otp: Otp) -> None:
        """Take back a guess that nobody has looked at, or a right one that came to nothing by our fault."""
        with suppress(CodeRejected):  # a code that was used or replaced meanwhile has no guesses of this one's
            self.update(key(KIND, otp.phone), Change(add={"Attempts": -1}), when=_is(otp), otherwise=CodeRejected)

    def redeem(self, otp: Otp, now: datetime) -> None:
        """The one use of a code: of two callers, one returns."""
        self.update(key(KIND, otp.phone), _ended(), when=_works(otp, now), otherwise=CodeRejected)

    def redeeming(self, otp: Otp, now: datetime) -> Member:
        """The same, as a member of the transaction that does what the code is for."""
        return self.updating(key(KIND, otp.phone), _ended(), when=_works(otp, now), otherwise=CodeRejected)

    def forget(self, phone: str) -> None:
        """Delete what is kept of a phone's codes."""
        self.write_many(deletes=[key(KIND, phone), key(IN_CLEAR, phone)])


def _ended() -> Change:
    """A used code leaves its item, whose hash is gone, until its time is over."""
    return Change(set={"Used": True}, remove=["OTPHash"])


def _is(otp: Otp) -> Condition:
    same: Condition = Attr("OTPHash").eq(otp.hash)
    return same


def _works(otp: Otp, now: datetime) -> Condition:
    return _is(otp) & Attr("ExpiresAt").gt(seconds(now))


def _works_for(purpose: str, device: str | None, now: datetime) -> Condition:
    bound: Condition = Attr("Device").eq(None)
    if device is not None:
        bound |= Attr("Device").eq(device)
    return Attr("OTPHash").exists() & Attr("ExpiresAt").gt(seconds(now)) & Attr("Purpose").eq(purpose) & bound


def _why_not(item: Item | None, purpose: str, device: str | None, delay: timedelta, now: datetime) -> Exception:
    """Only the device that asked hears that its guesses are spent; everybody else, that the code is not right."""
    if item is None or item.get("Purpose") != purpose or item["Device"] not in (None, device):
        return CodeRejected()
    if "OTPHash" not in item or item["ExpiresAt"] <= seconds(now):
        return CodeRejected()
    return CodeSpent(retry_after=_wait(item, delay, now))


def _too_soon(item: Item | None, delay: timedelta, now: datetime) -> RateLimited:
    return RateLimited("code.resend", retry_after=_wait(item, delay, now) if item else 1)


def _wait(item: Item, delay: timedelta, now: datetime) -> int:
    """After how many seconds the next code may be asked for."""
    return max(1, seconds(from_seconds(item["CreatedAt"]) + delay) - seconds(now))


def to_item(otp: Otp) -> Item:
    """The item of a code, with the seed's attributes."""
    return {
        **key(KIND, otp.phone),
        "OTPHash": otp.hash,
        "Phone": otp.phone,
        "Attempts": otp.attempts,
        "CreatedAt": seconds(otp.created_at),
        "ExpiresAt": seconds(otp.expires_at),
        "TTL": seconds(otp.expires_at),
        "Purpose": otp.purpose,
        "Device": otp.device,
        "AskedFrom": otp.asked_from,
    }


def from_item(item: Item) -> Otp:
    """The code that an item describes."""
    return Otp(
        phone=item["Phone"],
        purpose=item["Purpose"],
        device=item["Device"],
        created_at=from_seconds(item["CreatedAt"]),
        expires_at=from_seconds(item["ExpiresAt"]),
        hash=item["OTPHash"],
        attempts=item["Attempts"],
        asked_from=item.get("AskedFrom"),
    )
