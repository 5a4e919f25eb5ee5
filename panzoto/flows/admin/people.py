"""Who somebody is, how they sign in, where they are signed in, and what happened to them lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from panzoto.deps import Deps
from panzoto.errors import InvalidRequest, NotFound
from panzoto.flows._addresses import normal_email
from panzoto.flows._devices import shown_device
from panzoto.flows._living_sessions import Living, living
from panzoto.flows._phones import claimed_form
from panzoto.flows._ways_in import EMAIL, ways_in
from panzoto.flows.export_me import person as shown_to_owner
from panzoto.models.approved_emails import Approval
from panzoto.models.audit_lists import Bounds, of_subject
from panzoto.models.connections import Connection
from panzoto.models.store.wire import Item
from panzoto.models.times import from_seconds, maybe_from_seconds
from panzoto.models.user import User

from .audit import Event, event_of
from .staff import Staff

MOST_SESSIONS, MOST_EVENTS, MOST_LINKS = 50, 20, 10


@dataclass(frozen=True, kw_only=True)
class SessionSeen:
    """One sign-in on one device."""

    session_id: str
    device: str | None
    signed_in_by: str
    address: str
    user_agent: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class ConnectionSeen:
    """What somebody has at another provider; no token is in it."""

    provider: str
    signs_in: bool
    connected: bool
    email: str | None
    scope: str | None
    reason: str | None
    created_at: str | None
    last_used_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class LinkSent:
    """A token that was sent to an email, or a session of it: what it was for, and whether it was used."""

    kind: str
    created_at: datetime
    expires_at: datetime
    used: bool
    used_at: datetime | None
    address: str
    user_agent: str


@dataclass(frozen=True, kw_only=True)
class PersonDetail:
    """One person. `shown` is what may be shown of them."""

    user: User
    shown: dict[str, Any]
    ways_in: tuple[str, ...]
    sessions: tuple[SessionSeen, ...]
    connections: tuple[ConnectionSeen, ...]
    activity: tuple[Event, ...]
    links: tuple[LinkSent, ...]
    approval: Approval | None


def find_person(deps: Deps, _: Staff, asked: str) -> User:
    """The person with that id, email or phone number."""
    asked = asked.strip()
    user = deps.users.find(_id_of(deps, asked) or "")
    if user is None:
        raise NotFound("There is nobody with that id, email or phone number.")
    return user


def person_of(deps: Deps, _: Staff, user_id: str) -> User:
    """The person with that id and no other: an id that was moved here may look like somebody's email."""
    user = deps.users.find(user_id)
    if user is None:
        raise NotFound("There is nobody with that id.")
    return user


def person_detail(deps: Deps, staff: Staff, user_id: str) -> PersonDetail:
    """One person, and what is theirs: as many items are read as there are shown, and a few."""
    now, user = deps.clock(), person_of(deps, staff, user_id)
    names = [user.user_id, *([f"email:{user.email}"] if user.email else [])]
    bounds = Bounds(now - deps.config.audit_retention, now, None, MOST_EVENTS)
    events = of_subject(deps.audit, names, bounds, lambda _: True).items
    alive = living(deps, user, deps.sessions.some_of(user.user_id, MOST_SESSIONS), now)
    return PersonDetail(
        user=user,
        shown=shown(user),
        ways_in=_ways_in(deps, user),
        sessions=tuple(map(_session, alive)),
        connections=tuple(_connection(each, user) for each in deps.oauth_tokens.connections(user.user_id)),
        activity=tuple(map(event_of, events)),
        links=tuple(map(_link, deps.one_use_tokens.newest(user.email, MOST_LINKS))) if user.email else (),
        approval=deps.approved_emails.find(user.email) if user.email else None,
    )


def shown(user: User) -> dict[str, Any]:
    """What may be shown of a person: what they see themselves, and what the service has noted."""
    times = {"disabled_at": user.disabled_at, "deleting_at": user.deleting_at, "guarded_until": user.guarded_until}
    return {
        **shown_to_owner(user),
        **{name: at.isoformat() if at else None for name, at in times.items()},
        "identities": sorted(user.identities),
        "audio_files": user.audio_files,
        "audio_bytes": user.audio_bytes,
    }


def _id_of(deps: Deps, asked: str) -> str | None:
    """The id that an email or a phone belongs to; what is neither is one."""
    try:
        if "@" in asked:
            claim = deps.emails.find(normal_email(asked))
        elif asked.startswith("+"):
            claim = deps.phones.find(claimed_form(asked))
        else:
            return asked
    except InvalidRequest:
        return None
    return claim.get("user_id") if claim else None


def _ways_in(deps: Deps, user: User) -> tuple[str, ...]:
    found = set(ways_in(deps, user))
    if EMAIL in found:
        found = found - {EMAIL} | {"link"} | ({"password"} if user.password_hash else set())
    return tuple(sorted(found))


def _session(pair: Living) -> SessionSeen:
    session, lineage = pair
    return SessionSeen(
        session_id=session.session_id,
        device=shown_device(session.device_id),
        signed_in_by=session.flow,
        address=session.address,
        user_agent=session.user_agent,
        created_at=session.created_at,
        last_used_at=lineage.rotated_at,
        expires_at=session.expires_at,
    )


def _connection(found: Connection, user: User) -> ConnectionSeen:
    return ConnectionSeen(
        provider=found.provider,
        signs_in=found.signs_in(user),
        connected=found.connected(user),
        email=found.email,
        scope=found.scope,
        reason=found.reason,
        created_at=found.created_at,
        last_used_at=found.last_used,
    )


def _link(item: Item) -> LinkSent:
    metadata = item.get("metadata") or {}
    return LinkSent(
        kind=item["tokenType"],
        created_at=from_seconds(item["createdAt"]),
        expires_at=from_seconds(item["expiresAt"]),
        used=bool(item.get("used")),
        used_at=maybe_from_seconds(item.get("usedAt")),
        address=metadata.get("ipAddress", ""),
        user_agent=metadata.get("userAgent", ""),
    )
