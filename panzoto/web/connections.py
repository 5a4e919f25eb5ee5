"""The answers about connections to other providers."""

from __future__ import annotations

from panzoto.models.connections import Connection
from panzoto.models.user import User


def connection(found: Connection, user: User) -> dict[str, object]:
    """A connection, as its owner sees it; no token is in it."""
    return {
        "provider": found.provider,
        "signs_in": found.signs_in(user),
        "connected": found.connected(user),
        "email": found.email,
        "name": found.user_info.get("name"),
        "scope": found.scope,
        "reason": found.reason,
        "created_at": found.created_at,
        "last_used_at": found.last_used.isoformat() if found.last_used else None,
    }
