"""Who comes in by what they hold, a phone, a mailbox, an identity: somebody we know, or somebody new."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from panzoto.deps import Deps
from panzoto.errors import Conflict, LinkNeeded
from panzoto.models.store.transaction import Member
from panzoto.models.times import seconds
from panzoto.models.user import User
from panzoto.providers.id_tokens import Identity

from ._addresses import maybe_email
from ._arrivals import Arrival, known, made, new_person, there


def by_phone(
    deps: Deps, phone: str, now: datetime, *, user_id: str | None = None, pending_email: str | None = None
) -> Arrival:
    """Whoever has the phone; somebody new, if nobody has."""
    claim = deps.phones.find(phone)
    if claim is None or "user_id" not in claim:  # a record of older software says no more than a name
        name = claim.get("name") if claim else None
        person = new_person(now, user_id, phone=phone, name=name, pending_email=pending_email)
        return made(deps, person, deps.phones.claiming(phone, person.user_id, name, now), now)
    user = there(deps.users.find(claim["user_id"]))
    return known(deps, user, {}, now)


def by_email(deps: Deps, email: str, user_id: str, now: datetime) -> Arrival:
    """Whoever has the email, which has just been proved; somebody new with that id, if nobody has.

    A password that was set before anybody had proved the email may be a stranger's, who waited for the owner to come:
    it is suspended, and the sessions that began by it end. It works again when its owner, signed in, confirms it. A
    phone or an identity that was added before may be the same stranger's: it is taken away, and can be added again.
    """
    claim = deps.emails.find(email)
    if claim is None:
        person = new_person(now, user_id, email=email)
        return made(deps, person, deps.emails.claiming(email, person.user_id), now)
    user = there(deps.users.find(claim["user_id"]))
    if user.email != email:  # it was changed after the claim was read
        raise Conflict
    if user.email_verified_at is not None:
        return known(deps, user, {}, now)
    proved: dict[str, Any] = {"email_verified_at": seconds(now), "must_verify": None}
    if user.password_hash is not None or user.phone is not None or user.identities:
        proved |= {"known_devices": None, "session_epoch": user.epoch + 1, "sessions_ended_at": seconds(now)}
    if user.password_hash is not None:
        proved["password_suspended"] = True
    taken, released = unproved(deps, user)
    return replace(known(deps, user, proved | taken, now, *released), proves_email=True)


def unproved(deps: Deps, user: User) -> tuple[dict[str, Any], list[Member]]:
    """What takes the other ways in from somebody whose email is being proved for the first time.

    They may be a stranger's. The claim of an identity stays, and counts when its owner links it again.
    """
    changes: dict[str, Any] = {}
    released = []
    if user.email_verified_at is None and user.phone is not None:
        changes["phone_number"] = None
        released.append(deps.phones.releasing(user.phone, user.user_id))
    if user.email_verified_at is None and user.identities:
        changes["identities"] = None
    return changes, released


def by_identity(deps: Deps, provider: str, identity: Identity, now: datetime) -> Arrival:
    """Whoever the identity at another provider belongs to; somebody new, if it is nobody's.

    Its email says nothing of who somebody is. An account that has it is linked by its owner, signed in; or here, where
    that is configured, and both of us have verified the email.
    """
    claim = deps.identities.find(identity.issuer, identity.subject)
    if claim is not None:
        user = there(deps.users.find(claim["user_id"]))
        if provider not in user.identities:  # it was taken from the account when the email was proved
            raise LinkNeeded
        return known(deps, user, {}, now)
    email = maybe_email(identity.email)
    owner = deps.emails.find(email) if email else None
    if email and identity.email_verified and owner is not None:
        user = there(deps.users.find(owner["user_id"]))
        if not deps.config.oauth_link_by_email or user.email_verified_at is None or provider in user.identities:
            raise LinkNeeded
        claiming = deps.identities.claiming(identity.issuer, identity.subject, user.user_id, provider, now)
        arrival = known(deps, user, {"identities": {*user.identities, provider}}, now)
        return replace(arrival, members=(claiming, *arrival.members), is_linked=True)
    return _new_by_identity(deps, provider, identity, email, now, is_taken=owner is not None)


def _new_by_identity(
    deps: Deps, provider: str, identity: Identity, email: str | None, now: datetime, *, is_taken: bool
) -> Arrival:
    """Somebody new, with the email that the provider has verified; another waits for its own proof."""
    given: dict[str, Any] = {"name": identity.name, "identities": frozenset({provider})}
    if email and identity.email_verified:
        given["email"] = email
    elif not is_taken:
        given["pending_email"] = email
    person = new_person(now, None, **given)
    claiming = deps.identities.claiming(identity.issuer, identity.subject, person.user_id, provider, now)
    arrival = made(deps, person, claiming, now)
    emails = (deps.emails.claiming(person.email, person.user_id),) if person.email else ()
    return replace(arrival, members=(*arrival.members, *emails))
