"""Somebody signs in with an email and a password."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from panzoto.deps import Deps
from panzoto.errors import AccessDenied, Conflict, Overloaded, RateLimited, WrongPassword
from panzoto.messages.kinds import NewDevice
from panzoto.models.audio_keys import audio_key_attributes, audio_key_is
from panzoto.models.store.expressions import Condition
from panzoto.models.user import User
from panzoto.models.user_conditions import password_is

from . import _audio_key, _devices
from ._addresses import normal_email
from ._audit import record
from ._mail import notify
from ._policy import admit
from ._sessions import SignedIn, start_session
from .client import Client

NOBODY = "nobody"


@dataclass(frozen=True)
class _Guess:
    """A try at an account: whose, whether its device is known, and the count that it is charged to."""

    email: str
    user: User | None
    known_device: bool
    bucket: str


def login(deps: Deps, email: str, password: str, client: Client, *, device_id: str | None = None) -> SignedIn:
    """Sign in by password.

    A guess is charged before it is looked at: to the network it comes from, and to the account there. A device that has
    signed in before has guesses of its own. Wrong guesses from elsewhere are counted together too: past that limit only
    known devices sign in until its window ends. An unknown email costs the same calls and hashing as a known one.
    Where the queue for hashing is full already, nothing is charged, read or written.
    Commit point: the session's writes. A crash before them costs another try, and the first time the recovery key.
    """
    deps.passwords.expect_room()
    now = deps.clock()
    guess = _guess(deps, normal_email(email), device_id, client, now)
    guesses = deps.rates.charge("login.account", guess.bucket, now)
    try:
        user = _verified(deps, guess, password, client, now)
    except Overloaded:
        deps.rates.give_back("login.account", guess.bucket, now)  # nobody has looked at this guess
        deps.rates.give_back("login.address", client.network, now)
        raise
    if guesses > 1:
        deps.rates.clear("login.account", guess.bucket, now)
    admitted = admit(deps, user, now)
    user, recovery_key = _up_to_date(deps, user, password, now)
    signed_in = start_session(
        deps, admitted.as_now(user), device_id=device_id, client=client, now=now, amr="pwd", recovery_key=recovery_key
    )
    is_new = _devices.remember(deps, user, device_id) or device_id is None
    if is_new and user.devices and user.email:  # the person as they were: with devices of before
        notify(deps, NewDevice(when=now, **client.seen), user.email, client, now)
    return signed_in


def _guess(deps: Deps, email: str, device_id: str | None, client: Client, now: datetime) -> _Guess:
    """Whose guess it is, charged to its network. Somebody unknown takes as many reads as somebody known."""
    deps.rates.charge("login.address", client.network, now)
    claim = deps.emails.find(email)
    user = deps.users.find(claim["user_id"] if claim else NOBODY)
    if user is not None and device_id is not None and _devices.is_known(user, device_id):
        return _Guess(email, user, known_device=True, bucket=f"{user.user_id}#{_devices.fingerprint(device_id)}")
    return _Guess(email, user, known_device=False, bucket=f"{email}#{client.network}")


def _verified(deps: Deps, guess: _Guess, password: str, client: Client, now: datetime) -> User:
    """The person, whose password it is."""
    try:
        return _checked(deps, guess, password, now)
    except (WrongPassword, AccessDenied) as wrong:
        subject = guess.user.user_id if guess.user else f"email:{guess.email}"
        record(deps, subject, "sign_in_failed", client, now, {"by": "pwd", "why": type(wrong).__name__})
        if not guess.known_device:
            _charge_everywhere(deps, guess, now)
        raise WrongPassword from None


def _checked(deps: Deps, guess: _Guess, password: str, now: datetime) -> User:
    """The person, or why not: the reason is for the audit event alone."""
    user = guess.user
    if user is None or user.password_hash is None or (user.is_guarded(now) and not guess.known_device):
        deps.passwords.verify_nobody(password)
    deps.passwords.verify(user.password_hash, password)
    if not user.may_sign_in or user.must_verify or user.password_suspended:
        raise AccessDenied
    return user


def _charge_everywhere(deps: Deps, guess: _Guess, now: datetime) -> None:
    """Count a wrong guess at the account, wherever it came from; past the limit the account is guarded."""
    try:
        deps.rates.charge("login.anywhere", guess.email, now)
    except RateLimited as limited:
        if guess.user is not None and not guess.user.is_guarded(now):
            deps.users.guard(guess.user, now, timedelta(seconds=limited.retry_after or 0))
        raise


def _up_to_date(deps: Deps, user: User, password: str, now: datetime) -> tuple[User, str | None]:
    """The person with a hash of today's profile and an audio key; migrated people get both at their first sign-in."""
    changes: dict[str, Any] = {}
    recovery_key = None
    if deps.passwords.needs_rehash(user.password_hash or ""):
        changes["password_hash"] = deps.passwords.hash(password)
    if user.audio_key is None:
        made = _audio_key.make(deps, user.user_id, password, user.key_salt)
        changes |= audio_key_attributes(made.audio_key)
        recovery_key = made.recovery_key
    elif user.audio_key.wrapped_by_kms is not None:  # it was made at a sign-in without the password
        rewrapped = _audio_key.rewrapped(deps, user, None, password)
        changes |= audio_key_attributes(rewrapped) if rewrapped else {}
    if not changes:
        return user, None
    unchanged: Condition = password_is(user) & audio_key_is(user.audio_key)
    try:
        changed = deps.users.change(user, now, changes, when=unchanged)
        return replace(changed, epoch=user.epoch), recovery_key  # what has ended the sessions since must end this one
    except Conflict:  # another sign-in was first: what it made is what counts
        latest = deps.users.find(user.user_id)
        if latest is None or latest.epoch != user.epoch:  # or the password is not this one any more
            raise WrongPassword from None
        return latest, None
