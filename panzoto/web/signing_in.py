"""The answers of sign-ins, whatever the means."""

from __future__ import annotations

from base64 import b64encode

from flask import Response, jsonify

from panzoto.flows._sessions import SignedIn
from panzoto.flows.export_me import person
from panzoto.flows.refresh import Refreshed


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


def tokens(refreshed: Refreshed) -> Response:
    """The new tokens of a session."""
    return jsonify(
        token=refreshed.access_token,
        refresh_token=refreshed.refresh_token,
        token_type="Bearer",
        expires_in=refreshed.expires_in,
        user_id=refreshed.user_id,
    )
