"""Who comes in by what they hold, a phone or a mailbox: somebody we know, or somebody new, made with the sign-in."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from panzoto.crypto.keys import new_key_salt
from panzoto.deps import Deps
from panzoto.errors import Conflict
from panzoto.models.audio_keys import audio_key_attributes, audio_key_is
from panzoto.models.store.expressions import Condition
from panzoto.models.store.transaction import Member, transact
from panzoto.models.times import seconds
from panzoto.models.users import User, epoch_is, password_is

from . import _audio_key
from ._policy import Admitted, admit
from ._sessions import clear_sessions


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """Somebody who may come in, and what has to be written for it: nothing, for most people on most days."""

    admitted: Admitted
    members: tuple[Member, ...] = ()
    audio_key: bytes | None = field(default=None, repr=False)
    recovery_key: str | None = field(default=None, repr=False)
    is_new: bool = False
    ends_sessions: bool = False


def by_phone(deps: Deps, phone: str, now: datetime, *, pending_email: str | None = None) -> Arrival:
    """Whoever has the phone; somebody new, if nobody has."""
    claim = deps.phones.find(phone)
    if claim is None or "user_id" not in claim:  # a record of older software says no more than a name
        name = claim.get("name") if claim else None
        person = _new_person(now, phone=phone, name=name, pending_email=pending_email)
        return _made(deps, person, deps.phones.claiming(phone, person.user_id, name, now), now)
    user = _there(deps.users.find(claim["user_id"]))
    return _known(deps, user, {}, now)


def by_email(deps: Deps, email: str, user_id: str, now: datetime) -> Arrival:
    """Whoever has the email, which has just been proved; somebody new with that id, if nobody has.

    A password that was set before anybody had proved the email may be a stranger's, who waited for the owner to come:
    it is suspended, and the sessions that began by it end. It works again when its owner, signed in, confirms it.
    """
    claim = deps.emails.find(email)
    if claim is None:
        person = replace(_new_person(now, email=email), user_id=user_id)
        return _made(deps, person, deps.emails.claiming(email, person.user_id), now)
    user = _there(deps.users.find(claim["user_id"]))
    if user.email_verified_at is not None:
        return _known(deps, user, {}, now)
    proved: dict[str, Any] = {"email_verified_at": seconds(now), "must_verify": None}
    if user.password_hash is not None:
        ended = {"session_epoch": user.epoch + 1, "sessions_ended_at": seconds(now)}
        proved |= {"password_suspended": True, "known_devices": None, **ended}
    return _known(deps, user, proved, now)


def settle(
    deps: Deps, arrive: Callable[[], Arrival], redeem: Callable[[], None], redeeming: Member, now: datetime
) -> Arrival:
    """Spend what was presented and write what the arrival changes, together. The commit point of these sign-ins.

    Whoever crosses with somebody that makes or changes the same person looks again, once.
    """
    try:
        arrival = _settled(deps, arrive(), redeem, redeeming)
    except Conflict:
        arrival = _settled(deps, arrive(), redeem, redeeming)
    if arrival.ends_sessions:
        clear_sessions(deps, arrival.admitted.user, now)
    return arrival


def _settled(deps: Deps, arrival: Arrival, redeem: Callable[[], None], redeeming: Member) -> Arrival:
    if arrival.members:
        transact(deps.gateway, redeeming, *arrival.members)
    else:
        redeem()  # alone it costs half
    return arrival


def _there(user: User | None) -> User:
    """The person that a claim names; one whose deletion is under way may be gone before their claim."""
    if user is None:
        raise Conflict
    return user


def _new_person(now: datetime, **known: Any) -> User:
    email = known.setdefault("email", None)
    verified = now if email else None
    return User(user_id=str(uuid.uuid4()), key_salt=new_key_salt(), created_at=now, email_verified_at=verified, **known)


def _made(deps: Deps, person: User, claiming: Member, now: datetime) -> Arrival:
    """Somebody new. Their audio key is wrapped by KMS until they set a password."""
    admitted = admit(deps, person, now)
    made = _audio_key.make(deps, person.user_id, None, person.key_salt)
    user = replace(person, audio_key=made.audio_key)
    return Arrival(
        admitted=admitted.as_now(user),
        members=(claiming, deps.users.creating(user)),
        audio_key=_audio_key.handed_out(deps, user),
        recovery_key=made.recovery_key,
        is_new=True,
    )


def _known(deps: Deps, user: User, changes: dict[str, Any], now: datetime) -> Arrival:
    """Somebody we know, with what the sign-in changes of them, and an audio key if they have none yet."""
    changed = replace(user, **_as_fields(user, changes, now))
    admitted = admit(deps, changed, now)
    recovery_key = None
    if user.audio_key is None:
        made = _audio_key.make(deps, user.user_id, None, user.key_salt)
        changes, recovery_key = {**changes, **audio_key_attributes(made.audio_key)}, made.recovery_key
        admitted = admitted.as_now(replace(changed, audio_key=made.audio_key))
    same: Condition = epoch_is(user) & password_is(user) & audio_key_is(user.audio_key)
    members = (deps.users.changing(user, now, changes, when=same, otherwise=Conflict),) if changes else ()
    return Arrival(
        admitted=admitted,
        members=members,
        audio_key=_audio_key.handed_out(deps, admitted.user),
        recovery_key=recovery_key,
        ends_sessions="session_epoch" in changes,
    )


def _as_fields(user: User, changes: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The same changes as the person shows them."""
    if not changes:
        return {}
    suspended = bool(changes.get("password_suspended", user.password_suspended))
    epoch = changes.get("session_epoch", user.epoch)
    return {"email_verified_at": now, "must_verify": False, "password_suspended": suspended, "epoch": epoch}
