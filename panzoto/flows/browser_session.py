"""Somebody who signed in by a link in a browser: the cookie holds a refresh token that is never rotated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from panzoto.deps import Deps
from panzoto.errors import SessionEnded
from panzoto.models.user import User

from ._audit import recording
from ._mail import afterwards
from ._policy import admit
from ._sessions import end_one
from .client import Client


@dataclass(frozen=True)
class Visitor:
    """Who is signed in in this browser."""

    user: User
    session_id: str
    signed_in_at: datetime


def visitor(deps: Deps, token: str) -> Visitor:
    """Whose cookie it is; raises for one that is none, whose session has ended, or whose owner may not sign in."""
    now = deps.clock()
    found = _living(deps, token, now)
    admit(deps, found.user, now)
    return found


def leave(deps: Deps, token: str, client: Client) -> None:
    """End the session of this browser. Commit point as in `logout`."""
    now = deps.clock()
    found = _living(deps, token, now)
    recorded = recording(deps, found.user.user_id, "signed_out", client, now, {"session": found.session_id})
    end_one(deps, found.user, found.session_id, found.signed_in_at, now, recorded)


def replaced(deps: Deps, token: str, client: Client) -> None:
    """End, after the answer, the session that this browser had before the one that has begun."""
    if token:
        afterwards(deps, "leave", lambda: leave(deps, token, client))


def _living(deps: Deps, token: str, now: datetime) -> Visitor:
    """Whose cookie it is. The tokens of apps are none: those are rotated, or bound to a device."""
    session_id, counter = deps.refresh_tokens.read(token)
    lineage = deps.lineages.find(session_id)
    if lineage is None or not lineage.lives(now, deps.config.session_idle_expiry):
        raise SessionEnded
    if lineage.counter != counter or lineage.device_id is not None:
        raise SessionEnded
    user = deps.users.find(lineage.user_id)
    if user is None or not user.may_sign_in or user.epoch != lineage.epoch or session_id in user.ended:
        raise SessionEnded
    return Visitor(user, session_id, lineage.created_at)
