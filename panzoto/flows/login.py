"""Somebody signs in with an email and a password."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime

from panzoto.crypto.keys import SALT_BYTES, new_key_salt
from panzoto.deps import Deps
from panzoto.errors import AccessDenied, Conflict, Overloaded, WrongPassword
from panzoto.messages.kinds import NewDevice
from panzoto.models.audio_keys import audio_key_attributes
from panzoto.models.store.expressions import Attr, Condition
from panzoto.models.users import User, password_is

from . import _audio_key, _devices
from ._addresses import normal_email
from ._audit import record
from ._mail import notify
from ._sessions import SignedIn, start_session
from .client import Client

NOBODY = "nobody"


def login(deps: Deps, email: str, password: str, client: Client, *, device_id: str | None = None) -> SignedIn:
    """Sign in by password.

    A guess is charged before it is looked at: to the address, and to the account. A device that has signed in before
    has guesses of its own, so that strangers cannot use up the owner's. An unknown email costs the same reads, the same
    writes and the same hashing as a known one.
    Commit point: the session's writes. A crash before them costs the user another try.
    """
    now = deps.clock()
    email = normal_email(email)
    deps.rates.charge("login.address", client.network, now)
    user = _find(deps, email)
    bucket = _bucket(user, email, device_id)
    guesses = deps.rates.charge("login.account", bucket, now)
    try:
        user = _verified(deps, user, password, email, client, now)
    except Overloaded:
        deps.rates.give_back("login.account", bucket, now)  # nobody has looked at this guess
        raise
    if guesses > 1:
        deps.rates.clear("login.account", bucket, now)
    user, recovery_key = _up_to_date(deps, user, password, now)
    signed_in = start_session(
        deps, user, device_id=device_id, client=client, now=now, amr="pwd", recovery_key=recovery_key
    )
    is_new = _devices.remember(deps, user, device_id) or device_id is None
    if is_new and user.devices and user.email:  # the person as they were: with devices of before
        notify(deps, NewDevice(when=now, address=client.address, user_agent=client.user_agent), user.email, client, now)
    return signed_in


def _find(deps: Deps, email: str) -> User | None:
    """The person with that email. Somebody who does not exist takes as many reads as somebody who does."""
    claim = deps.emails.find(email)
    return deps.users.find(claim["user_id"] if claim else NOBODY)


def _bucket(user: User | None, email: str, device_id: str | None) -> str:
    """Whose guesses are charged."""
    if user is not None and device_id is not None and _devices.is_known(user, device_id):
        return f"{user.user_id}#{_devices.fingerprint(device_id)}"
    return email


def _verified(deps: Deps, user: User | None, password: str, email: str, client: Client, now: datetime) -> User:
    """The person, whose password it is."""
    try:
        return _checked(deps, user, password)
    except (WrongPassword, AccessDenied) as wrong:
        subject = user.user_id if user else f"email:{email}"
        record(deps, subject, "sign_in_failed", client, now, {"by": "pwd", "why": type(wrong).__name__})
        raise WrongPassword from None


def _checked(deps: Deps, user: User | None, password: str) -> User:
    """The same; what is wrong is said for the audit event, and told to nobody."""
    if user is None or user.password_hash is None:
        deps.passwords.verify_nobody(password)
    deps.passwords.verify(user.password_hash, password)
    if not user.may_sign_in or user.must_verify:
        raise AccessDenied
    return user


def _up_to_date(deps: Deps, user: User, password: str, now: datetime) -> tuple[User, str | None]:
    """The person with a hash of today's profile and an audio key; migrated people get both at their first sign-in."""
    changes = {}
    recovery_key = None
    if deps.passwords.needs_rehash(user.password_hash or ""):
        changes["password_hash"] = deps.passwords.hash(password)
    if user.audio_key is None:
        salt = user.key_salt if len(user.key_salt) == SALT_BYTES else new_key_salt()  # a migrated one may be unusable
        made = _audio_key.make(deps, user.user_id, password, salt)
        changes |= {**audio_key_attributes(made.audio_key), "key_salt": b64encode(salt).decode()}
        recovery_key = made.recovery_key
    if not changes:
        return user, None
    unchanged: Condition = password_is(user)
    if recovery_key:
        unchanged &= Attr("wrapped_audio_key").not_exists()
    try:
        return deps.users.change(user, now, changes, when=unchanged), recovery_key
    except Conflict:  # another sign-in was first: what it made is what counts
        latest = deps.users.find(user.user_id)
        if latest is None or latest.epoch != user.epoch:  # or the password is not this one any more
            raise WrongPassword from None
        return latest, None
