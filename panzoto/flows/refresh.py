"""A phone that is signed in stays so, on a bad network too."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from panzoto.deps import Deps
from panzoto.errors import NotApproved, SessionEnded
from panzoto.models.auth_state.lineages import Lifetimes, Lineage, RefreshReused
from panzoto.models.store.transaction import transact

from ._audit import recording
from ._policy import admit
from ._sessions import end_one, mint_access, seconds_left
from .client import Client


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """New tokens of a session."""

    user_id: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int


def refresh(deps: Deps, token: str, device_id: str | None, client: Client) -> Refreshed:
    """New tokens for a refresh token. Commit point: `rotate`, the only write.

    A crash or a lost answer after it costs nothing: the same token, presented again within its grace, gets the same
    child. A token that its child has replaced ends the whole session: somebody has a copy. Where approval is asked for
    it is read before, so that a store that does not answer costs no token.
    """
    now = deps.clock()
    session_id, counter = deps.refresh_tokens.read(token)
    until = _approved_until(deps, session_id, client, now) if deps.config.needs_approval else None
    life = Lifetimes(deps.config.refresh_grace, deps.config.session_idle_expiry)
    try:
        lineage = deps.lineages.rotate(session_id, counter, device_id, now, life)
    except RefreshReused as reused:
        _end_family(deps, reused.lineage, client, now)
        raise SessionEnded("This sign-in was ended because an old token of it was used again.") from None
    lineage = replace(lineage, expires_at=min(lineage.expires_at, until or lineage.expires_at))
    return Refreshed(
        user_id=lineage.user_id,
        access_token=mint_access(deps, lineage, now),
        refresh_token=deps.refresh_tokens.mint(session_id, lineage.counter),
        expires_in=seconds_left(deps, lineage, now),
    )


def _approved_until(deps: Deps, session_id: str, client: Client, now: datetime) -> datetime | None:
    """When the approval ends that a session rests on; None if it does not.

    A session without one is ended: its approval was taken away by hand, or it began before any was asked for. Whoever
    ends an approval after this has read it ends the session too.
    """
    lineage = deps.lineages.find(session_id)
    if lineage is None or not lineage.lives(now, deps.config.session_idle_expiry):
        return None  # there is nothing to end
    user = deps.users.find(lineage.user_id)
    if user is None or not user.may_sign_in:
        raise SessionEnded
    try:
        return admit(deps, user, now).until
    except NotApproved:
        _end_family(deps, lineage, client, now, "approval_ended")
        raise SessionEnded("This sign-in has ended: it needs an email that is approved for this service.") from None


def _end_family(deps: Deps, lineage: Lineage, client: Client, now: datetime, why: str = "refresh_reused") -> None:
    """End a session, the newest tokens too, whoever holds them."""
    user = deps.users.find(lineage.user_id)
    recorded = recording(deps, lineage.user_id, why, client, now, {"session": lineage.session_id})
    if user is None:
        transact(deps.gateway, deps.lineages.revoking(lineage.session_id, now), recorded)
    else:
        end_one(deps, user, lineage.session_id, lineage.created_at, now, recorded)
