"""Somebody who signed in by a link in a browser: the cookie holds a refresh token that is never rotated."""

from __future__ import annotations

from dataclasses import dataclass

from panzoto.deps import Deps
from panzoto.errors import SessionEnded
from panzoto.models.users import User

from ._audit import record
from ._sessions import end_one
from .client import Client


@dataclass(frozen=True)
class Visitor:
    """Who is signed in in this browser."""

    user: User
    session_id: str


def visitor(deps: Deps, token: str) -> Visitor:
    """Whose cookie it is; raises for one that is none, or whose session has ended."""
    now = deps.clock()
    session_id, _ = deps.refresh_tokens.read(token)
    lineage = deps.lineages.find(session_id)
    if lineage is None or not lineage.lives(now, deps.config.session_idle_expiry):
        raise SessionEnded
    user = deps.users.find(lineage.user_id)
    if user is None or not user.may_sign_in or user.epoch != lineage.epoch or session_id in user.ended:
        raise SessionEnded
    return Visitor(user, session_id)


def leave(deps: Deps, token: str, client: Client) -> None:
    """End the session of this browser. Commit point as in `logout`."""
    now = deps.clock()
    found = visitor(deps, token)
    end_one(deps, found.user, found.session_id, now)
    record(deps, found.user.user_id, "signed_out", client, now, {"session": found.session_id})
