"""Somebody who comes in by other means than a password: who they are by then, and what has to be written for it."""

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
from panzoto.models.user import User
from panzoto.models.user_conditions import email_is, password_is, ways_in_are

from . import _audio_key
from ._audit import recording
from ._policy import Admitted, admit
from ._sessions import clear_sessions
from .client import Client


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


def settle(deps: Deps, arrive: Callable[[], Arrival], write: Callable[[Arrival], None], now: datetime) -> Arrival:
    """Write what the arrival changes, with what was presented. The commit point of these sign-ins.

    Whoever crosses with somebody that makes or changes the same person looks again, once.
    """
    try:
        write(arrival := arrive())
    except Conflict:
        write(arrival := arrive())
    if arrival.is_new:  # whoever has ended the approval meanwhile found nobody whose sessions to end
        arrival = replace(arrival, admitted=admit(deps, arrival.admitted.user, now))
    if arrival.ends_sessions:
        clear_sessions(deps, arrival.admitted.user.user_id, arrival.admitted.user.epoch)
    return arrival


def spend(
    deps: Deps, client: Client, now: datetime, alone: Callable[[], None], together: Member, arrival: Arrival
) -> None:
    """Spend what was presented: together with what the arrival changes, or alone, which costs half."""
    if arrival.members:
        transact(deps.gateway, together, *arrival.members, *recordings(deps, arrival, client, now))
    else:
        alone()


def recordings(
    deps: Deps, arrival: Arrival, client: Client, now: datetime, provider: str | None = None
) -> list[Member]:
    """What an arrival makes of an account, on record, as members of its transaction."""
    user_id, events = arrival.admitted.user.user_id, list[Member]()
    if arrival.is_new:
        events.append(recording(deps, user_id, "registered", client, now, {"by": provider} if provider else None))
    if arrival.proves_email:
        proved = {"ended_what_was_before": arrival.ends_sessions}
        events.append(recording(deps, user_id, "email_verified", client, now, proved))
    if arrival.is_linked:
        linked = {"provider": provider, "by": "email"}
        events.append(recording(deps, user_id, "identity_linked", client, now, linked))
    return events


def there(user: User | None) -> User:
    """The person that a claim names; one whose deletion is under way may be gone before their claim."""
    if user is None:
        raise Conflict
    return user


def new_person(now: datetime, user_id: str | None, **given: Any) -> User:
    """Somebody who is to be made; an email of theirs was just proved."""
    email = given.setdefault("email", None)
    verified, user_id = now if email else None, user_id or str(uuid.uuid4())
    return User(user_id=user_id, key_salt=new_key_salt(), created_at=now, email_verified_at=verified, **given)


def made(deps: Deps, person: User, claiming: Member, now: datetime) -> Arrival:
    """Somebody new. Their audio key is wrapped by KMS until they set a password."""
    admitted = admit(deps, person, now)
    key = _audio_key.make(deps, person.user_id, None, person.key_salt)
    user = replace(person, audio_key=key.audio_key)
    return Arrival(
        admitted=admitted.as_now(user),
        members=(claiming, deps.users.creating(user)),
        audio_key=_audio_key.handed_out(deps, user),
        recovery_key=key.recovery_key,
        is_new=True,
    )


def known(deps: Deps, user: User, changes: dict[str, Any], now: datetime, *also: Member) -> Arrival:
    """Somebody we know, with what the sign-in changes of them, and an audio key if they have none yet."""
    admitted = admit(deps, user.with_changes(changes), now)
    recovery_key = None
    if user.audio_key is None:
        key = _audio_key.make(deps, user.user_id, None, user.key_salt)
        changes, recovery_key = {**changes, **audio_key_attributes(key.audio_key)}, key.recovery_key
        admitted = admitted.as_now(user.with_changes(changes))
    changing = deps.users.changing(user, now, changes, when=_as_read(user), otherwise=Conflict)
    members = (changing, *also) if changes else ()
    return Arrival(
        admitted=admitted,
        members=members,
        audio_key=_audio_key.handed_out(deps, admitted.user),
        recovery_key=recovery_key,
        ends_sessions="session_epoch" in changes,
    )


def _as_read(user: User) -> Condition:
    """That nothing has changed of what decides who comes in, and how."""
    return password_is(user) & email_is(user) & ways_in_are(user) & audio_key_is(user.audio_key)
