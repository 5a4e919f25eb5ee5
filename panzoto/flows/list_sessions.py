"""Somebody looks at where they are signed in."""

from __future__ import annotations

from typing import Any

from panzoto.deps import Deps

from ._devices import shown_device
from ._living_sessions import living
from .authenticate import Caller


def list_sessions(deps: Deps, caller: Caller) -> list[dict[str, Any]]:
    """The living sessions of the caller, newest first."""
    now, ours = deps.clock(), deps.sessions.of(caller.user_id)
    return [
        {
            "session_id": session.session_id,
            "current": session.session_id == caller.session_id,
            "device": shown_device(session.device_id),
            "signed_in_by": session.flow,
            "address": session.address,
            "user_agent": session.user_agent,
            "created_at": session.created_at.isoformat(),
            "last_used_at": lineage.rotated_at.isoformat(),
            "expires_at": session.expires_at.isoformat(),
        }
        for session, lineage in living(deps, caller.user, ours, now)
    ]
