"""Who comes in by what they hold, a phone or a mailbox: somebody we know, or somebody new, made with the sign-in."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from panzoto.crypto.keys import new_key_salt
from panzoto.deps import Deps
from panzoto.errors import Conflict, LinkNeeded
from panzoto.models.audio_keys import audio_key_attributes, audio_key_is
from panzoto.models.store.expressions import Attr, Condition
from panzoto.models.store.transaction import Member, transact
from panzoto.models.times import seconds
from panzoto.models.users import User, epoch_is, identities_are, password_is, phone_is
from panzoto.providers.id_tokens import Identity

from . import _audio_key
from ._addresses import maybe_email
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
    proves_email: bool = False
    is_linked: bool = False
    ends_sessions: bool = False


def by_phone(
    deps: Deps, phone: str, now: datetime, *, user_id: str | None = None, pending_email: str | None = None
) -> Arrival:
    """Whoever has the phone; somebody new, if nobody has."""
    claim = deps.phones.find(phone)
    if claim is None or "user_id" not in claim:  # a record of older software says no more than a name
        name = claim.get("name") if claim else None
        person = _new_person(now, user_id, phone=phone, name=name, pending_email=pending_email)
        return _made(deps, person, deps.phones.claiming(phone, person.user_id, name, now), now)
    user = _there(deps.users.find(claim["user_id"]))
    return _known(deps, user, {}, now)


def by_email(deps: Deps, email: str, user_id: str, now: datetime) -> Arrival:
    """Whoever has the email, which has just been proved; somebody new with that id, if nobody has.

    A password that was set before anybody had proved the email may be a stranger's, who waited for the owner to come:
    it is suspended, and the sessions that began by it end. It works again when its owner, signed in, confirms it. A
    phone that was added before may be the same stranger's: it is taken away, and can be added again.
    """
    claim = deps.emails.find(email)
    if claim is None:
        person = _new_person(now, user_id, email=email)
        return _made(deps, person, deps.emails.claiming(email, person.user_id), now)
    user = _there(deps.users.find(claim["user_id"]))
    if user.email != email:  # it was changed after the claim was read
        raise Conflict
    if user.email_verified_at is not None:
        return _known(deps, user, {}, now)
    proved: dict[str, Any] = {"email_verified_at": seconds(now), "must_verify": None}
    if user.password_hash is not None or user.phone is not None:
        proved |= {"known_devices": None, "session_epoch": user.epoch + 1, "sessions_ended_at": seconds(now)}
    if user.password_hash is not None:
        proved["password_suspended"] = True
    without_phone, released = unproved_phone(deps, user)
    return replace(_known(deps, user, proved | without_phone, now, *released), proves_email=True)


def unproved_phone(deps: Deps, user: User) -> tuple[dict[str, Any], list[Member]]:
    """What takes the phone from somebody whose email is being proved for the first time: it may be a stranger's."""
    if user.email_verified_at is not None or user.phone is None:
        return {}, []
    return {"phone_number": None}, [deps.phones.releasing(user.phone, user.user_id)]


def by_identity(deps: Deps, provider: str, identity: Identity, now: datetime) -> Arrival:
    """Whoever the identity at another provider belongs to; somebody new, if it is nobody's.

    Its email says nothing of who somebody is. An account that has it is linked by its owner, signed in; or here, where
    that is configured, and both of us have verified the email.
    """
    claim = deps.identities.find(identity.issuer, identity.subject)
    if claim is not None:
        return _known(deps, _there(deps.users.find(claim["user_id"])), {}, now)
    email = maybe_email(identity.email)
    owner = deps.emails.find(email) if email else None
    if email and identity.email_verified and owner is not None:
        user = _there(deps.users.find(owner["user_id"]))
        if not deps.config.oauth_link_by_email or user.email_verified_at is None or provider in user.identities:
            raise LinkNeeded
        claiming = deps.identities.claiming(identity.issuer, identity.subject, user.user_id, provider, now)
        arrival = _known(deps, user, {"identities": {*user.identities, provider}}, now)
        return replace(arrival, members=(claiming, *arrival.members), is_linked=True)
    known: dict[str, Any] = {"name": identity.name, "identities": frozenset({provider})}
    if email and identity.email_verified:
        known["email"] = email
    elif owner is None:
        known["pending_email"] = email
    person = _new_person(now, **known)
    claiming = deps.identities.claiming(identity.issuer, identity.subject, person.user_id, provider, now)
    made = _made(deps, person, claiming, now)
    emails = (deps.emails.claiming(person.email, person.user_id),) if person.email else ()
    return replace(made, members=(*made.members, *emails))


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
    if arrival.is_new:  # whoever has ended the approval meanwhile found nobody whose sessions to end
        arrival = replace(arrival, admitted=admit(deps, arrival.admitted.user, now))
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


def _new_person(now: datetime, user_id: str | None, **known: Any) -> User:
    email = known.setdefault("email", None)
    verified, user_id = now if email else None, user_id or str(uuid.uuid4())
    return User(user_id=user_id, key_salt=new_key_salt(), created_at=now, email_verified_at=verified, **known)


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


def _known(deps: Deps, user: User, changes: dict[str, Any], now: datetime, *also: Member) -> Arrival:
    """Somebody we know, with what the sign-in changes of them, and an audio key if they have none yet."""
    changed = replace(user, **_as_fields(user, changes, now))
    admitted = admit(deps, changed, now)
    recovery_key = None
    if user.audio_key is None:
        made = _audio_key.make(deps, user.user_id, None, user.key_salt)
        changes, recovery_key = {**changes, **audio_key_attributes(made.audio_key)}, made.recovery_key
        admitted = admitted.as_now(replace(changed, audio_key=made.audio_key))
    changing = deps.users.changing(user, now, changes, when=_as_read(user), otherwise=Conflict)
    members = (changing, *also) if changes else ()
    same: Condition = epoch_is(user) & password_is(user) & audio_key_is(user.audio_key) & identities_are(user)
    members = (deps.users.changing(user, now, changes, when=same, otherwise=Conflict),) if changes else ()
    return Arrival(
        admitted=admitted,
        members=members,
        audio_key=_audio_key.handed_out(deps, admitted.user),
        recovery_key=recovery_key,
        ends_sessions="session_epoch" in changes,
    )


def _as_read(user: User) -> Condition:
    """That nothing has changed of what decides who comes in, and how."""
    email: Condition = Attr("email").eq(user.email) if user.email else Attr("email").not_exists()
    return epoch_is(user) & password_is(user) & audio_key_is(user.audio_key) & phone_is(user) & email


def _as_fields(user: User, changes: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The same changes as the person shows them."""
    if not changes:
        return {}
    suspended = bool(changes.get("password_suspended", user.password_suspended))
    epoch = changes.get("session_epoch", user.epoch)
    phone = changes.get("phone_number", user.phone)
    proved = {"email_verified_at": now, "must_verify": False}
    return {**proved, "password_suspended": suspended, "epoch": epoch, "phone": phone}
    identities = frozenset(changes.get("identities", user.identities))
    fields = {"email_verified_at": now, "must_verify": False, "password_suspended": suspended, "epoch": epoch}
    return fields | {"identities": identities}
