"""Where somebody is signed in: the index finds the sessions, and their lineages tell whether they live."""

from __future__ import annotations

from datetime import datetime

from panzoto.deps import Deps
from panzoto.models.auth_state.lineages import Lineage
from panzoto.models.sessions import Session
from panzoto.models.user import User

Living = tuple[Session, Lineage]


def living(deps: Deps, user: User, sessions: list[Session], now: datetime) -> list[Living]:
    """Those of the sessions that live, newest first."""
    found = {each.session_id: each for each in sessions}
    lineages = deps.lineages.find_many(list(found))
    alive = [
        (found[each.session_id], each)
        for each in lineages
        if each.lives(now, deps.config.session_idle_expiry) and each.epoch == user.epoch
    ]
    return sorted(alive, key=lambda pair: pair[0].created_at, reverse=True)
