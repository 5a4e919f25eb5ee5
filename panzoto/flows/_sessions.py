"""How sessions begin and end: every sign-in, whatever the means, begins one here and returns the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from panzoto.crypto.claims import SignIn
from panzoto.crypto.text import new_id
from panzoto.deps import Deps
from panzoto.flows.client import Client
from panzoto.models import sessions
from panzoto.models.auth_state import lineages
from panzoto.models.auth_state.figures import day_key
from panzoto.models.auth_state.lineages import Lineage
from panzoto.models.sessions import Session
from panzoto.models.store import batches
from panzoto.models.store.batches import Write
from panzoto.models.store.transaction import Member, transact
from panzoto.models.user import User

from ._audit import event
from ._mail import afterwards
from ._policy import Admitted

# More sessions than people have: somebody waits for the calls by which they end, two for each 25.
CLEARED_AT_ONCE = 50


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """What a sign-in gives.

    The recovery key is there once, when the audio key was made; the audio key itself for somebody without a password,
    whose app could not unwrap it.
    """

    user: User
    session_id: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    recovery_key: str | None = field(default=None, repr=False)
    audio_key: bytes | None = field(default=None, repr=False)
    dashboard_id: str | None = None


def start_session(
    deps: Deps,
    admitted: Admitted,
    *,
    device_id: str | None,
    client: Client,
    now: datetime,
    amr: str,
    recovery_key: str | None = None,
    audio_key: bytes | None = None,
    dashboard_id: str | None = None,
) -> SignedIn:
    """Start a session: its lineage, its place in the list and its audit event, written together.

    They are no transaction, which would cost double: a crash between them leaves a session whose tokens nobody has.
    """
    user, session_id = admitted.user, new_id("ses_")
    lineage = _lineage(deps, admitted, session_id, device_id, now, amr)
    batches.write(deps.gateway, _records(deps, user, lineage, client, dashboard_id))
    return SignedIn(
        user=user,
        session_id=session_id,
        access_token=mint_access(deps, lineage, now),
        refresh_token=deps.refresh_tokens.mint(session_id, lineage.counter),
        expires_in=seconds_left(deps, lineage, now),
        recovery_key=recovery_key,
        audio_key=audio_key,
        dashboard_id=dashboard_id,
    )


def _records(deps: Deps, user: User, lineage: Lineage, client: Client, dashboard_id: str | None) -> list[Write]:
    """What is kept of a new session."""
    details = {"by": lineage.amr[0], "session": lineage.session_id}
    return [
        deps.lineages.batched(lineages.to_item(lineage)),
        deps.sessions.batched(sessions.to_item(_session(user, lineage, client, dashboard_id))),
        deps.audit.batching(event(user.user_id, "sign_in", client, lineage.created_at, details, in_feed=False)),
    ]


def _session(user: User, lineage: Lineage, client: Client, dashboard_id: str | None) -> Session:
    return Session(
        session_id=lineage.session_id,
        user_id=user.user_id,
        email=user.email,
        phone=user.phone,
        device_id=lineage.device_id,
        created_at=lineage.created_at,
        expires_at=lineage.expires_at,
        flow=lineage.amr[0],
        address=client.address,
        user_agent=client.user_agent,
        dashboard_id=dashboard_id,
        epoch=lineage.epoch,
    )


def _lineage(
    deps: Deps, admitted: Admitted, session_id: str, device_id: str | None, now: datetime, amr: str
) -> Lineage:
    user, ends = admitted.user, now + deps.config.jwt_refresh_expiry
    return Lineage(
        session_id=session_id,
        user_id=user.user_id,
        phone=user.phone,
        device_id=device_id,
        counter=0,
        epoch=user.epoch,
        roles=user.roles,
        amr=(amr,),
        created_at=now,
        rotated_at=now,
        expires_at=min(ends, admitted.until or ends),
    )


def mint_access(deps: Deps, lineage: Lineage, now: datetime) -> str:
    """An access token of a session."""
    who = SignIn(
        user_id=lineage.user_id,
        sid=lineage.session_id,
        ep=lineage.epoch,
        amr=lineage.amr,
        auth_time=lineage.created_at,
        roles=tuple(sorted(lineage.roles)),
    )
    return deps.access_tokens.mint(who, now, lineage.expires_at)


def seconds_left(deps: Deps, lineage: Lineage, now: datetime) -> int:
    """For how many seconds it works: no longer than the session."""
    return int(min(deps.config.jwt_access_expiry, lineage.expires_at - now).total_seconds())


def end_one(deps: Deps, user: User, session_id: str, began: datetime, now: datetime, *also: Member) -> None:
    """End a session: in one transaction its refresh tokens and its access tokens, with the event that tells it.

    Then its place in the list.
    """
    revoking = deps.lineages.revoking(session_id, now)
    transact(deps.gateway, revoking, deps.users.ending_session(user, session_id, now), *also)
    deps.sessions.forget(session_id)
    count_ended(deps, began)
    deps.users.forget_ended(user, now, deps.config.jwt_access_expiry)


def clear_sessions(deps: Deps, user_id: str, epoch: int) -> int:
    """End what hangs on the sessions of before an epoch: their refresh tokens, and their places in the list.

    How many those were. Of very many, more than one request has the time for, the rest goes after the answer. Whoever
    has signed in since goes on.
    """
    ended = [each for each in deps.sessions.of(user_id) if each.epoch is None or each.epoch < epoch]
    forget_sessions(deps, ended[:CLEARED_AT_ONCE])
    if rest := ended[CLEARED_AT_ONCE:]:
        afterwards(deps, "clear_sessions", lambda: forget_sessions(deps, rest))
    return len(ended)


def clear_ended(deps: Deps, user: User) -> int:
    """The same, where the epoch was raised from whatever it was, which somebody else may have raised meanwhile."""
    now = deps.users.find(user.user_id)
    return clear_sessions(deps, user.user_id, now.epoch if now else user.epoch + 1)


def forget_sessions(deps: Deps, ended: list[Session]) -> None:
    """Delete what hangs on sessions that have ended, and count them.

    First the refresh tokens, of which nothing but the list knows: what was interrupted begins again from there.
    """
    batches.write(deps.gateway, [deps.lineages.forgetting(each.session_id) for each in ended])
    batches.write(deps.gateway, [deps.sessions.forgetting(each.session_id) for each in ended])
    for each in ended:
        count_ended(deps, each.created_at)


def count_ended(deps: Deps, began: datetime) -> None:
    """Count the end of a session with the day on which it began: what is left of that day is what still lives."""
    deps.tally.count("ended", about=day_key(began.date()))
