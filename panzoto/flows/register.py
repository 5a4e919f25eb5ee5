"""Somebody makes an account with an email and a password."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime

from panzoto.crypto.keys import new_key_salt
from panzoto.deps import Deps
from panzoto.errors import EmailTaken, NotApproved
from panzoto.messages.kinds import LinkRefusedEmail, RegistrationAttempt
from panzoto.models.store.expressions import Attr
from panzoto.models.store.transaction import Member, transact
from panzoto.models.user import User

from . import _audio_key
from ._addresses import normal_email
from ._audit import recording
from ._devices import fingerprint
from ._email_verification import send_verification
from ._mail import afterwards, send
from ._policy import admit, check_email
from ._sessions import SignedIn, start_session
from .client import Client


def register(
    deps: Deps, email: str, password: str, client: Client, *, name: str | None = None, device_id: str | None = None
) -> SignedIn:
    """Make an account and sign in.

    Commit point: the transaction of the person and the claim of the email. A crash before it leaves nothing; after it
    the account is there, and its owner signs in by password. Where the queue for hashing is full, nothing is begun.
    """
    deps.passwords.expect_room()
    now = deps.clock()
    email = normal_email(email)
    deps.rates.charge("register.address", client.network, now)
    deps.check_new_password(password, context=(email, name or ""))
    person = _person(deps, email, password, now, name=name, device_id=device_id)
    made = _audio_key.make(deps, person.user_id, password, person.key_salt)
    user = replace(person, audio_key=made.audio_key)
    admitted = admit(deps, user, now)
    recorded = recording(deps, user.user_id, "registered", client, now)
    transact(deps.gateway, deps.emails.claiming(email, user.user_id), deps.users.creating(user), recorded)
    send_verification(deps, user, email, client, now)
    return start_session(
        deps, admitted, device_id=device_id, client=client, now=now, amr="pwd", recovery_key=made.recovery_key
    )


def register_quietly(deps: Deps, email: str, password: str, client: Client, *, name: str | None = None) -> None:
    """The same where nobody may learn who has an account, or must prove an email first: the answer is a mail.

    It goes out in either case, to an email that is not approved too, if nobody may learn that either: the same is asked
    of the store for it, in vain. The mail goes out after the answer, whose time and status tell nothing. The audio key
    is made at the first sign-in, which can show its recovery key. Commit point as in `register`.
    """
    deps.passwords.expect_room()
    now = deps.clock()
    email = normal_email(email)
    deps.rates.charge("register.address", client.network, now)
    deps.check_new_password(password, context=(email, name or ""))
    approved = _is_approved(deps, email, now)
    # A sign-in with its password would tell whether it was taken, and so would the guesses of a device that it knows.
    user = replace(_person(deps, email, password, now, name=name), must_verify=True)
    creating = deps.users.creating(user) if approved else _creating_nobody(deps, user)
    try:
        recorded = recording(deps, user.user_id, "registered", client, now)
        transact(deps.gateway, creating, deps.emails.claiming(email, user.user_id), recorded)
    except NotApproved:
        afterwards(deps, "not_approved", lambda: _refuse(deps, email, client, now))
    except EmailTaken:
        afterwards(deps, "registration_attempt", lambda: _tell_owner(deps, email, client, now))
    else:
        afterwards(deps, "registered", lambda: send_verification(deps, user, email, client, now))


def _is_approved(deps: Deps, email: str, now: datetime) -> bool:
    """Whether somebody could sign in with that email; raises where whoever asks may hear that."""
    try:
        check_email(deps, email, now)
    except NotApproved:
        if not deps.config.prevent_enumeration:
            raise
        return False
    return True


def _creating_nobody(deps: Deps, user: User) -> Member:
    """What takes as long as creating the person, and always fails."""
    there = Attr("user_id").exists()
    return deps.users.checking({"user_id": user.user_id}, when=there, otherwise=NotApproved)


def _tell_owner(deps: Deps, email: str, client: Client, now: datetime) -> None:
    """Tell the owner of an account that somebody would register with its email; not often, whoever asks."""
    deps.rates.charge("forgot.account", f"email:{email}", now)
    send(deps, RegistrationAttempt(), email, client, now)


def _refuse(deps: Deps, email: str, client: Client, now: datetime) -> None:
    """Tell whoever has the email that it is not approved; not often, whoever asks."""
    deps.rates.charge("forgot.account", f"email:{email}", now)
    send(deps, LinkRefusedEmail(), email, client, now)


def _person(
    deps: Deps, email: str, password: str, now: datetime, *, name: str | None, device_id: str | None = None
) -> User:
    """The new person, with a hash of the password."""
    return User(
        user_id=str(uuid.uuid4()),
        email=email,
        name=name,
        password_hash=deps.passwords.hash(password),
        key_salt=new_key_salt(),
        created_at=now,
        devices=frozenset({fingerprint(device_id)} if device_id else ()),
    )
