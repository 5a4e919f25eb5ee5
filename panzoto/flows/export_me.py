"""Somebody asks for everything that we know of them."""

from __future__ import annotations

from itertools import islice
from typing import Any

from panzoto.deps import Deps
from panzoto.models.audio_keys import AudioKey
from panzoto.models.user import User

from ._audit import record
from .authenticate import Caller
from .client import Client

# Secrets and what only our own software can read; everything else of an item is its owner's to have.
# Strangers who guess passwords make events too: an export must not grow with them.
MOST_EVENTS = 5_000
KEPT_BACK = frozenset({"encryptedTokens", "revocation", "deviceId", "writeMark", "ttl", "TTL", "feed"})


def export_me(deps: Deps, caller: Caller, client: Client) -> dict[str, Any]:
    """Everything about the caller, as JSON. It writes nothing but that it was asked for."""
    now = deps.clock()
    user = caller.user
    record(deps, user.user_id, "exported", client, now)
    return {
        "exported_at": now.isoformat(),
        "user": person(user),
        "audio_key": _audio_key(user.audio_key),
        "sessions": [shown(each) for each in deps.sessions.items_of(user.user_id)],
        "audio_files": [shown(each) for each in deps.audio_files.of(user.user_id)],
        "connections": [shown(each) for each in deps.oauth_tokens.of(user.user_id)],
        "oauth_steps": [shown(each) for each in deps.oauth_logs.of(user.user_id)],
        "events": [shown(each) for each in islice(deps.audit.all_of(user.user_id), MOST_EVENTS)],
    }


def _audio_key(kept: AudioKey | None) -> dict[str, Any] | None:
    """What opens the sealed recordings elsewhere, with the recovery key: at this no password can be tried."""
    if kept is None:
        return None
    return {"version": kept.version, "sealed_under_recovery_key": kept.wrapped_for_recovery}


def person(user: User) -> dict[str, Any]:
    """What a person is told of themselves."""
    return {
        "user_id": user.user_id,
        "email": user.email,
        "email_verified": user.email_verified_at is not None,
        "name": user.name,
        "phone_number": user.phone,
        "created_at": user.created_at.isoformat(),
        "roles": sorted(user.roles),
        "has_password": user.password_hash is not None,
        "password_suspended": user.password_suspended,
        "recovery_key_confirmed": user.has_shown_recovery_key,
    }


def shown(item: dict[str, Any]) -> dict[str, Any]:
    """An item without what is kept back."""
    return {name: value for name, value in item.items() if name not in KEPT_BACK}
