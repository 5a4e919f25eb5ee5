"""The answers of sign-ins, whatever the means."""

from __future__ import annotations

from base64 import b64encode

from flask import Response, jsonify
from pydantic import SecretStr

from panzoto.flows._sessions import SignedIn
from panzoto.flows.export_me import person
from panzoto.flows.refresh import Refreshed
from panzoto.models.connections import Connection
from panzoto.models.users import User

__all__ = ["connection", "done", "maybe_secret", "person", "secret", "tokens", "welcome"]


def welcome(signed_in: SignedIn) -> Response:
    """What every sign-in answers; the recovery key only when there is one to show."""
    user = signed_in.user
    body = {
        "token": signed_in.access_token,
        "refresh_token": signed_in.refresh_token,
        "token_type": "Bearer",
        "expires_in": signed_in.expires_in,
        "user_id": user.user_id,
        "user": person(user),
        "key_salt": user.key_salt.hex(),
        "kdf": user.audio_key.kdf if user.audio_key else None,
        "wrapped_audio_key": user.audio_key.wrapped if user.audio_key else None,
    }
    if signed_in.recovery_key:
        body["recovery_key"] = signed_in.recovery_key
    if signed_in.audio_key:
        body["audio_key"] = b64encode(signed_in.audio_key).decode()
    if signed_in.dashboard_id:
        body["dashboard_id"] = signed_in.dashboard_id
    return jsonify(body)


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


def tokens(refreshed: Refreshed) -> Response:
    """The new tokens of a session."""
    return jsonify(
        token=refreshed.access_token,
        refresh_token=refreshed.refresh_token,
        token_type="Bearer",
        expires_in=refreshed.expires_in,
        user_id=refreshed.user_id,
    )


def done(status: str, code: int = 200) -> tuple[Response, int]:
    """That it was done, or is on its way."""
    return jsonify(status=status), code


def secret(given: SecretStr) -> str:
    """The text of a secret that a request holds."""
    return given.get_secret_value()


def maybe_secret(given: SecretStr | None) -> str | None:
    """The text of a secret that a request may hold."""
    return None if given is None else given.get_secret_value()
